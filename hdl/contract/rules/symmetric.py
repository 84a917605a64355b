"""The rule `symmetric`: symmetric STDP with synaptic scaling (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field, signed_field, unsigned_field
from ..widths import Widths
from .model import RuleModel, RuleSettings, trace_parameters, trace_x, trace_y

SCALING_SHIFT_BITS = 5


def parameters(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Traces, offsets, and the target of the scaling."""
    return (
        *trace_parameters(c),
        unsigned_field("c_pre", c.trace_bits),
        unsigned_field("c_post", c.trace_bits),
        signed_field("scaling_target", widths.accumulator_bits),
        unsigned_field("scaling_shift", SCALING_SHIFT_BITS),
    )


SYMMETRIC = RuleModel(
    name="symmetric",
    parameters=parameters,
    axon_states=trace_x,
    neuron_states=trace_y,
    settings=("pairing",),
    sweeps=True,
    scales=True,
    golden="spikeloom.sim.golden.learning.symmetric:Symmetric",
    gateware="spikeloom.hdl.learning.rules.symmetric:Symmetric",
)
