"""`spikeloom run`: a design on a device, from a file of spikes to a file of spikes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

import spikeloom

from ..design.names import neurons_named
from ..design.spike_files import read_spikes
from .common import JSON, examples, read_design, report
from .output import note
from .targets import ON, TARGETS, sort_targets

_EXAMPLES = examples(
    "spikeloom run net.slm --input spikes.npz --out out.npz",
    "spikeloom run net.slm --input spikes.npy --on twin:",
    "spikeloom run net.slm --input-rate 20 --steps 1000 --seed 3   Poisson spikes",
    "spikeloom run net.slm -i spikes.npz --monitor cells --out out.npz --json",
)


@dataclass(frozen=True)
class Outcome:
    """What a run gave, for people and for JSON."""

    run: spikeloom.Run
    where: str

    def to_dict(self) -> dict[str, Any]:
        """Steps, spikes and mean rates in hertz, by population."""
        names = self.run.reported
        return {
            "device": self.where,
            "start": self.run.start,
            "steps": self.run.steps,
            "spikes": {name: int(self.run[name].sum()) for name in names},
            "rates_hz": self.run.rates(),
        }

    def __rich__(self) -> RenderableType:
        rates = ", ".join(f"{name} {rate:.3g} Hz" for name, rate in self.run.rates().items())
        raster = self.run.text() if self.run.steps else ""
        return Group(*(Text(text) for text in (f"{self.run!r}", f"mean rates: {rates}", raster)))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(run)


def run(
    targets: list[str] = TARGETS,
    on: str = ON,
    spikes: Path = typer.Option(
        None, "--input", "-i", metavar="FILE",
        help="Spikes: .npy of (steps, axons), or .npz of that, or with an array for each input.",
    ),
    rate: float = typer.Option(
        None, "--input-rate", min=0, help="Random spikes of every input, in Hz, without --input."
    ),
    seed: int = typer.Option(0, min=0, help="Of random input spikes."),
    steps: int = typer.Option(None, min=0, help="How many steps; default: those of the input."),
    monitor: list[str] = typer.Option(
        None, "--monitor", "-m", metavar="POPULATION", help="Record its potentials; may be repeated."
    ),
    out: Path = typer.Option(
        None, "--out", "-o", metavar="FILE", help="Where to write spikes and potentials (.npz)."
    ),
    baud: int = typer.Option(None, min=1, help="Bits per second of serial ports."),
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Run a saved design, and write what it gave.

    The design is loaded, which clears what the device held; without DEVICE the golden model runs it. The
    file that is written is read by Run.load in Python, and by NumPy alone: "spikes/NAME" has the
    raster of each population.
    """
    found = sort_targets(targets, on)
    if found.design_file is None:
        raise typer.BadParameter("name a saved design: spikeloom run net.slm")
    if spikes is not None and rate is not None:
        raise typer.BadParameter("give --input or --input-rate, not both")
    design = read_design(found.design_file)
    where = found.where or "golden:"
    given = read_spikes(spikes, design) if spikes is not None else None
    if rate is not None:
        given = spikeloom.Poisson(rate, seed)
    with spikeloom.open(where, design, baud=baud) as device:
        if monitor:
            device.monitor([j for name in monitor for j in neurons_named(design, name).tolist()])
        result = device.run(given, steps)
    if out is not None:
        result.save(out)
        note(f"wrote {out}")
    report(Outcome(result, where), as_json=as_json, soft_wrap=True)
