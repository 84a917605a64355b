"""STDP by a table of lags, as in SuperNeuroMAT.

Source: docs/reference/semantics.md, "Rule `lag_table`".
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, Ints
from .rule import LearningRule
from .synapses import Synapses


class LagTable(LearningRule):
    """A spike adds what the lags of its axon's arrivals have in the table; sweeps take a constant."""

    def update_axons(self, arrived: Bools) -> None:
        """Shift the arrivals."""
        x, lags = self.axon_states["x"], self.settings.trace_bits
        self.axon_states["x"] = 2 * x % (1 << lags) + arrived

    def on_pre(self, s: Synapses) -> None:
        """An arrival changes nothing."""

    def on_post(self, s: Synapses) -> None:
        """Potentiate by each lag at which the axon arrived."""
        s.w = s.lift(s.rnd(self._sum("plus", s.axon["x"])))

    def update_neurons(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Count the steps, as far as there are lags."""
        y, lags = self.neuron_states["y"], self.settings.trace_bits
        self.neuron_states["y"] = (2 * y + 1) % (1 << (lags + 1))

    def on_sweep(self, s: Synapses) -> None:
        """Depress by each lag that the run is old enough for."""
        s.w = s.lower(s.rnd(self._sum("minus", s.neuron["y"] >> 1)))

    def _sum(self, side: str, register: Ints) -> Ints:
        lags = range(self.settings.trace_bits)
        total = np.zeros_like(register)
        for lag in lags:
            total = total + self.parameters[f"{side}_{lag}"] * (register >> lag & 1)
        return total
