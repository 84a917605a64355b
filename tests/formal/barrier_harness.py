"""The barrier never begins a step early, whatever the cores, the mesh and the packets do."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from harness import Harness, Opened

from spikeloom.hdl.fabric.barrier import Barrier
from spikeloom.hdl.primitives.bits import population

CORES = 4
MOST = 100


class BarrierHarness(Harness):
    """Packets are counted here by themselves, and the barrier is asked when it releases.

    Assumed: a core that has finished stays so until it is released, and sends nothing; what arrives is
    under way; and no more packets are than there are entries for.
    """

    def __init__(self, *, barrier: type[Barrier] = Barrier) -> None:
        super().__init__()
        self._barrier = barrier

    def build(self, m: Module) -> None:
        """The barrier, and a count of what is really under way."""
        dut = self._barrier(CORES, MOST)
        inside = Opened(dut)
        m.submodules.dut = inside
        sent, arrived = self.input("sent", CORES), self.input("arrived", CORES)
        finished = self.input("finished", CORES)
        m.d.comb += [dut.sent.eq(sent), dut.arrived.eq(arrived), dut.finished.eq(finished)]

        under_way = Signal(range(MOST + 1))
        following = Signal(range(2 * MOST))
        m.d.comb += following.eq(under_way + population(sent) - population(arrived))
        m.d.sync += under_way.eq(following)
        ended = self.past(finished) & ~self.past(dut.release).replicate(CORES)
        self.assume((sent & finished) == 0)
        self.assume(population(arrived) <= under_way)
        self.assume(under_way + population(sent) <= MOST)
        self.assume((ended & ~finished) == 0)

        left, came = inside["Barrier.left"], inside["Barrier.came"]
        more, fewer = inside["Barrier.more"], inside["Barrier.fewer"]
        idle, done = inside["Barrier.idle"], inside["Barrier.done"]
        counted = inside["Barrier.under_way"] + more - fewer + population(left) - population(came)
        self.claim("counts", counted == under_way)
        self.claim("idle_cores_have_finished", (idle & ~ended) == 0)
        self.claim("idle_cores_have_sent_nothing", (idle & left) == 0)
        self.claim("done_is_of_the_cycle_before", ~done | ended.all())
        self.claim("done_after_the_last_was_counted", ~done | ((left == 0) & (more == 0)))
        self.claim("release_is_not_early", ~dut.release | (finished.all() & (under_way == 0)))
        self.claim("release_is_a_pulse", ~(dut.release & self.past(dut.release)))
        self.cover(dut.release & self.since("packets", Cat(sent).any()))
