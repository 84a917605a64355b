"""The transmitter: halfwords from the commands, and supervisory frames, to bytes for the line."""

from __future__ import annotations

from enum import IntEnum

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import MAX_PAYLOAD, FrameType
from ..memories.block import BlockMemory
from ..primitives.arithmetic import load_or_count
from ..primitives.layouts import halfword_layout
from . import crc
from .receiver import POSITION_BITS, Receiver


class _Part(IntEnum):
    """What of a frame is sent: a byte, and then halfwords."""

    TYPE = 0
    NUMBER = 1
    EXPECTED = 2
    LENGTH = 3
    PAYLOAD = 4
    CRC_LOW = 5
    CRC_HIGH = 6


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
        m.submodules.blocks = blocks = BlockMemory(8, 512)
        # A block's bytes stand at 1 … code − 1 of its half.
        half, code, head = Signal(), Signal(8, init=1), Signal(8, init=1)
        end = Signal(8, reset_less=True)
        whole, last, owes_block = Signal(), Signal(reset_less=True), Signal()
        source, sink = self.bytes, self.encoded

        zero, collects = source.payload.byte == 0, source.valid & ~whole
        begins, onward = Signal(), Signal()
        m.d.comb += [
            source.ready.eq(~whole),
            blocks.write_address.eq(Cat(code, half)),
            blocks.write_word.eq(source.payload.byte),
            blocks.write.eq(collects & ~zero),
            blocks.read_address.eq(Cat(head, ~half)),
        ]
        with m.If(blocks.write):
            m.d.sync += code.eq(code + 1)
        with m.If(collects):
            m.d.sync += last.eq(source.payload.last)
            # A final zero is followed by an empty block.
            m.d.sync += owes_block.eq(source.payload.last & zero)
            m.d.sync += whole.eq(zero | source.payload.last | (code == 254))

        ends = Signal(reset_less=True)
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
                m.d.comb += [sink.valid.eq(1), sink.payload.eq(blocks.word), onward.eq(sink.ready)]
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
        """Choose a frame; then its bits one by one through the CRC, its bytes through the COBS encoder."""
        m = Module()
        m.submodules.cobs = cobs = CobsEncoder()
        wiring.connect(m, wiring.flipped(self.encoded), cobs.encoded)
        part, high, bits = Signal(_Part), Signal(), Signal(3)
        in_payload, in_crc = Signal(), Signal()
        loads, loaded, shifts, sent = Signal(), Signal(), Signal(), Signal()
        m.d.comb += [in_payload.eq(part == _Part.PAYLOAD), in_crc.eq(part > _Part.PAYLOAD)]
        self._chooses, self._returns, self._returned = Signal(), Signal(), Signal()
        self._onward = Signal()
        kind, is_i = self._choose(m)
        halfword, waiting = self._buffer(m)

        # Both from the same cycle: the window counts from N(R).
        window = Signal(len(self.window), reset_less=True)
        expected = Signal(POSITION_BITS, reset_less=True)
        with m.If(self._chooses):
            m.d.sync += [window.eq(self.window), expected.eq(self.expected)]
        # From the inverse of the length up, in halfwords.
        left = Signal(range(MAX_PAYLOAD // 2 + 1), reset_less=True)
        begins, counts, length = Signal(), Signal(), Signal.like(left)
        m.d.sync += length.eq(Mux(is_i, waiting, 1))
        with m.If(begins | counts):
            m.d.sync += left.eq(load_or_count(left, begins, ~length))

        # The bits are sent from a register that is empty when it is loaded: so alternatives add up.
        sources = (
            (
                loads & (part == _Part.TYPE),
                kind | Mux((kind == FrameType.RR) & (window == 0), FrameType.RNR, 0),
            ),
            (loads & (part == _Part.NUMBER) & is_i, self._head),
            (loads & (part == _Part.NUMBER) & (kind == FrameType.REJ), self.rejected),
            (loads & (part == _Part.EXPECTED), expected),
            (loads & (part == _Part.LENGTH), ~left << 1),
            (loads & in_payload & is_i, halfword),
            (loads & in_payload & ~is_i, window),
        )
        value, byte = Signal(16), Signal(8, reset_less=True)
        register = Signal(crc.WIDTH, reset_less=True)
        selected, following = Signal(len(sources)), value >> 1
        m.d.sync += selected.eq(Cat(condition for condition, _ in sources))
        m.d.comb += [begins.eq(selected[0]), counts.eq(selected[-2:].any())]
        m.d.comb += self._onward.eq(selected[-2] & is_i)
        for select, (_, source) in zip(selected, sources, strict=True):
            following = following | Mux(select, source, 0)
        bit = value[0] | (in_crc & ~register[0])
        with m.If(loaded | shifts):
            m.d.sync += value.eq(following)
        with m.If(shifts):
            m.d.sync += [bits.eq(bits + 1), byte.eq(Cat(byte[1:], bit))]
            m.d.sync += register.eq(crc.shift(register, value[0] & ~in_crc, feedback=~in_crc))
        with m.If(self._chooses):
            m.d.sync += register.eq(crc.begin(self.connection))
        m.d.comb += [
            cobs.bytes.payload.byte.eq(byte),
            cobs.bytes.payload.last.eq((part == _Part.CRC_HIGH) & high),
        ]
        with m.If(sent):
            m.d.sync += high.eq(~high)
        with m.If(sent & high & ~(in_payload & ~left.all())):
            m.d.sync += part.eq(part + 1)
        with m.If(self._chooses):
            m.d.sync += [part.eq(_Part.TYPE), high.eq(1)]

        with m.FSM():
            with m.State("CHOOSE"):
                m.d.comb += self._chooses.eq(1)
                with m.If(self._starts):
                    m.next = "LOAD"
                with m.Elif(self._again):
                    m.next = "RETURN"
            with m.State("RETURN"):
                m.d.comb += self._returns.eq(1)
                m.next = "RETURNED"
            with m.State("RETURNED"):
                m.d.comb += self._returned.eq(1)
                m.next = "SETTLE"
            with m.State("SETTLE"):  # until all registers are those of the new position
                m.next = "CHOOSE"
            with m.State("LOAD"):
                m.d.comb += loads.eq(1)
                m.next = "LOADED"
            with m.State("LOADED"):
                m.d.comb += loaded.eq(1)
                m.next = "SHIFT"
            with m.State("SHIFT"):
                m.d.comb += shifts.eq(1)
                with m.If(bits == 7):
                    m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [cobs.bytes.valid.eq(1), sent.eq(cobs.bytes.ready)]
                with m.If(sent & cobs.bytes.payload.last):
                    m.next = "CHOOSE"
                with m.Elif(sent & high):
                    m.next = "LOAD"
                with m.Elif(sent):
                    m.next = "SHIFT"
        return m

    def _choose(self, m: Module) -> tuple[Signal, Signal]:
        """The most urgent frame that is due: its type, and whether it is an I frame."""
        ua, rej, rr = due = [Signal(name=f"due_{name}") for name in ("ua", "rej", "rr")]
        self._again, self._due = Signal(), Signal()
        self._starts = Signal()
        m.d.comb += self._starts.eq(ua | rej | rr | (self._due & ~self._again))
        kind, is_i = Signal(FrameType), Signal()
        with m.If(self._chooses):
            m.d.sync += [
                kind.eq(
                    Mux(
                        ua,
                        FrameType.UA,
                        Mux(rej, FrameType.REJ, Mux(rr, FrameType.RR, FrameType.I)),
                    )
                ),
                is_i.eq(~(ua | rej | rr)),
                ua.eq(0),
                rej.eq(rej & ua),
                rr.eq(rr & (ua | rej)),
            ]
        with m.If(self.opened):  # an I frame under way belongs to the old connection
            m.d.sync += [rej.eq(0), rr.eq(0), is_i.eq(0)]
        for signal, request in zip(due, (self.send_ua, self.send_rej, self.send_rr), strict=True):
            with m.If(request):
                m.d.sync += signal.eq(1)
        return kind, is_i

    def _buffer(self, m: Module) -> tuple[Signal, Value]:
        """A ring from `acknowledged` over `head`, the next to be sent, to `tail`.

        Returns the halfword at `head`, and how many an I frame has that is sent then.  All that is
        computed goes through registers; how full the ring is shows a few cycles later.
        """
        depth = self._depth
        m.submodules.buffer = buffer = BlockMemory(16, depth)
        self._head = head = Signal(POSITION_BITS)
        tail, level = Signal(range(2 * depth)), Signal(range(2 * depth))
        source = self.halfwords
        # What is taken is stored in the next cycle; meanwhile nothing else is taken.
        entry, stores, flushes = Signal(halfword_layout, reset_less=True), Signal(), Signal()
        taken = source.valid & source.ready
        full = tail == self.acknowledged[: len(tail)] ^ depth
        m.d.sync += [source.ready.eq(~taken & ~stores & ~full), stores.eq(taken)]
        m.d.sync += [entry.eq(source.payload), flushes.eq(stores & entry.flush)]
        m.d.comb += [
            buffer.write_address.eq(tail),
            buffer.write_word.eq(entry.value),
            buffer.write.eq(stores),
            buffer.read_address.eq(head),
        ]
        with m.If(stores):
            m.d.sync += tail.eq(tail + 1)
        m.d.sync += level.eq(tail - head)

        flush, idle = Signal(), Signal(range(self._idle + 1))
        waited, whole = idle[-1], level >= self.limit
        with m.If(self.beat & ~waited):
            m.d.sync += idle.eq(idle + 1)
        with m.If(taken):
            m.d.sync += idle.eq(0)
        with m.If(level == 0):
            m.d.sync += flush.eq(0)
        with m.If(flushes | self._returned):
            m.d.sync += flush.eq(1)
        m.d.sync += self._due.eq((level != 0) & (flush | whole | waited))

        # Back to what the host has not got; or forward, when a frame that seemed lost has arrived.
        missed, behind = Signal(), Signal(range(8 * depth))
        # Less a half, so that 0 is negative; it is `head` that is inverted for both subtractions.
        m.d.comb += behind.eq(Cat(0, self.acknowledged) - Cat(1, head))
        m.d.sync += self._again.eq(missed | ~behind[-1])
        with m.If(self._returns | self._onward):
            m.d.sync += head.eq(load_or_count(head, self._returns, self.acknowledged))
        with m.If(self._returns):
            m.d.sync += missed.eq(0)
        with m.If(self.go_back):
            m.d.sync += missed.eq(1)
        with m.If(self.opened):
            m.d.sync += [head.eq(0), tail.eq(0), stores.eq(0), flush.eq(0), missed.eq(0)]
        return buffer.word, Mux(whole, self.limit, level)
