"""`spikeloom place`: a design on many cores."""

from __future__ import annotations

from pathlib import Path

import typer

from spikeloom.boards.registry import BOARDS, find_board
from spikeloom.hdl import FabricConfig
from spikeloom.hdl.contract.errors import InputError

from ..compiler import place as placing
from ..compiler.partition import can_cut
from .common import JSON, examples, only_one, read_design, report
from .output import note

_EXAMPLES = examples(
    "spikeloom place net.slm --cores 4 --out placed.slm",
    "spikeloom place net.slm --cores 16 --placement random --seed 3",
    "spikeloom place net.slm --like placed.slm     on the same fabric",
    "spikeloom place net.slm --board ulx3s-fabric   on the cores of a board",
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
    board: str = typer.Option(
        None,
        "--board",
        "-b",
        metavar="BOARD",
        help="On the cores of this board (spikeloom boards).",
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

    only_one(cores=cores, like=like, board=board)
    design = read_design(design_file)
    if cores is not None or like is not None or board is not None:
        fabric = _fabric_of(board) if board is not None else None
        if like is not None:
            other = read_design(like).placement
            if other is None:
                raise InputError(f"{like} is for one core; name a design that is placed")
            fabric = other.fabric
        design = placing.place(design, cores=cores, fabric=fabric, placement=placement, seed=seed)
        if placement is None and not can_cut():
            note("neurons are in order; pip install 'spikeloom[place]' finds what belongs together")
    if out is not None:
        design.save(out)
        note(f"wrote {out}")
    report(placing.report(design), as_json=as_json)


def _fabric_of(board: str) -> FabricConfig:
    """The cores of a board; `InputError` for a board with one core."""
    chip = find_board(board).config
    if isinstance(chip, FabricConfig):
        return chip
    fabrics = [name for name, known in BOARDS.items() if isinstance(known.config, FabricConfig)]
    raise InputError(f"{board} has one core; those with many are {', '.join(fabrics)}")
