"""The list of axons that have a spike in the next step, in a core without axonal delays."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..memories import BLOCK_LATENCY, BlockMemory
from ..primitives.pipeline import pipeline


class ArrivalList(wiring.Component):
    """Lists each axon with a spike once, and hands the list over when the step begins.

    A bit for each axon says that it is in the list: so a second spike on the same axon only pulses
    `duplicate`, and the list cannot overflow.  Order is that of arrival, on which nothing depends.

    Members
    -------
    arrive, arrive_axon : a spike for an existing axon; accepted in every cycle, except while scanning.
    arrive_delay : 0.
    duplicate : pulses two cycles later if the axon had a spike already.
    scan : pulse; empties the list into `axons`, at one axon per cycle.  `scanning` is 1 until the last
        axon was accepted.
    walking : `scanning`, except in the cycle of the pulse.
    clear : pulse instead of `scan`: empties the list.
    axons : stream of the step's axons.
    touch, touch_axon, write, value : between steps, the bit of an axon that exists is read, or written.
        After a write the next scan makes the list anew, which takes A cycles.
    touched, arrived : `BLOCK_LATENCY` + 1 cycles later, the bit as it was.  Hold `write` and `value` so long.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._count = config.axons
        axon = range(config.axons)
        super().__init__(
            {
                "arrive": In(1),
                "arrive_axon": In(axon),
                "arrive_delay": In(range(1)),
                "duplicate": Out(1),
                "scan": In(1),
                "clear": In(1),
                "scanning": Out(1),
                "walking": Out(1),
                "axons": Out(stream.Signature(axon)),
                "touch": In(1),
                "touch_axon": In(axon),
                "write": In(1),
                "value": In(1),
                "touched": Out(1),
                "arrived": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Bits; list; and the walks over all bits."""
        m = Module()
        m.submodules.bits = bits = BlockMemory(1, self._count)
        m.submodules.list = queue = BlockMemory(len(self.arrive_axon), self._count)
        axon_bits = len(self.arrive_axon)
        walks, wiping, dirty = Signal(), Signal(), Signal()
        place = Signal(axon_bits)
        last = place == self._count - 1

        # Two cycles from an axon to its bit, in which the bits of two axons before may change.
        given = self.arrive | (walks & ~wiping)
        touching = Signal()  # the bit of the axon that `place` is set to
        axon = Mux(walks | touching, place, self.arrive_axon)
        valid = [given, Signal(name="valid_1"), Signal(name="valid_2")]
        axons = [axon, *(Signal(axon_bits, name=f"axon_{k}") for k in range(1, 3))]
        made = [walks, Signal(name="made_1"), Signal(name="made_2")]
        m.d.sync += [a.eq(b) for a, b in zip(valid[1:], valid, strict=False)]
        m.d.sync += [a.eq(b) for a, b in zip(axons[1:], axons, strict=False)]
        m.d.sync += [a.eq(b) for a, b in zip(made[1:], made, strict=False)]
        same = [Signal(name="same_1"), Signal(name="same_2")]
        m.d.sync += [
            same[0].eq(valid[1] & (axons[1] == axons[0])),
            same[1].eq(valid[2] & (axons[2] == axons[0])),
        ]
        known, repeated = Signal(), Signal()
        m.d.sync += repeated.eq(same[0] | same[1])
        m.d.comb += known.eq(bits.word | repeated)
        lists = valid[2] & Mux(made[2], bits.word, ~known)
        m.d.comb += [
            self.duplicate.eq(valid[2] & ~made[2] & known),
            bits.read_address.eq(axon),
        ]

        written, read = (Signal(range(self._count + 1), name=n) for n in ("written", "read"))
        m.d.comb += [
            queue.write.eq(lists),
            queue.write_address.eq(written),
            queue.write_word.eq(axons[2]),
            queue.read_address.eq(read),
        ]
        with m.If(lists):
            m.d.sync += written.eq(written + 1)

        out, going, moves, fetching = self.axons, Signal(), Signal(), Signal()
        m.d.comb += [
            out.payload.eq(queue.word),
            moves.eq(~out.valid | out.ready),
            queue.hold.eq(~moves),
        ]
        more = read != written
        with m.If(moves):
            m.d.sync += [out.valid.eq(fetching), fetching.eq(going & more)]
            with m.If(going & more):
                m.d.sync += read.eq(read + 1)
        with m.If(going & ~more & ~fetching & moves):
            m.d.sync += [going.eq(0), written.eq(0), read.eq(0)]

        # The bit of an axon that was handed over falls a cycle later.
        taken, taken_axon = Signal(), Signal(axon_bits)
        m.d.sync += [taken.eq(out.valid & out.ready), taken_axon.eq(out.payload)]
        m.d.comb += [
            bits.write.eq(lists | taken | wiping | (touching & self.write)),
            bits.write_address.eq(Mux(wiping | touching, place, Mux(taken, taken_axon, axons[2]))),
            bits.write_word.eq(Mux(touching, self.value, ~(wiping | taken))),
        ]
        with m.If(walks):
            m.d.sync += [place.eq(place + 1), walks.eq(~last), wiping.eq(wiping & ~last)]
        making = Signal()
        with m.If(self.scan):
            m.d.sync += [going.eq(~dirty), walks.eq(dirty), making.eq(dirty), dirty.eq(0)]
            m.d.sync += place.eq(0)
            with m.If(dirty):
                m.d.sync += written.eq(0)
        with m.If(making & ~walks & ~valid[1] & ~valid[2]):
            m.d.sync += [making.eq(0), going.eq(1)]
        with m.If(self.clear):
            m.d.sync += [walks.eq(1), wiping.eq(1), place.eq(0), written.eq(0), dirty.eq(0)]
        m.d.comb += [
            self.walking.eq(walks | making | going | fetching | out.valid | taken),
            self.scanning.eq(self.scan | self.clear | self.walking),
        ]
        touched = pipeline(m, touching, BLOCK_LATENCY, "touched")
        m.d.comb += [self.touched.eq(touched), self.arrived.eq(bits.word)]
        m.d.sync += touching.eq(self.touch)
        with m.If(self.touch):
            m.d.sync += place.eq(self.touch_axon)
            with m.If(self.write):
                m.d.sync += dirty.eq(1)
        return m
