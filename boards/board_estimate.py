"""What a board's chip takes by synthesis alone: no placement, no bitstream, any family."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from .bitstream import ForChip, choose_config
from .chip_config import ChipConfig, describe
from .platform import make_platform
from .registry import BoardLike, find_board
from .report import Utilisation
from .resources import ResourceEstimate, synthesise, utilisation_of


@dataclass(frozen=True)
class BoardEstimate:
    """Resources of a synthesised chip beside those of the board's FPGA.

    Parameters
    ----------
    board, part : names of the board and its FPGA.
    chip : size of the chip.
    clock_hz : that the board declares; synthesis does not check it.
    resources : what synthesis found.
    utilisation : how much of each resource of the part that is.
    """

    board: str
    part: str
    chip: str
    clock_hz: int
    resources: ResourceEstimate
    utilisation: tuple[Utilisation, ...]

    @property
    def ok(self) -> bool:
        """Whether the part has enough of every resource; placement may still need more."""
        return all(row.used <= row.available for row in self.utilisation)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        rows = [{**vars(row), "percent": round(row.percent, 1)} for row in self.utilisation]
        found = {"resources": self.resources.to_dict(), "utilisation": rows}
        return {"ok": self.ok, "stage": "synthesised", **vars(self), **found}

    def __rich__(self) -> RenderableType:
        table = Table(title=f"{self.board} ({self.part}), synthesised: {self.chip}")
        for heading in ("resource", "used", "available", "%"):
            table.add_column(heading, justify="left" if heading == "resource" else "right")
        for row in self.utilisation:
            style = "" if row.used <= row.available else "red"
            cells = (row.resource, str(row.used), str(row.available), f"{row.percent:.0f}")
            table.add_row(*cells, style=style)
        remark = (
            "synthesised, not placed: the clock is not checked, and placement takes a little more"
        )
        return Group(table, Text(remark))


def estimate_board(
    board: BoardLike,
    config: ChipConfig | None = None,
    design: ForChip | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> BoardEstimate:
    """Synthesise the chip of a board, and compare what it takes with what the FPGA has.

    Parameters are those of `spikeloom.boards.build`; without `out` no file is kept.  A board that could
    not be built is refused as there; one of a family that can only be estimated is not.
    """
    chosen = find_board(board)
    chip = choose_config(chosen, config, design)
    if chosen.fpga.family.flow is not None:
        make_platform(chosen)
    found = synthesise(
        chip,
        chosen.fpga,
        synapse_storage=chosen.storage_for(chip),
        clock_hz=chosen.clock_hz,
        baud=chosen.baud,
        negotiable=chosen.negotiable,
        ticks=chosen.ticks,
        reply_bytes=chosen.reply_bytes,
        folder=out,
        progress=progress,
    )
    return BoardEstimate(
        board=chosen.name,
        part=chosen.fpga.name,
        chip=describe(chip),
        clock_hz=chosen.clock_hz,
        resources=found,
        utilisation=utilisation_of(found, chosen.fpga),
    )
