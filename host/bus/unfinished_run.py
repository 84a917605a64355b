"""A RUN that was cut short: its last step is finished, so that the board stands between two steps.

A new connection abandons a command, but ids that the board has taken in already wait for the step
that follows.  Whoever opens the new connection lets the board execute that step with all of its
input.  An id that comes twice arrives once, so what was sent before does no harm; it is counted as
a duplicate.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.commands import Opcode, Status
from spikeloom.hdl.contract.fields import STEP_NUMBERS
from spikeloom.hdl.contract.memory_map import Region, Register

from . import protocol

_RUN_HEAD = 5
"""Halfwords of a request before its events."""


class ByteStreams(Protocol):
    """What a command needs of a link."""

    def send(self, data: bytes, allowance: float = 0.0) -> None:
        """Send an even number of bytes."""

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """Wait for exactly `count` bytes."""

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """Wait for the stream to go on."""


@dataclass(frozen=True)
class RunFacts:
    """What must be known to repeat a step of a RUN, beside the bytes of its request.

    Attributes
    ----------
    start, steps : number of the first step, and how many they are.
    axons, neurons, monitors : ids on the way in and on the way out, and words for each step.
    allowance : seconds during which nothing may be reported.
    """

    start: int
    steps: int
    axons: int
    neurons: int
    monitors: int
    allowance: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold them."""
        return asdict(self)


@dataclass(frozen=True)
class UnfinishedRun:
    """A RUN whose reply has not ended.  The step that it began with was the one that was due.

    Attributes
    ----------
    request : the bytes that were sent, or were to be sent.
    """

    facts: RunFacts
    request: bytes

    def finish_step(self, link: ByteStreams) -> None:
        """Over a new connection: execute the step that was under way, with all of its input.

        Nothing happens when the run had ended, or the board has lost its image meanwhile.
        """
        facts = self.facts
        link.send(protocol.read_request(Region.CONTROL.base + Register.STEP, 1))
        words = protocol.to_halfwords(link.receive(2 * (2 + protocol.READ_EXTRA)))
        protocol.check_opcode(int(words[0]), Opcode.READ)
        step = int(protocol.join_words(words[2:4])[0])
        raster = None
        # A step that has begun goes on without its connection: then it is the next one's turn.
        status = Status.WRONG_START
        while status == Status.WRONG_START:
            offset = (step - facts.start) % STEP_NUMBERS
            if offset >= facts.steps:
                return
            raster = self.raster() if raster is None else raster
            reply = protocol.RunReply(step, 1, facts.neurons, facts.monitors)
            row = raster[offset : offset + 1]
            link.send(protocol.run_request(step, row), facts.allowance)
            while not reply.done:
                reply.feed(protocol.to_halfwords(link.receive_some(facts.allowance)))
            step, status = reply.step, reply.status

    def raster(self) -> NDArray[np.bool_]:
        """(steps, axons) spikes that the request carries."""
        facts = self.facts
        events = protocol.to_halfwords(self.request)[_RUN_HEAD:]
        # Events have one alphabet in both directions.
        decoder = protocol.RunReply(facts.start, facts.steps, facts.axons)
        start = protocol.split_words(np.array([facts.start], dtype=np.uint32))
        decoder.feed(np.concatenate([[Opcode.RUN, Status.OK], start, events]).astype(np.uint16))
        return decoder.spikes
