"""STDP with a rectangular window, as NeuroCoreX specifies it.

Source: docs/reference/semantics.md, "Rule `rectangular`".
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, Ints
from .rule import LearningRule
from .synapses import Synapses


class Rectangular(LearningRule):
    """Traces are timers: while one runs, the weight changes by a constant."""

    def update_axons(self, arrived: Bools) -> None:
        """Start or run the axons' timers."""
        x = self.axon_states["x"]
        self.axon_states["x"] = self._timer(x, self.parameters["x_window"], arrived)

    def on_pre(self, s: Synapses) -> None:
        """Depress within the window."""
        change = s.rnd(self.parameters["a_minus"])
        s.w = s.lower(change, where=s.neuron["y"] > 0)

    def on_post(self, s: Synapses) -> None:
        """Potentiate within the window."""
        change = s.rnd(self.parameters["a_plus"])
        s.w = s.lift(change, where=s.axon["x"] > 0)

    def update_neurons(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Start or run the neurons' timers."""
        y = self.neuron_states["y"]
        self.neuron_states["y"] = self._timer(y, self.parameters["y_window"], spikes)

    @staticmethod
    def _timer(left: Ints, window: int, spikes: Bools) -> Ints:
        return np.where(spikes, window, np.maximum(left - 1, 0))
