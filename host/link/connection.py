"""One connection of the link, without its port: go-back-N in both directions (docs/reference/link.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spikeloom.hdl.contract.errors import LinkError
from spikeloom.hdl.contract.frames import (
    CRC_BYTES,
    DEFAULT_LIMIT,
    HEADER_BYTES,
    MAX_PAYLOAD,
    MIN_LIMIT,
    SEQUENCE_MODULUS,
    SUPERVISORY_BYTES,
    Frame,
    FrameError,
    FrameType,
)

ACKNOWLEDGE_BYTES = 512
"""Received bytes after which the board is told, when nothing that is sent tells it anyway."""
FRAMES_IN_FLIGHT = 4
"""Unacknowledged frames at most: on a bad line, where frames are short, more would be wasted."""
_GOOD_FRAMES_TO_GROW = 2
_HALFWORD = 2
_SHORT_FRAME = HEADER_BYTES + SUPERVISORY_BYTES + CRC_BYTES + 3


@dataclass
class LinkStatistics:
    """What went over the line since the link was made; bytes include framing.

    Attributes
    ----------
    frames_resent : I frames of the host that repeat something.
    frames_spoiled : what came with a wrong CRC or form.
    frames_missed : gaps in what came; everything from there on came again.
    polls : questions into the silence.
    stream_bytes_sent : bytes of the streams that the board has acknowledged.
    stream_bytes_received : bytes of the streams that came, each counted once.
    """

    bytes_sent: int = 0
    bytes_received: int = 0
    frames_sent: int = 0
    frames_received: int = 0
    frames_resent: int = 0
    frames_spoiled: int = 0
    frames_missed: int = 0
    polls: int = 0
    stream_bytes_sent: int = 0
    stream_bytes_received: int = 0
    connections: int = 0
    errors: int = 0


class PayloadLimit:
    """Payload of a frame in bytes, adapted to the losses: halved by one, doubled after two frames.

    With a byte error rate e the best size is about sqrt(overhead / e); to double after k frames
    settles where about 0.7 / k of the frames are lost, which for k = 2 is near to that.
    """

    def __init__(self, start: int) -> None:
        self.value = start
        self._good = 0

    def good(self, size: int) -> None:
        """A frame of this payload got through."""
        if size < self.value:
            return
        self._good += 1
        if self._good >= _GOOD_FRAMES_TO_GROW:
            self.value, self._good = min(2 * self.value, MAX_PAYLOAD), 0

    def lost(self) -> None:
        """A frame was lost."""
        self.value, self._good = max(self.value // 2, MIN_LIMIT), 0


class Gap:
    """Tells a new gap from what is left of one that has been reported already.

    Frames that were on the line behind a lost one are out of sequence too, in rising order and for a
    while.  One that does not rise, or comes later, is of the next attempt, which has lost a frame again.
    """

    def __init__(self) -> None:
        self._expected = self._last = -1
        self._until = 0.0

    def is_new(self, expected: int, begin: int | None, now: float, echo: float) -> bool:
        """At `expected` came a frame that begins at `begin`, or a spoiled one (None).

        `echo` is how many seconds the frames that are on the line may go on to come.
        """
        falls = begin is not None and begin <= self._last
        new = expected != self._expected or falls or now > self._until
        if new:
            self._until = now + echo
        self._expected, self._last = expected, expected if begin is None else begin
        return new


class Connection:
    """Positions, windows and retransmission; frames in, frames out.

    Positions are those of halfwords in the streams, counted from 0 without end; frames carry them
    modulo 65 536.

    Parameters
    ----------
    identifier : of the connection, 1…2^32 − 1.
    window : bytes that the board has room for.
    statistics : counted in.
    echo : seconds from question to answer with so many bytes on the line.

    Attributes
    ----------
    stream : what has come from the board and was not taken out yet.
    progress : grows whenever something new was acknowledged or came.
    reject : REJ is due: the board is to send again.
    """

    def __init__(
        self,
        identifier: int,
        window: int,
        statistics: LinkStatistics,
        echo: Callable[[int], float] = lambda count: 0.0,
    ) -> None:
        self.identifier = identifier
        self._echo = echo
        self.stream = bytearray()
        self.progress = 0
        self.reject = False
        self._statistics = statistics
        self._kept = bytearray()  # from the first unacknowledged byte to the last
        self._acknowledged = self._head = self._furthest = 0
        self._window_end = window // _HALFWORD
        self._largest_window = window
        self._limit, self._wanted = PayloadLimit(MAX_PAYLOAD), PayloadLimit(DEFAULT_LIMIT)
        self._expected = self._told = 0
        self._gap, self._rejected = Gap(), Gap()
        self._polled: int | None = None
        self._now = 0.0

    @property
    def unsent(self) -> int:
        """Bytes that wait for room at the board, or for their turn."""
        return len(self._kept) - self.in_flight

    @property
    def in_flight(self) -> int:
        """Bytes that were sent and are not acknowledged."""
        return (self._head - self._acknowledged) * _HALFWORD

    @property
    def frame_bytes(self) -> int:
        """Payload of the longest frame that either side would send now."""
        return max(self._limit.value, self._wanted.value)

    def push(self, data: bytes) -> None:
        """Append to what is to be sent."""
        self._kept += data

    def next_frame(self, *, hurry: bool = True) -> Frame | None:
        """The next I frame that may be sent now; without `hurry`, not one that the window cuts short."""
        limit = self._limit.value
        room = (self._window_end - self._head) * _HALFWORD
        # A small window is not worth a frame, unless the board has no more.
        worth = self._largest_window // (4 if hurry else 2)
        least = min(self.unsent, limit, max(_HALFWORD, worth))
        if not self.unsent or room < least or self.in_flight >= FRAMES_IN_FLIGHT * limit:
            return None
        size = min(self.unsent, limit, room) // _HALFWORD * _HALFWORD
        payload = bytes(self._kept[self.in_flight : self.in_flight + size])
        frame = self._frame(FrameType.I, payload, self._head)
        if self._head < self._furthest:
            self._statistics.frames_resent += 1
        self._head += size // _HALFWORD
        self._furthest = max(self._furthest, self._head)
        return frame

    @property
    def owes_acknowledgement(self) -> bool:
        """Whether the board should hear what has come, though there is nothing to send."""
        return (self._expected - self._told) * _HALFWORD >= ACKNOWLEDGE_BYTES

    def acknowledgement(self) -> Frame:
        """RR."""
        return self._supervisory(FrameType.RR)

    def rejection(self) -> Frame:
        """REJ, which the board answers with RR and everything from the expected position on."""
        self.reject = False
        self._polled = self._head
        return self._supervisory(FrameType.REJ)

    def _supervisory(self, kind: FrameType) -> Frame:
        return self._frame(kind, self._wanted.value.to_bytes(SUPERVISORY_BYTES, "little"))

    def _frame(self, kind: FrameType, payload: bytes, position: int = 0) -> Frame:
        self._told = self._expected
        return Frame(kind, position % SEQUENCE_MODULUS, self._expected % SEQUENCE_MODULUS, payload)

    def take(self, encoded: bytes, now: float) -> bool:
        """Take in what stood between two delimiters; whether it was a frame of this connection."""
        self._now = now
        try:
            frame = Frame.from_bytes(encoded, self.identifier)
        except FrameError:
            self._statistics.frames_spoiled += 1
            if len(encoded) > _SHORT_FRAME:  # it was an I frame, most likely
                self._missed(None)
            return False
        self._statistics.frames_received += 1
        if frame.type == FrameType.SABM or frame.type == FrameType.UA:
            return True
        acknowledged = self._acknowledged + (frame.nr - self._acknowledged) % SEQUENCE_MODULUS
        if acknowledged > self._furthest:
            raise LinkError(f"the board acknowledges position {frame.nr}, which was not sent")
        self._acknowledge(acknowledged)
        if frame.type == FrameType.I:
            self._take_information(frame)
        else:
            self._window_end = self._acknowledged + frame.window // _HALFWORD
            self._largest_window = max(self._largest_window, frame.window)
            if frame.type == FrameType.REJ:
                self._take_rejection(frame)
            elif self._polled is not None:
                # Sent before the question, and not there when it was answered: lost.
                if self._acknowledged < self._polled <= self._head:
                    self._go_back()
                self._polled = None
        return True

    def _acknowledge(self, position: int) -> None:
        """Forget what is before `position`."""
        done = position - self._acknowledged
        if done:
            del self._kept[: done * _HALFWORD]
            self._acknowledged = position
            self._head = max(self._head, position)
            self._limit.good(done * _HALFWORD)
            self._statistics.stream_bytes_sent += done * _HALFWORD
            self.progress += 1

    def _take_rejection(self, frame: Frame) -> None:
        begin = self._acknowledged + _distance(frame.ns, frame.nr)
        echo = self._echo(self.in_flight)
        if begin >= self._acknowledged and self._rejected.is_new(
            self._acknowledged, begin, self._now, echo
        ):
            self._go_back()

    def send_again(self) -> None:
        """Send again what is not acknowledged, without having been asked to."""
        if self.in_flight:
            self._go_back()

    def _go_back(self) -> None:
        self._limit.lost()
        self._head = self._acknowledged

    def _take_information(self, frame: Frame) -> None:
        begin = self._expected + _distance(frame.ns, self._expected)
        size = len(frame.payload)
        if begin > self._expected:
            self._missed(begin)
            return
        new = frame.payload[(self._expected - begin) * _HALFWORD :]
        if new:
            self.stream += new
            self._expected += len(new) // _HALFWORD
            self._wanted.good(size)
            self._statistics.stream_bytes_received += len(new)
            self.progress += 1
            self.reject = False

    def _missed(self, begin: int | None) -> None:
        echo = self._echo(2 * self._wanted.value)
        if self._gap.is_new(self._expected, begin, self._now, echo):
            self._statistics.frames_missed += 1
            self._wanted.lost()
            self.reject = True


def _distance(position: int, origin: int) -> int:
    """From `origin` to `position`, both modulo 65 536: −32 768…32 767."""
    half = SEQUENCE_MODULUS // 2
    return (position - origin + half) % SEQUENCE_MODULUS - half
