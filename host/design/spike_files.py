"""Input spikes from files, as NumPy writes them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from spikeloom.hdl.contract.errors import DesignError, InputError

from .design import Design
from .files import read_file
from .input_raster import SpikeInput

_NUMPY, _ZIP = b"\x93NUMPY", b"PK"
_ADVICE = (
    "write one with numpy.save(FILE, spikes), or with numpy.savez(FILE, INPUT=spikes, …) for an "
    "array (steps, size) for each input"
)


def read_spikes(path: Path, design: Design) -> SpikeInput:
    """Input spikes from a .npy file (steps, A), or a .npz file: one such array, or one by input name.

    Raises `InputError` for anything else; objects (pickles) are never loaded.
    """
    try:
        head = read_file(path)[: len(_NUMPY)]
    except DesignError as error:
        reason = str(error).removeprefix(f"cannot read {path}: ")
        raise InputError(f"cannot read spikes from {path}: {reason}; {_ADVICE}") from None
    if not head.startswith((_NUMPY, _ZIP)):
        raise InputError(f"cannot read spikes from {path}: it is no .npy or .npz file; {_ADVICE}")
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return loaded
        with loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    except (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile):
        raise InputError(
            f"cannot read spikes from {path}: it is damaged, or holds Python objects, which are not "
            f"loaded from files; {_ADVICE}"
        ) from None
    foreign = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if foreign or not arrays:
        raise InputError(
            f"cannot read spikes from {path}: it holds {', '.join(foreign) or 'nothing'}; {_ADVICE}"
        )
    if len(arrays) == 1 and not set(arrays) & set(design.inputs):
        return next(iter(arrays.values()))
    return dict(arrays)
