"""The order of the pointers into the receiver's payload buffer."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Value
from harness import Opened

from spikeloom.hdl.contract.frames import MAX_PAYLOAD
from spikeloom.hdl.link.receiver import Receiver

DEPTH = MAX_PAYLOAD
"""Halfwords in the buffer."""


@dataclass(frozen=True)
class PayloadBuffer:
    """head ≤ tail ≤ tentative ≤ head + depth, in the arithmetic of counters that wrap."""

    dut: Receiver
    inside: Opened

    @property
    def pending(self) -> Value:
        """Halfwords of the frame under way."""
        return (self.inside["Receiver.tentative"] - self.dut.expected)[: len(self.dut.expected)]

    @property
    def level(self) -> Value:
        """Halfwords that have been accepted and not handed on."""
        head = self.inside["Receiver.head"]
        return (self.dut.expected - head)[: len(head)]

    @property
    def filled(self) -> Value:
        """Halfwords in all."""
        head = self.inside["Receiver.head"]
        return (self.inside["Receiver.tentative"] - head)[: len(head)]

    @property
    def emptied(self) -> Value:
        """The position starts afresh with each frame: one that has just begun can not be good."""
        return ~self.inside["Receiver.ended"] | (self.inside["Receiver.position"] == 0)

    @property
    def in_order(self) -> Value:
        """The order, with what it takes to keep it from one cycle to the next."""
        inside, level = self.inside, self.level
        return (
            (self.filled <= DEPTH)
            & (level <= self.filled)
            & (self.pending == self.filled - level)
            & (~inside["Receiver.fetched"] | (level != 0))
            & (~self.dut.halfwords.valid | (level != 0))
            & ~(inside["Receiver.valid"] & self.dut.ready)
            & (~inside["Receiver.valid"] | inside["Receiver.full"] | (self.filled != DEPTH))
            & ~(inside["Receiver.accept"] & inside["Receiver.verdict"])
            & self.emptied
        )
