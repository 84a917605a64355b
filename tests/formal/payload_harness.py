"""The payload's way through the receiver: what it hands on is what the accepted frames carried."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from line_spec import HEADER_BYTES, NUMBER_BITS
from payload_buffer import DEPTH, PayloadBuffer
from receiver_harness import ReceiverHarness

INDEX_BITS = (DEPTH - 1).bit_length()


class PayloadHarness(ReceiverHarness):
    """Claims: the halfword handed on for a position is the one that an accepted frame had for it.

    The position may be any, and is the same in all cycles.  Halfwords that stood in the buffer in the
    first cycle are nobody's; after power-up there are none.
    """

    def build(self, m: Module) -> None:
        """Follow one position: on the line, in the frame under way, in the buffer, and out."""
        super().build(m)
        dut, spec, inside = self._dut, self._spec, self._inside
        tail, level = dut.expected, PayloadBuffer(dut, inside).level
        head = inside["Receiver.head"]
        position = self.constant("position", NUMBER_BITS)
        ahead = self.named("ahead", (position - tail)[:NUMBER_BITS])
        behind = self.named("behind", (tail - position)[:NUMBER_BITS])
        in_frame = self.named("in_frame", ahead < self._pending)
        waits = self.named("waits", (behind != 0) & (behind <= level))
        is_next = self.named("is_next", (level != 0) & (behind == level))

        # On the line: the halfword that ends with this byte.
        before = Signal(8, name="byte_before")
        under_way, accepted = Signal(16), Signal(16)
        with m.If(spec.decodes):
            m.d.sync += before.eq(spec.decoded)
            with m.If(self._payload[0] & (self._payload >> 1 == ahead)):
                m.d.sync += under_way.eq(Cat(before, spec.decoded))
        takes = self.named("takes", self._synced & inside["Receiver.accept"])
        mine = self.named("mine", takes & self._judged & in_frame)
        with m.If(mine):
            m.d.sync += accepted.eq(under_way)
        followed = self.since("followed", mine & self._sound)

        def known(name: str, value: Value) -> None:
            self._known("payload", name, ~self._sound | value)

        word = self.named("word", inside.word(m, "BlockMemory.cell", position[:INDEX_BITS]))
        frame = (self._inner & ~inside["Receiver.overflowed"] & in_frame) | mine
        half = self._inner & self._payload[0] & (spec.count < HEADER_BYTES + spec.length)
        self._always("payload", "followed", ~followed | (self._sound & self._judged))
        known("low", ~half | (inside["Receiver.low"] == before))
        known("written", ~frame | (word == under_way))
        known("kept", ~(followed & waits) | (word == accepted))
        # Out.
        out, fetched = dut.halfwords, inside["Receiver.fetched"]
        kept_on = self.past(self._sound & self._synced & ~dut.opened)
        step = (head - self.past(head))[: len(head)]
        known("one_by_one", ~kept_on | (step == self.past(out.valid & out.ready)))
        read = inside["BlockMemory.read"]
        known("fetched", ~(followed & is_next & fetched) | (read == accepted))
        known("right", ~(followed & is_next & out.valid) | (out.payload == accepted))
        known("stays", ~(kept_on & self.past(out.valid & ~out.ready)) | out.valid)
        if not self._any_state:
            self._always("payload", "known", self._judged & self._sound)
            known("all", ~waits | followed)
