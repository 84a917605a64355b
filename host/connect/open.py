"""`spikeloom.open`: one call for golden and fast model, simulated twin and board."""

from __future__ import annotations

from typing import Any, Literal, overload

from spikeloom.hdl.contract.errors import InputError, shown

from ..bus.bus import BoardLink
from ..design.design import Design, as_design
from ..design.run_limits import check_seconds
from ..device.device import Device
from ..device.golden import GoldenDevice
from ..diagnosis.float_device import FloatDevice
from ..driver.board import Board
from ..link.link import TIMEOUT, Link
from ..link.port import Port
from ..link.port_owner import Claim
from ..network.network import Network
from ..sharing.shared_link import SharedLink
from .board_link import open_link, tuned_link
from .discovery import only_board
from .options import check_options
from .schemes import FAST, FLOAT, GOLDEN, NETLIST, TWIN


@overload
def open(where: Literal["float:"], design: Network) -> FloatDevice: ...


@overload
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
) -> Device: ...


def open(
    where: str | None = None,
    design: Any = None,
    *,
    load: bool | None = None,
    baud: int | None = None,
    line_rate: int | None = None,
    timeout: float = TIMEOUT,
    progress: bool | None = None,
    share: bool = True,
    **options: Any,
) -> Device | FloatDevice:
    """Open a device and load `design` into it.

    A serial port has one owner, the process that opened it first; the user's other processes that
    open it share the board through the owner, each call whole (see `Board`).  Opening a board that
    somebody has open already never loads over the network that runs there, unless `load=True` says
    so: the board must then hold the image of `design`.

    Parameters
    ----------
    where : "golden:" for the golden model; "fast:" for the same, compiled, with the same results to
        the bit; "twin:" for the simulated board (all three need a design); "float:" for a
        `Network` itself, in floats and not compiled; "netlist:" and a board's name
        ("netlist:icebreaker") for its synthesised netlist, simulated with the core that the board
        gets by default; or a serial port: a name ("/dev/ttyUSB1", "COM5") or a pyserial URL
        ("socket://host:port").  Default: the serial port of the one board that there is
        (`spikeloom devices`).
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
    InputError : an option that this device does not have, or a value that it cannot have; before
        anything is compiled or opened.
    PortError : no such port, no permission, or busy; the message names the ports that there are, or
        the process that has it.  Without `where`: there is no board, or more than one.
    LinkError : the board does not answer.
    MissingToolError : what compiles or simulates the device is not installed.
    WrongBoardError : the board was built for another configuration.
    BoardRefusedError : somebody has the board open, and it does not hold the image of `design`.
    """
    _check(where, load, baud, line_rate, timeout, progress, share)
    if where == FLOAT:
        check_options(where, baud, line_rate, options)
        return FloatDevice(design)
    design = None if design is None else as_design(design)
    check_options(where, baud, line_rate, options)
    if where is None:
        where = only_board(baud=baud, **options)
    if where == GOLDEN:
        return GoldenDevice(_needed(where, design))
    if where == FAST:
        from ..fast import open_fast  # needs Numba

        return open_fast(_needed(where, design))
    if where == TWIN:
        chip = _needed(where, design).chip
        from spikeloom.sim import twin  # needs Verilator

        if baud is not None:
            options["baud"] = baud
        port: Port = twin.open_port(chip, **options)
        board = _board(tuned_link(Link(port, timeout, where), line_rate), design, progress)
    elif where.startswith(NETLIST):
        from spikeloom.sim.twin.netlist import open_netlist  # needs Yosys

        port = open_netlist(where.removeprefix(NETLIST), **options)
        board = _board(tuned_link(Link(port, timeout, where), line_rate), design, progress)
    else:
        board = _open_port(where, design, baud, line_rate, timeout, progress, share, options)
    try:
        if load is None and design is not None and board.link.attached:
            board.require_image()
        elif load is not False and design is not None:
            board.load()
    except BaseException:
        board.close()
        raise
    return board


def _check(
    where: object,
    load: object,
    baud: object,
    line_rate: object,
    timeout: object,
    progress: object,
    share: object,
) -> None:
    """Raise `InputError` for arguments of a wrong type."""
    if where is not None and (not isinstance(where, str) or "\0" in where):
        raise InputError(
            f'where is {shown(where)}; give "{GOLDEN}", "{TWIN}", or the name of a serial port'
        )
    for name, value in (("load", load), ("progress", progress)):
        if value is not None and not isinstance(value, bool):
            raise InputError(f"{name} is {shown(value)}; give True, False or None")
    if not isinstance(share, bool):
        raise InputError(f"share is {shown(share)}; give True or False")
    for name, rate in (("baud", baud), ("line_rate", line_rate)):
        if rate is not None and (type(rate) is not int or rate <= 0):
            raise InputError(
                f"{name} is {shown(rate)}; give a positive integer, in bits per second"
            )
    check_seconds("timeout", timeout)


def _needed(where: str, design: Design | None) -> Design:
    if design is None:
        raise InputError(f'open("{where}") needs a design: open("{where}", design)')
    return design


def _board(link: BoardLink, design: Design | None, progress: bool | None) -> Board:
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
    def open_port(claim: Claim | None) -> Link:
        return open_link(where, baud, timeout, claim, line_rate=line_rate, **options)

    if "://" in where:
        return _board(open_port(None), design, progress)
    return _board(SharedLink(where, open_port, share=share), design, progress)
