"""What the link needs of a serial port, and what a port may offer beyond that."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

__all__ = ["Port", "clock_of", "has_clock", "rate_of"]


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


def has_clock(port: Port) -> bool:
    """Whether the port has its own, simulated time."""
    return hasattr(port, "now")


def clock_of(port: Port) -> Callable[[], float]:
    """The port's own time in seconds; this computer's for a port that has none."""
    clock: Callable[[], float] = getattr(port, "now", time.monotonic)
    return clock


def rate_of(port: Port) -> int | None:
    """Bits per second of the port; None for a port without a line rate."""
    rate: int | None = getattr(port, "baudrate", None)
    return rate
