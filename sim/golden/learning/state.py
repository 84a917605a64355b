"""What learning keeps in one core: weights in use, traces, eligibilities, and the counters.

Source: docs/reference/semantics.md, "Learning".
"""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError

from ..arithmetic import Ints, clamp, count


class LearningState:
    """The state of learning in one core, which a rule changes.

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

    def __init__(self, config: CoreConfig, batch: int) -> None:
        assert config.learning is not None
        self.config, self.settings, self.batch = config, config.learning, batch
        layout = config.layout
        self._fields = {f.name: f for f in (*layout.axon_states, *layout.neuron_states)}

    def load(self, image: Image, weights: Ints) -> None:
        """Take over an image, and weights to change; states stay as they are."""
        if self.batch > 1 and image.learning["enabled"]:
            raise InputError(
                f"a batch of {self.batch} samples cannot learn: they share the weights; "
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

    def sat(self, name: str, values: Ints) -> Ints:
        """Clamp values (B, …) to the format of a state, and count them."""
        field = self._fields[name]
        clamped = clamp(values, field.minimum, field.maximum)
        self.counters["clamps"] += count(clamped != values)
        return clamped
