"""The link: a byte stream in each direction, over a line that loses bytes (docs/reference/link.md)."""

from __future__ import annotations

import contextlib
import random
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import NoReturn

from spikeloom.hdl.contract.errors import LineWarning, LinkError
from spikeloom.hdl.contract.frames import (
    CRC_BYTES,
    DELIMITER,
    HEADER_BYTES,
    MIN_LIMIT,
    SUPERVISORY_BYTES,
    Frame,
    FrameError,
    FrameType,
)

from .connection import Connection, LinkStatistics
from .line import MAX_ENCODED, Line
from .port import Port

__all__ = ["TIMEOUT", "Link", "LinkStatistics", "Port"]

TIMEOUT = 1.0
"""Seconds without any progress after which the board counts as silent."""
SABM_RETRY_S = 0.02
"""Seconds after which an unanswered SABM is sent again; for `TRIES` times `TIMEOUT`."""
MAX_SABM_DOUBLINGS = 2
"""Each time they are twice as many, so often."""
TRIES = 2
KEEP_ALIVE_S = 0.3
"""Seconds between the frames that keep a board at a negotiated rate."""
MAX_REJ_REPEATS = 3
"""Times that a REJ is repeated at once on a line that swallowed the one before."""
MIN_POLLS = 8
"""Questions without an answer, or without any other effect, before that counts as an error."""
MAX_PATIENCES = 2
"""Times that a time-out is waited for when there were fewer."""
MAX_POLL_S = 0.25
"""Seconds from poll to poll, at most, while the board has nothing to say."""

_SHORT = HEADER_BYTES + SUPERVISORY_BYTES + CRC_BYTES + 2


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
        self._users = threading.RLock()
        self._random = random.SystemRandom()
        self._attach(port)
        self._connection = Connection(0, 0, self.statistics)

    def _attach(self, port: Port) -> None:
        self._line = Line(port, self.statistics, self.timeout, self.name)
        self._round_trip = 0.0

    @property
    def attached(self) -> bool:
        """False: this process has the port."""
        return False

    @property
    def shared(self) -> bool:
        """False: other processes cannot use it."""
        return False

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Keep other threads out; yields False, as nobody else can have had the port.

        May be nested.
        """
        with self._users:
            yield False

    def now(self) -> float:
        """The port's time, in seconds: simulated, or this computer's."""
        return self._line.now()

    @property
    def baudrate(self) -> int | None:
        """Bits per second, where the port has a rate."""
        return self._line.rate

    def set_baudrate(self, baud: int) -> None:
        """Go over to another rate; the board must have been told.

        A board that hears nothing for half a second to a second goes back to its first rate; from now
        on it hears something.
        """
        with self._lock:
            self._line.rate = baud
            if baud != self._line.first_rate and not self._line.simulated and not self._keeper:
                self._keeper = threading.Thread(target=self._keep_alive, daemon=True)
                self._keeper.start()

    def _keep_alive(self) -> None:
        while not self._closed.wait(KEEP_ALIVE_S):
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
            if self._line.lost and self._reconnect is not None:
                self._attach(self._reconnect())
            self._open()

    def _open(self) -> None:
        seen = self.statistics.bytes_received
        identifier = self._random.randrange(1, 1 << 32)
        hello = Frame(FrameType.SABM, payload=identifier.to_bytes(4, "little"))
        self._line.discard()
        began, tries = self.now(), 0
        deadline = began + TRIES * self.timeout
        while self.now() < deadline:
            asked = self.now()
            self._write(2 * DELIMITER + hello.to_bytes(identifier))
            pause = SABM_RETRY_S * 2 ** min(tries, MAX_SABM_DOUBLINGS)
            answer, tries = self._await_answer(identifier, FrameType.UA, pause), tries + 1
            if answer is None and self.now() > deadline - TRIES * self.timeout / 2:
                self._back_to_first_rate()
            if answer is not None:
                self._connection = Connection(
                    identifier, answer.window, self.statistics, self._echo
                )
                self._round_trip = self.now() - asked
                if tries > 1:
                    self._measure(self.now() - began)
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
        line = self._line
        if line.rate != line.first_rate:
            warnings.warn(
                f"{self.name}: nothing comes at {line.rate} baud; back to {line.first_rate}",
                LineWarning,
                stacklevel=4,
            )
            line.rate = line.first_rate

    def _measure(self, patience: float) -> None:
        """Take the round trip from a question of its own, if its answer comes in so many seconds.

        Of several SABMs, which all look the same, it is not known which one was answered: the last
        on a line that loses frames, an earlier one when the board is slow.
        """
        identifier = self._connection.identifier
        began = self.now()
        self._write_frame(self._connection.rejection())
        if self._await_answer(identifier, FrameType.RR, patience):
            self._round_trip = self.now() - began

    def _await_answer(self, identifier: int, kind: FrameType, least: float) -> Frame | None:
        deadline = self.now() + min(least, self.timeout) + self._line.time_of(MAX_ENCODED)
        while self.now() < deadline:
            for encoded in self._read(wait=True):
                try:
                    frame = Frame.from_bytes(encoded, identifier)
                except FrameError:
                    continue
                if frame.type == kind:
                    return frame
        return None

    def reopen(self) -> None:
        """Abandon what was under way and open a new connection."""
        self.open()

    def close(self) -> None:
        """Close the port; closing twice does nothing."""
        self.broken = True
        self._closed.set()
        self._line.close()

    # The streams

    def send(self, data: bytes, allowance: float = 0.0, run: object = None) -> None:
        """Send an even number of bytes; returns when the last frame has been written.

        `allowance` is how many seconds longer than usual the board may need to make room.  `run` is
        for shared links: here the caller finishes what is cut short.
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
        patience = self.timeout + self._line.time_of(2 * MAX_ENCODED)
        now = self.now()
        moved = alive = asked = now
        progress, frames = connection.progress, statistics.frames_received
        pause, unanswered, polls = self._pause(), -1, 0
        while not ready():
            heard = self._pump(wait=not self._transmit())
            if self.cancelled():
                self.broken = True
                raise LinkError(f"what {self.name} was to do was cancelled")
            now = self.now()
            if statistics.frames_received != frames:
                frames, alive = statistics.frames_received, now
            if connection.progress != progress:
                progress, moved, pause, polls = connection.progress, now, self._pause(), 0
            if heard:
                asked = now
            elif now - asked >= pause:
                unanswered = 0 if alive > asked else unanswered + 1
                # Lost, or slower than when the connection was opened: the more, the longer it waits.
                longer = self._pause() * 2 ** min(unanswered, 3) if unanswered else 2 * pause
                pause = max(self._pause(), min(longer, MAX_POLL_S))
                self._ask(unanswered)
                asked, polls = now, polls + 1
            tried = polls >= MIN_POLLS or now - moved >= MAX_PATIENCES * patience + allowance
            if now - alive >= patience and tried:
                self._fail(
                    f"nothing came from {self.name} for {now - alive:.1f} s "
                    f"({connection.in_flight} bytes unacknowledged): the cable was pulled, or the "
                    "board stopped. The next command opens a new connection"
                )
            if now - moved >= patience + allowance > now - alive and tried:
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
        for _ in range(min(1 + max(unanswered, 0), MAX_REJ_REPEATS)):
            self._write_frame(connection.rejection())

    def _pause(self) -> float:
        """Silence after which a frame may be thought lost."""
        connection = self._connection
        return self._echo(connection.in_flight + connection.frame_bytes) + self._line.poll

    def _echo(self, count: int) -> float:
        """Time from question to answer, with so many bytes on the line before it."""
        overhead = count // MIN_LIMIT * (HEADER_BYTES + CRC_BYTES) // 4 + 4 * _SHORT
        return 2 * self._round_trip + self._line.time_of(count + overhead)

    # Frames and bytes

    def _pump(self, wait: bool) -> bool:
        """Take in what has come; whether anything did."""
        before = self.statistics.bytes_received
        for encoded in self._read(wait):
            try:
                self._connection.take(encoded, self.now())
            except LinkError as error:
                self._fail(f"{self.name}: {error}")
        return self.statistics.bytes_received != before

    def _transmit(self) -> bool:
        """Send what is due; whether there may be more."""
        connection = self._connection
        if connection.reject:
            self._write_frame(connection.rejection())
        # What is on its way to the board lasts until it may have made more room.
        busy = self._line.backlog > self._round_trip / 2
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
            self._line.write(data)
        except LinkError as error:
            self._fail(str(error))

    def _read(self, wait: bool) -> list[bytes]:
        try:
            return self._line.read(wait)
        except LinkError as error:
            self._fail(str(error))
