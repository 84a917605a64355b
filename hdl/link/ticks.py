"""The pace of a run: when a step may begin, and what a tick during a step is."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.widths import WORD_BITS
from ..primitives.arithmetic import load_or_count


class Ticks(wiring.Component):
    """May a step begin?  With a tick period, once for each tick; else always.

    Members
    -------
    ticking, period : there are ticks, and so many clock cycles from one to the next, at least two; stay
        while a run lasts.
    begin : pulse, a run begins; its first tick comes after a whole period.
    start, stepped : pulses, a step begins, and all of it is done.
    due : a step may begin; from the second cycle after `begin` on.
    overrun : pulses when a tick comes during a step.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "ticking": In(1),
                "period": In(WORD_BITS),
                "begin": In(1),
                "start": In(1),
                "stepped": In(1),
                "due": Out(1),
                "overrun": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A counter from the inverse of the period up to −2, which a register knows of beforehand."""
        m = Module()
        counter, begins, loaded = Signal(WORD_BITS), Signal(), Signal()
        tick, waiting, stepping = Signal(), Signal(), Signal()
        # From −3 it goes on to −2; after a period of 1 it begins there.
        last = (counter[:2] == 0b01) | (loaded & (counter[:2] == 0b10))
        loads = tick | begins
        m.d.sync += [
            tick.eq(self.ticking & ~begins & counter[2:].all() & last),
            loaded.eq(loads),
        ]
        m.d.comb += [
            self.due.eq(~self.ticking | waiting),
            self.overrun.eq(tick & (stepping | self.start)),
        ]
        m.d.sync += begins.eq(self.begin)
        m.d.sync += counter.eq(load_or_count(counter, loads, ~self.period))
        with m.If(self.start):
            m.d.sync += [stepping.eq(1), waiting.eq(0)]
        with m.Elif(tick & ~stepping):
            m.d.sync += waiting.eq(1)
        with m.If(self.stepped):
            m.d.sync += stepping.eq(0)
        with m.If(begins):
            m.d.sync += waiting.eq(0)
        return m
