"""`spikeloom linktest`: what a link survives."""

from __future__ import annotations

from pathlib import Path

import typer

from spikeloom.boards.registry import find_board
from spikeloom.hdl.contract.errors import InputError

from ..display.progress import progress_bar
from ..linktest.faults import FaultRates
from ..linktest.latency import LatencyPort
from ..linktest.report import LinkTestSummary
from ..linktest.setup import board_config, port_opener, trial_design
from ..linktest.trial import link_test
from .common import (
    BOARD,
    JSON,
    SET,
    examples,
    is_serial_line,
    only_one,
    read_config,
    read_design,
    report,
)
from .targets import OLD_CONFIG, OLD_DESIGN, ON, sort_targets

_EXAMPLES = examples(
    "spikeloom linktest twin:                        a simulated board",
    "spikeloom linktest twin: --faults 1e-3 --seeds 20",
    "spikeloom linktest net.slm --on /dev/ttyUSB1",
    "spikeloom linktest twin: --faults 1e-3 --first 7   repeat seed 7",
    "spikeloom linktest twin: --faults 0.01 --bytes 10000 --json",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(linktest)


def linktest(
    targets: list[str] = typer.Argument(
        None, metavar="FILE DEVICE",
        help="The board's design or configuration (.toml), and a serial port, or twin:.",
    ),
    on: str = ON,
    board: str = BOARD,
    settings: list[str] = SET,
    faults: float = typer.Option(
        0.0, "--faults", "-f", help="Rate per byte of each kind of fault, in each direction."
    ),
    seeds: int = typer.Option(1, min=1, help="How many trials."),
    first: int = typer.Option(0, min=0, help="The first seed."),
    count: int = typer.Option(100_000, "--bytes", min=1, help="Bytes of each direction, at least."),
    latency: float = typer.Option(
        0.0, min=0, help="Of a simulated line: milliseconds of each direction."
    ),
    baud: int = typer.Option(None, min=1, help="Bits per second; default: the board's own."),
    old_config: Path = OLD_CONFIG,
    old_design: Path = OLD_DESIGN,
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Try how well a link copes with a line that drops, flips, doubles, delays and inserts bytes.

    Random weights, parameters, states and spikes are written, read back and run, and everything is
    compared with the golden model; what the board held before is overwritten. Without a design,
    configuration or board's name, the board's core must be one that boards get by default. If
    anything got lost, was changed or was executed twice, the exit code is 1.
    """

    rates = FaultRates.of_every_kind(faults)
    found = sort_targets(targets, on, old_design, old_config)
    file, where, design_file = found.file, found.where, found.design_file
    only_one(FILE=file, board=board)
    if where is None:
        raise typer.BadParameter("name a device: twin:, or a serial port")
    if design_file is not None and not settings:
        design = read_design(design_file)
        if design.placement is not None:
            raise InputError(f"{design_file} is placed on many cores; name the design before that")
    else:
        named = file or board or settings
        config = read_config(file, settings, board=board) if named else board_config(where, baud)
        design = trial_design(config, first)
    if baud is None and board is not None and is_serial_line(where):
        baud = find_board(board).baud
    open_port = port_opener(where, design.config, baud)
    summary = LinkTestSummary(rates)
    for seed in range(first, first + seeds):
        port = open_port(seed)
        if latency:
            port = LatencyPort(port, latency / 1000)
        with progress_bar(f"seed {seed}", count) as advance:
            summary.reports.append(
                link_test(
                    port, design, rates=rates, seed=seed, count=count, name=where, advance=advance
                )
            )
    report(summary, as_json=as_json, ok=summary.ok)
