"""The link: a byte stream in each direction, over a line that loses bytes (docs/link.md)."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import warnings
from collections.abc import Callable
from typing import NoReturn, Protocol

import serial

from spikeloom.hdl.contract.errors import LineWarning, LinkError
from spikeloom.hdl.contract.frames import (
    CRC_BYTES,
    DELIMITER,
    HEADER_BYTES,
    MAX_PAYLOAD,
    MIN_LIMIT,
    SUPERVISORY_BYTES,
    Frame,
    FrameError,
    FrameType,
)

from .connection import Connection, LinkStatistics

__all__ = ["TIMEOUT", "Link", "LinkStatistics", "Port"]

TIMEOUT = 1.0
"""Seconds without any progress after which the board counts as silent."""
HELLO = 0.02
"""Seconds after which an unanswered SABM is sent again; for `TRIES` times `TIMEOUT`."""
TRIES = 2
POLL = 0.02
"""Seconds that one read of the port waits for its first byte, at most."""
SIMULATED_READ = 256
SIMULATED_POLL_BYTES = 30
"""A simulated line is read in pieces of so many bytes, or those that come while so many could: there
a call costs more than a little waiting.
"""
KEEP_ALIVE = 0.3
"""Seconds after which a board at a rate that is not its first one hears something."""
MOST_QUESTIONS = 3
"""Times that a question is repeated at once on a line that swallowed the one before."""
MOST_PATIENT_POLL = 0.25
"""Seconds from question to question, at most, while the board has nothing to say."""

_MAX_ENCODED = MAX_PAYLOAD + 2 * (HEADER_BYTES + CRC_BYTES)
_SHORT = HEADER_BYTES + SUPERVISORY_BYTES + CRC_BYTES + 2
_BITS_IN_BYTE, _BITS_PER_BYTE = 10, 12
"""On the line: 8N1, without and with some slack."""


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


class Link:
    """A connection to a board.  `open` it, then `send` and `receive`; `reopen` after a `LinkError`.

    What the line loses or spoils is sent again, in frames as long as the line deserves.  Sending does
    not wait for the board: frames are in flight while others are received, and neither side can
    block the other.  There is no thread that reads ahead: the board keeps what was not acknowledged,
    so nothing is lost while nobody reads.  One thread at a time may call, others wait.

    Parameters
    ----------
    port : an open serial port, or what behaves like one.
    timeout : seconds without any progress after which a `LinkError` is raised.
    name : what messages call the port.
    reconnect : opens the port anew after it was lost; without it, a lost port stays lost.
    """

    def __init__(
        self,
        port: Port,
        timeout: float = TIMEOUT,
        name: str = "the port",
        *,
        reconnect: Callable[[], Port] | None = None,
    ) -> None:
        self.name = name
        self.timeout = timeout
        self.statistics = LinkStatistics()
        self.broken = True
        self.cancelled: Callable[[], bool] = lambda: False
        """Asked while this waits for the board: whether nobody wants the answer any more."""
        self._reconnect = reconnect
        self._keeper: threading.Thread | None = None
        self._closed = threading.Event()
        self._lock = threading.RLock()
        self._random = random.SystemRandom()
        self._attach(port)
        self._connection = Connection(0, 0, self.statistics)

    def _attach(self, port: Port) -> None:
        self._port = port
        self._lost = False
        self._now: Callable[[], float] = getattr(port, "now", time.monotonic)
        simulated_line = hasattr(port, "now") and hasattr(port, "baudrate")
        self._least_read = SIMULATED_READ if simulated_line else 1
        self._poll = self._line_time(SIMULATED_POLL_BYTES) if simulated_line else POLL
        port.timeout = min(self._poll, self.timeout / 8)
        self._line = bytearray()
        self._round_trip = 0.0
        self._written_until = 0.0
        self._first_rate = self.baudrate

    def now(self) -> float:
        """The port's time, in seconds: simulated, or this computer's."""
        return self._now()

    @property
    def baudrate(self) -> int | None:
        """Bits per second, where the port has a rate."""
        return getattr(self._port, "baudrate", None)

    def set_baudrate(self, baud: int) -> None:
        """Go over to another rate; the board must have been told.

        A board that hears nothing for half a second to a second goes back to its first rate; from now
        on it hears something.
        """
        with self._lock:
            self._port.baudrate = baud  # type: ignore[attr-defined]
            if baud != self._first_rate and self._now is time.monotonic and self._keeper is None:
                self._keeper = threading.Thread(target=self._keep_alive, daemon=True)
                self._keeper.start()

    def _keep_alive(self) -> None:
        while not self._closed.wait(KEEP_ALIVE):
            with self._lock:
                if not self.broken:
                    with contextlib.suppress(LinkError):
                        self._write_frame(self._connection.acknowledgement())

    @property
    def round_trip(self) -> float:
        """Seconds from question to answer when the connection was opened."""
        return self._round_trip

    # Opening

    def open(self) -> None:
        """Open a new connection; raises `LinkError` when the board does not answer, or after `close`."""
        with self._lock:
            if self._closed.is_set():
                raise LinkError(f"the connection to {self.name} was closed; open the board anew")
            if self._lost and self._reconnect is not None:
                self._attach(self._reconnect())
            self._open()

    def _open(self) -> None:
        seen = self.statistics.bytes_received
        identifier = self._random.randrange(1, 1 << 32)
        hello = Frame(FrameType.SABM, payload=identifier.to_bytes(4, "little"))
        self._line.clear()
        deadline = self._now() + TRIES * self.timeout
        while self._now() < deadline:
            asked = self._now()
            self._write(2 * DELIMITER + hello.to_bytes(identifier))
            answer = self._await_answer(identifier)
            if answer is None and self._now() > deadline - TRIES * self.timeout / 2:
                self._back_to_first_rate()
            if answer is not None:
                self._round_trip = self._now() - asked
                self._connection = Connection(
                    identifier, answer.window, self.statistics, self._echo
                )
                self.broken = False
                self.statistics.connections += 1
                return
        heard = self.statistics.bytes_received - seen
        what = f"{heard} bytes came, but no answer" if heard else "nothing came"
        self._fail(
            f"the board at {self.name} does not answer ({what}, in {TRIES * self.timeout:g} s). "
            "Is it the right port, at the board's baud rate? Is the bitstream loaded and the board "
            "powered? `spikeloom doctor` lists the ports"
        )

    def _back_to_first_rate(self) -> None:
        """Where a board is that has not heard anything for a while."""
        if self.baudrate != self._first_rate:
            warnings.warn(
                f"{self.name}: nothing comes at {self.baudrate} baud; back to {self._first_rate}",
                LineWarning,
                stacklevel=4,
            )
            self._port.baudrate = self._first_rate  # type: ignore[attr-defined]

    def _await_answer(self, identifier: int) -> Frame | None:
        deadline = self._now() + min(HELLO, self.timeout) + self._line_time(_MAX_ENCODED)
        while self._now() < deadline:
            for encoded in self._read(wait=True):
                try:
                    frame = Frame.from_bytes(encoded, identifier)
                except FrameError:
                    continue
                if frame.type == FrameType.UA:
                    return frame
        return None

    def reopen(self) -> None:
        """Abandon what was under way and open a new connection."""
        self.open()

    def close(self) -> None:
        """Close the port; closing twice does nothing."""
        self.broken = True
        self._closed.set()
        self._port.close()

    # The streams

    def send(self, data: bytes, allowance: float = 0.0) -> None:
        """Send an even number of bytes; returns when the last frame has been written.

        `allowance` is how many seconds longer than usual the board may need to make room.
        """
        if len(data) % 2:
            raise ValueError(f"{len(data)} bytes; the stream has 16-bit units")
        with self._lock:
            self._check_open()
            self._connection.push(data)
            self._wait(lambda: not self._connection.unsent, allowance)

    def receive(self, count: int, allowance: float = 0.0) -> bytes:
        """Wait for exactly `count` bytes of the stream."""
        with self._lock:
            self._check_open()
            stream = self._connection.stream
            self._wait(lambda: len(stream) >= count, allowance)
            data = bytes(stream[:count])
            del stream[:count]
            return data

    def receive_some(self, allowance: float = 0.0) -> bytes:
        """Wait for the stream to go on; an even number of bytes, all that have come."""
        with self._lock:
            self._check_open()
            stream = self._connection.stream
            self._wait(lambda: len(stream) > 0, allowance)
            data = bytes(stream)
            stream.clear()
            return data

    def _check_open(self) -> None:
        if self.broken:
            raise LinkError(f"the connection to {self.name} is not open; call reopen()")

    def _fail(self, message: str) -> NoReturn:
        self.broken = True
        self.statistics.errors += 1
        raise LinkError(message)

    # Waiting

    def _wait(self, ready: Callable[[], bool], allowance: float) -> None:
        """Move frames until `ready`.

        Silence is answered with a question, which the board answers whatever it is doing; so a lost
        frame is found, and a board that is busy is told from one that is gone.
        """
        connection, statistics = self._connection, self.statistics
        patience = self.timeout + self._line_time(2 * _MAX_ENCODED)
        now = self._now()
        moved = alive = asked = now
        progress, frames = connection.progress, statistics.frames_received
        pause, unanswered = self._pause(), -1
        while not ready():
            heard = self._pump(wait=not self._transmit())
            if self.cancelled():
                self.broken = True
                raise LinkError(f"what {self.name} was to do was cancelled")
            now = self._now()
            if statistics.frames_received != frames:
                frames, alive = statistics.frames_received, now
            if connection.progress != progress:
                progress, moved, pause = connection.progress, now, self._pause()
            if heard:
                asked = now
            elif now - asked >= pause:
                unanswered = 0 if alive > asked else unanswered + 1
                pause = self._pause() if unanswered else min(2 * pause, MOST_PATIENT_POLL)
                self._ask(unanswered)
                asked = now
            if now - alive >= patience:
                self._fail(
                    f"nothing came from {self.name} for {now - alive:.1f} s "
                    f"({connection.in_flight} bytes unacknowledged): the cable was pulled, or the "
                    "board stopped. The next command opens a new connection"
                )
            if now - moved >= patience + allowance:
                self._fail(
                    f"the board at {self.name} answers, but has not gone on for {now - moved:.1f} s. "
                    "The next command opens a new connection"
                )

    def _ask(self, unanswered: int) -> None:
        """Ask the board where it is; more than once, and with what it may miss, if it was asked before."""
        connection = self._connection
        self.statistics.polls += 1
        if unanswered > 0:
            connection.send_again()
        for _ in range(min(1 + max(unanswered, 0), MOST_QUESTIONS)):
            self._write_frame(connection.rejection())

    def _pause(self) -> float:
        """Silence after which a frame may be thought lost."""
        connection = self._connection
        return self._echo(connection.in_flight + connection.frame_bytes) + self._poll

    def _echo(self, count: int) -> float:
        """Time from question to answer, with so many bytes on the line before it."""
        overhead = count // MIN_LIMIT * (HEADER_BYTES + CRC_BYTES) // 4 + 4 * _SHORT
        return 2 * self._round_trip + self._line_time(count + overhead)

    def _line_time(self, count: int) -> float:
        baudrate = getattr(self._port, "baudrate", None)
        return _BITS_PER_BYTE * count / baudrate if baudrate else 0.0

    # Frames and bytes

    def _pump(self, wait: bool) -> bool:
        """Take in what has come; whether anything did."""
        before = self.statistics.bytes_received
        for encoded in self._read(wait):
            try:
                self._connection.take(encoded, self._now())
            except LinkError as error:
                self._fail(f"{self.name}: {error}")
        return self.statistics.bytes_received != before

    def _transmit(self) -> bool:
        """Send what is due; whether there may be more."""
        connection = self._connection
        if connection.reject:
            self._write_frame(connection.rejection())
        # What is on its way to the board lasts until it may have made more room.
        busy = self._written_until - self._now() > self._round_trip / 2
        frame = connection.next_frame(hurry=not busy)
        if frame is not None:
            self._write_frame(frame)
        elif connection.owes_acknowledgement:
            self._write_frame(connection.acknowledgement())
        return frame is not None

    def _write_frame(self, frame: Frame) -> None:
        self._write(frame.to_bytes(self._connection.identifier))

    def _write(self, data: bytes) -> None:
        try:
            self._port.write(data)
        except serial.SerialTimeoutException:
            self._lose(f"{self.name} takes no more bytes; is anything connected to it?")
        except (serial.SerialException, OSError) as error:
            self._lose(f"{self.name} was lost: {error}")
        least = self._line_time(len(data)) * _BITS_IN_BYTE / _BITS_PER_BYTE
        self._written_until = max(self._written_until, self._now()) + least
        self.statistics.bytes_sent += len(data)
        self.statistics.frames_sent += 1

    def _read(self, wait: bool) -> list[bytes]:
        """Encoded frames that are complete now."""
        try:
            waiting = self._port.in_waiting
            if not waiting and not wait:
                return []
            data = self._port.read(max(self._least_read, waiting) if wait else waiting)
        except (serial.SerialException, OSError) as error:
            self._lose(f"{self.name} was lost: {error}")
        self.statistics.bytes_received += len(data)
        self._line += data
        if DELIMITER not in data:
            if len(self._line) > _MAX_ENCODED:
                self._line.clear()  # noise without an end; what follows is no frame either
            return []
        *complete, rest = self._line.split(DELIMITER)
        self._line = rest
        return [bytes(encoded) for encoded in complete if encoded]

    def _lose(self, message: str) -> NoReturn:
        self._lost = True
        self._fail(message)
