"""The gate between link and commands: a new connection restarts the command processor."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..primitives.layouts import halfword_layout


class ConnectionGate(wiring.Component):
    """Passes requests and replies, until a new connection is opened; then restarts the processor.

    Until the processor has begun anew requests wait, and what is left of old replies is dropped.  A
    request goes through a register, so that no path leads from what the processor makes of it back to
    the receiver.

    Members
    -------
    opened : pulse, a connection was opened.
    restart : the processor has to begin anew.  restarted : pulse, it has.
    received, requests : halfword streams, from `Receiver` and to `Processor`.
    replies, sent : halfword streams, from `Processor` and to `Transmitter`.
    """

    def __init__(self) -> None:
        request, reply = stream.Signature(16), stream.Signature(halfword_layout)
        super().__init__(
            {
                "opened": In(1),
                "restart": Out(1),
                "restarted": In(1),
                "received": In(request),
                "requests": Out(request),
                "replies": In(reply),
                "sent": Out(reply),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A flag from the new connection to the restart, which closes the gate."""
        m = Module()
        due, held = self.restart, Signal()
        with m.If(self.opened):
            m.d.sync += due.eq(1)
        with m.Elif(self.restarted):
            m.d.sync += due.eq(0)
        m.d.comb += [
            self.requests.valid.eq(held),
            self.received.ready.eq(~held & ~due),
            self.sent.payload.eq(self.replies.payload),
            self.sent.valid.eq(self.replies.valid & ~due),
            self.replies.ready.eq(self.sent.ready | due),
        ]
        with m.If(~held):
            m.d.sync += held.eq(self.received.valid & ~due)
            m.d.sync += self.requests.payload.eq(self.received.payload)
        with m.If(held & self.requests.ready):
            m.d.sync += held.eq(0)
        with m.If(self.opened):
            m.d.sync += held.eq(0)
        return m
