"""What happened lately: ring buffers of spikes and of values by step."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]


class SpikeHistory:
    """The spikes of the last `window` steps, or the last `limit` of them, if there are more.

    Parameters
    ----------
    window : steps.
    limit : spikes, so that a page never chokes on them.
    """

    def __init__(self, window: int, limit: int) -> None:
        self._window, self._limit = window, limit
        self._parts: deque[tuple[Steps, Steps]] = deque()
        self._oldest = self._count = 0

    def append(self, start: int, raster: NDArray[np.bool_]) -> None:
        """Add a (steps, rows) raster whose first step has the number `start`."""
        step, row = np.nonzero(raster)
        if len(step):
            self._parts.append((start + step, row))
            self._count += len(step)
        self._oldest = start + len(raster) - self._window
        while self._parts:
            steps, _ = self._parts[0]
            if steps[-1] >= self._oldest and self._count - len(steps) < self._limit:
                break
            self._parts.popleft()
            self._count -= len(steps)

    def clear(self) -> None:
        """Forget all."""
        self._parts.clear()
        self._count = 0

    def events(self) -> tuple[Steps, Steps]:
        """(n,) steps, ascending, and (n,) rows of the spikes."""
        if not self._parts:
            none = np.zeros(0, dtype=np.int64)
            return none, none
        steps, rows = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        first = max(int(np.searchsorted(steps, self._oldest)), len(steps) - self._limit)
        return steps[first:], rows[first:]


class ValueHistory:
    """Values of the last `window` recorded steps, a column each."""

    def __init__(self, window: int, columns: int) -> None:
        self._window = window
        self._steps: Steps = np.zeros(0, dtype=np.int64)
        self._values = np.zeros((0, columns))

    def append(self, steps: Steps, values: NDArray[np.floating | np.integer]) -> None:
        """Add (n, columns) values of n steps."""
        oldest = (int(steps[-1]) if len(steps) else 0) - self._window
        kept = int(np.searchsorted(self._steps, oldest, side="right"))
        self._steps = np.concatenate([self._steps[kept:], steps])[-self._window :]
        self._values = np.concatenate([self._values[kept:], values])[-self._window :]

    def clear(self) -> None:
        """Forget all."""
        self._steps, self._values = self._steps[:0], self._values[:0]

    def values(self) -> tuple[Steps, NDArray[np.float64]]:
        """(n,) steps, ascending, and (n, columns) values."""
        return self._steps, self._values


def binned(
    steps: Steps, values: NDArray[np.float64], width: int
) -> tuple[Steps, NDArray[np.float64]]:
    """Mean of the values in bins of `width` steps, aligned with multiples of it.

    Returns (bins,) first steps and (bins, columns) means, over those steps that are there.  The
    last bin is left out until it is full.
    """
    if not len(steps):
        return steps, values
    bins, first, counts = np.unique(steps // width, return_index=True, return_counts=True)
    means = np.add.reduceat(values, first, axis=0) / counts[:, None]
    if (steps[-1] + 1) % width:
        bins, means = bins[:-1], means[:-1]
    return bins * width, means


def broken_at_gaps(
    steps: Steps, values: NDArray[np.float64], longest: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same with NaN between steps more than `longest` apart, so that no line joins them."""
    after = np.flatnonzero(np.diff(steps) > longest) + 1
    return (
        np.insert(steps.astype(np.float64), after, np.nan),
        np.insert(values, after, np.nan, axis=0),
    )
