"""Rule `symmetric`: symmetric STDP, with synaptic scaling in sweeps."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, signed

from ...contract.learning_config import SCALING_BITS
from .rule import Change, Lane, Rule


class Symmetric(Rule):
    """More by the other side's trace, less by an offset; sweeps multiply by the neuron's gain."""

    @property
    def latency(self) -> int:
        """The product or difference."""
        return 1

    def change(self, m: Module, lane: Lane) -> Change:
        """One adder and one multiplier."""
        p = lane.parameters
        assert lane.gain is not None
        bits = max(self.config.weight_bits + SCALING_BITS, self.learning.trace_bits + 1)
        z = Signal(signed(bits), name=f"z_{lane.name}")
        difference = Mux(lane.post, lane.axon.x, lane.neuron.y) - Mux(lane.post, p.c_post, p.c_pre)
        m.d.sync += z.eq(Mux(lane.sweep, lane.weight * lane.gain, difference))
        return Change(z, minus=Const(0))
