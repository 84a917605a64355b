"""Pair STDP with exponential traces, additive or multiplicative.

Source: docs/reference/semantics.md, "Rule `pair`"; Morrison, Diesmann and Gerstner 2008, section 4.1; soft
bounds after van Rossum, Bi and Turrigiano 2000, and Rubin et al. 2001.
"""

from __future__ import annotations

from .rule import LearningRule
from .synapses import Synapses


class Pair(LearningRule):
    """An arrival depresses by the neuron's trace, a spike potentiates by the axon's."""

    def on_pre(self, s: Synapses) -> None:
        """Depress."""
        y = s.neuron["y"]
        if self.settings.bounds == "soft":
            s.w = s.lower(s.rnd((s.w - self.parameters["w_min"]) * y))
        elif self.settings.rates == "multiply":
            s.w = s.depress(s.rnd(self.constant("a_minus") * y))
        else:
            s.w = s.depress(s.rnd(y))

    def on_post(self, s: Synapses) -> None:
        """Potentiate."""
        x = s.axon["x"]
        if self.settings.bounds == "soft":
            s.w = s.lift(s.rnd((self.parameters["w_max"] - s.w) * x))
        elif self.settings.rates == "multiply":
            s.w = s.potentiate(s.rnd(self.constant("a_plus") * x))
        else:
            s.w = s.potentiate(s.rnd(x))
