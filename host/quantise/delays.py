"""Delays as a network has them, in seconds, and as cores have them, in whole steps.

A spike that a neuron fires in one step acts in the next at the earliest: between neurons the
shortest delay is one step, from an input none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.core_config import DELAY_SLOTS
from spikeloom.hdl.contract.errors import InputError

from .arrays import real_array
from .rounding import Integers, ParameterDeviation

_FLOAT_ERROR = 1e-6
"""Rounding by less than this part of a step is no deviation: 0.003 / 0.001 is not 3 either."""


def delay_steps(
    name: str, seconds: ArrayLike, dt: float, shape: tuple[int, ...], shortest: int
) -> Integers:
    """Delays in steps beyond the shortest, 0…63, of this shape; scalars are for all.

    Raises `InputError` for what is no delay, and for one that is shorter or longer than a core's.
    """
    array = real_array(name, seconds)
    if array.shape not in ((), shape):
        give = f"a number, or an array of shape {shape}" if shape else "one number"
        raise InputError(f"{name} has shape {array.shape}; give {give}, in seconds")
    if not np.all(np.isfinite(array)):
        raise InputError(f"{name} contains NaN or infinity; give seconds")
    longest = shortest + DELAY_SLOTS[-1] - 1
    steps = np.rint(array / dt)
    outside = (steps < shortest) | (steps > longest)
    if np.any(outside):
        where = tuple(int(k) for k in np.argwhere(outside)[0])
        place = f"[{', '.join(map(str, where))}]" if where else ""
        worst = float(array[where])
        advice = "" if worst < shortest * dt else f", or a dt of at least {worst / longest:.4g} s"
        raise InputError(
            f"{name}{place} is {worst:g} s, that is {steps[where]:g} steps of {dt:g} s; "
            f"the shortest is {shortest * dt:g} s ({shortest} steps), the longest "
            f"{longest * dt:g} s ({longest} steps); use one between them{advice}"
        )
    return np.broadcast_to(steps.astype(np.int64) - shortest, shape)


def delay_deviation(
    name: str,
    seconds: ArrayLike,
    dt: float,
    steps: Integers,
    shortest: int,
    used: NDArray[np.bool_] | None = None,
) -> ParameterDeviation | None:
    """The delay that rounding changed most, of those `used`; None when it changed none."""
    asked = np.broadcast_to(np.asarray(seconds, dtype=np.float64), steps.shape)
    got = (steps + shortest) * dt
    error = np.abs(got - asked)
    if used is not None:
        error = np.where(used, error, 0.0)
    worst = np.unravel_index(int(np.argmax(error)), error.shape) if error.size else ()
    if not error.size or error[worst] <= _FLOAT_ERROR * dt:
        return None
    return ParameterDeviation(name, "s", float(asked[worst]), float(got[worst]), 0)
