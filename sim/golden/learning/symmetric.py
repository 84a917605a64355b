"""Symmetric STDP with synaptic scaling.

Source: docs/reference/semantics.md, "Rule `symmetric`"; Hao, Huang, Dong and Xu 2020.
"""

from __future__ import annotations

from spikeloom.hdl.contract.learning_config import SCALING_BITS

from ..arithmetic import clamp
from .rule import LearningRule
from .synapses import Synapses


class Symmetric(LearningRule):
    """Pairs potentiate in either order, a constant depresses, sweeps scale the weights of a neuron."""

    def on_pre(self, s: Synapses) -> None:
        """Potentiate by the neuron's trace, less the offset."""
        s.w = s.lift(s.rnd(s.neuron["y"] - self.parameters["c_pre"]))

    def on_post(self, s: Synapses) -> None:
        """Potentiate by the axon's trace, less the offset."""
        s.w = s.lift(s.rnd(s.axon["x"] - self.parameters["c_post"]))

    def on_sweep(self, s: Synapses) -> None:
        """Move each neuron's sum of plastic weights toward the target."""
        p, top = self.parameters, (1 << (SCALING_BITS - 1)) - 1
        total = s.sum_by_neuron(s.w)
        factor = clamp((p["scaling_target"] - total) >> p["scaling_shift"], -top - 1, top)
        s.w = s.lift(s.rnd(s.w * factor))
