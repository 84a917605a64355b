"""Three-factor learning: spikes leave an eligibility, a modulator turns it into weight.

Source: docs/reference/semantics.md, "Rule `three_factor`"; Frémaux and Gerstner 2016, Izhikevich 2007.
"""

from __future__ import annotations

from ..arithmetic import Bools, Ints, decay
from .rule import LearningRule
from .synapses import Synapses


class ThreeFactor(LearningRule):
    """Pre and post side change eligibilities, sweeps change weights."""

    def on_pre(self, s: Synapses) -> None:
        """Add to the eligibility, less the neuron's trace."""
        s.e = s.sat_e(s.e + self.parameters["e_pre"] - s.neuron["y"])

    def on_post(self, s: Synapses) -> None:
        """Add to the eligibility, with the axon's trace."""
        s.e = s.sat_e(s.e + self.parameters["e_post"] + s.axon["x"])

    def update_neurons(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Traces, and modulators, which forget differently in the first step of a period."""
        super().update_neurons(step, spikes, v, modulation)
        p, m = self.parameters, self.neuron_states["m"]
        d = "d_mod_first" if step % self.sweep_period == 0 else "d_mod"
        decayed = self.decayed(m, "m", d)
        self.neuron_states["m"] = self.sat("m", decayed + modulation + p["m_spike"] * spikes)

    def on_sweep(self, s: Synapses) -> None:
        """Turn eligibility into weight."""
        s.w = s.lift(s.rnd(s.neuron["m"] * s.e))
        s.e = decay(s.e, self.parameters["d_e"])
