"""Spikes of PyNN's spike sources, in the time steps in which they fall.

Time T·h is the number T here.  A spike between two of them is at the later one, as in NEST.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .refusals import ParameterError

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
_SLACK = 1e-6
"""Of a step: 0.3 / 0.1 is less than 3."""


def steps_of(times: Floats, h: float) -> NDArray[np.int64]:
    """T of these times in ms."""
    return np.ceil(times / h - _SLACK).astype(np.int64)


@dataclass(frozen=True, eq=False)
class _Spikes:
    """Times in ms, cells, and T of spikes, (spikes,) each, of so many cells."""

    size: int
    times: Floats
    cells: NDArray[np.int64]
    at: NDArray[np.int64]

    @classmethod
    def of(cls, given: Any, h: float) -> _Spikes:
        trains = [np.atleast_1d(np.asarray(t.value, dtype=float)) for t in given]
        for k, times in enumerate(trains):
            if np.any(np.diff(times) < 0) or not np.all(np.isfinite(times)):
                raise ParameterError(
                    f"spike_times of cell {k} are not in order; give finite times, each at least the "
                    "one before"
                )
        numbers = [np.full(len(t), k, dtype=np.int64) for k, t in enumerate(trains)]
        together = np.concatenate(trains)
        return cls(len(trains), together, np.concatenate(numbers), steps_of(together, h))

    def chosen(self, which: Bools) -> _Spikes:
        return _Spikes(self.size, self.times[which], self.cells[which], self.at[which])

    def with_those_of(self, other: _Spikes) -> _Spikes:
        return _Spikes(
            self.size,
            np.concatenate([self.times, other.times]),
            np.concatenate([self.cells, other.cells]),
            np.concatenate([self.at, other.at]),
        )


class ArraySource:
    """The spikes of a SpikeSourceArray.

    Parameters
    ----------
    trains : a `Sequence` of ms for each cell.
    h : time step in ms.
    """

    def __init__(self, trains: Any, h: float) -> None:
        self._h = h
        self._spikes = self._given = _Spikes.of(trains, h)

    def set(self, parameters: dict[str, Any], now: int) -> None:
        """Other spike times: of them, those after T = `now`; those up to it stay as they were."""
        self._given = _Spikes.of(parameters["spike_times"], self._h)
        past, future = self._spikes.at <= now, self._given.at > now
        if now:
            self._spikes = self._spikes.chosen(past).with_those_of(self._given.chosen(future))
        else:
            self.restart()

    def restart(self) -> None:
        """The times count from the beginning of each segment."""
        self._spikes = self._given

    def forget(self, before: int) -> None:
        """The times stay as they are."""

    def raster(self, first: int, stop: int) -> Bools:
        """(stop − first, size) spikes at T from `first` to before `stop`."""
        spikes = self._spikes
        found = np.zeros((stop - first, spikes.size), dtype=bool)
        inside = (spikes.at >= max(first, 0)) & (spikes.at < stop)
        found[spikes.at[inside] - first, spikes.cells[inside]] = True
        return found

    def recorded(self, first: int, stop: int, *, exact: bool) -> tuple[Floats, NDArray[np.int64]]:
        """Times in ms and cells of the spikes at T from `first` to before `stop`.

        With `exact`, as they were given; else those of the steps.
        """
        found = self._spikes.chosen((self._spikes.at >= first) & (self._spikes.at < stop))
        return found.times if exact else np.asarray(found.at * self._h), found.cells


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
        self.set(parameters, 0)
        self.restart()

    def set(self, parameters: dict[str, Floats], now: int) -> None:
        """Other rates and times, for spikes that are not drawn yet, whatever the time is."""
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
