"""`spikeloom import`: another tool's network as a design."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from ..compiler.compile import compile as compile_network
from ..design.design import Design
from ..exchange.imported import Imported
from ..exchange.importer import import_network
from .common import JSON, examples, parse_settings, report
from .import_options import DT, FORMAT, RESET, SETTINGS, SOURCE
from .output import note

_EXAMPLES = examples(
    "spikeloom import net.nir --dt 1e-4 --reset subtract -o net.slm",
    "spikeloom import net.nir --source snntorch --reset value     what it would be, without a file",
    "spikeloom import net.nir --dt 1e-3 --set cycles=step --weight-bits 12 -o net.slm",
)


@dataclass(frozen=True)
class Outcome:
    """A network that was read, and its design."""

    found: Imported
    design: Design

    def to_dict(self) -> dict[str, Any]:
        """What the network is, what was made of it, and the core that it needs."""
        network = self.found.network
        return {
            "format": self.found.format,
            "dt": network.dt,
            "inputs": {name: p.size for name, p in network.inputs.items()},
            "populations": {name: p.size for name, p in network.populations.items()},
            "synapses": sum(int(p.synapses.sum()) for p in network.projections),
            "outputs": list(self.found.outputs),
            "delays": dict(self.found.delays),
            "starts": sorted(self.found.initial),
            "notes": list(self.found.notes),
            "config": self.design.config.to_dict(),
        }

    def __rich__(self) -> RenderableType:
        return Group(*(Text(text) for text in (repr(self.found), repr(self.design))))


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(name="import", epilog=_EXAMPLES)(import_file)


def import_file(
    file: Path = typer.Argument(..., metavar="FILE", help="A network of another tool."),
    format: str = FORMAT,
    dt: float = DT,
    reset: str = RESET,
    source: str = SOURCE,
    settings: list[str] = SETTINGS,
    weight_bits: int = typer.Option(None, help="Of the core; default: as few as hold the network."),
    state_bits: int = typer.Option(None, help="Of the core; default: as few as hold the network."),
    out: Path = typer.Option(None, "--out", "-o", metavar="FILE", help="Where to save the design."),
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Read another tool's network, compile it, and say what was recognised, repaired or left out.

    With --out the design is saved, for spikeloom run, place and others. It does not keep states at the
    beginning other than rest, which a note names if there are any: run those from Python.
    """
    given = {"dt": dt, "reset": reset, "source": source}
    options = {name: value for name, value in given.items() if value is not None}
    found = import_network(file, format, **(options | parse_settings(settings)))
    bits = {"weight_bits": weight_bits, "state_bits": state_bits}
    chosen = {name: value for name, value in bits.items() if value is not None}
    design = compile_network(found.network, **(dict(found.settings) | chosen))
    if out is not None:
        design.save(out)
        note(f"wrote {out}")
    report(Outcome(found, design), as_json=as_json, soft_wrap=True)
