"""`spikeloom build`: a bitstream, or an estimate of what it takes."""

from __future__ import annotations

from pathlib import Path

import typer

from spikeloom import boards
from spikeloom.boards.registry import fabric_named, find_board, learning_preset

from .common import BOARD, JSON, SET, examples, read_chip, read_config, read_design, report
from .output import note
from .targets import OLD_CONFIG, OLD_DESIGN, is_design, sort_targets

_EXAMPLES = examples(
    "spikeloom build icebreaker",
    "spikeloom build icebreaker --learning         the board's core that learns",
    "spikeloom build ulx3s --cores 4               a mesh of cores that learn",
    "spikeloom build ulx3s net.slm --out out/net",
    "spikeloom build icebreaker core.toml --set lanes=2 --tries 9",
    "spikeloom build --board my_board.py           a board of your own",
    "spikeloom build --board my_board.py --estimate   synthesis alone",
    "spikeloom build ulx3s --json > report.json",
)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(build)


def build(
    names: list[str] = typer.Argument(
        None, metavar="BOARD FILE",
        help="The board, a name (spikeloom boards) or a Python file that defines it; and the saved design "
        "or configuration (.toml) that it is built for.",
    ),
    board: str = BOARD,
    learning: bool = typer.Option(
        False, "--learning", "-l", help="The board's core that learns: as BOARD-learning."
    ),
    cores: int = typer.Option(
        None, "--cores", min=1, help="A fabric of so many cores: the board's, or those of FILE."
    ),
    settings: list[str] = SET,
    estimate: bool = typer.Option(
        False, "--estimate", help="Only synthesise, and say what that takes of the FPGA."
    ),
    out: Path = typer.Option(None, "--out", "-o", help="Output folder; default: out/BOARD."),
    seed: int = typer.Option(1, help="Seed of placing and routing."),
    tries: int = typer.Option(4, min=1, help="Seeds to try until one meets the timing."),
    old_config: Path = OLD_CONFIG,
    old_design: Path = OLD_DESIGN,
    as_json: bool = JSON,
) -> None:  # fmt: skip
    """Synthesise, place and route, and write a bitstream, with tools that come from pip.

    Without FILE the board gets the core, or the fabric, of its definition. Exits
    with code 1 when the timing is not met at the clock that the board declares. The first use of a
    tool compiles it, which takes most of a minute.
    """
    boards_named = [name for name in names or () if not is_design(name)]
    if len(boards_named) + (board is not None) > 1:
        raise typer.BadParameter("one board: a name, or a Python file that defines it")
    files = [name for name in names or () if is_design(name)]
    found = sort_targets(files, None, old_design, old_config)
    config_file, design_file = (found.file if found.is_config else None), found.design_file
    chosen = boards_named[0] if boards_named else board
    if chosen is None:
        raise typer.BadParameter("name a board: spikeloom boards lists them")
    if learning and (config_file or design_file or cores) is not None:
        raise typer.BadParameter("--learning is a core by itself: omit FILE and --cores")
    if cores and design_file is not None:
        raise typer.BadParameter("a design says how many cores it needs: omit --cores")
    if learning:
        definition = learning_preset(chosen)
    else:
        definition = find_board(chosen) if cores is None else fabric_named(chosen, cores)

    file = config_file or design_file
    design = read_design(design_file) if design_file and not settings else None
    config = None
    if design is None and (file or settings):
        if design_file:
            config = read_chip(design_file, settings)
        else:
            core = read_config(file, settings, base=definition.core)
            config = boards.with_core(definition.config, core)
    if estimate:
        made = boards.estimate_board(definition, config=config, design=design, out=out)
        report(made, as_json=as_json, ok=made.ok)
        return
    result = boards.build(
        definition, config=config, design=design, out=out, seeds=range(seed, seed + tries)
    )
    report(result, as_json=as_json, ok=result.ok)
    if not as_json:
        note(f"program it: openFPGALoader -b {definition.programmer} {result.bitstream}")
