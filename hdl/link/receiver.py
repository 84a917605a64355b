"""The receiver: bytes from the line to the halfwords inside valid frames, in order."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import (
    DEFAULT_LIMIT,
    HEADER_BYTES,
    MAX_PAYLOAD,
    MIN_LIMIT,
    SEQUENCE_MODULUS,
    SUPERVISORY_BYTES,
    FrameType,
)
from ..memories.block import BlockMemory
from ..primitives.arithmetic import load_or_count
from . import crc

POSITION_BITS = SEQUENCE_MODULUS.bit_length() - 1

BYTE_CYCLES = 10
"""Clock cycles after which the receiver is ready for the next byte, at most."""

_CONNECTION_BYTES = 4
_IDENTIFIED = HEADER_BYTES + _CONNECTION_BYTES
_NUMBERED = 1 + 2 * POSITION_BITS // 8
_VERDICT = ("complete", "good", "empty", "right", "exact")
_PROPER = ("sabm", "information", "supervisory", "allowed")
_PAST_BITS = MAX_PAYLOAD.bit_length() + 1


def _known(kind: FrameType) -> int:
    """A type, and that it is none that begins the same."""
    return kind | 8


class CobsDecoder(wiring.Component):
    """Undoes COBS, a byte in every second cycle at most, without a buffer.

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
        # From the inverse of a code byte up to −2, when the next byte is one; −1 after a delimiter.
        code, begun = Signal(8, reset_less=True), Signal()
        owes_zero, is_code, delimited = Signal(), Signal(), Signal()
        m.d.sync += [is_code.eq(code[1:].all() | ~begun | delimited), delimited.eq(self.end)]
        m.d.comb += self.whole.eq(is_code)
        delimits = self.encoded == 0
        with m.If(self.strobe):
            m.d.comb += [self.end.eq(delimits), self.valid.eq(~delimits & (~is_code | owes_zero))]
            m.d.sync += [
                code.eq(load_or_count(code, is_code, ~self.encoded)),
                begun.eq(1),
            ]
            with m.If(is_code | delimits):
                m.d.sync += owes_zero.eq(~delimits & (self.encoded != 0xFF))
        with m.If(delimited):  # a cycle later, when no byte comes
            m.d.sync += code.eq(0xFF)
        m.d.comb += self.byte.eq(Mux(is_code, 0, self.encoded))
        return m


class Receiver(wiring.Component):
    """Checks frames and keeps the payload of the good ones; answers through the `Transmitter`.

    A bit of the CRC takes a cycle; nothing else is waited for.  A frame shows only when its CRC,
    length and number were right, and the payload had space; otherwise only a counter changes.

    Members
    -------
    strobe, byte, ready : from the line; a byte may come while `ready`, which is at least every
        `BYTE_CYCLES`.
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
                "ready": Out(1),
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
        """COBS → header and CRC → buffer with a tentative end → halfwords.

        From a byte to the next are at least nine cycles: so what depends on several registers that
        change with a byte goes through one more.
        """
        m = Module()
        m.submodules.cobs = cobs = CobsDecoder()
        m.d.comb += [cobs.strobe.eq(self.strobe), cobs.encoded.eq(self.byte)]

        # A register between decoder and checks; its byte moves on to the CRC, bit by bit.
        byte, valid, end, whole = Signal(8, reset_less=True), Signal(), Signal(), Signal()
        m.d.sync += [valid.eq(cobs.valid), end.eq(cobs.end), whole.eq(cobs.whole)]
        bits, register = Signal(range(9)), Signal(crc.WIDTH, reset_less=True)
        shifts = bits != 0
        m.d.sync += self.ready.eq(~self.strobe & ~valid & (bits <= 1))
        with m.If(self.strobe):
            m.d.sync += byte.eq(cobs.byte)
        with m.Elif(shifts):
            m.d.sync += byte.eq(byte >> 1)

        position = Signal(range(_IDENTIFIED + 1))  # stops there
        first, body = position == 0, position >= HEADER_BYTES
        numbers, identifier = Signal(32, reset_less=True), Signal(32, reset_less=True)
        number, answer = numbers[:POSITION_BITS], numbers[POSITION_BITS:]
        kind, known = Signal(3, reset_less=True), Signal(reset_less=True)
        # From the inverse of the length up: −1 is the first byte of the CRC; stops one beyond its last.
        past = Signal(_PAST_BITS, reset_less=True)
        over = ~past[-1]
        named = Signal(reset_less=True)
        with m.If(shifts):
            m.d.sync += bits.eq(bits - 1)
        with m.If(first):
            m.d.sync += register.eq(crc.begin(self.connection))
        with m.Elif(shifts):
            m.d.sync += register.eq(crc.shift(register, byte[0]))
        with m.If(valid):
            m.d.sync += bits.eq(8)
            with m.If(position != _IDENTIFIED):
                m.d.sync += position.eq(position + 1)
            with m.If(first):
                m.d.sync += [kind.eq(byte), known.eq(byte[len(kind) :] == 0), named.eq(0)]
            with m.Elif(position < _NUMBERED):
                m.d.sync += numbers.eq(Cat(numbers[8:], byte))
            with m.Elif(body & (position != _IDENTIFIED)):
                m.d.sync += [identifier.eq(Cat(identifier[8:], byte)), named.eq(named | byte.any())]
        # One condition, which synthesis finds to be a set.
        of_none = Signal()
        m.d.comb += of_none.eq(valid & first & (byte == FrameType.SABM))
        with m.If(of_none):
            m.d.sync += register.eq(crc.begin(Const(0, crc.WIDTH)))
        fits, none, two, four = self._length(
            m, valid, position, byte, past, body & ~(over & past[2])
        )
        with m.If(end):
            m.d.sync += position.eq(0)

        takes = Signal()  # the next byte is payload of an I frame
        m.d.sync += takes.eq(body & past[-1] & ~past.all() & (kind == FrameType.I) & known)
        overflowed = self._buffer(m, valid & takes, byte, end, first)

        # The verdict, one cycle after the end.
        complete, good, empty, right, exact = (Signal(name=n) for n in _VERDICT)
        connected, in_order = Signal(), Signal()
        sabm, information, supervisory, allowed = (Signal(name=n) for n in _PROPER)
        limit = identifier[1:16]  # in halfwords; the CRC stands above it
        m.d.sync += [
            right.eq(register == crc.GOOD),
            exact.eq(over & ~past[2] & past[:2].all() & fits),
            complete.eq(end),
            good.eq(whole & right & exact & body),
            empty.eq(first),
            sabm.eq((kind == FrameType.SABM) & known & four & named),
            information.eq((kind == FrameType.I) & known & connected & ~none),
            allowed.eq((limit >= MIN_LIMIT // 2) & (limit <= MAX_PAYLOAD // 2) & ~identifier[0]),
            supervisory.eq(
                ((kind == FrameType.RR) | (kind == FrameType.REJ))
                & (known & connected & two & allowed)
            ),
            in_order.eq(number == self.expected),
        ]
        right_one, accepts = Signal(), Signal()
        m.d.comb += [
            right_one.eq(complete & good),
            self.good_frame.eq(right_one & (sabm | information | supervisory)),
            self.bad_frame.eq(complete & ~empty & ~self.good_frame),
            self.opened.eq(right_one & sabm),
            self.send_ua.eq(self.opened),
            accepts.eq(right_one & information),
            self.out_of_sequence.eq(accepts & ~in_order),
            self.overflow.eq(accepts & in_order & overflowed),
            self._accept.eq(accepts & in_order & ~overflowed),
            self.send_rej.eq(self.out_of_sequence | self.overflow),
            self.go_back.eq(right_one & supervisory & kind[0]),
        ]
        with m.If(right_one & (information | supervisory)):
            m.d.sync += self.acknowledged.eq(answer)
        with m.If(right_one & supervisory):
            m.d.sync += self.limit.eq(limit)
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

    def _length(
        self, m: Module, valid: Value, position: Value, byte: Value, past: Signal, counts: Value
    ) -> tuple[Signal, ...]:
        """Load `past`, and count; returns what the length is: possible, 0, 2, 4."""
        low, high = past[:8], byte
        fits, none, two, four = (Signal(name=n) for n in ("fits", "none", "two", "four"))
        at_low, at_high = position == HEADER_BYTES - 2, position == HEADER_BYTES - 1
        with m.If(valid & (at_low | at_high | counts)):
            loads = Cat(at_low.replicate(8), at_high.replicate(len(past) - 8))
            # The count is of use when both have been loaded.
            data = ~Cat(byte, byte[: len(past) - 8])
            counted = past + loads + ~(at_low | at_high)
            m.d.sync += past.eq(Cat(Mux(*bit) for bit in zip(loads, data, counted, strict=False)))
        with m.If(valid & at_high):
            short = high == 0
            most = MAX_PAYLOAD >> 8
            m.d.sync += [
                fits.eq(((high < most) | ((high == most) & low.all())) & low[0]),
                none.eq(short & low.all()),
                two.eq(short & (low == ~SUPERVISORY_BYTES & 0xFF)),
                four.eq(short & (low == ~_CONNECTION_BYTES & 0xFF)),
            ]
        return fits, none, two, four

    def _buffer(
        self, m: Module, write_byte: Value, byte: Value, end: Value, between_frames: Value
    ) -> Value:
        """The payload buffer; returns whether the frame under way was too long for it."""
        depth = self._depth
        self._accept = accept = Signal()
        m.submodules.buffer = buffer = BlockMemory(16, depth)
        wrap = range(2 * depth)
        head = Signal(wrap)
        tail, tentative = self.expected, Signal(POSITION_BITS)

        low, odd = Signal(8, reset_less=True), Signal()
        overflowed, stores, full = Signal(), Signal(), Signal()
        # A register: it is of use when it has long been right, and till then says too much is full.
        m.d.sync += full.eq(tentative[: len(head)] == head ^ depth)
        m.d.comb += [
            buffer.write_address.eq(tentative),
            buffer.write_word.eq(Cat(low, byte)),
            buffer.write.eq(stores),
            stores.eq(write_byte & odd & ~full),
        ]
        with m.If(write_byte):
            m.d.sync += [low.eq(byte), odd.eq(~odd)]
        with m.If(write_byte & odd & full):
            m.d.sync += overflowed.eq(1)

        ended, verdict = Signal(), Signal()
        m.d.sync += [ended.eq(end), verdict.eq(ended)]
        with m.If(accept):
            m.d.sync += tail.eq(tentative)
        with m.If(verdict):
            m.d.sync += [odd.eq(0), overflowed.eq(0)]
        with m.If(verdict | stores):
            m.d.sync += tentative.eq(load_or_count(tentative, verdict, tail))

        # `window` is the depth less the level, in bytes, modulo twice the depth.
        space, waiting = Signal(wrap), Signal()
        m.d.comb += [space.eq((head ^ depth) - tail), self.window.eq(space << 1)]
        m.d.comb += [waiting.eq(tail[: len(head)] != head), buffer.read_address.eq(head)]
        # Two cycles for a halfword, the memory's.
        fetched, out = Signal(), self.halfwords
        handed_on, taken = Signal(), Signal()
        m.d.comb += [out.payload.eq(buffer.word), taken.eq(out.valid & out.ready)]
        m.d.sync += [fetched.eq(waiting & ~taken), out.valid.eq(fetched & ~taken)]
        m.d.sync += handed_on.eq(taken)
        with m.If(taken):
            m.d.sync += head.eq(head + 1)
        # While a frame comes, its end will empty the buffer again.
        quarter = head[: (depth // 4).bit_length() - 1]
        emptied = ~waiting & between_frames
        m.d.comb += self.send_rr.eq(self.go_back | (handed_on & (emptied | (quarter == 0))))
        with m.If(self.opened):
            m.d.sync += [s.eq(0) for s in (head, tail, tentative, fetched)]
            m.d.sync += out.valid.eq(0)
        return overflowed
