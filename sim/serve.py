"""A twin behind a pseudo-terminal, for any program that opens serial ports (POSIX)."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable
from pathlib import Path

from spikeloom.errors import InputError, PortError
from spikeloom.hdl import CoreConfig

from .twin import TwinPort, open_port
from .twin.build import BAUD

_SLICE_SECONDS = 1e-3
"""Simulated time between two looks at the terminal."""
_IDLE_AFTER = 0.25
_IDLE_WAIT = 0.02
"""Seconds: a line that was silent so long is looked at less often, to leave the processor alone."""


class PseudoTerminal:
    """A pair of terminals without any line discipline; `name` is what clients open."""

    def __init__(self, link: Path | None = None) -> None:
        try:
            import tty
        except ImportError:
            raise PortError(
                "this system has no pseudo-terminals; use the twin from Python: "
                'spikeloom.open("twin:", design)'
            ) from None
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.name = os.ttyname(self._slave)
        self._link = link
        if link is not None:
            if link.exists() and not link.is_symlink():
                raise InputError(f"{link} exists; choose another path for the port")
            link.unlink(missing_ok=True)
            link.symlink_to(self.name)

    def read(self) -> bytes:
        """What clients have written."""
        try:
            return os.read(self.master, 65536)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """Give bytes to the client; returns how many it had room for."""
        try:
            return os.write(self.master, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """Close both ends and remove the link."""
        os.close(self.master)
        os.close(self._slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)


def serve(
    config: CoreConfig,
    *,
    link: Path | None = None,
    rate: float | None = None,
    baud: int = BAUD,
    ready: Callable[[str], None] | None = None,
    running: Callable[[], bool] = lambda: True,
) -> None:
    """Simulate the chip behind a pseudo-terminal until interrupted.

    Parameters
    ----------
    link : path under which the port is available too.
    rate : simulated seconds per second, at most; None: as fast as the line is used.
    baud : of the simulated line.
    ready : called with the port's name once it can be opened; default: print it.
    running : asked now and then whether to go on.
    """
    if rate is not None and rate <= 0:
        raise InputError(f"rate is {rate}; give a number above 0")
    with open_port(config, baud=baud) as port, contextlib.closing(PseudoTerminal(link)) as terminal:
        (ready or _announce)(str(link or terminal.name))
        with contextlib.suppress(KeyboardInterrupt):
            _shuttle(port, terminal, rate, running)


def _announce(name: str) -> None:
    print(f"A simulated board is at {name} (Ctrl-C ends it)", flush=True)


def _shuttle(
    port: TwinPort, terminal: PseudoTerminal, rate: float | None, running: Callable[[], bool]
) -> None:
    """Move bytes both ways, a slice of simulated time after the other."""
    outgoing = b""
    active = began = time.monotonic()
    while running():
        incoming = terminal.read()
        if incoming:
            port.write(incoming)
        # What the client does not take stays here, and the board's own buffers fill up behind it.
        if not outgoing:
            port.advance(_SLICE_SECONDS)
            outgoing = port.read(port.in_waiting)
        outgoing = outgoing[terminal.write(outgoing) :] if outgoing else b""

        now = time.monotonic()
        if incoming or outgoing or port.out_waiting:
            active = now
        ahead = port.now() / rate - (now - began) if rate else 0.0
        idle = _IDLE_WAIT if now - active > _IDLE_AFTER else 0.0
        if max(ahead, idle) > 0:
            select.select([terminal.master], [], [], min(max(ahead, idle), 0.1))
