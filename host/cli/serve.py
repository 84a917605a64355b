"""`spikeloom serve`: a simulated board behind a serial port of this machine."""

from __future__ import annotations

import signal
from pathlib import Path

import typer

from spikeloom.sim.twin.build import BAUD
from spikeloom.sim.twin.serve import serve as serve_twin

from .common import BOARD, CORE_FILE, SET, examples, read_chip, read_design

_EXAMPLES = examples(
    "spikeloom serve core.toml                  prints the port's name",
    "spikeloom serve --board ulx3s              the chip of a board",
    "spikeloom serve net.slm --link /tmp/board",
    "spikeloom info /tmp/board                  in another terminal",
    "spikeloom serve core.toml --speed 0.1      a tenth of real time, at most",
    "spikeloom devices                          finds it too",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(serve)


def serve(
    file: Path = CORE_FILE,
    board: str = BOARD,
    settings: list[str] = SET,
    link: Path = typer.Option(None, help="Also make the port available under this path."),
    speed: float = typer.Option(None, min=0, help="Simulated seconds per second, at most."),
    baud: int = typer.Option(None, min=1, help="Bits per second of the simulated line."),
) -> None:
    """Simulate the chip behind a pseudo-terminal, for any program that opens serial ports (POSIX).

    A saved design is loaded, unless --set changes its core: then, and with a configuration alone, the board
    is blank.

    Runs until it is interrupted (Ctrl-C). The simulated board is as fast as this machine can simulate it.
    The signal SIGUSR1 pulls its cable, and plugs it in again when it comes the next time.
    """
    if file is None and board is None:
        raise typer.BadParameter("give FILE or --board")
    config = read_chip(file, settings, board=board)
    is_design = file is not None and file.suffix != ".toml" and not settings
    design = read_design(file) if is_design else None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does

    unplugged = False

    def toggle(*_: object) -> None:
        nonlocal unplugged
        unplugged = not unplugged

    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, toggle)
    serve_twin(
        config,
        link=link,
        rate=speed,
        baud=baud or BAUD,
        design=design,
        plugged=lambda: not unplugged,
    )
