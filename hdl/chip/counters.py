"""Counters in a memory: wide, many, and small, because one adder serves them all in turn."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Module, Mux, Shape, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.memory_map import COUNTERS, KEPT_COUNTERS
from ..contract.widths import clog2

LINK_COUNTERS = tuple(name for name in COUNTERS if name.startswith("link_"))
_PHASES = 4
_ROUND = _PHASES * len(COUNTERS)
_WIDTH = max(COUNTERS.values())
RARE = (*LINK_COUNTERS, *KEPT_COUNTERS)
"""What comes at most once for a frame, and so not in two cycles one after the other."""


def counter_increments(core_increments: data.StructLayout) -> data.StructLayout:
    """What is added to every counter in one clock cycle; what the core does not count, by bits."""
    return data.StructLayout({n: core_increments.members.get(n, 1) for n in COUNTERS})


class Counters(wiring.Component):
    """The counters of `memory_map.COUNTERS`.  Every increment counts, in every clock cycle.

    Each counter has a small register for what came since its last visit; a visitor goes round and adds
    these to the memory, four cycles for each counter.

    Members
    -------
    increments : added in every cycle.
    clear, clear_link : pulses; set the counters of the core, or of the link, to 0.
    read, index : hold until `done`; in that cycle and the next `value` is the counter with everything
        that had come when `read` rose.  Takes at most two rounds.
    """

    def __init__(self, core_increments: data.StructLayout) -> None:
        self._increments = counter_increments(core_increments)
        super().__init__(
            {
                "increments": In(self._increments),
                "clear": In(1),
                "clear_link": In(1),
                "read": In(1),
                "index": In(range(len(COUNTERS))),
                "done": Out(1),
                "value": Out(_WIDTH),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A visit: address; memory output and what has come; sum; write."""
        m = Module()
        m.submodules.memory = store = memory.Memory(shape=_WIDTH, depth=len(COUNTERS), init=[])
        read, write = store.read_port(), store.write_port()
        index, phase = Signal(range(len(COUNTERS))), Signal(range(_PHASES))
        last = index == len(COUNTERS) - 1
        m.d.sync += phase.eq(phase + 1)
        with m.If(phase == _PHASES - 1):
            m.d.sync += index.eq(Mux(last, 0, index + 1))

        increments = Signal.like(self.increments)
        m.d.sync += increments.eq(self.increments)
        # The memory holds nothing valid until a counter's first visit after power-up or a clear.
        invalid = Signal(len(COUNTERS), init=-1)
        # A clear that falls into a visit leaves the visited counter invalid.
        during_core, during_link = Signal(), Signal()
        for clear, during in ((self.clear, during_core), (self.clear_link, during_link)):
            m.d.sync += during.eq(clear | (during & (phase != 0)))
        come = []
        for k, (name, width) in enumerate(COUNTERS.items()):
            if name in KEPT_COUNTERS:
                clear, during = Const(0), Const(0)
            elif name in LINK_COUNTERS:
                clear, during = self.clear_link, during_link
            else:
                clear, during = self.clear, during_core
            rounds = _ROUND // 2 if name in RARE else _ROUND
            bits = clog2(rounds) + Shape.cast(self._increments.members[name]).width
            since = Signal(min(bits, width), name=f"since_{name}")
            visited = (index == k) & (phase == 1)
            m.d.sync += since.eq(Mux(visited, 0, since) + increments[name])
            with m.If((index == k) & (phase == 3) & ~during):
                m.d.sync += invalid[k].eq(0)
            with m.If(clear):
                m.d.sync += [since.eq(0), invalid[k].eq(1)]
            come.append(since)

        word, amount = Signal(_WIDTH), Signal(max(map(len, come)))
        total = Signal(_WIDTH)
        m.d.comb += [read.addr.eq(index), write.addr.eq(index), write.data.eq(total)]
        m.d.comb += write.en.eq(phase == 3)
        m.d.sync += [
            word.eq(Mux(invalid.bit_select(index, 1), 0, read.data)),
            amount.eq(Array(come)[index]),
        ]
        with m.If(phase == 2):
            m.d.sync += total.eq(word + amount)

        counted = Signal()  # a whole round has begun since `read` rose
        m.d.sync += self.done.eq(0)
        with m.If(~self.read | self.done):
            m.d.sync += counted.eq(0)
        with m.Elif(phase == 3):
            with m.If(counted & (index == self.index)):
                m.d.sync += self.done.eq(1)
            with m.If(last):
                m.d.sync += counted.eq(1)
        narrow = Array(width <= 32 for width in COUNTERS.values())[self.index]
        m.d.comb += self.value.eq(Mux(narrow, total[:32], total))
        return m
