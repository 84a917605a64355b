"""Rule `pair`: spike-timing dependent plasticity with exponential traces."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value, signed

from ...primitives.pipeline import pipeline
from .rule import Change, Lane, Rule


class Pair(Rule):
    """Additive (hard bounds; traces carry the amplitude, or are multiplied by it) or multiplicative."""

    @property
    def latency(self) -> int:
        """That of the product, where there is one."""
        if self.learning.bounds == "soft":
            return 2
        return 1 if self.learning.rates == "multiply" else 0

    def change(self, m: Module, lane: Lane) -> Change:
        """On pre less by the neuron's trace, on post more by the axon's."""
        trace: Value = Mux(lane.post, lane.axon.x, lane.neuron.y)
        p, weight = lane.parameters, lane.weight
        if self.learning.rates == "multiply":
            product = Signal(len(trace) + len(p.a_plus), name=f"product_{lane.name}")
            m.d.sync += product.eq(trace * Mux(lane.post, p.a_plus, p.a_minus))
            return Change(product)
        if self.learning.bounds == "soft":
            headroom = Signal(signed(self.config.weight_bits + 1), name=f"headroom_{lane.name}")
            m.d.sync += headroom.eq(Mux(lane.post, p.w_max - weight, weight - p.w_min))
            trace_1 = pipeline(m, trace, 1, f"trace_{lane.name}")
            soft = Signal(signed(len(headroom) + len(trace_1)), name=f"soft_{lane.name}")
            m.d.sync += soft.eq(headroom * trace_1)
            return Change(soft, minus=pipeline(m, ~lane.post, 2, f"minus_{lane.name}"))
        return Change(trace)
