"""What a sweep gave: points with their figures, the front, a table, a page, a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..design.files import write_file
from ..display.html import never_raise
from .front import pareto_front
from .page import sweep_page
from .point import FAILED, FIGURES, REFUSED

_SHOWN = 30
"""Rows of a table for people."""


@dataclass(frozen=True)
class SweepPoint:
    """A point, and what came of it.

    Attributes
    ----------
    point : values by axis.
    figures : by name; empty where there is a reason.
    reason : why there are no figures: a message of SpikeLoom's, or of an error in the function.
    failed : the function failed, and will be called again by the next sweep.
    """

    point: dict[str, Any]
    figures: dict[str, Any]
    reason: str = ""
    failed: bool = False

    @staticmethod
    def of(point: Mapping[str, Any], result: Mapping[str, Any]) -> SweepPoint:
        """From what a worker returned."""
        reason = str(result.get(FAILED) or result.get(REFUSED) or "")
        return SweepPoint(dict(point), dict(result.get(FIGURES, {})), reason, FAILED in result)

    @property
    def row(self) -> dict[str, Any]:
        """Axes and figures together; a figure of an axis's name replaces it."""
        return {**self.point, **self.figures}


@dataclass(frozen=True, repr=False)
class Sweep:
    """All points of a sweep, in the order of the axes; iterable, and shown as the Pareto front.

    Attributes
    ----------
    axes : names of what was varied.
    objectives : figures by name, "min" or "max".
    points : all points.
    reused : how many results were there before.
    """

    axes: tuple[str, ...]
    objectives: dict[str, str]
    points: tuple[SweepPoint, ...]
    reused: int = 0

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[SweepPoint]:
        return iter(self.points)

    @property
    def failed(self) -> tuple[SweepPoint, ...]:
        """Points at which the function failed."""
        return tuple(p for p in self.points if p.failed)

    @property
    def refused(self) -> tuple[SweepPoint, ...]:
        """Points that cannot be, such as more lanes than neurons."""
        return tuple(p for p in self.points if p.reason and not p.failed)

    def front(self, objectives: Mapping[str, str] | None = None) -> list[SweepPoint]:
        """Points that no other beats in every respect, by these objectives or those of the sweep."""
        chosen = pareto_front([p.figures for p in self.points], objectives or self.objectives)
        return [self.points[k] for k in chosen]

    def page(self, path: str | Path, *, title: str = "Design space") -> None:
        """Write one self-contained HTML file: any figure against any other, and the front's table.

        Raises `MissingToolError` without Bokeh.
        """
        rows = [p.row for p in self.points if not p.reason]
        write_file(path, sweep_page(rows, self.objectives, title).encode())

    def save(self, path: str | Path) -> None:
        """Write all points as CSV: axes, figures, whether on the front, and the reason for none."""
        front = {id(p) for p in self.front()}
        names = list(dict.fromkeys(name for p in self.points for name in p.row))
        text = io.StringIO()
        writer = csv.DictWriter(text, [*names, "front", "reason"], lineterminator="\n")
        writer.writeheader()
        for p in self.points:
            writer.writerow({**p.row, "front": int(id(p) in front), "reason": p.reason})
        write_file(path, text.getvalue().encode())

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        front = self.front()
        return {
            "points": len(self),
            "reused": self.reused,
            "refused": len(self.refused),
            "failed": [{**p.point, "reason": p.reason} for p in self.failed],
            "objectives": self.objectives,
            "front": [p.row for p in front],
            "all": [p.row for p in self.points if not p.reason],
        }

    def __rich__(self) -> RenderableType:
        front = self.front()
        wanted = ", ".join(f"{name} ({way})" for name, way in self.objectives.items())
        table = Table(title=f"Pareto front: {wanted}")
        names = list(dict.fromkeys([*self.axes, *self.objectives]))
        for name in names:
            style = "bold" if name in self.objectives else None
            table.add_column(name, justify="right", style=style)
        for p in front[:_SHOWN]:
            table.add_row(*(_cell(p.row.get(name, "")) for name in names))
        lines = [self._summary()]
        if len(front) > _SHOWN:
            lines.append(f"{len(front) - _SHOWN} more points are on the front")
        for kind, points in (("refused", self.refused), ("failed", self.failed)):
            for reason in list(dict.fromkeys(p.reason for p in points))[:3]:
                lines.append(f"{kind}: {reason}")
        return Group(table, *(Text(line) for line in lines))

    def _summary(self) -> str:
        parts = [f"{len(self)} points", f"{len(self.front())} on the front"]
        parts += [f"{self.reused} were there before"] if self.reused else []
        parts += [f"{len(self.refused)} refused"] if self.refused else []
        parts += [f"{len(self.failed)} failed"] if self.failed else []
        return ", ".join(parts)

    @never_raise
    def __repr__(self) -> str:
        return f"<Sweep over {', '.join(self.axes)}: {self._summary()}>"


def _cell(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
