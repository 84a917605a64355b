"""A twin behind a pseudo-terminal, for any program that opens serial ports (POSIX)."""

from __future__ import annotations

import contextlib
import os
import select
import time
from collections.abc import Callable
from pathlib import Path

from spikeloom.design.design import Design
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import InputError, PortError
from spikeloom.link.link import Link
from spikeloom.link.port_owner import TWIN, Claim

from . import TwinPort, open_port
from .build import BAUD

_SLICE_SECONDS = 1e-4
_IDLE_SLICE_SECONDS = 1e-3
"""Simulated time between two looks at the terminal."""
_IDLE_AFTER = 0.25
_IDLE_WAIT = 0.02
"""Seconds: a line that was silent so long is looked at less often, to leave the processor alone."""


class PseudoTerminal:
    """A pair of terminals without any line discipline, which the user's `spikeloom devices` finds.

    It can be unplugged and plugged in again, as the cable of a board can: clients lose their port,
    and find another one, under another name if there is no `link`.  What is written meanwhile is lost.

    Parameters
    ----------
    link : path under which clients find it too.

    Attributes
    ----------
    name : what clients open.
    """

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._ends: tuple[int, int] | None = None
        if link is not None:
            _check_link(link)
        self._plug()

    def set_plugged(self, plugged: bool) -> None:
        """Plug it in, or unplug it, if it is not so already."""
        if plugged and self._ends is None:
            self._plug()
        elif not plugged:
            self.close()

    def _plug(self) -> None:
        try:
            import tty
        except ImportError:
            raise PortError(
                "this system has no pseudo-terminals; use the twin from Python: "
                'spikeloom.open("twin:", design)'
            ) from None
        self._ends = master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.name = os.ttyname(slave)
        if self._link is not None:
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(self.name)
            self.name = str(self._link.absolute())
        self._claim = Claim.take(self.name, TWIN)

    def close(self) -> None:
        """Take the port away; twice does nothing."""
        if self._ends is None:
            return
        if self._claim is not None:
            self._claim.release()
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None

    def read(self) -> bytes:
        """What clients have written."""
        if self._ends is None:
            return b""
        try:
            return os.read(self._ends[0], 65536)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """Give bytes to the client; returns how many it had room for."""
        if self._ends is None:
            return len(data)
        try:
            return os.write(self._ends[0], data)
        except BlockingIOError:
            return 0

    def wait(self, seconds: float) -> None:
        """Wait for bytes from clients."""
        select.select([self._ends[0]] if self._ends else [], [], [], seconds)


def serve(
    config: CoreConfig | FabricConfig,
    *,
    link: Path | None = None,
    rate: float | None = None,
    baud: int = BAUD,
    design: Design | None = None,
    ready: Callable[[str], None] | None = None,
    running: Callable[[], bool] = lambda: True,
    plugged: Callable[[], bool] = lambda: True,
) -> None:
    """Simulate the chip behind a pseudo-terminal until interrupted.

    `spikeloom devices` of the same user finds it.  A pseudo-terminal has no line rate, and programs
    may set any: the simulated line is always as fast as the chip's UART, which a host may change.

    Parameters
    ----------
    link : path under which the port is available too.
    rate : simulated seconds per second, at most; None: as fast as the line is used.
    baud : of the simulated line after power-up.
    design : is loaded before anybody can open the port; for `config`.
    ready : called with the port's name once it can be opened; default: print it.
    running : asked now and then whether to go on.
    plugged : asked now and then whether the cable is in; the chip lives on without it.
    """
    if link is not None:
        _check_link(link)
    if rate is not None and rate <= 0:
        raise InputError(f"rate is {rate}; give a number above 0")
    with open_port(config, baud=baud) as port, contextlib.closing(PseudoTerminal(link)) as terminal:
        port.follow_rate()
        if design is not None:
            Board(Link(port), design).load()
            port.timeout = None
        (ready or _announce)(terminal.name)
        with contextlib.suppress(KeyboardInterrupt):
            _shuttle(port, terminal, rate, running, plugged)


def _check_link(link: Path) -> None:
    """Raise `InputError` for a path that no port can have."""
    if link.exists() and not link.is_symlink():
        raise InputError(f"{link} exists; choose another path for the port")
    if not link.parent.is_dir():
        raise InputError(f"there is no folder {link.parent}, in which the port {link} would be")


def _announce(name: str) -> None:
    print(f"A simulated board is at {name} (Ctrl-C ends it)", flush=True)


def _shuttle(
    port: TwinPort,
    terminal: PseudoTerminal,
    rate: float | None,
    running: Callable[[], bool],
    plugged: Callable[[], bool],
) -> None:
    """Move bytes both ways, a slice of simulated time after the other."""
    outgoing = b""
    active = began = time.monotonic()
    idle = 0.0
    while running():
        terminal.set_plugged(plugged())
        incoming = terminal.read()
        if incoming:
            port.write(incoming)
        # What the client does not take stays here, and the board's own buffers fill up behind it.
        if not outgoing:
            port.advance(_IDLE_SLICE_SECONDS if idle else _SLICE_SECONDS)
            outgoing = port.read(port.in_waiting)
        outgoing = outgoing[terminal.write(outgoing) :] if outgoing else b""

        now = time.monotonic()
        if incoming or outgoing or port.out_waiting:
            active = now
        ahead = port.now() / rate - (now - began) if rate else 0.0
        idle = _IDLE_WAIT if now - active > _IDLE_AFTER else 0.0
        if max(ahead, idle) > 0:
            terminal.wait(min(max(ahead, idle), 0.1))
