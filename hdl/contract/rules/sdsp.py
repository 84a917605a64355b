"""The rule `sdsp`: spike-driven synaptic plasticity (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field, decay_field, signed_field, unsigned_field
from ..widths import Widths
from .model import RuleModel, RuleSettings, amplitudes, nothing


def parameters(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """The calcium trace, thresholds of potential and calcium, and amplitudes."""
    return (
        unsigned_field("y_inc", c.trace_bits),
        decay_field("d_y"),
        signed_field("theta_m", widths.state_bits),
        unsigned_field("ca_1", c.trace_bits),
        unsigned_field("ca_2", c.trace_bits),
        unsigned_field("ca_3", c.trace_bits),
        *amplitudes(),
    )


def neuron_states(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """The calcium trace, and whether an arrival potentiates or depresses."""
    return (
        unsigned_field("y", c.trace_bits),
        unsigned_field("up", 1),
        unsigned_field("down", 1),
    )


SDSP = RuleModel(
    name="sdsp",
    parameters=parameters,
    axon_states=nothing,
    neuron_states=neuron_states,
    settings=("pairing",),
    golden="spikeloom.sim.golden.learning.sdsp:SDSP",
    gateware="spikeloom.hdl.learning.rules.sdsp:Sdsp",
)
