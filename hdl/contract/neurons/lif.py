"""The neuron model `lif`: leaky or perfect integrate and fire (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import ConfigError, Field, decay_field, signed_field, unsigned_field
from .model import (
    NeuronModel,
    NeuronSettings,
    current_parameters,
    current_states,
    threshold_field,
)


def parameters(c: NeuronSettings) -> tuple[Field, ...]:
    """What is loaded, in the order of the memory map."""
    bits, adaptation = c.state_bits, c.option("adaptation")
    fields = [threshold_field(c)]
    if c.option("reset") == "value":
        fields.append(signed_field("v_reset", bits, unit="potential"))
    if adaptation != "none":
        fields.append(unsigned_field("th_inc", bits - 1, unit="potential"))
    if adaptation == "exponential":
        fields.append(decay_field("d_th"))
    elif adaptation == "rate":
        fields.append(unsigned_field("th_dec", bits - 1, unit="potential"))
    if c.option("bias"):
        fields.append(signed_field("bias", bits, unit="potential"))
    if c.option("leak") == "exponential":
        fields.append(decay_field("d_mem"))
    elif c.option("leak") == "linear":
        fields.append(unsigned_field("leak", bits - 1, unit="potential"))
    fields += current_parameters(c)
    if c.option("refractory_bits"):
        fields.append(unsigned_field("refractory", c.option("refractory_bits"), unit="steps"))
    if c.option("floor"):
        fields.append(signed_field("v_min", bits, unit="potential", idle=-(1 << (bits - 1))))
    if c.option("readouts"):
        fields.append(unsigned_field("readout", 1))
    return tuple(fields)


def states(c: NeuronSettings) -> tuple[Field, ...]:
    """What is kept, in the order of the memory map."""
    fields = [signed_field("v", c.state_bits, unit="potential"), *current_states(c)]
    if c.option("refractory_bits"):
        fields.append(unsigned_field("ref", c.option("refractory_bits"), unit="steps"))
    if c.option("adaptation") != "none":
        fields.append(signed_field("th", c.state_bits, unit="potential"))
    return tuple(fields)


def check(c: NeuronSettings) -> None:
    """Refuse what cannot be together."""
    if c.option("integrate_refractory") and not c.option("refractory_bits"):
        raise ConfigError(
            "integrate_refractory needs a refractory period; set refractory_bits to 1…8"
        )


LIF = NeuronModel(
    name="lif",
    options={
        "receptors": (1, 2),
        "synapse": ("exponential", "delta"),
        "leak": ("exponential", "linear", "none"),
        "reset": ("value", "subtract"),
        "refractory_bits": range(9),
        "integrate_refractory": (False, True),
        "bias": (False, True),
        "adaptation": ("none", "exponential", "rate"),
        "floor": (False, True),
        "readouts": (False, True),
        "decay_rounding": ("nearest", "toward_zero"),
    },
    parameters=parameters,
    states=states,
    check=check,
    golden="spikeloom.sim.golden.neurons.lif:lif",
    soma="spikeloom.hdl.neurons.lif:LIFSoma",
    neuron="spikeloom.network.neurons:IF",
)
