"""The arrival bitmaps: which axons have a spike in the next step, and in later ones."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import WORD_BITS, clog2
from ..memories import ReadModifyWrite
from ..primitives.access import AccessSignature
from ..primitives.bits import one_hot_index, two_or_more


class Arrivals(wiring.Component):
    """Collects spikes for the next step in any order, then hands them over once, lowest axon first.

    A spike cannot overflow or be lost: the bitmap has one bit for each axon, and a second spike
    on the same axon only pulses `duplicate`.  With axonal delays there is a ring of bitmaps, one for each
    step; a scan makes the one after it the next.

    Members
    -------
    arrive, arrive_axon : a spike for an existing axon; accepted in every cycle, except while scanning.
    arrive_delay : steps from the next one to that in which it arrives.
    duplicate : pulses two cycles later if the axon had a spike already.
    scan : pulse; empties the next step's bitmap into `axons`, at one axon per cycle; a word of 32 axons
        without spikes costs one cycle.  `scanning` is 1 until the last axon was accepted.
    walking : `scanning`, except in the cycle of the pulse.
    clear : pulse instead of `scan`: empties all bitmaps and drops what is in them.
    access : to `word` of the next step's bitmap (`slot` 0) or a later one, between steps; done after two
        cycles, a write after five.  Bits of axons that do not exist are not stored.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._words = config.layout.arrival_words
        self._axon = range(config.axons)
        self._slots = slots = config.axonal_delay_slots
        self._next = Signal(range(slots))
        """The slot of the next step."""
        super().__init__(
            {
                "arrive": In(1),
                "arrive_axon": In(self._axon),
                "arrive_delay": In(range(slots)),
                "duplicate": Out(1),
                "scan": In(1),
                "clear": In(1),
                "scanning": Out(1),
                "walking": Out(1),
                "axons": Out(stream.Signature(self._axon)),
                "access": In(AccessSignature({"slot": range(slots), "word": range(self._words)})),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A bitmap in a read-modify-write memory, and a scanner that empties it."""
        m = Module()
        m.submodules.bitmap = bitmap = ReadModifyWrite(
            self._words * self._slots, unsigned(WORD_BITS), lambda old, new: old | new
        )
        bit = (Signal(range(WORD_BITS)), Signal(range(WORD_BITS)))
        operand = Signal(WORD_BITS)
        m.d.sync += [bit[0].eq(self.arrive_axon[:5]), bit[1].eq(bit[0])]
        m.d.comb += [
            bitmap.address.eq(self._address(self.arrive_axon[5:], self.arrive_delay)),
            bitmap.modify.eq(self.arrive),
            operand.eq(1 << bit[1]),
            bitmap.operand.eq(operand),
            self.duplicate.eq(bitmap.modified & (bitmap.old & operand).any()),
        ]
        self._scanner(m, bitmap)
        self._access(m, bitmap)
        return m

    def _address(self, word: Value, slots: Value) -> Value:
        """Address of a word of the bitmap for so many steps after the next one."""
        return Cat((self._next + slots)[: clog2(self._slots)], word)

    def _scanner(self, m: Module, bitmap: ReadModifyWrite) -> None:
        """Take all words in order; walk the bits of each."""
        fetch = Signal(range(self._words + 1))
        fetching, dropping = Signal(), Signal()
        # The word two cycles after its address, and the word being walked.
        arriving, fetched = Signal(), Signal()
        fetched_number = Signal(range(self._words))
        arriving_number = Signal.like(fetched_number)
        bits, number = Signal(WORD_BITS), Signal(range(self._words))
        any_left, more = two_or_more(bits)
        below = (bits - 1)[:WORD_BITS]

        free = Signal()  # the axon register can take the lowest bit
        m.d.comb += free.eq(~self.axons.valid | self.axons.ready)
        advance = Signal()  # the walked word is empty after this cycle
        m.d.comb += advance.eq(~any_left | (free & ~more))

        last = fetch == self._words - 1
        slot = Signal.like(self._next)
        with m.If(self.scan | self.clear):
            m.d.sync += [fetching.eq(1), fetch.eq(0), dropping.eq(self.clear)]
            if self._slots > 1:
                m.d.sync += [slot.eq(self._next), self._next.eq(self._next + self.scan)]
        with m.If(fetching):
            m.d.comb += [bitmap.take.eq(1), bitmap.hold.eq(~advance)]
            m.d.comb += bitmap.address.eq(Cat(slot, fetch))
            with m.If(advance):
                m.d.sync += [fetch.eq(fetch + 1), fetching.eq(~last)]
                if self._slots > 1:
                    with m.If(last & dropping & ((slot + 1)[: len(slot)] != self._next)):
                        m.d.sync += [slot.eq(slot + 1), fetch.eq(0), fetching.eq(1)]
        with m.Elif(arriving | fetched):
            m.d.comb += bitmap.hold.eq(~advance)

        with m.If(free):
            m.d.sync += [
                self.axons.valid.eq(any_left),
                self.axons.payload.eq(Cat(one_hot_index(bits & ~below), number)),
                bits.eq(bits & below),
            ]
        with m.If(advance):
            m.d.sync += [
                arriving.eq(fetching),
                arriving_number.eq(fetch),
                fetched.eq(arriving),
                fetched_number.eq(arriving_number),
                bits.eq(Mux(fetched & ~dropping, bitmap.taken, 0)),
                number.eq(fetched_number),
            ]
        m.d.comb += [
            self.walking.eq(fetching | arriving | fetched | any_left | self.axons.valid),
            self.scanning.eq(self.scan | self.clear | self.walking),
        ]

    def _access(self, m: Module, bitmap: ReadModifyWrite) -> None:
        """Take the word; a write puts the new one into the emptied word."""
        access = self.access
        address = self._address(access.where.word, access.where.slot)
        with m.If(access.active):
            m.d.comb += access.value.eq(bitmap.taken)
        with m.FSM():
            with m.State("IDLE"):
                with m.If(access.active & ~access.done):
                    m.d.comb += [
                        bitmap.address.eq(address),
                        bitmap.take.eq(1),
                        bitmap.keep.eq(~access.write),
                    ]
                    m.next = "TAKE"
                m.d.sync += access.done.eq(0)
            with m.State("TAKE"):
                m.d.sync += access.done.eq(~access.write)
                m.next = "IDLE"
                with m.If(access.write):
                    m.next = "PUT"
            with m.State("PUT"):
                m.d.comb += [bitmap.address.eq(address), bitmap.modify.eq(1)]
                m.next = "OPERAND"
            with m.State("OPERAND"):
                m.next = "COMBINE"
            with m.State("COMBINE"):
                m.d.comb += bitmap.operand.eq(access.data & self._exist(access.where.word))
                m.d.sync += access.done.eq(1)
                m.next = "IDLE"

    def _exist(self, word: Value) -> Value:
        """Bits of a word that stand for axons of the core."""
        used = len(self._axon) % WORD_BITS
        everything = (1 << WORD_BITS) - 1
        last = (1 << used) - 1 if used else everything
        return Mux(word == self._words - 1, last, everything)
