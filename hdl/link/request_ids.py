"""The ids in the events of a RUN request (contract/commands.py)."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import BITMAP_IDS, bitmap_halfwords


class RequestIds(wiring.Component):
    """The id in an event: the halfword itself, or each bit of a bitmap's halfwords in turn.

    Members
    -------
    event : halfword of the request; stays until its last id is taken.
    is_id : it has an id, which is `id`; else it is something else, or a bit that is not set.
    last : no other bit of this halfword follows.
    begin : a bitmap begins with the next halfword.  in_bitmap : `event` is one of its halfwords.
    next : the id, or the bit, is taken.
    """

    def __init__(self, axons: int) -> None:
        self._count = BITMAP_IDS * bitmap_halfwords(axons)
        super().__init__(
            {
                "event": In(16),
                "begin": In(1),
                "next": In(1),
                "in_bitmap": Out(1),
                "is_id": Out(1),
                "last": Out(1),
                "id": Out(16),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A counter of the bits."""
        m = Module()
        axon = Signal(range(self._count))
        bit = axon[: (BITMAP_IDS - 1).bit_length()]
        m.d.comb += [
            self.is_id.eq(Mux(self.in_bitmap, self.event.bit_select(bit, 1), ~self.event[-1])),
            self.last.eq(~self.in_bitmap | bit.all()),
            self.id.eq(Mux(self.in_bitmap, axon, self.event)),
        ]
        with m.If(self.begin):
            m.d.sync += self.in_bitmap.eq(1)
        with m.If(self.next & self.in_bitmap):
            m.d.sync += axon.eq(axon + 1)
            with m.If(axon == self._count - 1):
                m.d.sync += [axon.eq(0), self.in_bitmap.eq(0)]
        return m
