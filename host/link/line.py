"""The line behind a port: encoded frames in and out, and how long they take."""

from __future__ import annotations

from typing import NoReturn

import serial

from spikeloom.hdl.contract.errors import LinkError
from spikeloom.hdl.contract.frames import CRC_BYTES, DELIMITER, HEADER_BYTES, MAX_PAYLOAD

from .connection import LinkStatistics
from .port import Port, clock_of, has_clock, rate_of

MAX_ENCODED = MAX_PAYLOAD + 2 * (HEADER_BYTES + CRC_BYTES)
"""Bytes of the longest frame on the line, with some slack."""
POLL = 0.02
"""Seconds that one read of the port waits for its first byte, at most."""
SIMULATED_READ = 256
SIMULATED_POLL_BYTES = 30
"""A simulated line is read in pieces of SIMULATED_READ bytes, or what arrives in the time of
SIMULATED_POLL_BYTES: a call costs more there than a little waiting.
"""

_BITS_IN_BYTE, _BITS_PER_BYTE = 10, 12
"""On the line: 8N1, without and with some slack."""


class Line:
    """One open port as a carrier of frames.

    Parameters
    ----------
    port : an open serial port, or what behaves like one.
    statistics : where the bytes and frames that pass are counted.
    timeout : seconds of silence after which a board counts as silent; a read waits for an eighth of it
        at most.
    name : what messages call the port.

    Attributes
    ----------
    first_rate : bits per second at which the port was opened; None without a line rate.
    poll : seconds that one read waits for its first byte, at most.
    lost : whether the port failed, so that only a new one can help.
    """

    def __init__(self, port: Port, statistics: LinkStatistics, timeout: float, name: str) -> None:
        self.port = port
        self.name = name
        self.lost = False
        self.now = clock_of(port)
        self.simulated = has_clock(port)
        self.first_rate = rate_of(port)
        self._statistics = statistics
        self._least_read, self.poll = 1, POLL
        if self.simulated and self.first_rate is not None:
            self._least_read, self.poll = SIMULATED_READ, self.time_of(SIMULATED_POLL_BYTES)
        port.timeout = min(self.poll, timeout / 8)
        self._incomplete = bytearray()
        self._written_until = 0.0

    @property
    def rate(self) -> int | None:
        """Bits per second; None for a port without a line rate."""
        return rate_of(self.port)

    @rate.setter
    def rate(self, baud: int | None) -> None:
        self.port.baudrate = baud  # type: ignore[attr-defined]

    def time_of(self, count: int) -> float:
        """Seconds that `count` bytes take, with some slack; 0 for a port without a line rate."""
        rate = self.rate
        return _BITS_PER_BYTE * count / rate if rate else 0.0

    @property
    def backlog(self) -> float:
        """Seconds until what has been written has left, at the earliest."""
        return self._written_until - self.now()

    def write(self, data: bytes) -> None:
        """Send one encoded frame with its delimiters.  Raises `LinkError` when the port is lost."""
        try:
            self.port.write(data)
        except serial.SerialTimeoutException:
            self._lose(f"{self.name} takes no more bytes; is anything connected to it?")
        except (serial.SerialException, OSError, TypeError) as error:  # or is just being closed
            self._lose(f"{self.name} was lost: {error}")
        least = self.time_of(len(data)) * _BITS_IN_BYTE / _BITS_PER_BYTE
        self._written_until = max(self._written_until, self.now()) + least
        self._statistics.bytes_sent += len(data)
        self._statistics.frames_sent += 1

    def read(self, wait: bool) -> list[bytes]:
        """Encoded frames that are complete; `wait` for a first byte if none is there.

        Raises `LinkError` when the port is lost.
        """
        try:
            waiting = self.port.in_waiting
            if not waiting and not wait:
                return []
            data = self.port.read(max(self._least_read, waiting) if wait else waiting)
        except (serial.SerialException, OSError) as error:
            self._lose(f"{self.name} was lost: {error}")
        self._statistics.bytes_received += len(data)
        self._incomplete += data
        if DELIMITER not in data:
            if len(self._incomplete) > MAX_ENCODED:
                self.discard()  # endless noise; what follows is no frame either
            return []
        *complete, rest = self._incomplete.split(DELIMITER)
        self._incomplete = rest
        return [bytes(encoded) for encoded in complete if encoded]

    @property
    def incomplete(self) -> int:
        """Bytes that have come of a frame that is not complete."""
        return len(self._incomplete)

    def discard(self) -> None:
        """Forget what has come of an incomplete frame."""
        self._incomplete.clear()

    def close(self) -> None:
        """Close the port."""
        self.port.close()

    def _lose(self, message: str) -> NoReturn:
        self.lost = True
        raise LinkError(message)
