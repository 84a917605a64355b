"""The transmitter: halfwords from the commands, and supervisory frames, to bytes for the line."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Mux, Signal, Value
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import CRC_BYTES, HEADER_BYTES, MAX_PAYLOAD, SUPERVISORY_BYTES, FrameType
from ..primitives.layouts import halfword_layout
from . import crc
from .receiver import POSITION_BITS, Receiver


class CobsEncoder(wiring.Component):
    """COBS and the delimiter: a block is collected, a byte per cycle, while the one before is sent.

    Back-pressure: `bytes` waits while a whole block is collected and its code byte is not taken yet.

    Members
    -------
    bytes : stream; `last` ends a frame.
    encoded : stream, a byte every two cycles at most, with one more cycle per block.
    """

    def __init__(self) -> None:
        byte = data.StructLayout({"byte": 8, "last": 1})
        super().__init__({"bytes": In(stream.Signature(byte)), "encoded": Out(stream.Signature(8))})

    def elaborate(self, platform: object) -> Module:
        """A ring of two blocks (without zeros, which are not stored): one collected, one sent."""
        m = Module()
        m.submodules.ring = ring = memory.Memory(shape=8, depth=512, init=[])
        read, write = ring.read_port(), ring.write_port()
        tail, head, end = Signal(9), Signal(9), Signal(9)
        code, whole, last, owes_block = Signal(8, init=1), Signal(), Signal(), Signal()
        source, sink = self.bytes, self.encoded

        zero = source.payload.byte == 0
        m.d.comb += [
            source.ready.eq(~whole),
            write.addr.eq(tail),
            write.data.eq(source.payload.byte),
            write.en.eq(source.valid & ~whole & ~zero),
        ]
        with m.If(source.valid & ~whole):
            m.d.sync += [
                tail.eq(tail + ~zero),
                code.eq(code + ~zero),
                last.eq(source.payload.last),
                # A final zero is followed by an empty block.
                owes_block.eq(source.payload.last & zero),
                whole.eq(zero | source.payload.last | (code == 254)),
            ]

        ends = Signal()
        m.d.comb += read.addr.eq(head)
        with m.FSM():
            with m.State("CODE"):
                m.d.comb += [sink.valid.eq(whole), sink.payload.eq(code)]
                with m.If(whole & sink.ready):
                    m.d.sync += [end.eq(tail), ends.eq(last & ~owes_block)]
                    m.d.sync += [code.eq(1), whole.eq(owes_block), owes_block.eq(0)]
                    m.next = "FETCH"
            with m.State("FETCH"):
                m.next = "BLOCK"
                with m.If(head == end):
                    m.next = "CODE"
                    with m.If(ends):
                        m.next = "DELIMITER"
            with m.State("BLOCK"):
                m.d.comb += [sink.valid.eq(1), sink.payload.eq(read.data)]
                with m.If(sink.ready):
                    m.d.sync += head.eq(head + 1)
                    m.next = "FETCH"
            with m.State("DELIMITER"):
                m.d.comb += [sink.valid.eq(1), sink.payload.eq(0)]
                with m.If(sink.ready):
                    m.next = "CODE"
        return m


class Transmitter(wiring.Component):
    """Sends UA, REJ and RR when they are due, and else I frames; keeps what is not acknowledged.

    An I frame is sent when `limit` halfwords have been collected, after a halfword with `flush`, or when
    nothing came for `idle_cycles`.  After `go_back`, everything from `acknowledged` on is sent again, in
    frames that may be cut differently.  Back-pressure: `halfwords` waits while the buffer is
    full of what the host has not acknowledged.

    Members
    -------
    halfwords : stream; `flush` marks the end of a reply.
    connection, expected, window, rejected, acknowledged, limit, go_back, send_ua, send_rej, send_rr,
    opened : from `Receiver`, see `connect`.
    encoded : bytes for the line.

    Parameters
    ----------
    buffer_bytes : size of the reply buffer, a power of two.
    idle_cycles : without a halfword, after which what there is is sent.
    """

    def __init__(self, *, buffer_bytes: int = 2048, idle_cycles: int = 4096) -> None:
        self._depth = buffer_bytes // 2
        self._idle = idle_cycles
        super().__init__(
            {
                "halfwords": In(stream.Signature(halfword_layout)),
                "connection": In(32),
                "expected": In(POSITION_BITS),
                "window": In(16),
                "rejected": In(POSITION_BITS),
                "acknowledged": In(POSITION_BITS),
                "limit": In(range(MAX_PAYLOAD // 2 + 1)),
                "go_back": In(1),
                "send_ua": In(1),
                "send_rej": In(1),
                "send_rr": In(1),
                "opened": In(1),
                "encoded": Out(stream.Signature(8)),
            }
        )

    def connect(self, m: Module, receiver: Receiver) -> None:
        """Take from the receiver the state of the connection, and the frames that are due."""
        for name in self.signature.members:
            if name not in ("halfwords", "encoded"):
                m.d.comb += getattr(self, name).eq(getattr(receiver, name))

    def elaborate(self, platform: object) -> Module:
        """Choose a frame; then header, payload, CRC through the COBS encoder."""
        m = Module()
        m.submodules.cobs = cobs = CobsEncoder()
        wiring.connect(m, wiring.flipped(self.encoded), cobs.encoded)
        halfword, due_i = self._buffer(m)
        level, head = self._level, self._head

        due = {
            t: Signal(name=f"due_{t.name.lower()}")
            for t in (FrameType.UA, FrameType.REJ, FrameType.RR)
        }
        for kind, request in zip(due, (self.send_ua, self.send_rej, self.send_rr), strict=True):
            with m.If(request):
                m.d.sync += due[kind].eq(1)

        kind, is_i, is_rej = Signal(FrameType), Signal(), Signal()
        length, left = Signal(range(MAX_PAYLOAD + 1)), Signal(range(MAX_PAYLOAD + 1))
        position = Signal(range(HEADER_BYTES))
        register = Signal(crc.WIDTH)
        window, expected = Signal.like(self.window), Signal(POSITION_BITS)
        value = Signal(16)
        number = Mux(is_i, head, Mux(is_rej, self.rejected, 0))
        header = Array([Value.cast(kind), *_bytes(number), *_bytes(expected), *_bytes(length)])
        byte = cobs.bytes.payload.byte
        sending_body = Signal()
        # One bit of the CRC per cycle: a byte takes forty on the line.
        bits, ended = Signal(range(9)), Signal()
        crc_ready = bits == 0
        with m.If(~crc_ready):
            m.d.sync += [register.eq(crc.shift(register, feedback=~ended)), bits.eq(bits - 1)]
        with m.If(sending_body & cobs.bytes.ready):
            m.d.sync += [register.eq(crc.load(register, byte)), bits.eq(8)]

        with m.FSM():
            with m.State("CHOOSE"):
                m.d.sync += [position.eq(0), register.eq(crc.begin(self.connection))]
                m.d.sync += [is_i.eq(0), is_rej.eq(0), bits.eq(0)]
                m.d.sync += [length.eq(SUPERVISORY_BYTES), left.eq(SUPERVISORY_BYTES)]
                # Both from the same cycle: the window counts from N(R).
                m.d.sync += [window.eq(self.window), expected.eq(self.expected)]
                with m.If(due[FrameType.UA]):
                    self._begin(m, due, FrameType.UA, kind)
                with m.Elif(due[FrameType.REJ]):
                    self._begin(m, due, FrameType.REJ, kind)
                    m.d.sync += is_rej.eq(1)
                with m.Elif(due[FrameType.RR]):
                    self._begin(m, due, FrameType.RR, kind)
                    with m.If(self.window == 0):
                        m.d.sync += kind.eq(FrameType.RNR)
                with m.Elif(self._again):
                    m.d.comb += self._return.eq(1)
                with m.Elif(due_i & (level != 0)):
                    halfwords = Mux(level > self.limit, self.limit, level)
                    m.d.sync += [kind.eq(FrameType.I), is_i.eq(1)]
                    m.d.sync += [length.eq(halfwords << 1), left.eq(halfwords << 1)]
                    m.next = "HEADER"
            with m.State("HEADER"):
                m.d.comb += [
                    cobs.bytes.valid.eq(crc_ready),
                    sending_body.eq(crc_ready),
                    byte.eq(header[position]),
                ]
                with m.If(crc_ready & cobs.bytes.ready):
                    m.d.sync += position.eq(position + 1)
                    with m.If(position == HEADER_BYTES - 1):
                        m.next = "FETCH"
            with m.State("PAYLOAD"):
                high = left[0]
                m.d.comb += [
                    cobs.bytes.valid.eq(crc_ready),
                    sending_body.eq(crc_ready),
                    byte.eq(Mux(high, value[8:], value[:8])),
                ]
                with m.If(crc_ready & cobs.bytes.ready):
                    m.d.sync += left.eq(left - 1)
                    with m.If(is_i & high):
                        m.d.sync += head.eq(head + 1)
                    m.next = "NEXT"
                    with m.If(left == 1):
                        m.d.sync += position.eq(0)
                        m.next = "CRC"
            with m.State("NEXT"):  # the buffer's address, then its output
                m.next = "FETCH"
            with m.State("FETCH"):
                m.d.sync += value.eq(Mux(is_i, halfword, window))
                m.next = "PAYLOAD"
            with m.State("CRC"):
                m.d.comb += [
                    cobs.bytes.valid.eq(crc_ready),
                    byte.eq(~register[:8]),
                    cobs.bytes.payload.last.eq(position == CRC_BYTES - 1),
                ]
                m.d.comb += ended.eq(position != 0)
                with m.If(crc_ready & cobs.bytes.ready):
                    m.d.sync += [bits.eq(8), position.eq(position + 1)]
                    with m.If(position == CRC_BYTES - 1):
                        m.next = "CHOOSE"
        with m.If(self.opened):  # an I frame under way belongs to the old connection
            m.d.sync += [due[FrameType.REJ].eq(0), due[FrameType.RR].eq(0)]
            m.d.sync += [head.eq(0), is_i.eq(0)]
        return m

    def _begin(
        self, m: Module, due: dict[FrameType, Signal], frame: FrameType, kind: Signal
    ) -> None:
        m.d.sync += [kind.eq(frame), due[frame].eq(0)]
        m.next = "HEADER"

    def _buffer(self, m: Module) -> tuple[Value, Signal]:
        """A ring from `acknowledged` over `head`, the next to be sent, to `tail`.

        Returns the halfword at `head`, and whether a frame is due.
        """
        depth = self._depth
        m.submodules.buffer = buffer = memory.Memory(shape=16, depth=depth, init=[])
        read, write = buffer.read_port(), buffer.write_port()
        self._head = head = Signal(POSITION_BITS)
        tail = Signal(range(2 * depth))
        self._level, kept = Signal(range(2 * depth)), Signal(range(2 * depth))
        source = self.halfwords
        flush, idle = Signal(), Signal(range(self._idle + 1))
        m.d.comb += [
            write.addr.eq(tail),
            write.data.eq(source.payload.value),
            write.en.eq(source.valid & source.ready),
            read.addr.eq(head),
            self._level.eq(tail - head),
            kept.eq(tail - self.acknowledged),
        ]
        # A register: one halfword may follow that it does not count yet.
        m.d.sync += source.ready.eq(kept < depth - 2)
        with m.If(self._level == 0):
            m.d.sync += flush.eq(0)
        with m.If(write.en):
            m.d.sync += [tail.eq(tail + 1), idle.eq(0)]
            with m.If(source.payload.flush):
                m.d.sync += flush.eq(1)
        with m.Elif(idle != self._idle):
            m.d.sync += idle.eq(idle + 1)

        # Back to what the host has not got; or forward, when a frame that seemed lost has arrived.
        self._again, self._return, missed = Signal(), Signal(), Signal()
        ahead = Signal(range(4 * depth))
        m.d.comb += [ahead.eq(head - self.acknowledged), self._again.eq(missed | ahead[-1])]
        with m.If(self._return):
            m.d.sync += [head.eq(self.acknowledged), missed.eq(0), flush.eq(1)]
        with m.If(self.go_back):
            m.d.sync += missed.eq(1)
        with m.If(self.opened):
            m.d.sync += [tail.eq(0), flush.eq(0), missed.eq(0)]
        due = Signal()
        full = self._level >= self.limit
        m.d.sync += due.eq((self._level != 0) & (flush | full | (idle == self._idle)))
        return read.data, due


def _bytes(value: Value) -> list[Value]:
    """The two bytes of a 16-bit value, low one first."""
    return [value[:8], value[8:16]]
