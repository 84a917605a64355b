"""Traces: numbers that jump with a spike and decay between spikes."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.fields import DECAY_BITS
from ..primitives.arithmetic import LEAK_LATENCY, Decay
from ..primitives.pipeline import pipeline

DECAY_LATENCY = LEAK_LATENCY
"""Cycles from `trace` to the decayed value."""


class TraceDecay(wiring.Component):
    """The decayed trace, `DECAY_LATENCY` cycles later: exponentially, or by 1 when it is a timer."""

    def __init__(self, bits: int, *, timer: bool) -> None:
        self._bits, self._timer = bits, timer
        super().__init__({"trace": In(bits), "d": In(DECAY_BITS), "decayed": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        """A decay of the trace as a positive number, or a subtraction."""
        m = Module()
        if self._timer:
            lower = Signal(self._bits)
            m.d.sync += lower.eq(self.trace - (self.trace != 0))
            m.d.comb += self.decayed.eq(pipeline(m, lower, DECAY_LATENCY - 1, "lower"))
            return m
        m.submodules.decay = decay = Decay(self._bits, unsigned=True)
        m.d.comb += [decay.x.eq(self.trace), decay.d.eq(self.d), self.decayed.eq(decay.y)]
        return m


def bumped(decayed: Value, spike: Value, increment: Value, *, replace: bool) -> tuple[Value, Value]:
    """(the trace with the spike, 1 if it was clamped); `replace` for timers and nearest neighbours."""
    bits = len(decayed)
    if replace:
        return Mux(spike, increment, decayed), Const(0)
    total = decayed + Mux(spike, increment, 0)
    return Mux(total[bits], Const(-1, Shape(bits)), total[:bits]), total[bits]
