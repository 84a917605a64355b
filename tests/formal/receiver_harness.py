"""The receiver beside the specification of its line: what it does, in every state that it can reach."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from harness import FREE, Harness, Opened
from line_spec import (
    CRC_BYTES,
    HEADER_BYTES,
    IDENTIFIER_BYTES,
    TYPE_BYTES,
    LineSpec,
    mirrored,
)
from payload_buffer import DEPTH, PayloadBuffer

from spikeloom.hdl.contract.frames import (
    DEFAULT_LIMIT,
    MAX_PAYLOAD,
    MIN_LIMIT,
    SUPERVISORY_BYTES,
    FrameType,
)
from spikeloom.hdl.link import crc
from spikeloom.hdl.link.receiver import Receiver
from spikeloom.hdl.memories.block import BlockMemory

PIPELINE = 1
"""Clock cycles from a byte to its effect on the checks; the verdict on a frame is one later."""
LONGEST = HEADER_BYTES + MAX_PAYLOAD + CRC_BYTES

CRC_PARTS = tuple(f"crc_{n}" for n in range(CRC_BYTES))
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "decoder": ((), ()),
    **{name: (("decoder",), CRC_PARTS) for name in CRC_PARTS},
    "links": ((), ()),
    "buffer": (("decoder",), ()),
    "payload": (("decoder", "buffer"), ()),
    "answers": (("decoder", *CRC_PARTS, "links", "buffer"), ()),
}
"""Parts of the proof: those whose claims each may use in the same cycle, and in earlier cycles."""


class ReceiverHarness(Harness):
    """Claims: for every line, the receiver takes exactly the frames that the specification does.

    The specification sees the line `PIPELINE` cycles later, so it is in step with the checks.

    Parameters
    ----------
    part : of `PARTS`; the claims of the parts that it may use are assumed.
    any_state : the receiver starts in any state, and the claims hold from the first delimiter on;
        else it starts as after power-up, and they always hold.
    receiver : instead of the real one.
    """

    def __init__(self, part: str, *, any_state: bool, receiver: Receiver | None = None) -> None:
        super().__init__()
        self._part, self._any_state = part, any_state
        self._now, self._before = PARTS[part]
        self._dut = receiver or Receiver()

    def build(self, m: Module) -> None:
        """The line goes to both."""
        dut = self._dut
        self._inside = Opened(dut, BlockMemory)
        m.submodules[FREE + "dut" if self._any_state else "dut"] = self._inside
        m.submodules.spec = self._spec = spec = LineSpec()
        strobe, byte = self.input("strobe"), self.input("byte", 8)
        self.assume(~strobe | dut.ready)
        m.d.comb += [
            dut.strobe.eq(strobe),
            dut.byte.eq(byte),
            dut.halfwords.ready.eq(self.input("ready")),
            spec.strobe.eq(self.past(strobe, PIPELINE)),
            spec.byte.eq(self.past(byte, PIPELINE)),
            spec.connection.eq(dut.connection),
        ]
        self._ends = self.named("ends", spec.strobe & spec.ends)
        self._synced = self.since("synced", self._ends, already=not self._any_state)
        # The first delimiter ends what nobody can judge.
        self._judged = self.past(self._synced, init=not self._any_state)
        self._decoder()
        self._crc()
        self._pointers(m)
        self._answers()

    def _known(self, part: str, name: str, value: Value) -> None:
        """True from the first delimiter on."""
        self._always(part, name, ~self._synced | value)

    def _always(self, part: str, name: str, value: Value) -> None:
        """A claim of this part, or assumed from another."""
        value = self.named(f"{part}_{name}", value)
        if part == self._part:
            self.claim(f"{part}_{name}", value)
        elif part in self._now:
            self.assume(value)
        elif part in self._before:
            self.assume(self.past(value, init=1))

    def _decoder(self) -> None:
        """The receiver's registers say the same as the specification's."""
        spec, inside = self._spec, self._inside
        count = spec.count

        def known(name: str, value: Value) -> None:
            self._known("decoder", name, value)

        known("reach", spec.in_reach)
        code = inside["CobsDecoder.code"]
        # The byte after a delimiter is a code byte, as the first one is.
        within = inside["CobsDecoder.begun"] & ~code.all() & ~inside["CobsDecoder.delimited"]
        left = Mux(within, (~code - 1)[:8], 0)
        known("left", self.past(left) == spec.left)
        known("delimited", inside["CobsDecoder.delimited"] == self._ends)
        is_code = inside["CobsDecoder.is_code"]
        known("is_code", ~self._dut.ready | (is_code == (self.past(left) == 0)))
        idle = ~spec.strobe & ~inside["Receiver.valid"] & (inside["Receiver.bits"] == 0)
        self._always("decoder", "spaced", ~self._dut.ready | ~spec.strobe)
        known("ready", ~self._dut.ready | idle)
        known("owes_zero", self.past(inside["CobsDecoder.owes_zero"]) == spec.owes)
        known("valid", inside["Receiver.valid"] == spec.decodes)
        known("byte", ~spec.decodes | (inside["Receiver.byte"] == spec.decoded))
        known("end", inside["Receiver.end"] == self._ends)
        known("whole", ~self._ends | (inside["Receiver.whole"] == (spec.left == 0)))
        complete = inside["Receiver.complete"]
        known("complete", complete == self.past(self._ends))
        known("afresh", ~complete | (count == 0))
        most = HEADER_BYTES + IDENTIFIER_BYTES
        position = Mux(count > most, most, count)
        known("position", inside["Receiver.position"] == position)
        kind = Cat(inside["Receiver.kind"], inside["Receiver.known"])
        known("kind", (count == 0) | (kind == Cat(spec.kind[:3], spec.kind[3:] == 0)))
        self._length(known)
        shifted = {
            "numbers": (TYPE_BYTES, Cat(spec.number, spec.answer)),
            "identifier": (HEADER_BYTES, spec.identifier),
        }
        for name, (at, field) in shifted.items():
            for k in range(1, len(field) // 8 + 1):
                reached = count == at + k if 8 * k < len(field) else count >= at + k
                same = inside[f"Receiver.{name}"][-8 * k :] == field[: 8 * k]
                known(f"{name}_{k}", ~reached | same)
        some: Value = Const(0)
        for k in range(IDENTIFIER_BYTES + 1):
            at = HEADER_BYTES + k
            reached = count >= at if k == IDENTIFIER_BYTES else count == at
            if k:
                some = some | spec.identifier.word_select(k - 1, 8).any()
            else:
                reached = (count != 0) & (count <= at)
            known(f"named_{k}", ~reached | (inside["Receiver.named"] == some))
        past = inside["Receiver.past"]
        in_payload = (inside["Receiver.position"] >= HEADER_BYTES) & past[-1] & ~past.all()
        takes = in_payload & (kind == (FrameType.I | 8))
        known("takes", ~spec.decodes | (inside["Receiver.takes"] == takes))

    def _length(self, known: Callable[[str, Value], None]) -> None:
        """`past` goes from the inverse of the length to one beyond the last byte of the CRC."""
        spec, inside = self._spec, self._inside
        count, length, past = spec.count, spec.length, inside["Receiver.past"]
        known("past_low", (count != HEADER_BYTES - 1) | (past[:8] == ~length[:8]))
        body = Mux(count > HEADER_BYTES, count - HEADER_BYTES, 0)
        whole = length + CRC_BYTES
        reached = Mux(body > whole, whole + 1, body)
        fits = (length <= MAX_PAYLOAD) & ~length[0]
        in_body = count >= HEADER_BYTES
        at = (reached + ~length)[: len(past)]
        known("past", ~in_body | ~inside["Receiver.fits"] | (past == at))
        known("fits", ~in_body | (inside["Receiver.fits"] == fits))
        lengths = {"none": 0, "two": SUPERVISORY_BYTES, "four": IDENTIFIER_BYTES}
        for name, value in lengths.items():
            known(name, ~in_body | (inside[f"Receiver.{name}"] == (length == value)))

    def _crc(self) -> None:
        """Its register is the remainder, mirrored; a part for each byte, which solvers like better.

        While it shifts, it is that when the bits that are left have been brought in, too.
        """
        inside, remainder = self._inside, mirrored(self._spec.remainder)
        register, byte = inside["Receiver.register"], inside["Receiver.byte"]
        left = inside["Receiver.bits"]
        for k in range(8):
            further = Mux(left > k, crc.shift(register, byte[k]), register)
            register = self.named(f"register_{k}", further)
        self._known("decoder", "one_by_one", ~inside["Receiver.valid"] | (left == 0))
        self._known("decoder", "bits", (self._spec.count == 0) | (left <= 8))
        for n, part in enumerate(CRC_PARTS):
            same = register.word_select(n, 8) == remainder.word_select(n, 8)
            self._known(part, "same", (self._spec.count == 0) | same)
        self._known("links", "same", self._spec.linked)

    def _pointers(self, m: Module) -> None:
        """The payload buffer: head ≤ tail ≤ tentative ≤ head + depth, and what lies between them."""
        dut, spec, inside = self._dut, self._spec, self._inside
        buffer = PayloadBuffer(dut, inside)
        tail, level = dut.expected, self.named("level", buffer.level)
        self._pending = pending = self.named("pending", buffer.pending)
        in_order = self.named("in_order", buffer.in_order)
        ended, verdict = inside["Receiver.ended"], inside["Receiver.verdict"]
        # Any state may have them so, too; if not, they are from the first SABM on.
        kept = self.since("kept", (dut.opened & self._synced) | (self.first & in_order))
        self._sound = self.named("sound", kept | (self.first & in_order))

        def known(name: str, value: Value) -> None:
            self._known("buffer", name, ~self._sound | value)

        self._always("buffer", "in_order", ~self._sound | in_order)
        self._known("buffer", "emptied", buffer.emptied)
        over = self.past(self._ends)
        odd, overflowed = inside["Receiver.odd"], inside["Receiver.overflowed"]
        count, length = spec.count, spec.length
        known("ended", ended == over)
        known("idle", (count != 0) | ended | verdict | ((pending == 0) & ~odd & ~overflowed))
        known("header", (count == 0) | (~ended & ~verdict))
        reached = Mux(count > HEADER_BYTES, count - HEADER_BYTES, 0)
        payload = Mux(spec.kind != FrameType.I, 0, Mux(reached < length, reached, length))
        self._payload = payload = self.named("payload", payload)
        # Of a frame that is too long anything may be written, because nothing of it stays.
        possible = (count < HEADER_BYTES) | ((length <= MAX_PAYLOAD) & ~length[0])
        self._inner = inner = (count != 0) & (count <= LONGEST) & possible
        known("odd", ~inner | (odd == payload[0]))
        known("written", ~inner | overflowed | (pending == payload >> 1))
        # Room at the start of the frame: the reader only makes more.
        room = self.named("room", DEPTH - level)
        self._room = start = Signal(16, name="room_at_start")
        with m.If(count == 0):
            m.d.sync += start.eq(room)
        known("room", (count == 0) | (room >= start))
        known("overflowed", ~inner | ~overflowed | (payload >> 1 > start))
        # The end of the window, as the host computes it from RR, is never taken back.
        window = self.named("window_end", (tail + room)[: len(tail)])
        granted = (window - self.past(window))[: len(tail)]
        known("credit", ~self.past(self._sound & self._synced & ~dut.opened) | (granted <= 1))

    def _answers(self) -> None:
        """What can be seen from outside, and what is kept between frames."""
        dut, spec, inside, past = self._dut, self._spec, self._inside, self.past
        connected = inside["Receiver.connected"]
        judged = self._judged
        # Registers behind what does not change in the cycle before a delimiter.
        position, length = inside["Receiver.position"], inside["Receiver.past"]
        identifier = inside["Receiver.identifier"]
        exact = ~length[-1] & ~length[2] & length[:2].all() & inside["Receiver.fits"]
        most, least = identifier[:16] <= MAX_PAYLOAD, identifier[:16] >= MIN_LIMIT
        settled = {
            "right": inside["Receiver.register"] == crc.GOOD,
            "exact": exact,
            "allowed": most & least & ~identifier[0],
        }
        for name, then in settled.items():
            same = inside[f"Receiver.{name}"] == then
            self._known("answers", name, ~self._ends | (position == 0) | same)

        def known(name: str, value: Value) -> None:
            self._always("answers", name, ~judged | value)

        def follows(name: str, now: Signal, then: Value) -> None:
            """A register is now what was due in the cycle before."""
            self._always("answers", name, ~past(judged) | (now == past(then)))

        # The verdict on the frame that ended in the cycle before, when the receiver answers.
        over = self.named("over", past(self._ends & ~spec.empty))
        good, kind, length = over & past(spec.good), past(spec.kind), past(spec.length)
        payload = past(spec.identifier)
        sabm = good & (kind == FrameType.SABM) & (length == IDENTIFIER_BYTES) & (payload != 0)
        i_frame = good & (kind == FrameType.I) & connected & (length != 0)
        limit = payload[:16]
        may = (limit >= MIN_LIMIT) & (limit <= MAX_PAYLOAD) & ~limit[0]
        rr, rej = (
            good & (kind == k) & connected & (length == SUPERVISORY_BYTES) & may
            for k in (FrameType.RR, FrameType.REJ)
        )
        sabm, i_frame = self.named("sabm", sabm), self.named("i_frame", i_frame)
        rr, rej = self.named("rr", rr), self.named("rej", rej)
        number, answer = past(spec.number), past(spec.answer)
        due = i_frame & (number == dut.expected)
        taken = self.named("taken", due & ~dut.overflow)

        known("opened", dut.opened == sabm)
        known("good_frame", dut.good_frame == (sabm | i_frame | rr | rej))
        known("bad_frame", dut.bad_frame == (over & ~(sabm | i_frame | rr | rej)))
        known("out_of_sequence", dut.out_of_sequence == (i_frame & (number != dut.expected)))
        known("overflow", ~dut.overflow | due)
        known("room", ~self._sound | ~dut.overflow | (length >> 1 > self._room))
        known("send_ua", dut.send_ua == sabm)
        known("send_rej", dut.send_rej == (dut.out_of_sequence | dut.overflow))
        known("go_back", dut.go_back == rej)
        known("send_rr", ~rej | dut.send_rr)

        follows("connection", dut.connection, Mux(sabm, payload, dut.connection))
        follows("connected", connected, connected | sabm)
        acknowledged = Mux(i_frame | rr | rej, answer, dut.acknowledged)
        follows("acknowledged", dut.acknowledged, Mux(sabm, 0, acknowledged))
        kept = Mux(sabm, DEFAULT_LIMIT // 2, dut.limit)
        follows("limit", dut.limit, Mux(rr | rej, limit >> 1, kept))
        follows("rejected", dut.rejected, Mux(dut.send_rej, number, dut.rejected))
        further = (dut.expected + Mux(taken, length >> 1, 0))[: len(dut.expected)]
        after = past(Mux(sabm, 0, further))
        self._always("answers", "expected", ~past(judged & self._sound) | (dut.expected == after))
