"""Rule `lag_table`: a change for each lag, as in SuperNeuroMAT."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from ...primitives.pipeline import pipeline
from ..traces import DECAY_LATENCY
from .rule import NEURON_LATENCY, Change, Lane, Rule, Unit

_TERMS = 4
"""Entries that are added in one cycle, and then their sums."""
_SUM_LATENCY = 2


class LagTable(Rule):
    """Traces are shift registers, whose bits choose entries of the tables."""

    @property
    def latency(self) -> int:
        """The sum of entries."""
        return _SUM_LATENCY

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

    def change(self, m: Module, lane: Lane) -> Change:
        """Sums of four entries, and their sum; rows of arrivals change nothing."""
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
        moves = pipeline(m, lane.post | lane.sweep, _SUM_LATENCY, f"changes_{name}")
        return Change(total, moves=moves)
