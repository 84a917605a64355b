"""`spikeloom explain`: the first spike that differs from floats, and what caused it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import RenderableType

import spikeloom

from ..compiler.compile import compile as compile_network
from ..connect.open import open as open_device
from ..connect.schemes import GOLDEN
from ..design.design import Design
from ..design.spike_files import read_spikes
from ..diagnosis.explain import Explanation
from ..diagnosis.explain import explain as explain_difference
from ..exchange.importer import import_network
from ..network.network import Network
from .common import JSON, examples, parse_settings, read_design, report
from .import_options import DT, FORMAT, RESET, SETTINGS, SOURCE
from .output import note
from .targets import DESIGN_SUFFIX

_EXAMPLES = examples(
    "spikeloom explain net.nir spikes.npz --dt 1e-4 --reset subtract --weight-bits 8",
    "spikeloom explain net.nir spikes.npz --source snntorch --reset subtract --device twin: -o why.html",
    "spikeloom explain net.slm spikes.npz --picture why.png",
)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What was found, for people and for JSON."""

    found: Explanation
    device: str

    def to_dict(self) -> dict[str, Any]:
        """Populations, the first difference, and its causes with the largest first."""
        found = self.found
        first = {
            "step": found.step,
            "population": found.population,
            "neuron": found.neuron,
            "fires": found.fires,
            "margins": list(found.margins),
            "cause": found.cause,
            "shares": [{"cause": cause, "margin": share} for cause, share in found.shares],
        }
        return {
            "device": self.device,
            "equal": found.step is None,
            "populations": [
                {"name": p.name, "floats": p.floats, "core": p.core, "different": p.different,
                 "first": p.first}
                for p in found.populations
            ],
            "first": None if found.step is None else first,
        }  # fmt: skip

    def __rich__(self) -> RenderableType:
        return self.found.__rich__()


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(explain)


def explain(
    file: Path = typer.Argument(
        ..., metavar="NETWORK", help="A network of another tool, or a saved design (.slm)."
    ),
    spikes: Path = typer.Argument(
        ..., metavar="INPUT",
        help="Spikes: .npy of (steps, axons), or .npz of that, or with an array for each input.",
    ),
    device: str = typer.Option(
        GOLDEN, "--device", "--on", metavar="DEVICE",
        help="What is to do the same as the golden model: twin:, fast:, or a serial port.",
    ),
    design_file: Path = typer.Option(
        None, "--design", metavar="FILE", help="What the network was compiled to; default: compile it."
    ),
    format: str = FORMAT,
    dt: float = DT,
    reset: str = RESET,
    source: str = SOURCE,
    settings: list[str] = SETTINGS,
    weight_bits: int = typer.Option(None, help="Of the core; default: as few as hold the network."),
    state_bits: int = typer.Option(None, help="Of the core; default: as few as hold the network."),
    page: Path = typer.Option(
        None, "--out", "-o", metavar="FILE.html", help="Write a web page with tables and picture."
    ),
    picture: Path = typer.Option(
        None, "--picture", "-p", metavar="FILE", help="Draw both potentials (.png, .svg or .pdf)."
    ),
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Run a network in floats, as the core computes it, and on a device; explain the first difference.

    A saved design has no floats any more: its numbers, as the core holds them, are taken for those that
    were asked for, so that only the rounding of states is left to explain. Exits with code 0 whether
    there is a difference or not; with 1 when the device differs from the golden model.
    """
    given = {"dt": dt, "reset": reset, "source": source}
    options = {name: value for name, value in given.items() if value is not None}
    bits = {"weight_bits": weight_bits, "state_bits": state_bits}
    chosen = {name: value for name, value in bits.items() if value is not None}
    if file.suffix == DESIGN_SUFFIX:
        if options or settings or chosen or format or design_file:
            raise typer.BadParameter("a saved design has these settings already: omit them")
        design = read_design(file)
        network = _held_by(design)
    else:
        if design_file and chosen:
            raise typer.BadParameter("--design has --weight-bits and --state-bits already")
        found = import_network(file, format, **(options | parse_settings(settings)))
        if found.initial:
            note("states at the beginning other than rest are left out: both begin at rest")
        network = found.network
        design = (
            read_design(design_file)
            if design_file
            else compile_network(network, **(dict(found.settings) | chosen))
        )
    raster = read_spikes(spikes, design)
    if device == GOLDEN:
        result = explain_difference(network, design, raster)
    else:
        with open_device(device, design) as opened:
            result = explain_difference(network, design, raster, device=opened)
    if page is not None:
        result.page(page)
        note(f"wrote {page}")
    if picture is not None and result.step is not None:
        result.plot(picture)
        note(f"wrote {picture}")
    report(Outcome(result, device), as_json=as_json, soft_wrap=True)


def _held_by(design: Design) -> Network:
    """The network that a design holds, in floats."""
    return spikeloom.from_nir(spikeloom.to_nir(design)).network
