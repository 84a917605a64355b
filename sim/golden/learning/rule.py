"""What all learning rules have in common: when they are asked, traces, counters.

Source: docs/reference/semantics.md, "Learning".
"""

from __future__ import annotations

import numpy as np

from ..arithmetic import Bools, Ints
from .random_numbers import POST, PRE, SWEEP
from .state import LearningState
from .synapses import Synapses


class LearningRule(LearningState):
    """One rule in one core; a subclass says what a weight does, and what else there is to keep."""

    has_post_side = True
    """The rule changes weights when neurons fire."""

    def before_update(self, step: int, arrived: Bools) -> None:
        """Traces of axons and pre side of a step, with `arrived` (B, A)."""
        self.update_axons(arrived)
        if self.parameters["enabled"] and np.count_nonzero(arrived):
            synapses = Synapses(self, step, PRE, arrived[0].nonzero()[0])
            self.on_pre(synapses)
            synapses.store()

    def after_update(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Post side, states of neurons and sweep, with what the update left; all (B, N)."""
        enabled = self.parameters["enabled"]
        if enabled and self.has_post_side and np.count_nonzero(spikes):
            synapses = Synapses(self, step, POST, spikes[0].nonzero()[0])
            self.on_post(synapses)
            synapses.store()
        self.update_neurons(step, spikes, v, modulation)
        if enabled and self._sweeps and (step + 1) % self.sweep_period == 0:
            synapses = Synapses(self, step, SWEEP)
            self.on_sweep(synapses)
            synapses.store()

    @property
    def sweep_period(self) -> int:
        """K, in steps."""
        return 1 << self.parameters["sweep_log2"]

    def trace(self, name: str, spikes: Bools) -> None:
        """Let the trace "x" or "y" decay, then grow where there are spikes (of its shape)."""
        states = self.axon_states if name in self.axon_states else self.neuron_states
        decayed = self.decayed(states[name], name, f"d_{name}")
        if np.count_nonzero(spikes):
            increment = self.parameters[f"{name}_inc"]
            if self.settings.pairing == "nearest":
                decayed = np.where(spikes, increment, decayed)
            else:
                decayed = self.sat(name, decayed + increment * spikes)
        states[name] = decayed

    # What a rule says.

    def update_axons(self, arrived: Bools) -> None:
        """Update the states of axons, with `arrived` (B, A)."""
        self.trace("x", arrived)

    def on_pre(self, s: Synapses) -> None:
        """Change the synapses of axons that arrived; `s.neuron` is what the previous step left."""
        raise NotImplementedError

    def on_post(self, s: Synapses) -> None:
        """Change the synapses of neurons that fired."""
        raise NotImplementedError

    def update_neurons(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Update the states of neurons: spikes, potentials, sums of modulatory weights, (B, N)."""
        self.trace("y", spikes)

    def on_sweep(self, s: Synapses) -> None:
        """Change all synapses."""
        raise NotImplementedError
