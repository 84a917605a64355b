"""The arrival bitmaps: a spike that was accepted for a step is handed over in that step, once."""

from __future__ import annotations

from itertools import pairwise

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from harness import Harness, Opened
from routers import one_at_most

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.arrivals import Arrivals
from spikeloom.hdl.memories.read_modify_write import ReadModifyWrite

SETTLE = 3
"""Cycles from the last arrival until a scan may begin, as the core keeps them."""


class ArrivalsHarness(Harness):
    """Claims, for any axon: a scan hands it over if, and only if, it had a spike for this step; once.

    Nothing is claimed before the bitmaps were cleared: what is in them at first may be anything.  Assumed:
    spikes come while nothing is scanned, scans and clears come `SETTLE` cycles after a spike or later, and
    the bus does nothing.

    Parameters
    ----------
    axons : 33 or more.
    slots : bitmaps, for the next step and later ones.
    """

    def __init__(self, axons: int, slots: int) -> None:
        super().__init__()
        self._config = CoreConfig(neurons=1, axons=axons, axonal_delay_slots=slots, route_entries=1)
        self._slots = slots

    def build(self, m: Module) -> None:
        """What was promised; where it is; what was handed over."""
        self._dut = dut = Arrivals(self._config)
        m.submodules.dut = self._inside = Opened(dut, ReadModifyWrite)
        self.ports += [dut.arrive, dut.arrive_axon, dut.axons.ready, dut.scan, dut.clear]
        if self._slots > 1:
            self.ports.append(dut.arrive_delay)
        self._axon = axon = self.constant("axon", len(dut.arrive_axon))
        # One of the bitmaps, each of which is the next step's in its turn.
        slot_bits = (self._slots - 1).bit_length()
        self._slot = self.constant("slot", slot_bits) if slot_bits else Const(0, 0)
        self._begins = self.named("begins", dut.scan | dut.clear)
        self.assume((dut.arrive_axon < self._config.axons) & (axon < self._config.axons))
        self.assume(~(dut.scan & dut.clear) & ~(dut.arrive & dut.scanning))
        self._scanned = self.past(dut.scanning)
        self._arrived = [dut.arrive]
        for _ in range(3):
            self._arrived.append(self.past(self._arrived[-1]))
        recent = Cat(self._arrived[:SETTLE]).any()
        self.assume(~self._begins | ~(recent | self._scanned))
        self._sound = self.since("cleared", dut.clear)

        self._scanner()
        self._promises(m)

    def _now(self, delay: Value) -> Value:
        """The bitmap for so many steps after the next one is the one that is followed."""
        if self._slots == 1:
            return Const(1)
        return (self._next + delay)[: len(self._slot)] == self._slot

    def _scanner(self) -> None:
        """The words are fetched in order, one behind the other."""
        inside, last = self._inside, self._config.layout.arrival_words - 1
        names = ("fetch", "fetching", "arriving", "fetched", "arriving_number", "fetched_number")
        fetch, fetching, arriving, fetched, second, third = (inside[f"Arrivals.{n}"] for n in names)
        bits, number = inside["Arrivals.bits"], inside["Arrivals.number"]
        dropping, walked = inside["Arrivals.dropping"], bits != 0
        self._walks = self.named("walks", fetching | arriving | fetched)
        address, modifying = (
            [inside[f"ReadModifyWrite.{name}_{n}"] for n in (1, 2, 3)]
            for name in ("address", "modify")
        )
        self.claim("fetch", ~fetching | (fetch <= last))
        # Without gaps: what is behind a word is the next one, and behind the last there is none.
        stages = [(walked, number), (fetched, third), (arriving, second), (fetching, fetch)]
        for n, ((here, this), (before, that)) in enumerate(pairwise(stages)):
            rest = Cat(stage for stage, _ in stages[n + 2 :])
            end = (this == last) & ~rest.any()
            # A clearing goes on with the next bitmap.
            again = dropping & (this == last) & (that == 0) if self._slots > 1 else 0
            self.claim(f"chain_{n}", ~here | Mux(before, (this + 1 == that) | again, end))
        self.claim("number", ~arriving | (address[0][len(self._slot) :] == second))
        busy = self._walks | walked | self._dut.axons.valid
        self.claim("rests", ~busy | self._scanned)
        self.claim("bus_is_idle", inside["Arrivals.state"] == 0)
        self.claim("takes", inside["ReadModifyWrite.take_1"] == arriving)
        self.claim("keeps", ~inside["ReadModifyWrite.keep_1"])
        self.claim("dropped", ~dropping | ((bits == 0) & ~self._dut.axons.valid))
        for n, register in enumerate(modifying):
            self.claim(f"stage_{n + 1}", register == self._arrived[n + 1])
            self.claim(f"quiet_{n + 1}", ~(register & self._walks))

    def _promises(self, m: Module) -> None:
        """Spikes for the axon, in the bitmap that is followed."""
        dut, inside, sound, axon = self._dut, self._inside, self._sound, self._axon
        if self._slots > 1:
            self._next = Signal(len(self._slot), name="next_slot")
            m.d.sync += self._next.eq(self._next + dut.scan)
            self.claim("next", self._next == dut._next)
        word, bit = axon[5:], axon[:5]
        address = Cat(self._slot, word)

        def stage(name: str, n: int) -> Signal:
            return inside[f"ReadModifyWrite.{name}_{n}"]

        def at(value: Value) -> Value:
            return value.bit_select(bit, 1)

        there = [self.named(f"there_{n}", stage("address", n) == address) for n in (1, 2, 3)]
        spike = self.named(
            "spike", dut.arrive & (dut.arrive_axon == axon) & self._now(dut.arrive_delay)
        )
        fetch, fetching = inside["Arrivals.fetch"], inside["Arrivals.fetching"]
        arriving, fetched = inside["Arrivals.arriving"], inside["Arrivals.fetched"]
        dropping, bits = inside["Arrivals.dropping"], inside["Arrivals.bits"]

        mine = self.named("mine", dut.scan & self._now(Const(0)))
        promised, due = Signal(name="promised"), Signal(name="due")
        # The word has not been fetched yet by the scan, or the clearing, that goes on.
        ahead, fetches = Signal(name="ahead"), self.named("fetches", arriving & there[0])
        handed = self.named(
            "handed", dut.axons.valid & dut.axons.ready & (dut.axons.payload == axon)
        )
        with m.If(spike):
            m.d.sync += promised.eq(1)
        with m.If(handed):
            m.d.sync += due.eq(0)
        with m.If(fetches):
            m.d.sync += ahead.eq(0)
        with m.If(mine | dut.clear):
            m.d.sync += [promised.eq(0), due.eq(promised & ~dut.clear), ahead.eq(1)]

        # The memory's bit, and what changes it.
        stored = self.named("stored", at(inside.word(m, "ReadModifyWrite.store", address)))
        read, taken = at(inside["ReadModifyWrite.read"]), at(inside["ReadModifyWrite.word"])
        index = inside.all("Arrivals.bit")
        hits = [stage("modify", n) & there[n - 1] & (index[n - 1] == bit) for n in (1, 2)]
        second = self.named("second", stage("modify", 2) & there[1])
        third = self.named("third", stage("modify", 3) & there[2])
        self.claim("operand", ~second | (taken == stored))
        self.claim("written", ~third | (at(inside["ReadModifyWrite.written"]) == stored))
        fresh = stage("modify", 1) & there[0] & ~second & ~third
        self.claim("read", ~fresh | (read == stored))
        kept = stored | hits[0] | hits[1]
        self.claim("promised", ~sound | ahead | (promised == kept))
        self.claim("not_ahead", ~(ahead & promised))

        # On its way to be handed over.
        if self._slots == 1:
            reached = fetch <= word
        else:
            slot = inside["Arrivals.slot"]
            far = (self._slot - slot)[: len(slot)]
            left = (self._next - slot)[
                : len(slot)
            ]  # bitmaps that a clearing has yet to begin, or 0 for all
            reached = (far == 0) & (fetch <= word)
            reached |= dropping & (far != 0) & ((left == 0) | (far < left))
            scanned = (self._next - 1)[: len(slot)]
            self.claim("slot", ~self._walks | dropping | (slot == scanned))
            fetched_from = (slot - (fetching & (fetch == 0)))[: len(slot)]
            right = stage("address", 1)[: len(slot)] == fetched_from
            self.claim("fetched_from", ~arriving | right)
            once = slot != self._next
            self.claim("goes_round_once", ~(arriving & fetching & (fetch == 0)) | once)
        self.claim("ahead", ahead == ((fetching & reached) | fetches))
        places = [
            ahead & ~fetches & stored,
            fetches & read,
            fetched & self._fetched_mine() & taken,
            at(bits) & (inside["Arrivals.number"] == word),
            dut.axons.valid & (dut.axons.payload == axon),
        ]
        scanned_mine = self._scans_mine()
        where = [self.named(f"place_{n}", place & scanned_mine) for n, place in enumerate(places)]
        self.claim("somewhere", ~sound | (due == Cat(where).any()))
        self.claim("in_one_place", ~sound | one_at_most(where))
        self.claim("nothing_else", ~(sound & handed) | ~scanned_mine | due)
        self.claim("nothing_lost", ~sound | dut.scanning | ~due)

    def _scans_mine(self) -> Value:
        """The bitmap that is followed is the one that is, or was last, scanned."""
        this_one = (
            Const(1) if self._slots == 1 else (self._next - 1)[: len(self._slot)] == self._slot
        )
        return ~self._inside["Arrivals.dropping"] & this_one

    def _fetched_mine(self) -> Value:
        return self._inside["Arrivals.fetched_number"] == self._axon[5:]
