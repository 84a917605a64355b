"""`spikeloom sweep`: a design space over many workers."""

from __future__ import annotations

from pathlib import Path

import typer

from ..exploration.space import Space
from ..exploration.sweep import sweep as run_sweep
from .common import JSON, examples, report
from .output import note

_EXAMPLES = examples(
    "spikeloom sweep space.toml",
    "spikeloom sweep space.toml --workers 8 --page front.html",
    "spikeloom sweep space.toml --scheduler tcp://cluster:8786   workers of a cluster",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(sweep)


def sweep(
    space: Path = typer.Argument(
        ..., metavar="SPACE.toml", help="The function, its axes and the objectives."
    ),
    out: Path = typer.Option(
        None, "--out", "-o", metavar="FOLDER",
        help="Where results are kept; default: out/sweep/ and the file's name.",
    ),
    scheduler: str = typer.Option(
        None, metavar="ADDRESS", help="Of a Dask scheduler; default: workers on this machine."
    ),
    workers: int = typer.Option(
        None, min=1, help="How many on this machine; default: one for each processor."
    ),
    page: Path = typer.Option(
        None, metavar="FILE", help="Where to write the page; default: front.html in the folder."
    ),
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Call a function at every point of a design space, and find the best trade-offs.

    Results are kept as they come, and not computed again: a sweep that was stopped goes on where it was.
    The folder gets points.csv, and front.html, a page that shows any figure against any other.
    """
    described = Space.from_toml(space)
    folder = out if out is not None else Path("out") / "sweep" / space.stem
    found = run_sweep(described, out=folder, scheduler=scheduler, workers=workers)
    found.save(folder / "points.csv")
    where = page if page is not None else folder / "front.html"
    found.page(where, title=space.stem)
    note(f"wrote {folder / 'points.csv'} and {where}")
    report(found, as_json=as_json, ok=not found.failed)
