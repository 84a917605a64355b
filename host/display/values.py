"""What pictures are given: arrays that are checked, and the units of their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError


def checked_array(
    values: ArrayLike, shape: str, dimensions: int, name: str, *, empty: bool = False
) -> NDArray[Any]:
    """Return an array of finite numbers (NaN is allowed) with as many dimensions as `shape` says.

    Parameters
    ----------
    values : array_like
    shape : str
        For the message, such as "(sources, targets)".
    dimensions : int
    name : str
        What the values are, in the plural.
    empty : bool
        Whether an array without elements is fine.

    Raises
    ------
    InputError
        For another shape, an empty array, infinite values, or what is no number.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name} have rows of different lengths; give {shape}") from None
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} are of type {array.dtype}; give numbers")
    if array.ndim != dimensions or not (array.size or empty):
        raise InputError(f"{name} have shape {array.shape}; give {shape}")
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise InputError(f"{name} hold infinite values; give finite ones")
    return array


def weight_unit(weights: NDArray[Any], unit: str | None) -> str:
    """Return the unit to print: the given one, or what the type of the numbers says."""
    if unit is not None:
        return unit
    return "network's unit" if weights.dtype.kind == "f" else "integers"


def time_axis(dt: float | None, steps: int) -> tuple[float, str]:
    """Return the length of a step on the time axis, and the label of that axis.

    Parameters
    ----------
    dt : float or None
        Length of a step in seconds; None counts in steps.
    steps : int
        That are shown.

    Raises
    ------
    InputError
        For a length that is not positive and finite.
    """
    if dt is None:
        return 1.0, "time (steps)"
    if not (np.isfinite(dt) and dt > 0):
        raise InputError(f"dt is {dt}; give the length of a step in seconds, above 0")
    span = dt * steps
    factor, unit = (1.0, "s") if span >= 5 else (1e3, "ms") if span >= 2e-3 else (1e6, "µs")
    return dt * factor, f"time ({unit})"
