"""`spikeloom boards`: the boards that are known, and the chips that they get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from spikeloom.boards import BOARDS, BoardDefinition, core_of, presets_of
from spikeloom.boards.chip_config import cores_of

from .common import JSON, examples, report

_EXAMPLES = examples(
    "spikeloom boards",
    "spikeloom boards ulx3s            one board, with all of its presets",
    "spikeloom boards my_board.py      those in a file of your own",
    "spikeloom boards --json",
)

_HEADINGS = ("board", "FPGA", "preset", "cores", "size", "lanes", "rule", "clock")
_NUMBERS = ("cores", "lanes", "clock")


@dataclass(frozen=True)
class BoardList:
    """Boards, each with its preset: the chip that is built when nothing says otherwise."""

    boards: tuple[BoardDefinition, ...]

    def to_dict(self) -> dict[str, Any]:
        """What each is and holds, by name, as JSON can hold it."""
        return {board.name: _describe(board) for board in self.boards}

    def __rich__(self) -> RenderableType:
        table = Table(
            box=None,
            padding=(0, 1, 0, 0),
            caption="size: neurons × axons × bits of a weight, of each core",
        )
        for heading in _HEADINGS:
            table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
        for board in self.boards:
            core = board.core
            table.add_row(
                board.name,
                board.fpga.name,
                board.preset,
                str(cores_of(board.config)),
                f"{core.neurons} × {core.axons} × {core.weight_bits}",
                str(core.lanes),
                core.learning.rule if core.learning else "–",
                f"{board.clock_hz / 1e6:g} MHz",
            )
        estimated = [b for b in self.boards if b.fpga.family.flow is None]
        remarks = [
            f"{b.name}: {b.fpga.family.title} can only be estimated (build --estimate)"
            for b in estimated
        ]
        return Group(table, *(Text(remark) for remark in remarks))


def _describe(board: BoardDefinition) -> dict[str, Any]:
    core = core_of(board.config)
    return {
        "title": board.title,
        "fpga": board.fpga.name,
        "family": board.fpga.family.name,
        "buildable": board.fpga.family.flow is not None,
        "preset": board.preset,
        "cores": cores_of(board.config),
        "neurons": core.neurons,
        "axons": core.axons,
        "weight_bits": core.weight_bits,
        "lanes": core.lanes,
        "learning": core.learning.rule if core.learning else None,
        "clock_hz": board.clock_hz,
        "baud": board.baud,
        "negotiable": board.negotiable,
        "ticks": board.ticks,
        "synapse_storage": board.storage_for(board.config),
        "programmer": board.programmer,
        "digest": f"{board.config.digest:016x}",
        "config": board.config.to_dict(),
    }


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=_EXAMPLES)(boards)


def boards(
    board: str = typer.Argument(
        None, metavar="BOARD", help="A name, or a Python file that defines boards; default: all."
    ),
    as_json: bool = JSON,
) -> None:
    """List the boards that are known, and what each preset holds: build one by its name.

    Boards come with SpikeLoom, with other packages, or from a file of your own. Sizes are those of one
    core; many cores hold as many times that.
    """
    listed = tuple(BOARDS.values()) if board is None else presets_of(board)
    report(BoardList(listed), as_json=as_json)
