"""What learning in one core keeps, and what it is told of the core.

Source: docs/reference/semantics.md, "Learning".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError

from ..arithmetic import Ints, clamp, count, decay_of
from ..table import Table

if TYPE_CHECKING:
    from ..neurons.neurons import Tally


class LearningState:
    """The state of learning in one core, which a rule changes.

    B is the batch, A the number of axons, N of neurons.  Only a batch of one can learn; a larger
    one needs `enabled = 0`.

    Attributes
    ----------
    settings : the `LearningConfig` of the core.
    parameters : by name, the run-time parameters of the image.
    table : the synapses, and their weights, which change in place.
    cells : (S,) where each synapse is in `eligibility`.
    modulatory : (A,) bool.
    axon_tags, neuron_tags : (A,), (N,) int64.
    axon_states, neuron_states : by name, (B, A) and (B, N) int64.
    eligibility : (A, N) int64, or None.
    fraction_bits, half : F, and ρ of rounding to nearest, as arrays, with which NumPy computes faster
        than with an int.
    maxima : by name, the largest value of each state, as an array.
    tally : counters that a step adds to.
    """

    def __init__(self, config: CoreConfig, batch: int, tally: Tally) -> None:
        assert config.learning is not None
        self.config, self.settings, self.batch = config, config.learning, batch
        self.tally = tally
        self._sweeps = config.learning.format.sweeps
        bits = self.settings.fraction_bits
        self.fraction_bits, self.half = np.array(bits), np.array((1 << bits) >> 1)
        layout = config.layout
        self._fields = {f.name: f for f in (*layout.axon_states, *layout.neuron_states)}
        self.maxima = {name: np.array(field.maximum) for name, field in self._fields.items()}

    def load(self, image: Image, table: Table | None) -> None:
        """Take over an image, and the synapses to change, if there is one sample; states stay."""
        if self.batch > 1 and image.learning["enabled"]:
            raise InputError(
                f"a batch of {self.batch} samples cannot learn: they share the weights; "
                "give a batch of 1, or an image with enabled = 0"
            )
        self.parameters = image.learning
        if table:
            self.table = table
            self.cells = table.axons * self.config.neurons + table.neurons
        self.modulatory = image.modulatory
        self.axon_tags, self.neuron_tags = image.axon_tags, image.neuron_tags
        self._decays: dict[str, Callable[[Ints], Ints]] = {}
        self._constants: dict[str, Ints] = {}

    def reset(self) -> None:
        """Clear all states."""
        c, layout = self.config, self.config.layout

        def zeros(*shape: int) -> Ints:
            return np.zeros(shape, dtype=np.int64)

        self.axon_states = {f.name: zeros(self.batch, c.axons) for f in layout.axon_states}
        self.neuron_states = {f.name: zeros(self.batch, c.neurons) for f in layout.neuron_states}
        has_eligibility = "eligibility" in layout.synapse_fields
        self.eligibility = zeros(c.axons, c.neurons) if has_eligibility else None

    def constant(self, name: str) -> Ints:
        """A parameter of the rule as an array, with which NumPy computes faster than with an int."""
        found = self._constants.get(name)
        if found is None:
            found = self._constants[name] = np.array(self.parameters[name])
        return found

    def decayed(self, values: Ints, name: str, constant: str) -> Ints:
        """Values in the format of the state `name`, one step later, by a parameter of the rule."""
        function = self._decays.get(constant)
        if function is None:
            function = decay_of(self.parameters[constant], self._fields[name].bits)
            self._decays[constant] = function
        return function(values)

    def sat(self, name: str, values: Ints) -> Ints:
        """Clamp values (B, …) to the format of a state, and count them."""
        field = self._fields[name]
        clamped = clamp(values, field.minimum, field.maximum)
        changed = clamped != values
        if np.count_nonzero(changed):
            self.tally["clamps"] += count(changed)
        return clamped
