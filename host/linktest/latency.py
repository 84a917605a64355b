"""A line that takes its time: latency on top of a simulated port's own timing."""

from __future__ import annotations

import math
from collections import deque

from spikeloom.hdl.contract.errors import InputError

from ..link.link import Port
from .port_wrapper import PortWrapper

_RESOLUTION = 1 / 64
"""Of the latency: arrivals from the inner port are looked for so often."""

_Packets = deque[tuple[float, bytes]]
"""Bytes, and when they arrive at the far end, in order."""


class LatencyPort(PortWrapper):
    """A simulated port behind a delay: what enters one end leaves the other so much later.

    As at the port behind it, time passes only while a client waits.

    Parameters
    ----------
    port : has its own time: `now()` and `advance(seconds)`, as a twin's port has.
    seconds : latency of each direction, in that time.  Bytes from `port` may take 1/64 longer.
    """

    def __init__(self, port: Port, seconds: float) -> None:
        super().__init__(port)
        if not (hasattr(port, "now") and hasattr(port, "advance")):
            raise InputError(
                "latency is simulated; give a port with a time of its own, as twins have"
            )
        if not seconds >= 0:
            raise InputError(f"the latency is {seconds} s; give 0 or more")
        self.seconds = seconds
        self._outgoing: _Packets = deque()
        self._incoming: _Packets = deque()
        self._arrived = bytearray()

    @property
    def in_waiting(self) -> int:
        """Bytes that `read` gives without waiting."""
        self._exchange()
        return len(self._arrived)

    @property
    def out_waiting(self) -> int:
        """Bytes that the line has not taken yet."""
        queued: int = self.inner.out_waiting  # type: ignore[attr-defined]
        return queued + sum(len(data) for _, data in self._outgoing)

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes; fewer when `timeout` is over."""
        if not self.seconds and not self._arrived:
            return super().read(size)
        end = math.inf if self.timeout is None else self._clock() + self.timeout
        self._exchange()
        while len(self._arrived) < size and self._clock() < end:
            self._step(end)
        data = bytes(self._arrived[:size])
        del self._arrived[:size]
        return data

    def write(self, data: bytes, /) -> int:
        """Send all of `data`."""
        self._outgoing.append((self._clock() + self.seconds, data))
        self._exchange()
        return len(data)

    def flush(self) -> None:
        """Wait until the line has taken everything."""
        while self.out_waiting:
            self._step(math.inf)

    def advance(self, seconds: float) -> None:
        """Let simulated time pass."""
        end = self._clock() + seconds
        while self._clock() < end:
            self._step(end)

    def _step(self, end: float) -> None:
        """Let time pass until something may be due, at most until `end`."""
        now = self._clock()
        due = [packets[0][0] for packets in (self._outgoing, self._incoming) if packets]
        until = min(end, now + max(self.seconds * _RESOLUTION, 1e-6), *due)
        self.inner.advance(until - now)  # type: ignore[attr-defined]
        self._exchange()

    def _exchange(self) -> None:
        """Move what is due."""
        now = self._clock()
        while self._outgoing and self._outgoing[0][0] <= now:
            self.inner.write(self._outgoing.popleft()[1])
        if waiting := self.inner.in_waiting:
            self._incoming.append((now + self.seconds, self.inner.read(waiting)))
        while self._incoming and self._incoming[0][0] <= now:
            self._arrived += self._incoming.popleft()[1]
