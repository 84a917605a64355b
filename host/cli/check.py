"""`spikeloom check`: whether a network can be imported, and whether a board holds it; nothing is built."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..exchange.checked import Checked
from ..exchange.checking import Fit, fit_design, fit_network
from ..exchange.importer import check_network
from .common import BOARD, JSON, examples, parse_settings, read_design, report
from .import_options import DT, FORMAT, RESET, SETTINGS, SOURCE
from .targets import DESIGN_SUFFIX

_EXAMPLES = examples(
    "spikeloom check net.nir --dt 1e-4 --reset subtract",
    "spikeloom check net.nir --source snntorch --reset subtract --board ulx3s",
    "spikeloom check net.slm --board ulx3s --spikes 20 --json",
)
_MARKS = {True: "[green]ok[/]", False: "[red]refused[/]", None: "[yellow]?[/]"}


@dataclass(frozen=True)
class CheckReport:
    """Nodes and fit, for people and for JSON.

    Attributes
    ----------
    file : that was checked.
    checked : its nodes; None for a saved design, which has none left.
    fit : None where the network could not be imported.
    """

    file: str
    checked: Checked | None
    fit: Fit | None

    @property
    def ok(self) -> bool:
        """Whether everything can be mapped, and fits."""
        return self.fit is not None and self.fit.fits

    def to_dict(self) -> dict[str, Any]:
        """The schema of docs/how-to/check-a-network.md."""
        found = self.checked
        imported = found.imported if found else None
        return {
            "file": self.file,
            "ok": self.ok,
            "format": found.format if found else "design",
            "nodes": [asdict(node) for node in found.nodes] if found else [],
            "notes": list(imported.notes) if imported else [],
            "fit": self.fit.to_dict() if self.fit else None,
        }

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self.checked is not None:
            parts.append(_nodes(self.checked))
            if self.checked.imported is not None:
                parts += [Text(f"• {note}") for note in self.checked.imported.notes]
        if self.fit is not None:
            parts += _fit(self.fit)
        return Group(*parts)


def _nodes(checked: Checked) -> Table:
    table = Table(title=f"Nodes ({checked.format or 'no known format'})", title_justify="left")
    for heading in ("node", "kind", "", "reason"):
        table.add_column(heading, overflow="fold")
    for node in checked.nodes:
        table.add_row(node.name, node.kind, _MARKS[node.ok], Text(node.reason))
    return table


def _fit(fit: Fit) -> list[RenderableType]:
    where = fit.board or "the smallest core"
    if not fit.fits:
        return [Text(f"does not fit: {fit.reason}")]
    c = fit.chip
    cores = f"{c['cores']} cores, each of " if c["cores"] > 1 else ""
    said = (
        f"fits {where}: {cores}{c['neurons']} neurons × {c['axons']} axons, {c['weight_bits']}-bit "
        f"weights, {c['state_bits']}-bit states, {c['lanes']} lanes"
    )
    table = Table(title="A step takes at most", title_justify="left")
    for heading in ("axons that spike", "clock cycles", "steps per second"):
        table.add_column(heading, justify="right")
    for step in fit.steps:
        speed = f"{step.steps_per_second:,.0f}" if step.steps_per_second else "–"
        table.add_row(str(step.spikes), str(step.cycles), speed)
    return [Text(said), *(Text(f"• {loss}") for loss in fit.losses), table]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(check)


def check(
    file: Path = typer.Argument(
        ..., metavar="FILE", help="A network of another tool, or a saved design (.slm)."
    ),
    board: str = BOARD,
    format: str = FORMAT,
    dt: float = DT,
    reset: str = RESET,
    source: str = SOURCE,
    settings: list[str] = SETTINGS,
    weight_bits: int = typer.Option(None, help="Of the smallest core, without a board."),
    state_bits: int = typer.Option(None, help="Of the smallest core, without a board."),
    spikes: int = typer.Option(
        None, min=0, help="Axons that spike in a step; default: none, a tenth of them, and all."
    ),
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Say of each node whether it can be mapped, and of the network whether a board holds it.

    All that stands against it is listed, and not the first alone. Nothing is built or run. Without a
    board the smallest core is described. Exits with code 1 when something is refused or does not fit.
    """
    if file.suffix == DESIGN_SUFFIX:
        fit: Fit | None = fit_design(read_design(file), board, spikes)
        found = None
    else:
        given = {"dt": dt, "reset": reset, "source": source}
        options = {name: value for name, value in given.items() if value is not None}
        found = check_network(file, format, **(options | parse_settings(settings)))
        fit = None
        if found.imported is not None:
            bits = {"weight_bits": weight_bits, "state_bits": state_bits}
            chosen = {name: value for name, value in bits.items() if value is not None}
            asked = dict(found.imported.settings) | chosen
            fit = fit_network(found.imported.network, board, spikes, asked)
    made = CheckReport(str(file), found, fit)
    report(made, as_json=as_json, ok=made.ok)
