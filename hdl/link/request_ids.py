"""The ids in the events of a RUN request (contract/commands.py), on their way to the core."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.commands import BITMAP_IDS, bitmap_halfwords


class RequestIds(wiring.Component):
    """Takes ids from the requests: halfwords that are one, or each bit of a bitmap's halfwords in turn.

    Whatever is no id waits until it is taken.

    Members
    -------
    requests : halfword stream.
    passes, drops : what becomes of ids: they arrive, or nothing; with neither they wait.
    arriving : stream of ids.
    dropped : pulses with each id that is dropped.
    takes : pulse; the halfword that is no id, is taken.
    begin : pulse; a bitmap begins with the next halfword.
    event : the halfword is an event, and no id.

    Parameters
    ----------
    axons : ids in a bitmap.
    """

    def __init__(self, axons: int) -> None:
        self._count = BITMAP_IDS * bitmap_halfwords(axons)
        super().__init__(
            {
                "requests": In(stream.Signature(16)),
                "passes": In(1),
                "drops": In(1),
                "arriving": Out(stream.Signature(16)),
                "dropped": Out(1),
                "takes": In(1),
                "begin": In(1),
                "event": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A counter of the bits."""
        m = Module()
        requests, halfword = self.requests, self.requests.payload
        axon, in_bitmap = Signal(range(self._count)), Signal()
        bit = axon[: (BITMAP_IDS - 1).bit_length()]
        is_id, is_next, is_last = Signal(), Signal(), Signal()
        m.d.comb += [
            is_id.eq(Mux(in_bitmap, halfword.bit_select(bit, 1), ~halfword[-1])),
            is_last.eq(~in_bitmap | bit.all()),
            self.arriving.valid.eq(requests.valid & is_id & self.passes),
            self.arriving.payload.eq(Mux(in_bitmap, axon, halfword)),
            self.dropped.eq(requests.valid & is_id & self.drops),
            is_next.eq(Mux(is_id, (self.passes & self.arriving.ready) | self.drops, in_bitmap)),
            requests.ready.eq(self.takes | (is_next & is_last)),
            self.event.eq(requests.valid & ~in_bitmap & halfword[-1]),
        ]
        with m.If(self.begin):
            m.d.sync += in_bitmap.eq(1)
        with m.If(requests.valid & is_next & in_bitmap):
            m.d.sync += axon.eq(axon + 1)
            with m.If(axon == self._count - 1):
                m.d.sync += [axon.eq(0), in_bitmap.eq(0)]
        return m
