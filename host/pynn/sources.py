"""Spikes of PyNN's spike sources, in the time steps in which they fall.

Time T·h is the number T here.  A spike between two of them is at the later one, as in NEST.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ParameterError

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
_SLACK = 1e-6
"""Of a step: 0.3 / 0.1 is less than 3."""


def steps_of(times: Floats, h: float) -> NDArray[np.int64]:
    """T of these times in ms."""
    return np.ceil(times / h - _SLACK).astype(np.int64)


class ArraySource:
    """The spikes of a SpikeSourceArray.

    Parameters
    ----------
    trains : a `Sequence` of ms for each cell.
    h : time step in ms.
    """

    def __init__(self, trains: Any, h: float) -> None:
        self._h = h
        self.set({"spike_times": trains})

    def set(self, parameters: dict[str, Any]) -> None:
        """Other spike times, from now on."""
        trains = [
            np.atleast_1d(np.asarray(t.value, dtype=float)) for t in parameters["spike_times"]
        ]
        for k, times in enumerate(trains):
            if np.any(np.diff(times) < 0) or not np.all(np.isfinite(times)):
                raise ParameterError(
                    f"spike_times of cell {k} are not in order; give finite times, each at least the "
                    "one before"
                )
        self._cells = np.concatenate([np.full(len(t), k) for k, t in enumerate(trains)]).astype(
            np.int64
        )
        self._times = np.concatenate(trains) if trains else np.zeros(0)
        self._at = steps_of(self._times, self._h)
        self._size = len(trains)

    def restart(self) -> None:
        """The times count from the beginning of each segment."""

    def forget(self, before: int) -> None:
        """The times stay as they are."""

    def raster(self, first: int, stop: int) -> Bools:
        """(stop − first, size) spikes at T from `first` to before `stop`."""
        found = np.zeros((stop - first, self._size), dtype=bool)
        inside = (self._at >= max(first, 0)) & (self._at < stop)
        found[self._at[inside] - first, self._cells[inside]] = True
        return found

    def recorded(self, first: int, stop: int, *, exact: bool) -> tuple[Floats, NDArray[np.int64]]:
        """Times in ms and cells of the spikes at T from `first` to before `stop`.

        With `exact`, as they were given; else those of the steps.
        """
        inside = (self._at >= first) & (self._at < stop)
        times = self._times[inside] if exact else self._at[inside] * self._h
        return np.asarray(times, dtype=np.float64), self._cells[inside]


class PoissonSource:
    """The spikes of a SpikeSourcePoisson: in each step at most one, with probability rate·h.

    Parameters
    ----------
    parameters : rate in Hz, start and duration in ms, (size,) each.
    seed : of the random numbers, which go on from segment to segment.
    h : time step in ms.
    """

    def __init__(self, parameters: dict[str, Floats], seed: list[int], h: float) -> None:
        self._h = h
        self._rng = np.random.default_rng(seed)
        self._parameters: dict[str, Floats] = {}
        self.set(parameters)
        self.restart()

    def set(self, parameters: dict[str, Floats]) -> None:
        """Other rates and times, for spikes that are not drawn yet."""
        p = self._parameters | {k: np.asarray(v, dtype=float) for k, v in parameters.items()}
        chance = p["rate"] * self._h / 1000.0
        if np.any(chance < 0) or np.any(chance > 1 + _SLACK) or not np.all(np.isfinite(chance)):
            raise ParameterError(
                f"rate is {p['rate'].min():g}…{p['rate'].max():g} Hz; with steps of {self._h:g} ms give "
                f"0…{1000.0 / self._h:g} Hz, at most one spike in a step"
            )
        self._parameters, self._chance = p, chance

    def restart(self) -> None:
        """Draw anew from time 0 on, with the random numbers that come next."""
        self._first = 1
        self._drawn = np.zeros((0, len(self._chance)), dtype=bool)

    def raster(self, first: int, stop: int) -> Bools:
        """(stop − first, size) spikes at T from `first` to before `stop`; what is before is forgotten."""
        missing = stop - self._first - len(self._drawn)
        if missing > 0:
            at = np.arange(stop - missing, stop)[:, None] * self._h
            p = self._parameters
            on = (at > p["start"]) & (at <= p["start"] + p["duration"])
            new = self._rng.random((missing, len(self._chance))) < self._chance
            self._drawn = np.concatenate([self._drawn, on & new])
        found = np.zeros((stop - first, len(self._chance)), dtype=bool)
        low = max(first, self._first)
        if stop > low:
            found[low - first :] = self._drawn[low - self._first : stop - self._first]
        return found

    def forget(self, before: int) -> None:
        """Spikes before this T are not asked for any more."""
        gone = max(0, min(before - self._first, len(self._drawn)))
        self._drawn = self._drawn[gone:]
        self._first += gone

    def recorded(self, first: int, stop: int, *, exact: bool) -> tuple[Floats, NDArray[np.int64]]:
        """Times in ms and cells of the spikes at T from `first` to before `stop`."""
        at, cells = np.nonzero(self.raster(first, stop))
        return np.asarray((at + first) * self._h), cells.astype(np.int64)
