"""The two 32-bit numbers of a command, and the one operand that is added to either."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import REGION_SHIFT, SYNAPSE_REGIONS
from ..contract.widths import WORD_BITS, clog2

HALF_BITS = 16


class CommandNumbers(wiring.Component):
    """`place` and `distance`, which are 0 when a command begins: what is taken is added, too.

    In a transfer they are the address of the next word, and the number of words left.  In a run they are
    the number of steps that have not begun, where the board keeps the pace, and that of steps from the
    next one to the cursor.

    Members
    -------
    clear : both become 0.
    taken : halfword of the request.
    take_low, take_high : added to the low, or to the high half, of ...
    place, distance : where `move_place`, where `move_distance`.
    down : −1 is added instead.
    onward : `place` becomes the address that follows it.
    no_place, no_distance : they were 0 in the cycle before.

    Parameters
    ----------
    core : at the end of its synapse rows an address is followed by the first word of the next row.
    """

    def __init__(self, core: CoreConfig) -> None:
        self._fields = core.layout.synapse_fields.values()
        super().__init__(
            {
                "clear": In(1),
                "taken": In(HALF_BITS),
                "take_low": In(1),
                "take_high": In(1),
                "down": In(1),
                "onward": In(1),
                "move_place": In(1),
                "move_distance": In(1),
                "place": Out(WORD_BITS),
                "distance": Out(WORD_BITS),
                "no_place": Out(1),
                "no_distance": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Two adders."""
        m = Module()
        gap = self._gap(m)
        low, high = (
            Cat((bit & take) | self.down for bit in self.taken)
            for take in (self.take_low, self.take_high)
        )
        operand = Cat(low | gap, high)
        for number, moves, none in (
            (self.place, self.move_place | self.onward, self.no_place),
            (self.distance, self.move_distance, self.no_distance),
        ):
            m.d.sync += none.eq(number == 0)
            with m.If(moves):
                carry = self.onward if number is self.place else 0
                m.d.sync += number.eq(number + operand + carry)
            with m.If(self.clear):
                m.d.sync += number.eq(0)
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
