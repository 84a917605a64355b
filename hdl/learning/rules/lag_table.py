"""Rule `lag_table`: a change for each lag, as in SuperNeuroMAT."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from ...primitives.pipeline import pipeline
from ..traces import DECAY_LATENCY
from .rule import CHANGE_LATENCY, NEURON_LATENCY, Lane, LaneResult, Rule, Unit

_TERMS = 4
"""Entries that are added in one cycle, and then their sums."""
_SUM_LATENCY = 2


class LagTable(Rule):
    """Traces are shift registers, whose bits choose entries of the tables."""

    @property
    def latency(self) -> int:
        """The sum of entries, and the change."""
        return _SUM_LATENCY + CHANGE_LATENCY

    def trace_increment(self, parameters: data.View[data.StructLayout], trace: str) -> Value:
        """An arrival is the lowest bit, which a shift left at 0."""
        return Const(1, self.learning.trace_bits)

    def decayed(
        self, m: Module, value: Value, parameters: data.View[data.StructLayout], trace: str
    ) -> Value:
        """One bit further, `DECAY_LATENCY` cycles later."""
        shifted = Cat(Const(0, 1), value)[: len(value)]
        return pipeline(m, shifted, DECAY_LATENCY, f"{trace}_shifted")

    def neuron(self, m: Module, unit: Unit) -> tuple[dict[str, Value], list[Value]]:
        """One more bit for each step."""
        y = unit.state.y
        older = Cat(Const(1, 1), y)[: len(y)]
        return {"y": pipeline(m, older, unit.latency + NEURON_LATENCY, f"y_{unit.name}")}, []

    def lane(self, m: Module, lane: Lane) -> LaneResult:
        """Sums of four entries, their sum, and the change; rows change nothing."""
        p, name, lags = lane.parameters, lane.name, self.learning.trace_bits
        chosen = Mux(lane.post, lane.axon.x, lane.neuron.y[1:])
        entries = [
            Mux(chosen[k], Mux(lane.post, p[f"plus_{k}"], p[f"minus_{k}"]), 0) for k in range(lags)
        ]
        sums = []
        for k in range(0, lags, _TERMS):
            part = sum(entries[k : k + _TERMS], Const(0))
            register = Signal(part.shape(), name=f"sum_{k}_{name}")
            m.d.sync += register.eq(part)
            sums.append(register)
        whole = sum(sums, Const(0))
        total = Signal(whole.shape(), name=f"sum_{name}")
        m.d.sync += total.eq(whole)
        negative = pipeline(m, ~lane.post, _SUM_LATENCY, f"negative_{name}")
        weight = pipeline(m, lane.synapse.weight, _SUM_LATENCY, f"weight_{name}")
        random = lane.random
        if random is not None:
            random = pipeline(m, random, _SUM_LATENCY, f"random_{name}")
        bounded, clamp = self.changed(m, lane, weight, total, negative, random)
        changes = pipeline(m, lane.post | lane.sweep, self.latency, f"changes_{name}")
        old = pipeline(m, lane.synapse.weight, self.latency, f"unchanged_{name}")
        return LaneResult({"weight": Mux(changes, bounded, old)}, clamp & changes, Const(0))
