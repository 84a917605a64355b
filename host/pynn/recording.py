"""Recordings as PyNN gives them: Neo blocks of what the populations' `Signals` hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors, recording

from . import simulator
from .refusals import ParameterError


class Recorder(recording.Recorder):
    """Spikes and potentials of one population."""

    _simulator = simulator

    def _record(self, variable: Any, new_ids: Any, sampling_interval: float | None = None) -> None:
        dt = self._simulator.state.dt
        if sampling_interval is not None:
            every = sampling_interval / dt
            if every < 1 or abs(every - round(every)) > 1e-6:
                raise ParameterError(
                    f"sampling_interval is {sampling_interval!r} ms; give a multiple of the time step "
                    f"of {dt:g} ms"
                )
            self.sampling_interval = sampling_interval
        if variable.name not in ("spikes", "v"):
            raise errors.RecordingError(variable.name, self.population.celltype)
        if variable.name == "v":
            self.population.begin_potentials()

    @property
    def recorded_potentials(self) -> NDArray[np.int64]:
        """Cells of the population whose potential is recorded."""
        ids = self.recorded.get(recording.Variable("v", None, None), set())
        first = int(self.population.first_id)
        return np.array(sorted(int(i) - first for i in ids), dtype=np.int64)

    def records(self, name: str) -> bool:
        """Whether this variable of any cell is recorded."""
        return bool(self.recorded.get(recording.Variable(name, None, None)))

    def _get_spiketimes(self, ids: Any, clear: bool = False) -> Any:
        times, cells = self.population.signals.spikes
        first = int(self.population.first_id)
        if np.iterable(ids):
            return {int(i): times[cells == int(i) - first] for i in ids}
        return times[cells == int(ids) - first]

    def _get_all_signals(self, variable: Any, ids: Any, clear: bool = False) -> Any:
        every = round(self.sampling_interval / self._simulator.state.dt)
        first = int(self.population.first_id)
        columns = [int(i) - first for i in ids]
        return self.population.signals.potentials[::every, columns], None

    def _local_count(self, variable: Any, filter_ids: Any = None) -> dict[int, int]:
        _, cells = self.population.signals.spikes
        counts = np.bincount(cells, minlength=self.population.size)
        first = int(self.population.first_id)
        return {
            int(i): int(counts[int(i) - first]) for i in self.filter_recorded(variable, filter_ids)
        }

    def _clear_simulator(self) -> None:
        self.population.signals.clear_recorded()

    def _reset(self) -> None:
        self.population.signals.clear()
