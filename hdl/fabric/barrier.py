"""The step barrier: no core begins a step before every spike of the one before has arrived."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..primitives.bits import population


class Barrier(wiring.Component):
    """Counts the packets that are under way, and ends the step when there is none and all cores are done.

    Neither the path of a packet nor its time matters: each is sent once, and arrives once.  `release`
    comes four cycles after the last `arrived`, or three after the last `finished`.

    Members
    -------
    sent : by core, a packet leaves it in this cycle.
    arrived : by core, a packet was taken into its arrivals.
    finished : by core, all its packets are out, until it is released.
    release : pulse to all cores.

    Parameters
    ----------
    cores : number of cores.
    most : largest number of packets that can be under way.
    """

    def __init__(self, cores: int, most: int) -> None:
        self._most = most
        super().__init__(
            {
                "sent": In(cores),
                "arrived": In(cores),
                "finished": In(cores),
                "release": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """All inputs are registered alike, so the count and `finished` are of the same cycle.

        They are registered twice: the first registers can be placed beside their core.
        """
        m = Module()
        cores = len(self.sent)
        left, came, idle = Signal(cores), Signal(cores), Signal(cores)
        m.d.sync += [
            left.eq(self.sent),
            came.eq(self.arrived),
            idle.eq(self.finished & ~self.release.replicate(cores)),
        ]
        more, fewer = Signal(range(cores + 1)), Signal(range(cores + 1))
        done = Signal()
        m.d.sync += [
            more.eq(population(left)),
            fewer.eq(population(came)),
            done.eq(idle.all() & ~self.release),
        ]
        under_way = Signal(range(self._most + 1))
        m.d.sync += under_way.eq(under_way + more - fewer)
        # A core that is done has sent nothing since, so `more` holds nothing that is not counted yet.
        m.d.sync += self.release.eq(done & (under_way == 0) & ~self.release)
        return m
