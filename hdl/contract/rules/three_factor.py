"""The rule `three_factor`: eligibility, modulated (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field, decay_field, signed_field, unsigned_field
from ..widths import Widths
from .model import RuleModel, RuleSettings, trace_parameters, trace_x


def parameters(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Traces, eligibility and modulator."""
    return (
        *trace_parameters(c),
        signed_field("e_pre", c.eligibility_bits),
        signed_field("e_post", c.eligibility_bits),
        decay_field("d_e"),
        decay_field("d_mod"),
        decay_field("d_mod_first"),
        signed_field("m_spike", c.modulator_bits),
    )


def neuron_states(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """A trace and a modulator."""
    return (unsigned_field("y", c.trace_bits), signed_field("m", c.modulator_bits))


THREE_FACTOR = RuleModel(
    name="three_factor",
    parameters=parameters,
    axon_states=trace_x,
    neuron_states=neuron_states,
    settings=("pairing", "eligibility_bits", "modulator_bits"),
    eligibility=True,
    modulator=True,
    sweeps=True,
    golden="spikeloom.sim.golden.learning.three_factor:ThreeFactor",
    gateware="spikeloom.hdl.learning.rules.three_factor:ThreeFactor",
)
