"""The two 32-bit numbers of a command, and the one operand that is added to either."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import MAX_ADVANCE
from ..contract.core_config import CoreConfig
from ..contract.memory_map import REGION_SHIFT, SYNAPSE_REGIONS
from ..contract.widths import WORD_BITS, clog2

HALF_BITS = 16
ADVANCE_BITS = MAX_ADVANCE.bit_length()


class CommandNumbers(wiring.Component):
    """`place` and `distance`, which are 0 when a command begins: what is taken is added, too.

    In a transfer they are the address of the next word, and the number of words left.  In a run they are
    the number of steps that have not begun, where the board keeps the pace, and that of steps from the
    next one to the cursor.

    Members
    -------
    clear : both become 0.
    taken : halfword of the request.
    take_low, take_high : added to the low, or to the high half, of `place`.
    advance, take_distance : added to `distance`, without or with its highest bits.
    step_place, step_distance : −1 is added.
    onward : `place` becomes the address that follows it.
    no_place, no_distance : they were 0 in the last cycle in which none of `take…`, `advance` and `onward`
        was set.

    Parameters
    ----------
    core : at the end of its synapse rows an address is followed by the first word of the next row.
    """

    def __init__(self, core: CoreConfig) -> None:
        self._fields = core.layout.synapse_fields.values()
        flags = (
            "clear",
            "take_low",
            "take_high",
            "advance",
            "take_distance",
            "step_place",
            "step_distance",
            "onward",
        )
        super().__init__(
            {
                **{name: In(1) for name in flags},
                "taken": In(HALF_BITS),
                "place": Out(WORD_BITS),
                "distance": Out(WORD_BITS),
                "no_place": Out(1),
                "no_distance": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Two adders of −1, where nothing else is added: then they carry, unless the number is 0."""
        m = Module()
        gap = self._gap(m)
        takes_distance = self.take_distance | self.advance
        takes = self.take_low | self.take_high | takes_distance
        counts = ~(takes | self.onward)
        operand = Signal(HALF_BITS)
        m.d.comb += operand.eq((self.taken & takes.replicate(HALF_BITS)) | counts.replicate(HALF_BITS))
        advance = Cat(
            operand[:ADVANCE_BITS],
            operand[ADVANCE_BITS:] & (~self.advance).replicate(HALF_BITS - ADVANCE_BITS),
        )
        place, distance = Signal(WORD_BITS + 1), Signal(WORD_BITS + 1)
        m.d.comb += [
            place.eq(self.place + Cat(operand | gap, operand) + self.onward),
            distance.eq(self.distance + Cat(advance, counts.replicate(HALF_BITS))),
        ]
        whole = self.step_place | self.onward
        for half, takes_half in enumerate((self.take_low, self.take_high)):
            with m.If(takes_half | whole):
                m.d.sync += self.place.word_select(half, HALF_BITS).eq(
                    place.word_select(half, HALF_BITS)
                )
        with m.If(takes_distance | self.step_distance):
            m.d.sync += self.distance.eq(distance)
        with m.If(self.clear):
            m.d.sync += [self.place.eq(0), self.distance.eq(0)]
        with m.If(counts):
            m.d.sync += [self.no_place.eq(~place[-1]), self.no_distance.eq(~distance[-1])]
        return m

    def _gap(self, m: Module) -> Signal:
        """Addresses between the last word of a row, where `place` is, and the next row; else 0."""
        gap = Signal(HALF_BITS)
        for field in self._fields:
            row_bits = clog2(field.words_per_row)
            if field.words_per_row == 1 << row_bits:
                continue
            region = SYNAPSE_REGIONS[field.name]
            last = self.place[:row_bits] == field.words_per_row - 1
            with m.If(self.onward & (self.place[REGION_SHIFT:] == region) & last):
                m.d.comb += gap.eq((1 << row_bits) - field.words_per_row)
        return gap
