"""Many samples, each from a cleared state: as rasters, and one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from ..design.design import Design
from ..design.input_raster import SpikeInput, input_raster

Samples = ArrayLike | dict[str, ArrayLike] | Iterable[SpikeInput]
"""Inputs of several runs: one of each; or arrays (samples, steps, size), also by input name."""


def sample_rasters(
    design: Design, samples: Samples, steps: int | None = None
) -> list[NDArray[np.bool_]]:
    """(steps, A) rasters of samples.

    Raises `InputError` as `input_raster`, with the number of the sample, and for what has no samples.
    """
    rasters = []
    for number, sample in enumerate(_each(samples)):
        try:
            rasters.append(input_raster(design, sample, steps))
        except InputError as error:
            raise InputError(f"sample {number}: {error}") from None
    return rasters


def _each(samples: Any) -> list[Any]:
    if not isinstance(samples, dict):
        try:
            return list(samples)
        except TypeError:
            raise InputError(
                f"samples is {samples!r}; give the inputs of several runs, or arrays of "
                "(samples, steps, size)"
            ) from None
    arrays = {name: np.asarray(values) for name, values in samples.items()}
    counts = {len(array) if array.ndim else 0 for array in arrays.values()}
    if len(counts) != 1 or any(array.ndim != 3 for array in arrays.values()):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "no input"
        raise InputError(
            f"the samples have {shapes}; give (samples, steps, size) for each input, with as many samples"
        )
    return [{name: array[k] for name, array in arrays.items()} for k in range(counts.pop())]
