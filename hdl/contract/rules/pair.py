"""The rule `pair`: pair STDP with exponential traces (docs/reference/semantics.md)."""

from __future__ import annotations

from ..fields import Field
from ..widths import Widths
from .model import RuleModel, RuleSettings, amplitudes, trace_parameters, trace_x, trace_y


def parameters(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Traces; and amplitudes, where the traces do not carry them."""
    return (*trace_parameters(c), *(amplitudes() if c.rates == "multiply" else ()))


PAIR = RuleModel(
    name="pair",
    parameters=parameters,
    axon_states=trace_x,
    neuron_states=trace_y,
    settings=("pairing", "bounds", "rates"),
    golden="spikeloom.sim.golden.learning.pair:Pair",
    gateware="spikeloom.hdl.learning.rules.pair:Pair",
)
