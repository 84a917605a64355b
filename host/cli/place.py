"""`spikeloom place`: a design on many cores."""

from __future__ import annotations

from pathlib import Path

import typer

from spikeloom.hdl.contract.errors import InputError

from ..compiler import place as placing
from ..compiler.partition import can_cut
from .common import JSON, examples, note, read_design, report

_EXAMPLES = examples(
    "spikeloom place net.slm --cores 4 --out placed.slm",
    "spikeloom place net.slm --cores 16 --placement random --seed 3",
    "spikeloom place net.slm --like placed.slm     on the same fabric",
    "spikeloom place placed.slm                    the report alone",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(place)


def place(
    design_file: Path = typer.Argument(..., metavar="FILE", help="A saved design."),
    cores: int = typer.Option(None, help="On so many cores, each just large enough."),
    like: Path = typer.Option(
        None, metavar="FILE", help="On the fabric that this design is placed on."
    ),
    placement: str = typer.Option(
        None, help="cut (few packets between cores), order or random; default: cut if it can."
    ),
    seed: int = typer.Option(0, help="For random."),
    out: Path = typer.Option(None, "--out", "-o", help="Where to save the placed design."),
    as_json: bool = JSON,
) -> None:
    """Place a network on many cores, and report cuts, packets and the memory of each core.

    What the network does is the same on any number of cores, wherever its neurons are.
    """

    if cores is not None and like is not None:
        raise typer.BadParameter("give --cores or --like, not both")
    design = read_design(design_file)
    if cores is not None or like is not None:
        fabric = None
        if like is not None:
            other = read_design(like).placement
            if other is None:
                raise InputError(f"{like} is for one core; name a design that is placed")
            fabric = other.fabric
        design = placing.place(design, cores=cores, fabric=fabric, placement=placement, seed=seed)
        if placement is None and not can_cut():
            note('neurons are in order; pip install "spikeloom[place]" finds what belongs together')
    if out is not None:
        design.save(out)
    report(placing.report(design), as_json=as_json)
