"""One block RAM for counters and registers: halfwords, and one adder that serves all counters in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.memory_map import COUNTERS, KEPT_COUNTERS
from ..contract.widths import WORD_BITS, clog2
from .counters import LINK_COUNTERS, Accumulators, counter_increments

HALF_BITS = 16
_SLOTS = 3
"""Clock cycles of a visit."""
_ACCESS = len(COUNTERS)
"""Number of the visit that serves an access."""
ROUND = _SLOTS * (len(COUNTERS) + 1)
"""Clock cycles from one visit of a counter to the next."""
COUNTER_BITS = clog2(len(COUNTERS)) + 1
"""Of the number of a word among those of the counters."""
FREE_WORDS = (1 << COUNTER_BITS) - 2 * len(COUNTERS)
"""Words after those of the counters that no counter has."""
_ANYTHING = 0xA5C3


class RegisterMemory(wiring.Component):
    """Counters of `memory_map.COUNTERS`, and other words.  Every increment counts, in every clock cycle.

    A visitor goes round: three cycles for each counter, a halfword in each, in which it takes over what
    `Accumulators` have counted since the last visit.  In one more visit the memory serves an access.

    - What it does: a read shows a word; a write stores `data`.  Words of counters are two each, low first.
    - Latency: 7…60 cycles; `fresh` ones, 61…114: the word then holds everything that had come
      when `active` rose.
    - Back-pressure: one access at a time.  `active` and all that goes with it stay until `done`; in the
      cycle after `done` another access may begin.

    Members
    -------
    increments : see `Accumulators`.
    clear, clear_link : pulses; set the counters of the core, or of the link, to 0.  `clear` may come only
        with `ends_round`.
    ends_round : pulses once in `ROUND` cycles.
    active, write, fresh, is_counter, word, data, done, value : an access.  `word` is a counter's where
        `is_counter`; `value` holds until `forget`, which makes it 0.
    is_constant, half, constant : a read of a word that is not in the memory, but this halfword of it.

    Parameters
    ----------
    words : beside those of the counters.  They hold anything after power-up.
    row_cycles : see `accumulator_bits`.
    initial : what some of them hold, by word.  constants : the last of `FREE_WORDS`, which nothing writes.
    """

    def __init__(
        self,
        core_increments: data.StructLayout,
        *,
        words: int,
        row_cycles: int = 1,
        initial: Mapping[int, int] | None = None,
        constants: Sequence[int] = (),
    ) -> None:
        if len(constants) > FREE_WORDS:
            raise ValueError(f"{len(constants)} constants; there is space for {FREE_WORDS}")
        self._accumulators = Accumulators(core_increments, cycles=ROUND, row_cycles=row_cycles)
        self._word_bits = max(clog2(words), COUNTER_BITS)
        end = (1 << self._word_bits) + (1 << COUNTER_BITS)
        self._contents = dict(initial or {})
        self._contents.update(enumerate(constants, end - len(constants)))
        super().__init__(
            {
                "increments": In(counter_increments(core_increments)),
                "clear": In(1),
                "clear_link": In(1),
                "ends_round": Out(1),
                "active": In(1),
                "write": In(1),
                "fresh": In(1),
                "is_counter": In(1),
                "word": In(self._word_bits),
                "data": In(WORD_BITS),
                "is_constant": In(1),
                "half": Out(1),
                "constant": In(HALF_BITS),
                "done": Out(1),
                "forget": In(1),
                "value": Out(WORD_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A pipeline, a halfword per cycle: address; memory output; sum; write."""
        m = Module()
        visits = range(len(COUNTERS) + 1)
        index, before, slot = Signal(visits), Signal(visits), Signal(range(_SLOTS))
        accesses, accessed = index == _ACCESS, Signal()
        m.d.sync += slot.eq(slot + 1)
        with m.If(slot[1]):
            m.d.sync += [slot.eq(0), index.eq(Mux(accesses, 0, index + 1))]
            m.d.sync += [before.eq(index), accessed.eq(accesses)]
        m.d.comb += self.ends_round.eq(slot[1] & accesses)

        # An access comes a cycle later in its visit than a counter, and so after the last one's write.
        serving, total = Signal(), Signal(HALF_BITS)
        place = Signal(self._word_bits + 1)
        m.d.sync += place.eq(Cat(self.word, self.is_counter))
        own = Cat(slot[1], place)
        read, write = self._ports(m)
        m.d.comb += [
            read.addr.eq(Mux(accesses, own, self._address(index, slot))),
            write.addr.eq(Mux(accessed, own, self._address(before, slot))),
            write.data.eq(total),
            write.en.eq(~accessed | (serving & self.write & (slot != 0))),
        ]
        self._add(m, index, slot, accesses, accessed, read.data, total)
        self._serve(m, slot, accesses, accessed, serving, total)
        return m

    def _ports(self, m: Module) -> tuple[memory.ReadPort, memory.WritePort]:
        depth = 2 << (1 + self._word_bits)
        init = [_ANYTHING] * depth
        for word, value in self._contents.items():
            for half in range(2):
                init[2 * word + half] = value >> HALF_BITS * half & ((1 << HALF_BITS) - 1)
        m.submodules.memory = store = memory.Memory(shape=HALF_BITS, depth=depth, init=init)
        return store.read_port(), store.write_port()

    def _address(self, index: Value, part: Value) -> Value:
        """Of one of a counter's halfwords."""
        return Cat(part, index, Const(0, self._word_bits - len(index) - 1), 1)

    def _add(
        self,
        m: Module,
        index: Signal,
        slot: Signal,
        accesses: Value,
        accessed: Signal,
        read: Value,
        total: Signal,
    ) -> None:
        """Memory output and what is added, in the cycle after an address; then their sum.

        Where an accumulator has gone round since the last visit, the memory's low bits are above it: then
        they carry when its inverse is added, and that is what the bits above them need.
        """
        m.submodules.accumulators = counts = self._accumulators
        m.d.comb += [
            counts.increments.eq(self.increments),
            counts.clear.eq(self.clear),
            counts.clear_link.eq(self.clear_link),
            counts.index.eq(index),
        ]
        inverse = counts.mask & ~counts.count
        above = Signal(max(0, len(inverse) - HALF_BITS))
        mask_above = Signal.like(above)
        shown, kept, word, operand = (Signal(HALF_BITS) for _ in range(4))
        replaces, is_zero, cleared, wide = Signal(), Signal(), Signal(), Signal()
        given = Signal(HALF_BITS)
        written = self.data.word_select(self.half, HALF_BITS)
        m.d.comb += [self.half.eq(slot[1]), is_zero.eq(cleared)]
        m.d.sync += [
            replaces.eq(self.write | self.is_constant),
            given.eq(Mux(self.is_constant, self.constant, written)),
        ]
        with m.If(~slot[0] & Mux(slot[1], accesses, accessed)):
            m.d.comb += is_zero.eq(replaces)
            with m.If(replaces):
                m.d.comb += shown.eq(given)
        with m.Elif(slot[0]):
            m.d.comb += shown.eq(inverse)
            # Of the same cycle as the low bits.
            m.d.sync += [above.eq(inverse[HALF_BITS:]), mask_above.eq(counts.mask[HALF_BITS:])]
        with m.Elif(slot[1]):
            m.d.comb += shown.eq(above)
        clearing, wides = self._clearing(m), [width > WORD_BITS for width in COUNTERS.values()]
        with m.If(slot == 0):
            m.d.sync += [cleared.eq(Array(clearing)[index]), wide.eq(Array(wides)[index])]
        with m.If(slot[1]):
            m.d.comb += kept.eq(counts.mask)
        with m.Elif(~slot[0]):
            m.d.comb += kept.eq(mask_above)

        carry, sums = Signal(), Signal(HALF_BITS + 1)
        m.d.comb += sums.eq(word + operand + carry)
        m.d.sync += [
            word.eq(Mux(is_zero, 0, read)),
            operand.eq(shown),
            total.eq((sums & ~kept) | (~operand & kept)),
            carry.eq(sums[-1] & (slot[1] | (~slot[0] & wide))),
        ]

    def _clearing(self, m: Module) -> list[Value]:
        """Of each counter, is it 0, whatever the memory says?  For one round, which begins with a clear."""
        core, link, kept = (Signal(init=1, name=f"clears_{n}") for n in ("core", "link", "kept"))
        opened = Signal()
        with m.If(self.ends_round):
            m.d.sync += [core.eq(self.clear), link.eq(opened), kept.eq(0), opened.eq(0)]
        with m.If(self.clear_link):
            m.d.sync += opened.eq(1)
        return [
            link if name in LINK_COUNTERS else kept if name in KEPT_COUNTERS else core
            for name in COUNTERS
        ]

    def _serve(
        self,
        m: Module,
        slot: Signal,
        accesses: Value,
        accessed: Signal,
        serving: Signal,
        total: Signal,
    ) -> None:
        """An access: two halfwords in a visit; `fresh` ones after a whole round."""
        seen = Signal()
        with m.If(~self.active | self.done):
            m.d.sync += seen.eq(0)
        with m.Elif(self.ends_round):
            m.d.sync += seen.eq(1)
        with m.If(accesses & (slot == 0)):
            m.d.sync += serving.eq(self.active & (seen | ~self.fresh))
        m.d.sync += self.done.eq(accessed & slot[1] & serving)
        for half in range(2):
            with m.If(accessed & slot[half] & serving):
                m.d.sync += self.value.word_select(half, HALF_BITS).eq(total)
        with m.If(self.forget):
            m.d.sync += self.value.eq(0)
