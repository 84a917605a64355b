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
_SLOTS = 4
"""Clock cycles of a visit: three halfwords of a counter, and one for an access."""
ROUND = _SLOTS * len(COUNTERS)
"""Clock cycles from one visit of a counter to the next."""
COUNTER_BITS = clog2(len(COUNTERS)) + 1
"""Of the number of a word among those of the counters."""
FREE_WORDS = (1 << COUNTER_BITS) - 2 * len(COUNTERS)
"""Words after those of the counters that no counter has."""
_ANYTHING = 0xA5C3


class RegisterMemory(wiring.Component):
    """Counters of `memory_map.COUNTERS`, and other words.  Every increment counts, in every clock cycle.

    A visitor goes round: four cycles for each counter, in which it takes over what `Accumulators` have
    counted since the last visit.  In every fourth cycle the memory serves an access.

    - What it does: a read shows a word; a write stores `data`.  Words of counters are two each, low first.
    - Latency: 8…12 cycles; `fresh` ones, 72…160: the word then holds everything that had come
      when `active` rose.
    - Back-pressure: one access at a time.  `active` and all that goes with it stay until `done`; in the
      cycle after `done` another access may begin.

    Members
    -------
    increments, clear, clear_link : see `Accumulators`.
    active, write, fresh, is_counter, word, data, done, value : an access.  `word` is a counter's where
        `is_counter`; `value` holds until the next access.
    is_constant, half, constant : a read of a word that is not in the memory, but this halfword of it.

    Parameters
    ----------
    words : beside those of the counters.  They hold anything after power-up.
    initial : what some of them hold, by word.  constants : the last of `FREE_WORDS`, which nothing writes.
    """

    def __init__(
        self,
        core_increments: data.StructLayout,
        *,
        words: int,
        initial: Mapping[int, int] | None = None,
        constants: Sequence[int] = (),
    ) -> None:
        if len(constants) > FREE_WORDS:
            raise ValueError(f"{len(constants)} constants; there is space for {FREE_WORDS}")
        self._core_increments = core_increments
        self._word_bits = max(clog2(words), COUNTER_BITS)
        end = (1 << self._word_bits) + (1 << COUNTER_BITS)
        self._contents = dict(initial or {})
        self._contents.update(enumerate(constants, end - len(constants)))
        super().__init__(
            {
                "increments": In(counter_increments(core_increments)),
                "clear": In(1),
                "clear_link": In(1),
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
                "value": Out(WORD_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A pipeline, a halfword per cycle: address; memory output; sum; write."""
        m = Module()
        depth = 2 << (1 + self._word_bits)
        init = [_ANYTHING] * depth
        for word, value in self._contents.items():
            for half in range(2):
                init[2 * word + half] = value >> HALF_BITS * half & ((1 << HALF_BITS) - 1)
        m.submodules.memory = store = memory.Memory(shape=HALF_BITS, depth=depth, init=init)
        read, write = store.read_port(), store.write_port()
        m.submodules.accumulators = counts = Accumulators(self._core_increments, cycles=ROUND)
        m.d.comb += [
            counts.increments.eq(self.increments),
            counts.clear.eq(self.clear),
            counts.clear_link.eq(self.clear_link),
        ]
        index, before = Signal(range(len(COUNTERS))), Signal(range(len(COUNTERS)))
        slot = Signal(range(_SLOTS))
        turn, last = slot == _SLOTS - 1, index == len(COUNTERS) - 1
        m.d.sync += slot.eq(slot + 1)
        with m.If(turn):
            m.d.sync += [index.eq(Mux(last, 0, index + 1)), before.eq(index)]
        m.d.comb += counts.index.eq(index)

        half, serving, replaces = self.half, Signal(), self.write | self.is_constant
        own = Cat(half, self.word, self.is_counter)
        visited = Mux(turn, index, before)
        m.d.comb += [
            read.addr.eq(Mux(turn, own, self._address(index, slot))),
            write.addr.eq(Mux(slot == 2, own, self._address(visited, slot + 1))),
            write.en.eq((slot != 2) | (serving & self.write)),
        ]
        word, operand, total = Signal(HALF_BITS), Signal(HALF_BITS), Signal(HALF_BITS)
        m.d.sync += word.eq(read.data)
        with m.If(Mux(slot == 0, replaces, self._cleared(m, index, turn))):
            m.d.sync += word.eq(0)

        # Where the register has gone round since the last visit, the memory's low bits are above it: then
        # they carry when its inverse is added, and that is what the bits above them need.
        kept, shown = Signal(HALF_BITS), Signal(HALF_BITS)
        inverse = counts.mask & ~counts.count
        above = Signal(max(0, len(inverse) - HALF_BITS))
        with m.Switch(slot):
            with m.Case(0):
                written = self.data.word_select(half, HALF_BITS)
                given = Mux(self.is_constant, self.constant, written)
                m.d.comb += shown.eq(Mux(replaces, given, 0))
            with m.Case(1):
                m.d.comb += shown.eq(inverse[:HALF_BITS])
                m.d.sync += above.eq(inverse[HALF_BITS:])  # of the same cycle
            with m.Case(2):
                m.d.comb += [shown.eq(above), kept.eq(counts.mask[:HALF_BITS])]
            with m.Case(3):
                m.d.comb += kept.eq(counts.mask[HALF_BITS:])
        carry, sums = Signal(), Signal(HALF_BITS + 1)
        wide = Array(width > WORD_BITS for width in COUNTERS.values())[index]
        m.d.comb += sums.eq(word + operand + carry)
        m.d.sync += [
            operand.eq(shown),
            carry.eq(sums[-1] & ((slot == 2) | (turn & wide))),
            total.eq((sums & ~kept) | (~operand & kept)),
        ]
        m.d.comb += write.data.eq(total)
        self._serve(m, slot, turn, last, half, serving, total)
        return m

    def _address(self, index: Value, part: Value) -> Value:
        """Of one of a counter's halfwords."""
        return Cat(part[:2], index, Const(0, self._word_bits - len(index) - 1), 1)

    def _cleared(self, m: Module, index: Signal, turn: Value) -> Value:
        """Is this counter 0, whatever the memory says?  It is from a clear to the end of a whole visit."""
        core, link, kept = (Signal(init=1, name=f"clears_{n}") for n in ("core", "link", "kept"))
        # Each with its own end: what is 0 for a second visit would lose what its register carried.
        for clear, clears in ((self.clear, core), (self.clear_link, link), (0, kept)):
            mark, first = Signal.like(index, init=len(COUNTERS) - 1), Signal()
            with m.If(turn):
                m.d.sync += first.eq(0)
                with m.If((index == mark) & ~first):
                    m.d.sync += clears.eq(0)
            with m.If(clear):
                m.d.sync += [mark.eq(index), first.eq(1), clears.eq(1)]
        kinds = [
            link if name in LINK_COUNTERS else kept if name in KEPT_COUNTERS else core
            for name in COUNTERS
        ]
        return Array(kinds)[index]

    def _serve(
        self,
        m: Module,
        slot: Value,
        turn: Value,
        last: Value,
        half: Signal,
        serving: Signal,
        total: Signal,
    ) -> None:
        """An access: two halfwords, in the fourth cycles of two visits; `fresh` ones after a round."""
        rounds = Signal(2)
        with m.If(~self.active | self.done):
            m.d.sync += rounds.eq(0)
        with m.Elif(turn & last & ~rounds[1]):
            m.d.sync += rounds.eq(rounds + 1)
        m.d.sync += self.done.eq(0)
        with m.If(turn):
            m.d.sync += serving.eq(self.active & ~self.done & (rounds[1] | ~self.fresh))
        with m.If((slot == 2) & serving):
            m.d.sync += self.value.word_select(half, HALF_BITS).eq(total)
            m.d.sync += [half.eq(~half), self.done.eq(half)]
