"""The transmitter: halfwords from the commands, and supervisory frames, to bytes for the line."""

from __future__ import annotations

from enum import IntEnum

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import CRC_BYTES, MAX_PAYLOAD, SUPERVISORY_BYTES, FrameType
from ..primitives.arithmetic import load_or_count
from ..primitives.layouts import halfword_layout
from . import crc
from .receiver import POSITION_BITS, Receiver


class _Part(IntEnum):
    """What of a frame is sent, after its type."""

    NUMBER = 0
    EXPECTED = 1
    LENGTH = 2
    PAYLOAD = 3


class CobsEncoder(wiring.Component):
    """COBS and the delimiter: a block is collected, a byte per cycle, while the one before is sent.

    Back-pressure: `bytes` waits while a whole block is collected and its code byte is not taken yet.

    Members
    -------
    bytes : stream; `last` ends a frame.
    encoded : stream, a byte every three cycles at most, with two more cycles per block.
    """

    def __init__(self) -> None:
        byte = data.StructLayout({"byte": 8, "last": 1})
        super().__init__({"bytes": In(stream.Signature(byte)), "encoded": Out(stream.Signature(8))})

    def elaborate(self, platform: object) -> Module:
        """Two halves of a memory: in one a block is collected, without zeros; the other one is sent."""
        m = Module()
        m.submodules.blocks = blocks = memory.Memory(shape=8, depth=512, init=[])
        read, write = blocks.read_port(), blocks.write_port()
        # A block's bytes stand at 1 … code − 1 of its half.
        half, code, head = Signal(), Signal(8, init=1), Signal(8, init=1)
        end = Signal(8, reset_less=True)
        whole, last, owes_block = Signal(), Signal(reset_less=True), Signal()
        source, sink = self.bytes, self.encoded

        zero, collects = source.payload.byte == 0, source.valid & ~whole
        begins, onward = Signal(), Signal()
        m.d.comb += [
            source.ready.eq(~whole),
            write.addr.eq(Cat(code, half)),
            write.data.eq(source.payload.byte),
            write.en.eq(collects & ~zero),
        ]
        with m.If(write.en):
            m.d.sync += code.eq(code + 1)
        with m.If(collects):
            m.d.sync += last.eq(source.payload.last)
            # A final zero is followed by an empty block.
            m.d.sync += owes_block.eq(source.payload.last & zero)
            m.d.sync += whole.eq(zero | source.payload.last | (code == 254))

        # Block RAMs are slow.
        ends, byte = Signal(reset_less=True), Signal(8, reset_less=True)
        m.d.comb += read.addr.eq(Cat(head, ~half))
        m.d.sync += byte.eq(read.data)
        with m.FSM():
            with m.State("CODE"):
                m.d.comb += [sink.valid.eq(whole), sink.payload.eq(code)]
                m.d.comb += begins.eq(whole & sink.ready)
                with m.If(begins):
                    m.next = "FETCH"
            with m.State("FETCH"):
                m.next = "FETCHED"
                with m.If(head == end):
                    m.next = "CODE"
                    with m.If(ends):
                        m.next = "DELIMITER"
            with m.State("FETCHED"):
                m.next = "BLOCK"
            with m.State("BLOCK"):
                m.d.comb += [sink.valid.eq(1), sink.payload.eq(byte), onward.eq(sink.ready)]
                with m.If(onward):
                    m.next = "FETCH"
            with m.State("DELIMITER"):
                m.d.comb += [sink.valid.eq(1), sink.payload.eq(0)]
                with m.If(sink.ready):
                    m.next = "CODE"
        with m.If(onward):
            m.d.sync += head.eq(head + 1)
        with m.If(begins):
            m.d.sync += [end.eq(code), ends.eq(last & ~owes_block), half.eq(~half)]
            m.d.sync += [whole.eq(owes_block), owes_block.eq(0), code.eq(1), head.eq(1)]
        return m


class Transmitter(wiring.Component):
    """Sends UA, REJ and RR when they are due, and else I frames; keeps what is not acknowledged.

    An I frame is sent when `limit` halfwords have been collected, after a halfword with `flush`, or when
    nothing came for `idle_beats`.  After `go_back`, everything from `acknowledged` on is sent again, in
    frames that may be cut differently.  Back-pressure: `halfwords` waits while the buffer is
    full of what the host has not acknowledged.

    Members
    -------
    halfwords : stream; `flush` marks the end of a reply.
    connection, expected, window, rejected, acknowledged, limit, go_back, send_ua, send_rej, send_rr,
    opened : from `Receiver`, see `connect`.
    beat : pulses at a steady rate.
    encoded : bytes for the line.

    Parameters
    ----------
    buffer_bytes : size of the reply buffer, a power of two.
    idle_beats : without a halfword, after which what there is is sent; a power of two.
    """

    def __init__(self, *, buffer_bytes: int = 2048, idle_beats: int = 64) -> None:
        self._depth = buffer_bytes // 2
        self._idle = idle_beats
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
                "beat": In(1),
                "encoded": Out(stream.Signature(8)),
            }
        )

    def connect(self, m: Module, receiver: Receiver) -> None:
        """Take from the receiver the state of the connection, and the frames that are due."""
        for name in self.signature.members:
            if name not in ("halfwords", "beat", "encoded"):
                m.d.comb += getattr(self, name).eq(getattr(receiver, name))

    def elaborate(self, platform: object) -> Module:
        """Choose a frame; then header, payload, CRC through the COBS encoder."""
        m = Module()
        m.submodules.cobs = cobs = CobsEncoder()
        wiring.connect(m, wiring.flipped(self.encoded), cobs.encoded)
        halfword, due_i = self._buffer(m)
        head, crc_sent = self._head, Signal(range(CRC_BYTES))

        due = {
            t: Signal(name=f"due_{t.name.lower()}")
            for t in (FrameType.UA, FrameType.REJ, FrameType.RR)
        }
        for kind, request in zip(due, (self.send_ua, self.send_rej, self.send_rr), strict=True):
            with m.If(request):
                m.d.sync += due[kind].eq(1)

        kind, is_i, is_rej = Signal(FrameType), Signal(), Signal()
        left = Signal(range(MAX_PAYLOAD // 2 + 1))
        window, expected = Signal.like(self.window), Signal(POSITION_BITS)
        part, value, high = Signal(_Part), Signal(16), Signal()
        # One bit of the CRC per cycle: a byte takes forty on the line.
        register, rest, bits = Signal(crc.WIDTH), Signal(8), Signal(range(9))
        ends = crc_sent != 0
        shifts = bits != 0
        byte, source = Signal(8), cobs.bytes
        sends, choosing, supervises = Signal(), Signal(), Signal()
        taken = source.valid & source.ready
        m.d.comb += [source.payload.byte.eq(byte), source.valid.eq(sends & ~shifts)]
        with m.If(shifts):
            m.d.sync += bits.eq(bits - 1)
            m.d.sync += register.eq(crc.shift(register, rest[0] & ~ends, feedback=~ends))
        with m.If(choosing):
            m.d.sync += [register.eq(crc.begin(self.connection)), bits.eq(0)]
        m.d.sync += rest.eq(Mux(taken, byte, rest >> 1))
        with m.If(taken):
            m.d.sync += bits.eq(8)
        # A halfword of the payload has been sent; the inverse of the length counts up.
        m.d.comb += supervises.eq(Cat(due.values()).any())
        length = Mux(supervises, SUPERVISORY_BYTES // 2, self._frame)
        with m.If(choosing | (taken & high & (part == _Part.PAYLOAD))):
            m.d.sync += left.eq(load_or_count(left, choosing, ~length))
        number = Mux(is_i, head, Mux(is_rej, self.rejected, 0))

        with m.FSM():
            with m.State("CHOOSE"):
                m.d.comb += choosing.eq(1)
                m.d.sync += [part.eq(_Part.NUMBER), high.eq(0), is_i.eq(0), is_rej.eq(0)]
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
                with m.Elif(due_i):
                    m.d.sync += [kind.eq(FrameType.I), is_i.eq(1)]
                    m.next = "TYPE"
            with m.State("TYPE"):
                m.d.comb += [byte.eq(kind), sends.eq(1)]
                with m.If(taken):
                    m.next = "FETCH"
            with m.State("NEXT"):  # the buffer's address, then its output, then a register
                m.next = "NEXT_READ"
            with m.State("NEXT_READ"):
                m.next = "FETCH"
            with m.State("FETCH"):
                with m.Switch(part):
                    with m.Case(_Part.NUMBER):
                        m.d.sync += value.eq(number)
                    with m.Case(_Part.EXPECTED):
                        m.d.sync += value.eq(expected)
                    with m.Case(_Part.LENGTH):
                        m.d.sync += value.eq(~left << 1)
                    with m.Case(_Part.PAYLOAD):
                        m.d.sync += value.eq(Mux(is_i, halfword, window))
                m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [byte.eq(value.word_select(high, 8)), sends.eq(1)]
                with m.If(taken):
                    m.d.sync += high.eq(~high)
                with m.If(taken & high):
                    m.next = "NEXT"
                    with m.If(part != _Part.PAYLOAD):
                        m.d.sync += part.eq(part + 1)
                    with m.Else():
                        m.d.comb += self._onward.eq(is_i)
                        with m.If(left[1:].all() & ~left[0]):
                            m.next = "CRC"
            with m.State("CRC"):
                m.d.comb += [
                    byte.eq(~register[:8]),
                    sends.eq(1),
                    source.payload.last.eq(crc_sent == CRC_BYTES - 1),
                ]
                with m.If(taken):
                    m.d.sync += crc_sent.eq(crc_sent + 1)
                    with m.If(crc_sent == CRC_BYTES - 1):
                        m.next = "CHOOSE"
        with m.If(self.opened):  # an I frame under way belongs to the old connection
            m.d.sync += [due[FrameType.REJ].eq(0), due[FrameType.RR].eq(0)]
            m.d.sync += is_i.eq(0)
        return m

    def _begin(
        self, m: Module, due: dict[FrameType, Signal], frame: FrameType, kind: Signal
    ) -> None:
        m.d.sync += [kind.eq(frame), due[frame].eq(0)]
        m.next = "TYPE"

    def _buffer(self, m: Module) -> tuple[Value, Signal]:
        """A ring from `acknowledged` over `head`, the next to be sent, to `tail`.

        Returns the halfword at `head`, and whether a frame is due, of `_frame` halfwords.
        """
        depth = self._depth
        m.submodules.buffer = buffer = memory.Memory(shape=16, depth=depth, init=[])
        read, write = buffer.read_port(), buffer.write_port()
        self._head = head = Signal(POSITION_BITS)
        tail = Signal(range(2 * depth))
        level = Signal(range(2 * depth))
        source = self.halfwords
        flush, idle = Signal(), Signal(range(self._idle + 1))
        waited = idle[-1]
        taken = source.valid & source.ready
        # A register; what is acknowledged meanwhile can only make space.
        following, full = Signal.like(tail), Signal()
        m.d.comb += following.eq(tail + 1)
        ends = self.acknowledged[: len(tail)] ^ depth
        m.d.sync += full.eq(Mux(taken, ends == following, ends == tail))
        # Registers; a frame's header is sent before its first halfword is read.
        m.d.sync += [
            write.addr.eq(tail),
            write.data.eq(source.payload.value),
            write.en.eq(taken),
        ]
        m.d.comb += [
            read.addr.eq(head),
            level.eq(tail - head),
            source.ready.eq(~full),
        ]
        with m.If(level == 0):
            m.d.sync += flush.eq(0)
        with m.If(taken):
            m.d.sync += [tail.eq(following), idle.eq(0)]
            with m.If(source.payload.flush):
                m.d.sync += flush.eq(1)
        with m.Elif(self.beat & ~waited):
            m.d.sync += idle.eq(idle + 1)

        # Back to what the host has not got; or forward, when a frame that seemed lost has arrived.
        self._again, self._return, missed = Signal(), Signal(), Signal()
        self._onward = Signal()
        ahead = Signal(range(4 * depth))
        m.d.comb += [ahead.eq(head - self.acknowledged), self._again.eq(missed | ahead[-1])]
        with m.If(self._return | self._onward):
            m.d.sync += head.eq(load_or_count(head, self._return, self.acknowledged))
        with m.If(self._return):
            m.d.sync += [missed.eq(0), flush.eq(1)]
        with m.If(self.go_back):
            m.d.sync += missed.eq(1)
        with m.If(self.opened):
            m.d.sync += [head.eq(0), tail.eq(0), flush.eq(0), missed.eq(0)]
        due, whole = Signal(), level >= self.limit
        self._frame = Signal.like(self.limit)
        m.d.sync += due.eq((level != 0) & (flush | whole | waited))
        m.d.comb += self._frame.eq(Mux(whole, self.limit, level))
        halfword = Signal(16)
        m.d.sync += halfword.eq(read.data)  # block RAMs are slow
        return halfword, due & (level != 0)
