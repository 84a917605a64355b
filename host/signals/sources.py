"""Input spikes that are described instead of drawn: times, events, and rates.

A run takes them in place of arrays, and tells them how many inputs and steps there are:
`device.run({"eye": Poisson(20.0, seed=1)}, steps=1000)`.  Time 0 is the run's first step.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError, RoundingWarning

from .seeds import random_generator

Raster = NDArray[np.bool_]
_SLACK = 1e-6
"""Of a step: 0.003 / 0.001 is less than 3."""


@runtime_checkable
class SpikeSource(Protocol):
    """Spikes of one input population, whose size and whose steps the run knows."""

    def length(self, dt: float) -> int | None:
        """Steps that hold all of its spikes; None: as many as the run has."""

    def raster(self, size: int, steps: int, dt: float) -> Raster:
        """(steps, size) spikes; `InputError` for neurons or times that are not among these."""


class _Timed:
    """Spikes at times: (n,) seconds and (n,) neurons."""

    _seconds: NDArray[np.float64]
    _neurons: NDArray[np.int64]

    def length(self, dt: float) -> int:
        """Steps until the last spike."""
        return int(self._steps(dt).max(initial=-1)) + 1

    def raster(self, size: int, steps: int, dt: float) -> Raster:
        """Each spike in the step in which its time lies.

        Two in one step become one, which a `RoundingWarning` says.
        """
        at = self._steps(dt)
        if len(at) and int(self._neurons.max()) >= size:
            raise InputError(
                f"a spike of neuron {int(self._neurons.max())}, but the input has 0…{size - 1}"
            )
        if len(at) and int(at.max()) >= steps:
            raise InputError(
                f"a spike at {self._seconds.max():g} s, but the run has {steps} steps, "
                f"{steps * dt:g} s; give more steps"
            )
        found = np.zeros((steps, size), dtype=np.bool_)
        found[at, self._neurons] = True
        lost = len(at) - int(found.sum())
        if lost:
            warnings.warn(
                f"{lost} of {len(at)} input spikes are in a step that has one of the same neuron "
                "already; a shorter dt keeps them apart",
                RoundingWarning,
                stacklevel=_users_level(),
            )
        return found

    def _steps(self, dt: float) -> NDArray[np.int64]:
        return np.floor(self._seconds / dt + _SLACK).astype(np.int64)


@dataclass(frozen=True, eq=False)
class SpikeTimes(_Timed):
    """Spike times in seconds by neuron, such as those that `run.times("cells")` gives.

    Parameters
    ----------
    times : a dict from a neuron's number to its times, or a list of times for each neuron.
    """

    times: Mapping[int, ArrayLike] | Sequence[ArrayLike]

    def __post_init__(self) -> None:
        pairs = self.times.items() if isinstance(self.times, Mapping) else enumerate(self.times)
        seconds, neurons = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
        for neuron, times in pairs:
            found = _times(times)
            seconds.append(found)
            neurons.append(np.full(len(found), _neuron(neuron)))
        _set(self, np.concatenate(seconds), np.concatenate(neurons))


@dataclass(frozen=True, eq=False)
class Events(_Timed):
    """Spikes as events: pairs of a time in seconds and a neuron.

    Parameters
    ----------
    events : a list of pairs (seconds, neuron), or an array of (n, 2).
    """

    events: Any

    def __post_init__(self) -> None:
        try:
            array = np.asarray(self.events, dtype=np.float64).reshape(-1, 2)
        except (TypeError, ValueError):
            raise InputError("events are no pairs; give a list of (seconds, neuron)") from None
        neurons = [_neuron(neuron) for neuron in array[:, 1].tolist()]
        _set(self, _times(array[:, 0]), np.array(neurons, dtype=np.int64))


@dataclass(frozen=True, eq=False)
class Poisson:
    """Spikes at random: in each step with probability rate · dt, independent of all others.

    Parameters
    ----------
    rate : in hertz, of all neurons, or of each.
    seed : of the random numbers.  Every run has the same spikes; another seed gives others.
    """

    rate: Any
    seed: int

    def __post_init__(self) -> None:
        _rates(self.rate)
        random_generator(self.seed)

    def length(self, dt: float) -> None:
        """As many as the run has."""

    def raster(self, size: int, steps: int, dt: float) -> Raster:
        """(steps, size); `InputError` for rates of another number, or of more than one in a step."""
        chances = _per_step(self.rate, size, dt)
        return np.asarray(random_generator(self.seed).random((steps, size)) < chances)


@dataclass(frozen=True, eq=False)
class Regular:
    """Spikes at equal distances; with a rate of 1 / dt or more, in every step.

    Parameters
    ----------
    rate : in hertz, of all neurons, or of each; inf: a spike in every step.
    """

    rate: Any

    def __post_init__(self) -> None:
        _rates(self.rate, infinite=True)

    def length(self, dt: float) -> None:
        """As many as the run has."""

    def raster(self, size: int, steps: int, dt: float) -> Raster:
        """(steps, size); `InputError` for rates of another number."""
        rates = np.minimum(_each(self.rate, size), 1 / dt)
        ramp = np.arange(1, steps + 1)[:, None] * (rates * dt) + _SLACK
        return np.asarray(np.diff(np.floor(ramp), axis=0, prepend=0) > 0)


def _set(source: _Timed, seconds: NDArray[np.float64], neurons: NDArray[np.int64]) -> None:
    object.__setattr__(source, "_seconds", seconds)
    object.__setattr__(source, "_neurons", neurons)


def _times(values: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"spike times are {values!r}; give seconds") from None
    if array.ndim != 1 or not np.all(np.isfinite(array) & (array >= 0)):
        raise InputError(f"spike times are {values!r}; give seconds from 0 on")
    return array


def _neuron(value: Any) -> int:
    number = value if isinstance(value, int | float | np.number) else math.nan
    if isinstance(value, bool) or not float(number).is_integer() or number < 0:
        raise InputError(f"a neuron is {value!r}; give its number in the input, from 0 on")
    return int(number)


def _rates(values: Any, *, infinite: bool = False) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"rate is {values!r}; give hertz") from None
    right = (array >= 0) & (np.isfinite(array) | infinite)
    if array.ndim > 1 or not np.all(right):
        raise InputError(f"rate is {values!r}; give hertz from 0 on, one number or one for each")
    return array


def _each(values: Any, size: int) -> NDArray[np.float64]:
    array = _rates(values, infinite=True)
    if array.ndim and len(array) != size:
        raise InputError(f"{len(array)} rates for {size} inputs; give one, or one for each")
    return np.broadcast_to(array, (size,))


def _per_step(values: Any, size: int, dt: float) -> NDArray[np.float64]:
    chances = _each(values, size) * dt
    if np.any(chances > 1 + _SLACK):
        raise InputError(
            f"a rate of {chances.max() / dt:g} Hz is more than one spike in a step of {dt:g} s; "
            f"give at most {1 / dt:g} Hz, or a shorter dt"
        )
    return chances


def _users_level() -> int:
    """The stack level of the first caller outside the package, as its function sees it."""
    package = __name__.partition(".")[0]
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(package):
        level, frame = level + 1, frame.f_back
    return level
