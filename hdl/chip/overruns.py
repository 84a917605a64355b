"""Which cores were not done when a tick came, and how often."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

COUNT_BITS = 16


class Overruns(wiring.Component):
    """A counter for each core, which stays at its largest value.

    Members
    -------
    overrun : pulse, a tick came while a step was not done.
    unfinished : by core, in that cycle.
    clear : sets all counters to 0.
    counts : by core.
    """

    def __init__(self, cores: int) -> None:
        super().__init__(
            {
                "overrun": In(1),
                "unfinished": In(cores),
                "clear": In(1),
                "counts": Out(data.ArrayLayout(COUNT_BITS, cores)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Count up to the largest value."""
        m = Module()
        for k, late in enumerate(self.unfinished):
            count = self.counts[k]
            with m.If(self.clear):
                m.d.sync += count.eq(0)
            with m.Elif(self.overrun & late & ~count.all()):
                m.d.sync += count.eq(count + 1)
        return m
