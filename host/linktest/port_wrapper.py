"""What ports that do something to the line of another port have in common."""

from __future__ import annotations

import time
from typing import Any

from ..link.link import Port


class PortWrapper:
    """A port that does nothing but hand everything on to another one.

    Parameters
    ----------
    port : any pyserial port, or what behaves like one.  Whatever is not defined here (`baudrate`,
        `advance`, …) is that port's own, if it has it.
    """

    def __init__(self, port: Port) -> None:
        self.inner = port
        self.timeout: float | None = port.timeout

    def __getattr__(self, name: str) -> Any:
        if name == "inner":  # not yet there
            raise AttributeError(name)
        return getattr(self.inner, name)

    @property
    def baudrate(self) -> int:
        """Bits per second, of a port that has a line rate."""
        rate: int = self.inner.baudrate  # type: ignore[attr-defined]
        return rate

    @baudrate.setter
    def baudrate(self, rate: int) -> None:
        self.inner.baudrate = rate  # type: ignore[attr-defined]

    @property
    def in_waiting(self) -> int:
        """Bytes that `read` gives without waiting."""
        return self.inner.in_waiting

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes; fewer when `timeout` is over."""
        return self._read_inner(size, self.timeout)

    def write(self, data: bytes, /) -> int:
        """Send all of `data`."""
        self.inner.write(data)
        return len(data)

    def close(self) -> None:
        """Close the port behind this one."""
        self.inner.close()

    def _clock(self) -> float:
        """The port's own time in seconds; without one, the machine's."""
        now = getattr(self.inner, "now", time.monotonic)
        return float(now())

    def _read_inner(self, size: int, timeout: float | None) -> bytes:
        # Serial ports reconfigure themselves at every assignment.
        if self.inner.timeout != timeout:
            self.inner.timeout = timeout
        return self.inner.read(size)
