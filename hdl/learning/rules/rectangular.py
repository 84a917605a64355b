"""Rule `rectangular`: a constant change inside a window of steps."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux

from ...primitives.pipeline import pipeline
from .rule import CHANGE_LATENCY, Lane, LaneResult, Rule


class Rectangular(Rule):
    """The window is open while the other side's timer runs."""

    timer = True

    @property
    def latency(self) -> int:
        """The change alone."""
        return CHANGE_LATENCY

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """On pre less, on post more, or nothing."""
        p, weight = lane.parameters, lane.synapse.weight
        amplitude = Mux(lane.post, p.a_plus, p.a_minus)
        bounded, clamp = self.changed(m, lane, weight, amplitude, ~lane.post, lane.random)
        is_open = Mux(lane.post, lane.axon.x, lane.neuron.y) != 0
        is_open = pipeline(m, is_open, CHANGE_LATENCY, f"open_{lane.name}")
        old = pipeline(m, weight, CHANGE_LATENCY, f"unchanged_{lane.name}")
        return LaneResult({"weight": Mux(is_open, bounded, old)}, clamp & is_open, Const(0))
