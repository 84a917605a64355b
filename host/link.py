"""The link: a byte stream in each direction, in frames over a serial port (docs/link.md)."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

import serial

from spikeloom.hdl.frames import (
    CRC_BYTES,
    DELIMITER,
    HEADER_BYTES,
    MAX_PAYLOAD,
    SEQUENCE_MODULUS,
    Frame,
    FrameError,
    FrameType,
)

from .errors import LinkError

TIMEOUT = 1.0
"""Seconds without any progress after which the board counts as silent."""
TRIES = 4
POLL = 0.02
"""Seconds that one read of the port waits for its first byte, at most."""
SIMULATED_READ = 256
SIMULATED_POLL_BYTES = 30
"""A simulated line is read in pieces of so many bytes, or those that come while so many could: there
a call costs more than a little waiting.
"""

_MAX_UNACKNOWLEDGED = SEQUENCE_MODULUS - 1
_FRAME_OVERHEAD = HEADER_BYTES + CRC_BYTES
_MAX_ENCODED = MAX_PAYLOAD + 2 * _FRAME_OVERHEAD
_BITS_PER_BYTE = 12
"""On the line: 8N1, and some slack."""


class Port(Protocol):
    """What the link needs of a serial port; pyserial's ports have it.

    A port with its own time also has `now()`, in seconds, and its time-outs are in that time.  A
    slow port with a `baudrate` gets longer time-outs.
    """

    timeout: float | None

    @property
    def in_waiting(self) -> int:
        """Bytes that `read` gives without waiting."""

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes; fewer when `timeout` is over."""

    def write(self, data: bytes, /) -> int | None:
        """Send all of `data`."""

    def close(self) -> None:
        """Let go of the port."""


@dataclass
class LinkStatistics:
    """What went over the line since the link was made; bytes include framing."""

    bytes_sent: int = 0
    bytes_received: int = 0
    frames_sent: int = 0
    frames_received: int = 0
    connections: int = 0
    errors: int = 0


class Link:
    """A connection to a board.  `open` it, then `send` and `receive`; `reopen` after a `LinkError`.

    Reading is interleaved with writing: while a request waits for room at the board, replies are
    collected, so neither side can block the other.

    Parameters
    ----------
    port : an open serial port, or what behaves like one.
    timeout : seconds without any progress after which a `LinkError` is raised.
    name : what messages call the port.
    """

    def __init__(self, port: Port, timeout: float = TIMEOUT, name: str = "the port") -> None:
        self.name = name
        self.timeout = timeout
        self.statistics = LinkStatistics()
        self.broken = True
        self._port = port
        self._now: Callable[[], float] = getattr(port, "now", time.monotonic)
        simulated_line = hasattr(port, "now") and hasattr(port, "baudrate")
        self._least_read = SIMULATED_READ if simulated_line else 1
        poll = self._line_time(SIMULATED_POLL_BYTES) if simulated_line else POLL
        port.timeout = min(poll, timeout / 8)
        self._random = random.SystemRandom()
        self._forget()

    def _forget(self) -> None:
        """State of a connection that has not begun."""
        self._connection = 0
        self._line = bytearray()
        self._stream = bytearray()
        self._next_to_send = 0
        self._next_to_receive = 0
        self._unacknowledged: deque[Frame] = deque()
        self._window = 0
        self._largest_window = 0

    def open(self) -> None:
        """Open a new connection; raises `LinkError` when the board does not answer."""
        seen = self.statistics.bytes_received
        for _ in range(TRIES):
            self._forget()
            self._connection = self._random.randrange(1, 1 << 32)
            hello = Frame(FrameType.SABM, payload=self._connection.to_bytes(4, "little"))
            self._write(2 * DELIMITER + hello.to_bytes(self._connection))
            if self._await_answer():
                self.broken = False
                self.statistics.connections += 1
                return
        heard = self.statistics.bytes_received - seen
        what = f"{heard} bytes came, but no answer" if heard else "nothing came"
        self._fail(
            f"the board at {self.name} does not answer ({what}, {TRIES} tries). "
            "Is it the right port, at the board's baud rate? Is the bitstream loaded and the board "
            "powered? `spikeloom doctor` lists the ports"
        )

    def _await_answer(self) -> bool:
        deadline = self._now() + self.timeout / 2 + self._line_time(_MAX_ENCODED)
        while self._now() < deadline:
            for encoded in self._read(wait=True):
                try:
                    frame = Frame.from_bytes(encoded, self._connection)
                except FrameError:
                    continue
                if frame.type == FrameType.UA:
                    self._window = self._largest_window = frame.window
                    return True
        return False

    def reopen(self) -> None:
        """Abandon what was under way and open a new connection."""
        self.open()

    def close(self) -> None:
        """Close the port; closing twice does nothing."""
        self.broken = True
        self._port.close()

    def send(self, data: bytes, allowance: float = 0.0) -> None:
        """Send an even number of bytes; returns when the last frame has been written.

        `allowance` is how many seconds longer than usual the board may need to make room.
        """
        if len(data) % 2:
            raise ValueError(f"{len(data)} bytes; the stream has 16-bit units")
        self._check_open()
        rest = memoryview(data)
        while rest:
            size = self._await_room(len(rest), allowance)
            self._send_frame(bytes(rest[:size]))
            rest = rest[size:]
            self._pump(wait=False)

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """Wait for exactly `count` bytes of the stream."""
        self._check_open()
        self._wait(lambda: len(self._stream) >= count, allowance)
        data = bytes(self._stream[:count])
        del self._stream[:count]
        return data

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """Wait for the stream to go on; an even number of bytes, all that have come."""
        self._check_open()
        self._wait(lambda: len(self._stream) > 0, allowance)
        data = bytes(self._stream)
        self._stream.clear()
        return data

    def _check_open(self) -> None:
        if self.broken:
            raise LinkError(f"the connection to {self.name} is not open; call reopen()")

    def _fail(self, message: str) -> NoReturn:
        self.broken = True
        self.statistics.errors += 1
        raise LinkError(message)

    # Sending

    @property
    def _room(self) -> int:
        """Bytes that the board still has room for."""
        return self._window - sum(len(frame.payload) for frame in self._unacknowledged)

    def _await_room(self, wanted: int, allowance: float) -> int:
        """Wait until a frame of a reasonable size fits; returns its size."""
        # Half of the window becomes free at the latest when the board has emptied its buffer.
        size = min(wanted, MAX_PAYLOAD, max(2, self._largest_window // 4 * 2))

        def fits() -> bool:
            return len(self._unacknowledged) < _MAX_UNACKNOWLEDGED and self._room >= size

        self._wait(fits, allowance)
        return min(wanted, MAX_PAYLOAD, self._room // 2 * 2)

    def _send_frame(self, payload: bytes) -> None:
        frame = Frame(FrameType.I, self._next_to_send, self._next_to_receive, payload)
        self._next_to_send = (self._next_to_send + 1) % SEQUENCE_MODULUS
        self._unacknowledged.append(frame)
        self._write(frame.to_bytes(self._connection))

    def _write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            self._fail(f"{self.name} takes no more bytes; is anything connected to it?")
        except (serial.SerialException, OSError) as error:
            self._fail(f"{self.name} was lost: {error}")
        self.statistics.bytes_sent += len(data)
        self.statistics.frames_sent += 1

    # Receiving

    def _wait(self, ready: Callable[[], bool], allowance: float) -> None:
        """Take in frames until `ready`; a time without any byte longer than allowed is an error."""
        patience = self.timeout + allowance + self._line_time(self._largest_window + _MAX_ENCODED)
        deadline = self._now() + patience
        while not ready():
            if self._pump(wait=True):
                deadline = self._now() + patience
            elif self._now() >= deadline:
                waiting = sum(len(frame.payload) for frame in self._unacknowledged)
                self._fail(
                    f"nothing came from {self.name} for {patience:.1f} s "
                    f"({waiting} bytes unacknowledged): a frame was lost, or the board stopped. "
                    "The next command opens a new connection"
                )

    def _line_time(self, count: int) -> float:
        baudrate = getattr(self._port, "baudrate", None)
        return _BITS_PER_BYTE * count / baudrate if baudrate else 0.0

    def _pump(self, wait: bool) -> bool:
        """Take in what has come; whether anything did."""
        before = self.statistics.bytes_received
        for encoded in self._read(wait):
            try:
                frame = Frame.from_bytes(encoded, self._connection)
            except FrameError as error:
                self._fail(
                    f"a spoiled frame came from {self.name}: {error}. "
                    "Try a lower baud rate or a shorter cable"
                )
            self._take(frame)
        if len(self._line) > _MAX_ENCODED:
            self._fail(
                f"what came from {self.name} is too long for a frame; is the baud rate right?"
            )
        return self.statistics.bytes_received != before

    def _read(self, wait: bool) -> list[bytes]:
        """Encoded frames that are complete now."""
        try:
            waiting = self._port.in_waiting
            if not waiting and not wait:
                return []
            data = self._port.read(max(self._least_read, waiting) if wait else waiting)
        except (serial.SerialException, OSError) as error:
            self._fail(f"{self.name} was lost: {error}")
        self.statistics.bytes_received += len(data)
        self._line += data
        if DELIMITER not in data:
            return []
        *complete, rest = self._line.split(DELIMITER)
        self._line = rest
        return [bytes(encoded) for encoded in complete if encoded]

    def _take(self, frame: Frame) -> None:
        self.statistics.frames_received += 1
        if frame.type == FrameType.I:
            if frame.ns != self._next_to_receive:
                lost = (frame.ns - self._next_to_receive) % SEQUENCE_MODULUS
                self._fail(f"{lost} frame(s) from {self.name} were lost")
            self._next_to_receive = (self._next_to_receive + 1) % SEQUENCE_MODULUS
            self._stream += frame.payload
        elif frame.type == FrameType.RR:
            self._acknowledge(frame.nr)
            self._window = frame.window
            self._largest_window = max(self._largest_window, frame.window)
        elif frame.type == FrameType.REJ:
            self._acknowledge(frame.nr)
            self._fail(f"frame {frame.nr} did not reach the board at {self.name}")

    def _acknowledge(self, nr: int) -> None:
        """Forget the frames before number `nr`; the others stay, in order."""
        first = (self._next_to_send - len(self._unacknowledged)) % SEQUENCE_MODULUS
        count = (nr - first) % SEQUENCE_MODULUS
        if count > len(self._unacknowledged):
            self._fail(f"the board at {self.name} acknowledges frame {nr}, which was not sent")
        for _ in range(count):
            self._unacknowledged.popleft()
