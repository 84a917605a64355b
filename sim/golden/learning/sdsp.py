"""Spike-driven synaptic plasticity.

Source: docs/reference/semantics.md, "Rule `sdsp`"; Brader, Senn and Fusi 2007; Frenkel et al. 2019 (ODIN).
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, Ints
from .rule import LearningRule
from .synapses import Synapses


class SDSP(LearningRule):
    """An arrival moves the weight up or down, by the neuron's potential and calcium."""

    has_post_side = False

    def update_axons(self, arrived: Bools) -> None:
        """Axons have no state."""

    def on_pre(self, s: Synapses) -> None:
        """Up, down, or stay."""
        p, up, down = self.parameters, s.neuron["up"] > 0, s.neuron["down"] > 0
        lifted = s.lift(s.rnd(p["a_plus"]), where=up)
        s.w = np.where(up, lifted, s.lower(s.rnd(p["a_minus"]), where=down & ~up))

    def update_neurons(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Calcium, then whether the next arrivals move weights up or down."""
        super().update_neurons(step, spikes, v, modulation)
        p, y = self.parameters, self.neuron_states["y"]
        high, enough = v >= p["theta_m"], y >= p["ca_1"]
        self.neuron_states["up"] = (high & enough & (y < p["ca_3"])).astype(np.int64)
        self.neuron_states["down"] = (~high & enough & (y < p["ca_2"])).astype(np.int64)
