"""The neuron model `adlif`: LIF with an adaptive current (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field, decay_field, signed_field, unsigned_field
from .model import (
    NeuronModel,
    NeuronSettings,
    current_parameters,
    current_states,
    threshold_field,
)

COUPLING_BITS = 15
"""Width of `a`: with a sign it is a factor of the 16-bit multipliers of small chips."""
COUPLING_SHIFT = 18
"""`a` counts in units of 2^−COUPLING_SHIFT."""


def parameters(c: NeuronSettings) -> tuple[Field, ...]:
    """What is loaded, in the order of the memory map."""
    bits = c.state_bits
    fields = [threshold_field(c)]
    if c.option("reset") == "value":
        fields.append(signed_field("v_reset", bits, unit="potential"))
    if c.option("bias"):
        fields.append(signed_field("bias", bits, unit="potential"))
    fields += [decay_field("d_mem"), *current_parameters(c)]
    if c.option("refractory_bits"):
        fields.append(unsigned_field("refractory", c.option("refractory_bits"), unit="steps"))
    fields += [unsigned_field("a", COUPLING_BITS), unsigned_field("b", bits - 1, unit="potential")]
    return (*fields, decay_field("d_w"))


def states(c: NeuronSettings) -> tuple[Field, ...]:
    """What is kept, in the order of the memory map."""
    fields = [signed_field("v", c.state_bits, unit="potential"), *current_states(c)]
    if c.option("refractory_bits"):
        fields.append(unsigned_field("ref", c.option("refractory_bits"), unit="steps"))
    return (*fields, signed_field("w", c.state_bits, unit="potential"))


ADLIF = NeuronModel(
    name="adlif",
    options={
        "receptors": (1, 2),
        "synapse": ("exponential", "delta"),
        "reset": ("value", "subtract"),
        "refractory_bits": range(9),
        "bias": (False, True),
    },
    parameters=parameters,
    states=states,
    golden="spikeloom.sim.golden.neurons.adlif:adlif",
    soma="spikeloom.hdl.neurons.adlif:AdLIFSoma",
    neuron="spikeloom.network.adlif:AdLIF",
)
