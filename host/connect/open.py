"""`spikeloom.open`: one call for golden model, simulated twin and board."""

from __future__ import annotations

import contextlib
import errno
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import serial
from serial.tools import list_ports

from spikeloom.hdl.contract.errors import InputError, LinkError, PortError

from ..bus.line_rate import tune
from ..link.link import TIMEOUT, Link, Port

if TYPE_CHECKING:
    from ..bus.bus import BoardLink
    from ..design.design import Design
    from ..device.device import Device
    from ..driver.board import Board
    from ..link.port_owner import Claim

GOLDEN = "golden:"
TWIN = "twin:"
NETLIST = "netlist:"
_WRITE_TIMEOUT = 5.0


def open(
    where: str | None = None,
    design: Design | None = None,
    *,
    load: bool | None = None,
    baud: int | None = None,
    line_rate: int | None = None,
    timeout: float = TIMEOUT,
    progress: bool | None = None,
    share: bool = True,
    **options: Any,
) -> Device:
    """Open a device and load `design` into it.

    A serial port has one owner, the process that opened it first; the user's other processes that
    open it share the board through the owner, each call whole (see `Board`).  Opening a board that
    somebody has open already never loads over the network that runs there, unless `load=True` says
    so: the board must then hold the image of `design`.

    Parameters
    ----------
    where : "golden:" for the golden model; "twin:" for the simulated board (both need a design);
        "netlist:" and a board's name ("netlist:icebreaker") for its synthesised netlist, simulated
        with the core that the board gets by default; or a serial port: a name ("/dev/ttyUSB1",
        "COM5") or a pyserial URL ("socket://host:port").  Default: the serial port of the one board
        that there is (`spikeloom devices`).
    design : the network.  A board may be opened without one, to ask who it is.
    load : write the image of `design`; False leaves a board as it is, whatever it holds.  Default:
        load, unless another process has the board open.
    baud : bits per second; default: those that the known boards are built with, one after another.
    line_rate : bits per second to go over to once the board has answered; where the line does not
        carry them, or not even its own rate, a lower one is taken and a `LineWarning` says so.
    timeout : seconds without any progress after which the board counts as silent.
    progress : show progress bars; None: when stderr is a terminal.
    share : let the user's other processes share the port while it is open here, or share that of
        its owner.  URLs are not shared.
    options : for the twin, `spikeloom.sim.twin.open_port`; for a netlist,
        `spikeloom.sim.twin.netlist.open_netlist`; for ports, pyserial's `serial_for_url`.

    Raises
    ------
    PortError : no such port, no permission, or busy; the message names the ports that there are, or
        the process that has it.  Without `where`: there is no board, or more than one.
    LinkError : the board does not answer.
    WrongBoardError : the board was built for another configuration.
    BoardRefusedError : somebody has the board open, and it does not hold the image of `design`.
    """
    if where is None:
        from .discovery import the_one

        where = the_one(baud=baud, **options)
    if where == GOLDEN:
        from ..device.golden import GoldenDevice

        return GoldenDevice(_needed(where, design))
    if where == TWIN:
        chip = _needed(where, design).chip
        from spikeloom.sim import twin

        if baud is not None:
            options["baud"] = baud
        port: Port = twin.open_port(chip, **options)
        board = _board(_tuned(Link(port, timeout, where), line_rate), design, progress)
    elif where.startswith(NETLIST):
        from spikeloom.sim.twin.netlist import open_netlist

        if baud is not None:
            raise InputError(f"baud is {baud}; the line rate of a netlist is its board's: omit it")
        port = open_netlist(where.removeprefix(NETLIST), **options)
        board = _board(_tuned(Link(port, timeout, where), line_rate), design, progress)
    else:
        board = _open_port(where, design, baud, line_rate, timeout, progress, share, options)
    try:
        if load is None and design is not None and getattr(board.link, "attached", False):
            board.require_image()
        elif load is not False and design is not None:
            board.load()
    except BaseException:
        board.close()
        raise
    return board


def _needed(where: str, design: Design | None) -> Design:
    if design is None:
        raise InputError(f'open("{where}") needs a design: open("{where}", design)')
    return design


def _board(link: BoardLink, design: Design | None, progress: bool | None) -> Board:
    from ..driver.board import Board

    return Board(link, design, progress=progress)


def _open_port(
    where: str,
    design: Design | None,
    baud: int | None,
    line_rate: int | None,
    timeout: float,
    progress: bool | None,
    share: bool,
    options: dict[str, Any],
) -> Board:
    from ..sharing.shared_link import SharedLink

    def open_port(claim: Claim | None) -> Link:
        return open_link(where, baud, timeout, claim, line_rate=line_rate, **options)

    if "://" in where:
        return _board(open_port(None), design, progress)
    return _board(SharedLink(where, open_port, share=share), design, progress)


def _tuned(link: Link, line_rate: int | None) -> Link:
    """Open the link, and bring the line to its rate; a link that can not be opened is closed."""
    try:
        link.open()
        tune(link, line_rate)
    except BaseException:
        link.close()
        raise
    return link


def open_link(
    where: str,
    baud: int | None,
    timeout: float,
    claim: Claim | None = None,
    *,
    line_rate: int | None = None,
    **options: Any,
) -> Link:
    """A port with an open link, at the first rate at which the board answers.

    `claim` follows the port's name when the port is opened again after it was lost.
    """
    rates = [baud] if baud is not None else default_rates()
    for rate in rates:
        name = where if "://" in where else f"{where} at {rate} baud"
        plug = partial(_plug, where, rate, claim, options)
        try:
            return _tuned(Link(plug(), timeout, name, reconnect=plug), line_rate)
        except LinkError:
            if rate == rates[-1]:
                raise
    raise InputError("no baud rate was given")


def _plug(where: str, rate: int, claim: Claim | None, options: dict[str, Any]) -> Port:
    """Open a port, whatever its name leads to now."""
    if claim is not None:
        claim.follow()
    return open_serial(where, rate, **options)


def default_rates() -> list[int]:
    """Baud rates that the known boards are built with."""
    from spikeloom.boards import BOARDS

    return list(dict.fromkeys(board.baud for board in BOARDS.values()))


def open_serial(where: str, baud: int, **options: Any) -> Port:
    """Open a port with pyserial; every failure is a `PortError` that says what would work."""
    if "://" not in where:
        options = {"exclusive": True, **options}
    try:
        port = serial.serial_for_url(where, baudrate=baud, write_timeout=_WRITE_TIMEOUT, **options)
    except (serial.SerialException, OSError, ValueError) as error:
        raise PortError(_explain(where, error)) from None
    # A USB adapter may hold small replies back for 16 ms otherwise.
    with contextlib.suppress(AttributeError, OSError, ValueError, NotImplementedError):
        port.set_low_latency_mode(True)
    return port


def _explain(where: str, error: Exception) -> str:
    from ..link import port_owner as ownership

    number, text = getattr(error, "errno", None), str(error)
    if number == errno.EACCES or "PermissionError" in text or "Access is denied" in text:
        if os.name != "posix":
            return f"{where} is in use by another program, or may not be opened; close that program"
        return (
            f"you may not open {where}; join its group and log in again: "
            "sudo usermod -aG dialout $USER"
        )
    if number == errno.EBUSY or "exclusively lock" in text:
        owner = ownership.find(where)
        if owner is not None and owner.pid != os.getpid():
            return ownership.refusal(where, owner)
        return f"{where} is in use by another program; close that one first"
    if number == errno.ENOENT or "FileNotFoundError" in text:
        return f"there is no port {where!r}. {describe_ports()}"
    return f"{where!r} can not be opened as a serial port: {text}. {describe_ports()}"


def describe_ports() -> str:
    """The serial ports that exist, and how to name one, as a sentence or two."""
    ports = sorted(list_ports.comports())
    if not ports:
        found = "No serial port exists: is the board plugged in and powered?"
    else:
        names = (
            port.device + (f" ({port.description})" if port.description != "n/a" else "")
            for port in ports
        )
        found = f"There are: {', '.join(names)}."
    return (
        f'{found} Without a board, "{TWIN}" opens a simulated one and "{GOLDEN}" the golden model'
    )
