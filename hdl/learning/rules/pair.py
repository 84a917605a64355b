"""Rule `pair`: spike-timing dependent plasticity with exponential traces."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, signed

from ...primitives.pipeline import pipeline
from .rule import CHANGE_LATENCY, Lane, LaneResult, Rule


class Pair(Rule):
    """Additive (hard bounds; traces carry the amplitude, or are multiplied by it) or multiplicative."""

    @property
    def latency(self) -> int:
        """The change, after the product where there is one."""
        return CHANGE_LATENCY + self._product_latency

    @property
    def _product_latency(self) -> int:
        if self.learning.bounds == "soft":
            return 2
        return 1 if self.learning.rates == "multiply" else 0

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """On pre less by the neuron's trace, on post more by the axon's."""
        trace = Mux(lane.post, lane.axon.x, lane.neuron.y)
        z: Value = trace
        p, weight = lane.parameters, lane.synapse.weight
        if self.learning.rates == "multiply":
            product = Signal(len(trace) + len(p.a_plus), name=f"product_{lane.name}")
            m.d.sync += product.eq(trace * Mux(lane.post, p.a_plus, p.a_minus))
            z = product
        if self.learning.bounds == "soft":
            headroom = Signal(signed(self.config.weight_bits + 1), name=f"headroom_{lane.name}")
            m.d.sync += headroom.eq(Mux(lane.post, p.w_max - weight, weight - p.w_min))
            trace_1 = pipeline(m, trace, 1, f"trace_{lane.name}")
            soft = Signal(signed(len(headroom) + len(trace_1)), name=f"soft_{lane.name}")
            m.d.sync += soft.eq(headroom * trace_1)
            z = soft
        wait = self._product_latency
        random = lane.random
        if random is not None:
            random = pipeline(m, random, wait, f"random_{lane.name}")
        weight = pipeline(m, weight, wait, f"weight_{lane.name}")
        negative = pipeline(m, ~lane.post, wait, f"negative_{lane.name}")
        bounded, clamp = self.changed(m, lane, weight, z, negative, random)
        return LaneResult({"weight": bounded}, clamp, Const(0))
