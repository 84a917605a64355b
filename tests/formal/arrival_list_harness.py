"""The list of arrivals: a spike that was accepted for a step is handed over in that step, once."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from harness import Harness

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.arrival_list import ArrivalList

SETTLE = 3
"""Cycles from the last arrival until a scan may begin, as the core keeps them."""


class ArrivalListHarness(Harness):
    """Claims, for any axon: a scan hands it over if, and only if, it had a spike for this step; once.

    And every other spike of it is counted as a duplicate, and no other one.  Assumed: the first cycle
    clears the list, whose memories may hold anything before; spikes come while nothing is scanned, scans
    and clears come `SETTLE` cycles after a spike or later, and the bus does nothing.

    Parameters
    ----------
    axons : 2 or more.
    """

    def __init__(self, axons: int) -> None:
        super().__init__()
        self._config = CoreConfig(neurons=1, axons=axons)

    def build(self, m: Module) -> None:
        """What was promised, and what was handed over."""
        m.submodules.dut = dut = ArrivalList(self._config)
        self.ports += [dut.arrive, dut.arrive_axon, dut.axons.ready, dut.scan, dut.clear]
        axon = self.constant("axon", len(dut.arrive_axon))
        begins = self.named("begins", dut.scan | dut.clear)
        self.assume((dut.arrive_axon < self._config.axons) & (axon < self._config.axons))
        self.assume(~self.first | dut.clear)
        self.assume(~(dut.scan & dut.clear) & ~(dut.arrive & dut.scanning))
        scanned = self.past(dut.scanning)
        arrived = [dut.arrive]
        for _ in range(SETTLE - 1):
            arrived.append(self.past(arrived[-1]))
        self.assume(self.first | ~begins | ~(Cat(arrived).any() | scanned))

        spike = self.named("spike", dut.arrive & (dut.arrive_axon == axon))
        handed = self.named(
            "handed", dut.axons.valid & dut.axons.ready & (dut.axons.payload == axon)
        )
        promised, due = Signal(name="promised"), Signal(name="due")
        again = self.named("again", spike & promised)
        with m.If(spike):
            m.d.sync += promised.eq(1)
        with m.If(handed):
            m.d.sync += due.eq(0)
        with m.If(begins):
            m.d.sync += [promised.eq(0), due.eq(promised & dut.scan)]
        self.claim("nothing_else", ~handed | due)
        self.claim("nothing_lost", self.first | dut.scanning | ~due)
        mine = self.past(self.past(spike))
        self.claim("duplicates", ~mine | (dut.duplicate == self.past(self.past(again))))
        self.claim("no_others", ~dut.duplicate | self.past(self.past(dut.arrive)))
