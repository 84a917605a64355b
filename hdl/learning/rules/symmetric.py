"""Rule `symmetric`: symmetric STDP, with synaptic scaling in sweeps."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, signed

from ...contract.learning_config import SCALING_BITS
from ...primitives.pipeline import pipeline
from .rule import CHANGE_LATENCY, Lane, LaneResult, Rule


class Symmetric(Rule):
    """More by the other side's trace, less by an offset; sweeps multiply by the neuron's gain."""

    @property
    def latency(self) -> int:
        """The product or difference, and the change."""
        return CHANGE_LATENCY + 1

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """One adder and one multiplier feed the change."""
        p, weight = lane.parameters, lane.synapse.weight
        assert lane.gain is not None
        bits = max(self.config.weight_bits + SCALING_BITS, self.learning.trace_bits + 1)
        z = Signal(signed(bits), name=f"z_{lane.name}")
        difference = Mux(lane.post, lane.axon.x, lane.neuron.y) - Mux(lane.post, p.c_post, p.c_pre)
        m.d.sync += z.eq(Mux(lane.sweep, weight * lane.gain, difference))
        random = lane.random
        if random is not None:
            random = pipeline(m, random, 1, f"random_{lane.name}")
        weight = pipeline(m, weight, 1, f"weight_{lane.name}")
        bounded, clamp = self.changed(m, lane, weight, z, Const(0), random)
        return LaneResult({"weight": bounded}, clamp, Const(0))
