"""The receiver: bytes from the line to the halfwords inside valid frames, in order."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import (
    CRC_BYTES,
    DEFAULT_LIMIT,
    HEADER_BYTES,
    MAX_PAYLOAD,
    MIN_LIMIT,
    SEQUENCE_MODULUS,
    SUPERVISORY_BYTES,
    FrameType,
)
from . import crc

POSITION_BITS = SEQUENCE_MODULUS.bit_length() - 1

_LONGEST = HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES
_CONNECTION_BYTES = 4


class CobsDecoder(wiring.Component):
    """Undoes COBS, a byte per cycle, without a buffer.

    For each input byte `valid` says that `byte` is the next decoded one, or `end` that the frame is
    over; `whole` is then 1 if the last block was complete.  Every zero byte starts a new frame.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "strobe": In(1),
                "encoded": In(8),
                "valid": Out(1),
                "byte": Out(8),
                "end": Out(1),
                "whole": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A code byte stands for the zero that ended the block before it."""
        m = Module()
        left = Signal(8)
        owes_zero = Signal()
        m.d.comb += self.whole.eq(left == 0)
        with m.If(self.strobe):
            with m.If(self.encoded == 0):
                m.d.comb += self.end.eq(1)
                m.d.sync += [left.eq(0), owes_zero.eq(0)]
            with m.Elif(left == 0):
                m.d.comb += self.valid.eq(owes_zero)
                m.d.sync += [left.eq(self.encoded - 1), owes_zero.eq(self.encoded != 0xFF)]
            with m.Else():
                m.d.comb += [self.valid.eq(1), self.byte.eq(self.encoded)]
                m.d.sync += left.eq(left - 1)
        return m


class Receiver(wiring.Component):
    """Checks frames and keeps the payload of the good ones; answers through the `Transmitter`.

    Takes a byte per cycle and never waits.  A frame shows only when its CRC, length and number were
    right, and the payload had space; otherwise only a counter changes.

    Members
    -------
    strobe, byte : from the line.
    halfwords : stream of what the I frames carry.
    opened : pulses when a connection is opened; everything behind the link restarts.
    connection, expected, window : id, N(R) and free bytes, for the transmitter.
    rejected : N(S) of the frame that the last `send_rej` was about.
    acknowledged, limit : N(R) and limit (in halfwords) that the host gave last; `go_back` pulses when
        everything from there on is to be sent again.
    send_ua, send_rej, send_rr : pulses: that frame is due.
    good_frame, bad_frame, out_of_sequence, overflow : pulses.

    Parameters
    ----------
    buffer_bytes : size of the payload buffer, a power of two, at least 2 × MAX_PAYLOAD.
    """

    def __init__(self, *, buffer_bytes: int = 2 * MAX_PAYLOAD) -> None:
        if buffer_bytes < 2 * MAX_PAYLOAD or buffer_bytes & (buffer_bytes - 1):
            raise ValueError(
                f"buffer_bytes is {buffer_bytes}; use a power of two from {2 * MAX_PAYLOAD} on"
            )
        self._depth = buffer_bytes // 2
        super().__init__(
            {
                "strobe": In(1),
                "byte": In(8),
                "halfwords": Out(stream.Signature(16)),
                "opened": Out(1),
                "connection": Out(32),
                "expected": Out(POSITION_BITS),
                "window": Out(16),
                "rejected": Out(POSITION_BITS),
                "acknowledged": Out(POSITION_BITS),
                "limit": Out(range(MAX_PAYLOAD // 2 + 1), init=DEFAULT_LIMIT // 2),
                "go_back": Out(1),
                "send_ua": Out(1),
                "send_rej": Out(1),
                "send_rr": Out(1),
                "good_frame": Out(1),
                "bad_frame": Out(1),
                "out_of_sequence": Out(1),
                "overflow": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """COBS → header and CRC → buffer with a tentative end → halfwords."""
        m = Module()
        m.submodules.cobs = cobs = CobsDecoder()
        m.d.comb += [cobs.strobe.eq(self.strobe), cobs.encoded.eq(self.byte)]

        # A register between decoder and checks: bytes are never that close together.
        byte, valid, end, whole = Signal(8), Signal(), Signal(), Signal()
        m.d.sync += [
            byte.eq(cobs.byte),
            valid.eq(cobs.valid),
            end.eq(cobs.end),
            whole.eq(cobs.whole),
        ]
        position = Signal(range(_LONGEST + 2))  # stops one beyond the longest frame
        kind, number, answer, length = Signal(8), Signal(16), Signal(16), Signal(16)
        identifier = Signal(32)
        register = Signal(crc.WIDTH)
        first = position == 0
        start = Mux(first, crc.begin(Mux(byte == FrameType.SABM, 0, self.connection)), register)
        with m.If(valid):
            m.d.sync += register.eq(crc.update(start, byte))
            with m.If(position != _LONGEST + 1):
                m.d.sync += position.eq(position + 1)
            with m.Switch(position):
                with m.Case(0):
                    m.d.sync += kind.eq(byte)
                for field, first_byte in ((number, 1), (answer, 3), (length, 5)):
                    with m.Case(first_byte):
                        m.d.sync += field[:8].eq(byte)
                    with m.Case(first_byte + 1):
                        m.d.sync += field[8:].eq(byte)
                with m.Case(*range(HEADER_BYTES, HEADER_BYTES + 4)):
                    m.d.sync += identifier.eq(Cat(identifier[8:], byte))
        with m.If(end):
            m.d.sync += position.eq(0)

        in_payload = (position >= HEADER_BYTES) & (position < length + HEADER_BYTES)
        overflowed = self._buffer(m, valid & in_payload & (kind == FrameType.I), byte, end, first)

        # The verdict, one cycle after the end.
        complete, good, empty = Signal(), Signal(), Signal()
        m.d.sync += [
            complete.eq(end),
            good.eq(
                whole
                & (register == crc.GOOD)
                & (position == length + HEADER_BYTES + CRC_BYTES)
                & ~length[0]
            ),
            empty.eq(first),
        ]
        connected, proper = Signal(), Signal()
        limit = identifier[1:16]  # in halfwords; the CRC stands above it
        m.d.comb += [
            self.good_frame.eq(complete & good & proper),
            self.bad_frame.eq(complete & ~empty & ~(good & proper)),
            self.send_ua.eq(self.opened),
            self.send_rej.eq(self.out_of_sequence | self.overflow),
        ]
        with m.Switch(kind):
            with m.Case(FrameType.SABM):
                m.d.comb += proper.eq((length == _CONNECTION_BYTES) & (identifier != 0))
                m.d.comb += self.opened.eq(self.good_frame)
            with m.Case(FrameType.I):
                m.d.comb += proper.eq(connected & (length != 0))
                in_order = number == self.expected
                with m.If(self.good_frame):
                    m.d.sync += self.acknowledged.eq(answer)
                    m.d.comb += [
                        self.out_of_sequence.eq(~in_order),
                        self.overflow.eq(in_order & overflowed),
                        self._accept.eq(in_order & ~overflowed),
                    ]
            with m.Case(FrameType.RR, FrameType.REJ):
                allowed = (limit >= MIN_LIMIT // 2) & (limit <= MAX_PAYLOAD // 2) & ~identifier[0]
                m.d.comb += proper.eq(connected & (length == SUPERVISORY_BYTES) & allowed)
                with m.If(self.good_frame):
                    m.d.sync += [self.acknowledged.eq(answer), self.limit.eq(limit)]
                    m.d.comb += self.go_back.eq(kind == FrameType.REJ)
        with m.If(self.send_rej):
            m.d.sync += self.rejected.eq(number)
        with m.If(self.opened):
            m.d.sync += [
                connected.eq(1),
                self.connection.eq(identifier),
                self.acknowledged.eq(0),
                self.limit.eq(DEFAULT_LIMIT // 2),
            ]
        return m

    def _buffer(
        self, m: Module, write_byte: Value, byte: Value, end: Value, between_frames: Value
    ) -> Value:
        """The payload buffer; returns whether the frame under way was too long for it."""
        depth = self._depth
        self._accept = accept = Signal()
        m.submodules.buffer = buffer = memory.Memory(shape=16, depth=depth, init=[])
        read, write = buffer.read_port(), buffer.write_port()
        wrap = range(2 * depth)
        head = Signal(wrap)
        tail, tentative = self.expected, Signal(POSITION_BITS)

        low, odd, overflowed = Signal(8), Signal(), Signal()
        filled = Signal(wrap)
        m.d.comb += filled.eq(tentative - head)  # modulo twice the depth
        m.d.comb += [write.addr.eq(tentative), write.data.eq(Cat(low, byte))]
        with m.If(write_byte):
            m.d.sync += [low.eq(byte), odd.eq(~odd)]
            with m.If(odd):
                with m.If(filled == depth):
                    m.d.sync += overflowed.eq(1)
                with m.Else():
                    m.d.comb += write.en.eq(1)
                    m.d.sync += tentative.eq(tentative + 1)

        ended, verdict = Signal(), Signal()
        m.d.sync += [ended.eq(end), verdict.eq(ended)]
        with m.If(accept):
            m.d.sync += tail.eq(tentative)
        with m.If(verdict):
            m.d.sync += [odd.eq(0), overflowed.eq(0), tentative.eq(tail)]

        level, space = Signal(wrap), Signal(wrap)
        has_drained = Signal()
        m.d.comb += [level.eq(tail - head), space.eq(depth - level), self.window.eq(space << 1)]
        m.d.comb += [read.addr.eq(head), self.send_rr.eq(self.go_back | has_drained)]
        # Two cycles for a halfword: the buffer's output, and the register of the stream.
        fetched = Signal()
        m.d.sync += has_drained.eq(0)  # a register, because the path from `ready` is long enough
        free = ~self.halfwords.valid | self.halfwords.ready
        with m.If(free):
            m.d.sync += self.halfwords.valid.eq(0)
        m.d.sync += fetched.eq((level != 0) & ~fetched)
        with m.If(fetched):
            m.d.sync += fetched.eq(~free)
            with m.If(free):
                m.d.sync += [
                    self.halfwords.valid.eq(1),
                    self.halfwords.payload.eq(read.data),
                    head.eq(head + 1),
                ]
                # While a frame comes, its end will empty the buffer again.
                emptied = (level == 1) & between_frames
                quarter = head[: (depth // 4).bit_length() - 1]
                m.d.sync += has_drained.eq(emptied | quarter.all())
        with m.If(self.opened):
            m.d.sync += [s.eq(0) for s in (head, tail, tentative, fetched)]
            m.d.sync += self.halfwords.valid.eq(0)
        return overflowed
