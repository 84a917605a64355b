"""What all learning rules have in common: when they are asked, traces, counters.

Source: docs/reference/semantics.md, "Learning".
"""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import Image

from ..arithmetic import Bools, Ints
from ..table import Table
from .random_numbers import POST, PRE, SWEEP
from .state import LearningState
from .synapses import Synapses


class LearningRule(LearningState):
    """One rule in one core; a subclass says what a weight does, and what else there is to keep.

    Attributes
    ----------
    axons, fired : the axons that arrived in this step, sample·A + axon, and the neurons that fired,
        sample·N + neuron.
    enabled : whether weights and eligibilities change.
    synapses : those that are visited.
    """

    has_post_side = True
    """The rule changes weights when neurons fire."""

    def load(self, image: Image, table: Table | None) -> None:
        """As `LearningState.load`."""
        super().load(image, table)
        self.enabled = bool(image.learning["enabled"])
        self.synapses = Synapses(self)

    def before_update(self, step: int, arrived: Bools, axons: Ints) -> None:
        """Traces of axons and pre side of a step: `arrived` (B, A) flags, `axons` that are set."""
        self.axons = axons
        self.update_axons(arrived)
        if len(axons) and self.enabled:
            self.synapses.visit(step, PRE, axons)
            self.on_pre(self.synapses)
            self.synapses.store()

    def after_update(
        self, step: int, spikes: Bools, fired: Ints, v: Ints, modulation: Ints
    ) -> None:
        """Post side, states of neurons and sweep, with what the update left.

        `spikes`, `v` and `modulation` are (B, N); `fired` are the neurons for which `spikes` is set.
        """
        self.fired = fired
        if len(fired) and self.enabled and self.has_post_side:
            self.synapses.visit(step, POST, fired)
            self.on_post(self.synapses)
            self.synapses.store()
        self.update_neurons(step, spikes, v, modulation)
        if self._sweeps and self.enabled and (step + 1) % self.sweep_period == 0:
            self.synapses.visit(step, SWEEP, np.arange(self.config.axons))
            self.on_sweep(self.synapses)
            self.synapses.store()

    @property
    def sweep_period(self) -> int:
        """K, in steps."""
        return 1 << self.parameters["sweep_log2"]

    def trace(self, name: str, places: Ints) -> None:
        """Let the trace "x" or "y" decay, then grow at `places`: `axons`, or `fired`."""
        states = self.axon_states if name in self.axon_states else self.neuron_states
        states[name] = values = self.decayed(states[name], name, f"d_{name}")
        if not len(places):
            return
        increment, flat = self.constant(f"{name}_inc"), values.ravel()
        if self.settings.pairing == "nearest":
            flat[places] = increment
            return
        flat[places] = grown = flat.take(places) + increment
        if np.count_nonzero(grown > self.maxima[name]):
            states[name] = self.sat(name, values)

    # What a rule says.

    def update_axons(self, arrived: Bools) -> None:
        """Update the states of axons, with `arrived` (B, A)."""
        self.trace("x", self.axons)

    def on_pre(self, s: Synapses) -> None:
        """Change the synapses of axons that arrived; `s.neuron` is what the previous step left."""
        raise NotImplementedError

    def on_post(self, s: Synapses) -> None:
        """Change the synapses of neurons that fired."""
        raise NotImplementedError

    def update_neurons(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Update the states of neurons: spikes, potentials, sums of modulatory weights, (B, N)."""
        self.trace("y", self.fired)

    def on_sweep(self, s: Synapses) -> None:
        """Change all synapses."""
        raise NotImplementedError
