"""`spikeloom.open`: one call for golden model, simulated twin and board."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Any

import serial
from serial.tools import list_ports

from .errors import InputError, LinkError, PortError
from .link import TIMEOUT, Link, Port

if TYPE_CHECKING:
    from .board import Board
    from .design import Design
    from .device import Device

GOLDEN = "golden:"
TWIN = "twin:"
NETLIST = "netlist:"
_WRITE_TIMEOUT = 5.0


def open(
    where: str,
    design: Design | None = None,
    *,
    load: bool = True,
    baud: int | None = None,
    timeout: float = TIMEOUT,
    progress: bool | None = None,
    **options: Any,
) -> Device:
    """Open a device and load `design` into it.

    Parameters
    ----------
    where : "golden:" for the golden model; "twin:" for the simulated board (both need a design);
        "netlist:" and a board's name ("netlist:icebreaker") for its synthesised netlist, simulated
        with the core that the board gets by default; or a serial port: a name ("/dev/ttyUSB1",
        "COM5") or a pyserial URL ("socket://host:port").
    design : the network.  A board may be opened without one, to ask who it is.
    load : write the image of `design`; False leaves a board as it is.
    baud : bits per second; default: those that the known boards are built with, one after another.
    timeout : seconds without any progress after which the board counts as silent.
    progress : show progress bars; None: when stderr is a terminal.
    options : for the twin, `spikeloom.sim.twin.open_port`; for a netlist,
        `spikeloom.sim.twin.netlist.open_netlist`; for ports, pyserial's `serial_for_url`.

    Raises
    ------
    PortError : no such port, no permission, or busy; the message names the ports that there are.
    LinkError : the board does not answer.
    WrongBoardError : the board was built for another configuration.
    """
    if where == GOLDEN:
        from .golden_device import GoldenDevice

        return GoldenDevice(_needed(where, design))
    if where == TWIN:
        config = _needed(where, design).config
        from spikeloom.sim import twin

        if baud is not None:
            options["baud"] = baud
        board = _board(Link(twin.open_port(config, **options), timeout, where), design, progress)
    elif where.startswith(NETLIST):
        from spikeloom.sim.twin.netlist import open_netlist

        if baud is not None:
            raise InputError(f"baud is {baud}; the line rate of a netlist is its board's: omit it")
        netlist = open_netlist(where.removeprefix(NETLIST), **options)
        board = _board(Link(netlist, timeout, where), design, progress)
    else:
        board = _open_port(where, design, baud, timeout, progress, options)
    if load and design is not None:
        try:
            board.load()
        except BaseException:
            board.close()
            raise
    return board


def _needed(where: str, design: Design | None) -> Design:
    if design is None:
        raise InputError(f'open("{where}") needs a design: open("{where}", design)')
    return design


def _board(link: Link, design: Design | None, progress: bool | None) -> Board:
    from .board import Board

    return Board(link, design, progress=progress)


def _open_port(
    where: str,
    design: Design | None,
    baud: int | None,
    timeout: float,
    progress: bool | None,
    options: dict[str, Any],
) -> Board:
    rates = [baud] if baud is not None else default_rates()
    for rate in rates:
        port = open_serial(where, rate, **options)
        name = where if "://" in where else f"{where} at {rate} baud"
        try:
            return _board(Link(port, timeout, name), design, progress)
        except LinkError:
            if rate == rates[-1]:
                raise
    raise InputError("no baud rate was given")


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
    number, text = getattr(error, "errno", None), str(error)
    if number == errno.EACCES or "PermissionError" in text or "Access is denied" in text:
        if os.name != "posix":
            return f"{where} is in use by another program, or may not be opened; close that program"
        return (
            f"you may not open {where}; join its group and log in again: "
            "sudo usermod -aG dialout $USER"
        )
    if number == errno.EBUSY or "exclusively lock" in text:
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
