"""A design: one core's configuration, its image, and the names that the user gave to things."""

from __future__ import annotations

import io
import json
import re
import tomllib
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, Image

from .errors import DesignError

FORMAT = 1
"""Version of the archive; a reader refuses higher ones."""

_METADATA = "design.toml"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PARAMETER = "parameters/"


@dataclass(eq=False)
class Design:
    """CoreConfig + Image, with the populations that they came from.

    Designs are equal when their archives are.

    Attributes
    ----------
    config, image : the core and its contents.
    inputs : axon range of each input population.
    populations : neuron range of each neuron population.
    dt : length of a time step in seconds.
    scale : (N,) floats, state units per unit of the network: a neuron's potential in the user's
        unit is `v / scale`.  Default: 1.
    report : what quantisation cost (`QuantisationReport.to_dict`); empty when nothing was.
    """

    config: CoreConfig
    image: Image
    inputs: dict[str, slice] = field(default_factory=dict)
    populations: dict[str, slice] = field(default_factory=dict)
    dt: float = 1e-3
    scale: NDArray[np.float64] = None  # type: ignore[assignment]
    report: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.scale is None:
            self.scale = np.ones(self.config.neurons)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Design) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def save(self, path: str | Path) -> None:
        """Write one archive, by convention named *.slm; equal designs give equal bytes.

        Raises `DesignError` when the file can not be written.
        """
        try:
            Path(path).write_bytes(self.to_bytes())
        except OSError as error:
            raise DesignError(f"can not write {path}: {error.strerror}") from None

    @classmethod
    def load(cls, path: str | Path) -> Design:
        """Read what `save` wrote.

        Raises `DesignError` for a missing, damaged or foreign file, and for one that a newer
        SpikeLoom wrote.
        """
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise DesignError(f"can not read {path}: {error.strerror}") from None
        return cls.from_bytes(data, str(path))

    def to_bytes(self) -> bytes:
        """The archive: a zip of TOML metadata and .npy arrays, not compressed, without times."""
        image = self.image
        metadata = {
            "format": FORMAT,
            "identity": image.identity,
            "dt": self.dt,
            "core": self.config.to_dict(),
            "inputs": _ends(self.inputs, self.config.axons),
            "populations": _ends(self.populations, self.config.neurons),
            "report": self.report,
        }
        arrays = {
            "weights": np.asarray(
                image.weights, dtype="i1" if self.config.weight_bits <= 8 else "<i2"
            ),
            "routes": np.asarray(image.routes, dtype="<i4"),
            "report": np.asarray(image.report),
            "scale": np.asarray(self.scale, dtype="<f8"),
        }
        arrays |= {_PARAMETER + k: np.asarray(v, dtype="<i4") for k, v in image.parameters.items()}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(zipfile.ZipInfo(_METADATA, _EPOCH), "\n".join(_toml(metadata, ())))
            for name, array in arrays.items():
                member = io.BytesIO()
                np.save(member, np.ascontiguousarray(array), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "the archive") -> Design:
        """Inverse of `to_bytes`; `name` is for the message of a `DesignError`."""
        try:
            members = _unzip(data)
            metadata = tomllib.loads(members.pop(_METADATA).decode())
            version = metadata["format"]
            if type(version) is int and version > FORMAT:
                raise DesignError(
                    f"{name} has format {version}, written by a newer SpikeLoom; "
                    f"this one reads up to {FORMAT}: pip install --upgrade spikeloom"
                )
            arrays = {
                member.removesuffix(".npy"): np.load(io.BytesIO(content), allow_pickle=False)
                for member, content in members.items()
            }
            return cls._assemble(metadata, arrays)
        except _DAMAGE as error:
            raise DesignError(
                f"{name} is not a SpikeLoom design, or is damaged ({_reason(error)}); "
                "save it again with Design.save"
            ) from None

    @classmethod
    def _assemble(cls, metadata: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Design:
        config = CoreConfig.from_dict(metadata["core"])
        image = Image(
            config,
            arrays["weights"],
            {k.removeprefix(_PARAMETER): v for k, v in arrays.items() if k.startswith(_PARAMETER)},
            arrays["routes"],
            arrays["report"],
        )
        if image.identity != metadata["identity"]:
            raise ValueError("its contents are not those that were saved")
        ranges = {
            kind: {name: slice(*map(int, ends)) for name, ends in metadata[kind].items()}
            for kind in ("inputs", "populations")
        }
        scale = np.broadcast_to(arrays["scale"], (config.neurons,)).astype(np.float64)
        return cls(config, image, **ranges, dt=float(metadata["dt"]), scale=scale,
                   report=metadata["report"])  # fmt: skip


# What zipfile, numpy, tomllib and our own constructors raise for bytes that make no sense.
_DAMAGE = (
    ValueError, KeyError, TypeError, AttributeError, EOFError, OSError, NotImplementedError,
    MemoryError, RuntimeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error.args[0]!r} in it"
    return str(error) or type(error).__name__


def _unzip(data: bytes) -> dict[str, bytes]:
    """Contents of all members, each checked against its CRC-32."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _ends(ranges: dict[str, slice], size: int) -> dict[str, list[int]]:
    return {name: list(where.indices(size)[:2]) for name, where in ranges.items()}


def _toml(table: dict[str, Any], path: tuple[str, ...]) -> list[str]:
    """Lines of a TOML table: its values first, then the tables in it."""
    nested = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{_key(k)} = {_value(v)}" for k, v in table.items() if k not in nested]
    for key, value in nested.items():
        inner = (*path, key)
        lines += ["", f"[{'.'.join(map(_key, inner))}]", *_toml(value, inner)]
    return lines


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        return repr(float(value))
    raise DesignError(f"a report can not hold {value!r}; use numbers, strings, lists and dicts")


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _string(text)


def _string(text: str) -> str:
    # JSON strings are TOML strings, but for one control character that JSON need not escape.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
