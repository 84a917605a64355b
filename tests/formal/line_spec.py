"""Frames on the line as docs/reference/link.md defines them, without the gateware's code."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from spikeloom.hdl.contract.frames import CRC_BYTES, HEADER_BYTES, MAX_PAYLOAD, FrameType

TYPE_BYTES = 1
LENGTH_BYTES = 2
NUMBER_BYTES = (HEADER_BYTES - TYPE_BYTES - LENGTH_BYTES) // 2
NUMBER_BITS = 8 * NUMBER_BYTES
IDENTIFIER_BYTES = 4

COUNT_BITS = 17
MOST = (1 << COUNT_BITS) - 1
"""Bytes that are counted in a frame: more than its length field can say."""

GENERATOR = 0x04C11DB7
"""CRC-32's polynomial, highest power first, without x^32."""


def remainder_after(m: Module, remainder: Value, byte: Value, name: str) -> Value:
    """Remainder of the division by the generator after one more byte, bit by bit.

    The lowest bit of the byte is the first.  Bit 31 of the remainder belongs to x^31.
    """
    for k in range(8):
        shifted = Signal(32, name=f"{name}_{k}")
        carry = remainder[31] ^ byte[k]
        m.d.comb += shifted.eq((remainder << 1)[:32] ^ Mux(carry, Const(GENERATOR, 32), 0))
        remainder = shifted
    return remainder


def crc_field(remainder: Value) -> Value:
    """The CRC as the frame carries it, for the remainder after the body: complement, mirrored."""
    return ~mirrored(remainder)


def mirrored(value: Value) -> Value:
    """Bit 0 becomes bit 31, and so on."""
    return Cat(*reversed(value))


class LineSpec(wiring.Component):
    """Follows the bytes of a line, and says at each delimiter what frame it ends.

    COBS is told by positions: a code byte names the position of the next one.  The CRC is told by
    comparison: the last four bytes against the one of all bytes before.

    Members
    -------
    strobe, byte : the line.
    connection : id of the open connection; looked at with the first byte of a frame.
    ends : this byte is a delimiter.
    empty, good : of the frame that it ends: no decoded bytes; COBS, CRC and length are right.
    kind, number, answer, length, identifier : its header; the first 4 bytes of its payload.
    count : bytes decoded so far, up to MOST.
    left, owes : bytes to the next code byte; that one stands for a zero.
    remainder : of the bytes decoded so far.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "strobe": In(1),
                "byte": In(8),
                "connection": In(32),
                "ends": Out(1),
                "empty": Out(1),
                "good": Out(1),
                "kind": Out(8),
                "number": Out(NUMBER_BITS),
                "answer": Out(NUMBER_BITS),
                "length": Out(8 * LENGTH_BYTES),
                "identifier": Out(8 * IDENTIFIER_BYTES),
                "count": Out(COUNT_BITS),
                "decodes": Out(1),
                "decoded": Out(8),
                "left": Out(8),
                "owes": Out(1),
                "remainder": Out(32),
                "in_reach": Out(1),
                "linked": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """COBS, then the fields, then the CRC."""
        m = Module()
        self._cobs(m)
        self._fields(m)
        right = self._crc(m)
        m.d.comb += [
            self.empty.eq(self.count == 0),
            self.good.eq(
                (self.left == 0)
                & right
                & (self.count == HEADER_BYTES + self.length + CRC_BYTES)
                & (self.length <= MAX_PAYLOAD)
                & ~self.length[0]
            ),
        ]
        with m.If(self.strobe & self.ends):
            m.d.sync += self.count.eq(0)
        return m

    def _cobs(self, m: Module) -> None:
        index, code_at = Signal(16), Signal(16)  # positions since the delimiter
        first, full = Signal(init=1), Signal()  # no code byte yet; the last one was 255
        is_code = index == code_at
        m.d.comb += [
            self.ends.eq(self.byte == 0),
            self.left.eq(code_at - index),
            self.owes.eq(~first & ~full),
            self.decodes.eq(self.strobe & ~self.ends & (~is_code | self.owes)),
            self.decoded.eq(Mux(is_code, 0, self.byte)),
        ]
        with m.If(self.strobe):
            m.d.sync += index.eq(index + 1)
            with m.If(self.ends):
                m.d.sync += [index.eq(0), code_at.eq(0), first.eq(1), full.eq(0)]
            with m.Elif(is_code):
                m.d.sync += [code_at.eq(index + self.byte), first.eq(0), full.eq(self.byte == 255)]
        m.d.comb += self.in_reach.eq((code_at - index)[:16] < 255)

    def _fields(self, m: Module) -> None:
        fields = [(self.kind, TYPE_BYTES), (self.number, NUMBER_BYTES)]
        fields += [(self.answer, NUMBER_BYTES), (self.length, LENGTH_BYTES)]
        fields += [(self.identifier, IDENTIFIER_BYTES)]
        with m.If(self.decodes & (self.count != MOST)):
            m.d.sync += self.count.eq(self.count + 1)
        at = 0
        for field, size in fields:
            for part in range(size):
                with m.If(self.decodes & (self.count == at)):
                    m.d.sync += field.word_select(part, 8).eq(self.decoded)
                at += 1

    def _crc(self, m: Module) -> Value:
        """Whether the last four bytes are the CRC of those before."""
        sabm = self.decoded == FrameType.SABM
        start = ~mirrored(Mux(sabm, 0, self.connection))
        before = [Signal(32, name=f"before_{n}") for n in range(CRC_BYTES)]  # before the n-th last
        last = [Signal(8, name=f"last_{n}") for n in range(CRC_BYTES)]
        now = Mux(self.count == 0, start, self.remainder)
        with m.If(self.decodes):
            m.d.sync += self.remainder.eq(remainder_after(m, now, self.decoded, "next"))
            for register, value in zip(before, [now, *before[:-1]], strict=True):
                m.d.sync += register.eq(value)
            for register, value in zip(last, [self.decoded, *last[:-1]], strict=True):
                m.d.sync += register.eq(value)
        links = [
            (self.count <= n) | (remainder_after(m, before[n], last[n], f"link_{n}") == after)
            for n, after in enumerate([self.remainder, *before[:-1]])
        ]
        m.d.comb += self.linked.eq(Cat(*links).all())
        return Cat(*reversed(last)) == crc_field(before[-1])
