"""Values to spikes: rasters of (steps, size), or (samples, steps, size) of many values at once."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from .seeds import random_generator

Raster = NDArray[np.bool_]


def rate(values: ArrayLike, steps: int, *, highest: float, dt: float, seed: int) -> Raster:
    """The larger a value, the more spikes, each drawn at random.

    Parameters
    ----------
    values : (size,) or (samples, size), 0…1.
    steps : how long they are shown.
    highest : rate in hertz that 1 stands for, at most 1 / dt.
    dt : length of a step in seconds, `design.dt`.
    seed : of the random numbers.

    Returns
    -------
    (steps, size) or (samples, steps, size) bool.
    """
    chances = _values(values) * _chance(highest, dt)
    shape = (*chances.shape[:-1], _steps(steps), chances.shape[-1])
    return np.asarray(random_generator(seed).random(shape) < chances[..., None, :])


def regular(values: ArrayLike, steps: int, *, highest: float, dt: float) -> Raster:
    """As `rate`, with equal distances in place of random ones: fewer steps for the same precision."""
    chances = _values(values) * _chance(highest, dt)
    ramp = np.arange(1, _steps(steps) + 1)[:, None] * chances[..., None, :]
    return np.asarray(np.diff(np.floor(ramp + 1e-9), axis=-2, prepend=0) > 0)


def latency(values: ArrayLike, steps: int) -> Raster:
    """One spike for each value, the earlier the larger it is: 1 in the first step, 0 never.

    Parameters
    ----------
    values : (size,) or (samples, size), 0…1.
    steps : how long they are shown; values next to 0 fire in the last of them.
    """
    array, count = _values(values), _steps(steps)
    at = np.rint((1 - array) * (count - 1))[..., None, :]
    return (np.arange(count)[:, None] == at) & (array > 0)[..., None, :]


def delta(signal: ArrayLike, threshold: float) -> Raster:
    """A spike whenever a signal has moved by `threshold` since its last one; an event camera's code.

    Parameters
    ----------
    signal : (steps, size) values, or (steps,) of one.
    threshold : above 0.  A signal that moves further in one step is followed by spikes in the next.

    Returns
    -------
    (steps, 2 · size) bool: first the upward spikes of each, then the downward ones.
    """
    array = np.asarray(signal, dtype=np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not np.all(np.isfinite(array)):
        raise InputError(f"signal has shape {array.shape}; give (steps, size) finite numbers")
    if not 0 < threshold < np.inf:
        raise InputError(f"threshold is {threshold!r}; give a number above 0")
    moved = np.zeros((2, *array.shape), dtype=np.bool_)
    level = array[0].copy() if len(array) else array
    for step, now in enumerate(array):
        up, down = now - level >= threshold, level - now >= threshold
        level = level + threshold * (up.astype(float) - down)
        moved[:, step] = up, down
    return np.concatenate(list(moved), axis=1)


def _values(values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"values are {values!r}; give numbers from 0 to 1") from None
    if array.ndim not in (1, 2) or not np.all((array >= 0) & (array <= 1)):
        raise InputError(
            f"values have shape {array.shape}; give (size,) or (samples, size) numbers from 0 to 1"
        )
    return array


def _steps(steps: object) -> int:
    try:
        count = operator.index(steps)  # type: ignore[arg-type]
    except TypeError:
        count = 0
    if count < 1:
        raise InputError(f"steps is {steps!r}; give at least 1")
    return count


def _chance(highest: float, dt: float) -> float:
    if not (dt > 0 and 0 <= highest * dt <= 1 + 1e-9):
        raise InputError(
            f"highest is {highest!r} Hz in steps of {dt!r} s; give 0 to 1 / dt: at most one spike a step"
        )
    return min(1.0, highest * dt)
