"""`spikeloom verilog`: the chip's Verilog."""

from __future__ import annotations

from pathlib import Path

import typer

from spikeloom.hdl.chip.verilog import generate

from .common import BOARD, CORE_FILE, SET, examples, read_chip, write_text
from .output import note

_EXAMPLES = examples(
    "spikeloom verilog core.toml -o core.v",
    "spikeloom verilog --neurons 64 --axons 128 --lanes 4 -o core.v",
    "spikeloom verilog --board ulx3s -o chip.v     the chip of a board",
    "spikeloom verilog net.slm --set lanes=8 -o core.v",
    "spikeloom verilog --neurons 16 --axons 16 -s leak=linear -s receptors=2",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(verilog)


def verilog(
    file: Path = CORE_FILE,
    board: str = BOARD,
    out: Path = typer.Option(None, "--out", "-o", help="Output file; default: stdout."),
    neurons: int = typer.Option(None, help="Number of neurons."),
    axons: int = typer.Option(None, help="Number of axons (inputs)."),
    lanes: int = typer.Option(None, help="Synaptic operations per clock cycle: 1, 2, 4 … 32."),
    settings: list[str] = SET,
) -> None:
    """Generate Verilog of a whole chip: UART, link, core or cores. The same bytes for the same settings.

    The configuration comes from a file or a board, from options, or from both: options win.
    """
    config = read_chip(file, settings, board=board, neurons=neurons, axons=axons, lanes=lanes)

    text = generate(config)
    write_text(text, out)
    if out is not None:
        note(f"{out}: {text.count(chr(10))} lines, configuration {config.digest:016x}")
