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
    no_place, no_distance : they are 0, as it is known after a cycle in which none of `take…`, `advance` and
        `onward` is set.

    Numbers change two cycles after what changes them, and it is known three cycles after it whether they
    are 0.

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
        takes_distance = self.take_distance | self.advance
        takes = self.take_low | self.take_high | takes_distance
        taken = Cat(
            self.taken[:ADVANCE_BITS],
            self.taken[ADVANCE_BITS:] & (~self.advance).replicate(HALF_BITS - ADVANCE_BITS),
        )
        counts_next = ~(takes | self.onward)
        # Registers: the command's state, operand and sum would be a long path.
        operand, gap, counts, onward = Signal(HALF_BITS), Signal(HALF_BITS), Signal(), Signal()
        moves_low, moves_high, moves_distance, clear = (Signal() for _ in range(4))
        whole = self.step_place | self.onward
        m.d.sync += [
            operand.eq((taken & takes.replicate(HALF_BITS)) | counts_next.replicate(HALF_BITS)),
            gap.eq(self._gap(m)),
            counts.eq(counts_next),
            onward.eq(self.onward),
            moves_low.eq(self.take_low | whole),
            moves_high.eq(self.take_high | whole),
            moves_distance.eq(takes_distance | self.step_distance),
            clear.eq(self.clear),
        ]
        low, high = Signal(HALF_BITS + 1), Signal(HALF_BITS + 1)
        place, distance = Cat(low[:HALF_BITS], high), Signal(WORD_BITS + 1)
        m.d.comb += [
            low.eq(self.place[:HALF_BITS] + (operand | gap) + onward),
            # What is added to the high half alone must not carry into it from below.
            high.eq(self.place[HALF_BITS:] + operand + (low[-1] & (moves_low | ~moves_high))),
            distance.eq(self.distance + Cat(operand, counts.replicate(HALF_BITS))),
        ]
        for half, moves in enumerate((moves_low, moves_high)):
            with m.If(moves):
                m.d.sync += self.place.word_select(half, HALF_BITS).eq(
                    place.word_select(half, HALF_BITS)
                )
        with m.If(moves_distance):
            m.d.sync += self.distance.eq(distance)
        with m.If(clear):
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
