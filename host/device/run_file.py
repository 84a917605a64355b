"""A run as the bytes of an .npz file, and back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import DesignError
from spikeloom.hdl.contract.fields import STEP_NUMBERS

from .monitors import Monitored

FORMAT = 1
"""Version of the file; a reader refuses higher ones."""
_MONITORED, _RAW, _SPIKES = "monitored/", "raw/", "spikes/"


class SavedRun(Protocol):
    """What a file holds of a run."""

    start: int
    dt: float
    spikes: NDArray[np.bool_]
    monitored: Monitored
    populations: dict[str, slice]
    unreported: tuple[str, ...]

    @property
    def reported(self) -> Mapping[str, slice]:
        """Populations whose spikes there are."""


def pack_run(run: SavedRun) -> bytes:
    """The file's bytes: arrays that NumPy reads, not compressed."""
    names = list(run.populations)
    ends = [where.indices(run.spikes.shape[1])[:2] for where in run.populations.values()]
    arrays: dict[str, Any] = {
        "format": np.array(FORMAT),
        "start": np.array(run.start),
        "dt": np.array(run.dt),
        "spikes": run.spikes,
        "populations": np.array(names, dtype=np.str_),
        "ranges": np.array(ends, dtype=np.int64).reshape(-1, 2),
        "unreported": np.array(run.unreported, dtype=np.str_),
    }
    arrays |= {_MONITORED + label: values for label, values in run.monitored.items()}
    arrays |= {_RAW + label: values for label, values in run.monitored.raw.items()}
    arrays |= {_SPIKES + name: run.spikes[:, where] for name, where in run.reported.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack_run(data: bytes, name: str) -> dict[str, Any]:
    """Arguments of a `Run`, with `raw` beside `monitored`; `DesignError` for what is no run."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise ValueError("it is compressed")
        with np.load(io.BytesIO(data), allow_pickle=False) as found:
            return _checked({key: found[key] for key in found.files})
    except (
        zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, OSError, MemoryError,
        NotImplementedError, RuntimeError,
    ) as error:  # fmt: skip
        reason = str(error) or type(error).__name__
        if "allow_pickle" in reason:
            reason = "it holds Python objects"
        raise DesignError(f"{name} is not a saved run: {reason}; Run.save writes them") from None


def _checked(arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    if int(arrays["format"]) > FORMAT:
        raise ValueError("a newer SpikeLoom wrote it")
    spikes, start, dt = arrays["spikes"], arrays["start"], float(arrays["dt"])
    if spikes.dtype != np.bool_ or spikes.ndim != 2:
        raise ValueError(f"its spikes are {spikes.dtype} of shape {spikes.shape}")
    if start.dtype.kind not in "iu" or not 0 <= int(start) < STEP_NUMBERS:
        raise ValueError(f"its first step is {start}")
    if not 0 < dt < np.inf:
        raise ValueError(f"its steps take {dt} s")
    names = [str(text) for text in arrays["populations"]]
    ranges = arrays["ranges"]
    right = ranges.dtype.kind in "iu" and ranges.shape == (len(names), 2)
    if not (right and np.all((ranges >= 0) & (ranges <= spikes.shape[1]))):
        raise ValueError("its populations have no neurons that it has")
    values = {
        prefix: {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        for prefix in (_MONITORED, _RAW)
    }
    for prefix, kinds in ((_MONITORED, "f"), (_RAW, "iu")):
        for label, array in values[prefix].items():
            if array.shape != (len(spikes),) or array.dtype.kind not in kinds:
                raise ValueError(f"its values of {label} are {array.dtype} of shape {array.shape}")
    if values[_MONITORED].keys() != values[_RAW].keys():
        raise ValueError("it does not have the same values in both forms")
    return {
        "start": int(start),
        "spikes": spikes,
        "monitored": values[_MONITORED],
        "raw": values[_RAW],
        "populations": {n: slice(int(a), int(b)) for n, (a, b) in zip(names, ranges, strict=True)},
        "dt": dt,
        "unreported": tuple(str(text) for text in arrays["unreported"]),
    }
