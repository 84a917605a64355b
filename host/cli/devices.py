"""`spikeloom devices`: which boards there are, and what runs on each."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console

from ..connect.discovery import find_boards
from .common import JSON, examples, read_design, report

_EXAMPLES = examples(
    "spikeloom devices",
    "spikeloom devices net.slm other.slm    which board runs one of these?",
    "spikeloom devices --baud 115200 --json",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(devices)


def devices(
    design_files: list[Path] = typer.Argument(
        None, metavar="[DESIGN]...", help="Saved designs to recognise."
    ),
    baud: int = typer.Option(None, min=1, help="Bits per second; default: those of known boards."),
    as_json: bool = JSON,
) -> None:
    """List the serial ports, and ask each who is there: core, loaded network, next step, owner.

    Served twins (spikeloom serve) are found too. Nothing is reset or loaded; a board that somebody has
    open is asked through its owner.
    """

    designs = {str(file): read_design(file) for file in design_files or ()}
    with Console(stderr=True).status("Asking the ports…"):
        found = find_boards(designs, baud=baud)
    report(found, as_json=as_json)
