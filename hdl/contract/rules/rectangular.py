"""The rule `rectangular`: the rectangular window of NeuroCoreX (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field, unsigned_field
from ..widths import Widths
from .model import RuleModel, RuleSettings, amplitudes, trace_x, trace_y


def parameters(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Windows and amplitudes."""
    return (
        unsigned_field("x_window", c.trace_bits),
        unsigned_field("y_window", c.trace_bits),
        *amplitudes(),
    )


RECTANGULAR = RuleModel(
    name="rectangular",
    parameters=parameters,
    axon_states=trace_x,
    neuron_states=trace_y,
    golden="spikeloom.sim.golden.learning.rectangular:Rectangular",
    gateware="spikeloom.hdl.learning.rules.rectangular:Rectangular",
)
