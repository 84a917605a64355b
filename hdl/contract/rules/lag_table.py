"""The rule `lag_table`: a change for each lag, as in SuperNeuroMAT (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field, unsigned_field
from ..widths import Widths
from .model import RuleModel, RuleSettings, trace_x


def parameters(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """What is added at each lag of a pair, and what is taken in each sweep."""
    return tuple(
        unsigned_field(f"{side}_{lag}", widths.weight_bits)
        for side in ("plus", "minus")
        for lag in range(c.trace_bits)
    )


def neuron_states(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """A register of one bit more than there are lags."""
    return (unsigned_field("y", c.trace_bits + 1),)


LAG_TABLE = RuleModel(
    name="lag_table",
    parameters=parameters,
    axon_states=trace_x,
    neuron_states=neuron_states,
    sweeps=True,
    golden="spikeloom.sim.golden.learning.lag_table:LagTable",
    gateware="spikeloom.hdl.learning.rules.lag_table:LagTable",
)
