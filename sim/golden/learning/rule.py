"""What all learning rules have in common: when they are asked, traces, counters; and their registry.

Source: docs/reference/semantics.md, "Learning".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError

from ..arithmetic import Bools, Ints, clamp, count, decay
from .random_numbers import POST, PRE, SWEEP
from .synapses import Synapses


class LearningRule:
    """One rule in one core; a subclass says what a weight does, and what else there is to keep.

    B is the batch, A the number of axons, N of neurons.  Only a batch of one can learn; a larger
    one needs `enabled = 0`.

    Attributes
    ----------
    settings : the `LearningConfig` of the core.
    parameters : by name, the run-time parameters of the image.
    weights : (A, N) int64, changed in place.
    plastic : (A, N) bool.
    modulatory : (A,) bool.
    axon_tags, neuron_tags : (A,), (N,) int64.
    axon_states, neuron_states : by name, (B, A) and (B, N) int64.
    eligibility : (A, N) int64, or None.
    counters : the core's, by name, (B,) int64 each.
    """

    has_post_side = True
    """The rule changes weights when neurons fire."""

    def __init__(self, config: CoreConfig, batch: int) -> None:
        assert config.learning is not None
        self.config, self.settings, self.batch = config, config.learning, batch
        layout = config.layout
        self._fields = {f.name: f for f in (*layout.axon_states, *layout.neuron_states)}

    def load(self, image: Image, weights: Ints) -> None:
        """Take over an image, and weights to change; states stay as they are."""
        if self.batch > 1 and image.learning["enabled"]:
            raise InputError(
                f"a batch of {self.batch} samples can not learn: they share the weights; "
                "give a batch of 1, or an image with enabled = 0"
            )
        self.weights, self.parameters = weights, image.learning
        self.plastic, self.modulatory = image.plastic, image.modulatory
        self.axon_tags, self.neuron_tags = image.axon_tags, image.neuron_tags

    def reset(self, counters: dict[str, Ints]) -> None:
        """Clear all states, and count in `counters` from now on."""
        c, layout, self.counters = self.config, self.config.layout, counters

        def zeros(*shape: int) -> Ints:
            return np.zeros(shape, dtype=np.int64)

        self.axon_states = {f.name: zeros(self.batch, c.axons) for f in layout.axon_states}
        self.neuron_states = {f.name: zeros(self.batch, c.neurons) for f in layout.neuron_states}
        has_eligibility = "eligibility" in layout.synapse_fields
        self.eligibility = zeros(c.axons, c.neurons) if has_eligibility else None

    def before_update(self, step: int, arrived: Bools) -> None:
        """Traces of axons and pre side of a step, with `arrived` (B, A)."""
        self.update_axons(arrived)
        if self.parameters["enabled"] and arrived.any():
            synapses = Synapses(self, step, PRE, rows=np.flatnonzero(arrived[0]))
            self.on_pre(synapses)
            synapses.store()

    def after_update(self, step: int, spikes: Bools, v: Ints, modulation: Ints) -> None:
        """Post side, states of neurons and sweep, with what the update left; all (B, N)."""
        enabled = self.parameters["enabled"]
        if enabled and self.has_post_side and spikes.any():
            synapses = Synapses(self, step, POST, columns=np.flatnonzero(spikes[0]))
            self.on_post(synapses)
            synapses.store()
        self.update_neurons(step, spikes, v, modulation)
        if enabled and self.settings.format.sweeps and (step + 1) % self.sweep_period == 0:
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
        increment = self.parameters[f"{name}_inc"]
        decayed = decay(states[name], self.parameters[f"d_{name}"])
        if self.settings.pairing == "nearest":
            states[name] = np.where(spikes, increment, decayed)
        else:
            states[name] = self.sat(name, decayed + increment * spikes)

    def sat(self, name: str, values: Ints) -> Ints:
        """Clamp values (B, …) to the format of a state, and count them."""
        field = self._fields[name]
        clamped = clamp(values, field.minimum, field.maximum)
        self.counters["clamps"] += count(clamped != values)
        return clamped

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


RULES: dict[str, type[LearningRule]] = {}
"""Golden rules by name; `register` adds to them."""


def register(name: str) -> Callable[[type[LearningRule]], type[LearningRule]]:
    """Class decorator: the golden model of the rule that `LearningConfig` knows by this name."""

    def add(rule: type[LearningRule]) -> type[LearningRule]:
        RULES[name] = rule
        return rule

    return add
