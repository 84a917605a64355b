"""`spikeloom miniterm`: pyserial's terminal on a port, a board's or a simulated one's."""

from __future__ import annotations

import sys
from typing import cast

import serial
import typer

from spikeloom.hdl.contract.errors import InputError

from ..connect.known_boards import default_rates
from ..link.frame_filter import FrameFilter
from ..link.serial_port import open_serial
from .common import examples

_EXAMPLES = examples(
    "spikeloom miniterm twin://net.slm           the simulated board of a saved design",
    "spikeloom miniterm twin://core.toml         that of a configuration",
    "spikeloom miniterm /dev/ttyUSB1 --baud 1000000",
    "spikeloom miniterm socket://lab-pc:4000     whatever URL pyserial knows",
)
_HELP = "--- {port}, {baud} baud: frames in hexadecimal ---\n--- Ctrl+] quits, Ctrl+T Ctrl+H helps ---\n"
_NO_TERMINAL = "miniterm needs a terminal to type at; start it in one, without pipes"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(miniterm)


def miniterm(
    where: str = typer.Argument(None, metavar="PORT", help="A serial port, or a pyserial URL."),
    on: str = typer.Option(None, "--on", metavar="PORT", help="The same."),
    baud: int = typer.Option(None, min=1, help="Bits per second; default: that of most boards."),
    frames: bool = typer.Option(
        True, help="A line for each frame, with its type; else bare hexadecimal."
    ),
    echo: bool = typer.Option(True, help="Show what is typed."),
) -> None:
    """Talk to a port byte by byte, in pyserial's miniterm.

    The line carries binary frames, not text: what comes is shown in hexadecimal, and what is sent is typed
    as pairs of hexadecimal digits; anything else is not sent. docs/reference/link.md has frames to type: the
    SABM in "Opening a connection" is answered by a UA.

    A frame ends with 00. Its type is shown behind it; whether its CRC is right is not checked.
    """

    if (where is None) == (on is None):
        raise InputError("give one port, as PORT or with --on: spikeloom miniterm /dev/ttyUSB1")
    if not sys.stdin.isatty():
        raise InputError(_NO_TERMINAL)
    from serial.tools import miniterm as terminal

    port = cast("serial.Serial", open_serial(where or on, baud or default_rates()[0]))
    terminal.TRANSFORMATIONS["frames"] = FrameFilter
    filters = ["frames" if frames else "direct"]
    session = terminal.Miniterm(port, echo=echo, eol="lf", filters=filters)
    session.set_rx_encoding("hexlify")
    session.set_tx_encoding("hexlify")
    session.start()
    sys.stderr.write(_HELP.format(port=where, baud=port.baudrate))
    try:
        session.join(True)
    except KeyboardInterrupt:
        session.stop()
    session.join()
    session.close()
