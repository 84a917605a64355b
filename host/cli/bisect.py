"""`spikeloom bisect`: where two devices part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import typer

import spikeloom

from ..design.spike_files import read_spikes
from ..diagnosis.bisect import bisect as search
from .common import JSON, examples, is_serial_line, read_design, report
from .output import note

_EXAMPLES = examples(
    "spikeloom bisect net.slm golden: twin:         1 000 steps of random input",
    "spikeloom bisect net.slm golden: /dev/ttyUSB1 --input spikes.npz",
    "spikeloom bisect net.slm golden: twin: --rate 0.2 --steps 5000 --json",
    "spikeloom bisect net.slm golden: twin: --from now.sls --save before.sls",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(bisect)


def bisect(
    design_file: Path = typer.Argument(..., metavar="DESIGN", help="A saved design."),
    one: str = typer.Argument(..., help="golden:, twin:, or a serial port."),
    other: str = typer.Argument(..., help="The device to compare it with."),
    spikes: Path = typer.Option(
        None, "--input", "-i", metavar="FILE",
        help="Spikes: .npy of (steps, axons), or .npz of that, or with an array for each input.",
    ),
    seed: int = typer.Option(0, min=0, help="Of random input spikes, without --input."),
    rate: float = typer.Option(0.1, min=0, max=1, help="Random spikes per axon and step."),
    steps: int = typer.Option(
        None, min=1, help="How many steps; default: those of the input, or 1 000."
    ),
    start: Path = typer.Option(
        None, "--from", metavar="FILE", help="A snapshot (.sls) to begin with."
    ),
    save: Path = typer.Option(
        None, metavar="FILE", help="Write the last state that both had in common, as a snapshot."
    ),
    baud: int = typer.Option(None, help="Bits per second of serial ports."),
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Find the first step after which two devices differ, and the first state that does.

    Both run the input once; then a binary search runs them from snapshots that they have in common.
    Exits with code 1 when there is a difference.
    """

    design = read_design(design_file)
    snapshot = spikeloom.Snapshot.load(start) if start else None
    if spikes is not None:
        raster = read_spikes(spikes, design)
    else:
        shape = (steps or 1000, design.config.axons)
        raster = np.random.default_rng(seed).random(shape) < rate

    def opened(where: str) -> spikeloom.Device:
        return spikeloom.open(where, design, baud=baud if is_serial_line(where) else None)

    with opened(one) as first, opened(other) as second:
        result = search(first, second, raster, steps, start=snapshot, names=(one, other))
    if save is not None and result.before is not None:
        result.before.save(save)
        note(f"wrote {save}, the state before that step")
    report(result, as_json=as_json, ok=result.ok)
