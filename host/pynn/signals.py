"""What was recorded of a population since the beginning of a segment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Signals:
    """Spikes and potentials of one population, in the order in which they came.

    Attributes
    ----------
    size : cells.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._times: list[Floats] = []
        self._cells: list[NDArray[np.int64]] = []
        self._potentials: list[Floats] = []

    def clear_recorded(self) -> None:
        """Forget all but the potentials of the last moment, where the next recording begins."""
        last = self._potentials[-1][-1:] if self._potentials else None
        self.clear()
        if last is not None:
            self._potentials.append(last)

    def add_spikes(self, times: Floats, cells: NDArray[np.int64]) -> None:
        """Spikes at these times in ms of these cells."""
        self._times.append(np.asarray(times, dtype=float))
        self._cells.append(np.asarray(cells, dtype=np.int64))

    def add_potentials(self, values: Floats) -> None:
        """(steps, size) mV after each step; NaN for cells that are not recorded."""
        self._potentials.append(values)

    @property
    def spikes(self) -> tuple[Floats, NDArray[np.int64]]:
        """Times in ms, and cells, sorted by time."""
        if not self._times:
            return np.zeros(0), np.zeros(0, dtype=np.int64)
        times, cells = np.concatenate(self._times), np.concatenate(self._cells)
        order = np.argsort(times, kind="stable")
        return times[order], cells[order]

    @property
    def potentials(self) -> Floats:
        """(samples, size) mV, from the beginning of the recording on."""
        if not self._potentials:
            return np.zeros((0, self.size))
        return np.concatenate(self._potentials)
