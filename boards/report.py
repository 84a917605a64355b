"""What a build gave: clocks against their requirement, resources used, the critical path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

CLOCKS = ("core", "power-up")
"""Names of the clocks of a board, the slowest first: behind the second are a dozen flip-flops."""


@dataclass(frozen=True)
class ClockResult:
    """A clock after routing: what it reaches, and what the board needs, in Hz."""

    name: str
    achieved_hz: float
    required_hz: float

    @property
    def closed(self) -> bool:
        """Whether every path between registers of this clock is fast enough."""
        return self.achieved_hz >= self.required_hz


@dataclass(frozen=True)
class Utilisation:
    """How much of one resource a design takes."""

    resource: str
    used: int
    available: int

    @property
    def percent(self) -> float:
        """Used share, in per cent."""
        return 100 * self.used / self.available if self.available else 0.0


@dataclass(frozen=True)
class PathSegment:
    """One hop of a path: kind ("clk-to-q", "logic", "routing", "setup"), ns, where it ends."""

    kind: str
    delay_ns: float
    to: str
    net: str = ""


@dataclass(frozen=True)
class CriticalPath:
    """The slowest path between two registers of one clock."""

    clock: str
    segments: tuple[PathSegment, ...]
    source: str

    @property
    def total_ns(self) -> float:
        """Length of the path."""
        return sum(s.delay_ns for s in self.segments)

    @property
    def routing_ns(self) -> float:
        """The part of it that is spent on wires."""
        return sum(s.delay_ns for s in self.segments if s.kind == "routing")

    def __str__(self) -> str:
        end = self.segments[-1].to if self.segments else "?"
        logic = self.total_ns - self.routing_ns
        levels = sum(s.kind == "logic" for s in self.segments)
        return (
            f"{self.source} → {end}: {self.total_ns:.1f} ns "
            f"({logic:.1f} ns in {levels} cells, {self.routing_ns:.1f} ns in wires)"
        )


@dataclass(frozen=True)
class BuildReport:
    """A routed build.

    Attributes
    ----------
    board, part : names of the board and its FPGA.
    config : the settings of the core, by name.
    clocks, utilisation : results after routing.
    critical_paths : the slowest path of each clock.
    bitstream, bitstream_bytes : the file for the programmer, and its size.
    folder : all files and logs of the build.
    seed : nextpnr's seed of this result; `seeds_tried` all that were tried, with their Fmax in Hz.
    tools : versions, by package.
    seconds : wall-clock time by step.
    """

    board: str
    part: str
    config: dict[str, Any]
    clock_hz: int
    baud: int
    clocks: tuple[ClockResult, ...]
    utilisation: tuple[Utilisation, ...]
    critical_paths: tuple[CriticalPath, ...]
    bitstream: Path
    bitstream_bytes: int
    folder: Path
    seed: int
    seeds_tried: dict[int, float]
    tools: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether timing is closed on every clock."""
        return bool(self.clocks) and all(clock.closed for clock in self.clocks)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        values = asdict(self)
        values["bitstream"], values["folder"] = str(self.bitstream), str(self.folder)
        values["seeds_tried"] = {str(seed): hz for seed, hz in self.seeds_tried.items()}
        for given, clock in zip(values["clocks"], self.clocks, strict=True):
            given["closed"] = clock.closed
        for given, row in zip(values["utilisation"], self.utilisation, strict=True):
            given["percent"] = round(row.percent, 1)
        for given, path in zip(values["critical_paths"], self.critical_paths, strict=True):
            given.update(total_ns=path.total_ns, routing_ns=path.routing_ns)
        return {"ok": self.ok, "stage": "routed", **values}

    def __rich__(self) -> RenderableType:
        clocks = Table(title=f"{self.board} ({self.part}), routed with seed {self.seed}")
        for heading in ("clock", "reached", "needed", ""):
            clocks.add_column(heading, justify="left" if heading == "clock" else "right")
        for clock in self.clocks:
            verdict = "[green]✓ closed" if clock.closed else "[red]✗ too slow"
            reached, needed = clock.achieved_hz / 1e6, clock.required_hz / 1e6
            clocks.add_row(clock.name, f"{reached:.1f} MHz", f"{needed:.1f} MHz", verdict)
        resources = Table()
        for heading in ("resource", "used", "available", "%"):
            resources.add_column(heading, justify="left" if heading == "resource" else "right")
        for row in self.utilisation:
            resources.add_row(row.resource, str(row.used), str(row.available), f"{row.percent:.0f}")
        lines = [f"slowest path  {path}" for path in self.critical_paths if path.clock == CLOCKS[0]]
        lines.append(f"bitstream     {self.bitstream} ({self.bitstream_bytes} bytes)")
        return Group(clocks, resources, Text("\n".join(lines)))


def parse_nextpnr_report(
    report: dict[str, Any], resources: Mapping[str, str]
) -> tuple[tuple[ClockResult, ...], tuple[Utilisation, ...], tuple[CriticalPath, ...]]:
    """Clocks, resources and the clocks' critical paths of what nextpnr's `--report` wrote.

    `resources` : those worth showing, as `Flow.resources` of the family has them.
    """
    names = _clock_names(report["fmax"])
    clocks = tuple(
        ClockResult(
            name, report["fmax"][net]["achieved"] * 1e6, report["fmax"][net]["constraint"] * 1e6
        )
        for net, name in names.items()
    )
    utilisation = tuple(
        Utilisation(title, report["utilization"][name]["used"], values["available"])
        for name, title in resources.items()
        if (values := report["utilization"].get(name)) is not None
    )
    return clocks, utilisation, tuple(_critical_paths(report, names))


def _clock_names(fmax: dict[str, dict[str, float]]) -> dict[str, str]:
    """Names by net, the slowest clock first.  nextpnr calls a clock by any of its many nets."""
    slowest_first = sorted(fmax, key=lambda net: fmax[net]["achieved"])
    known = dict(zip(slowest_first, CLOCKS, strict=False))
    return {net: known.get(net, net.removeprefix("$glbnet$")) for net in slowest_first}


def _critical_paths(report: dict[str, Any], names: dict[str, str]) -> list[CriticalPath]:
    paths = []
    for path in report["critical_paths"]:
        start, end = path["from"].split()[-1], path["to"].split()[-1]
        if start != end or start == "<async>":
            continue
        segments = tuple(
            PathSegment(s["type"], s["delay"], s["to"]["cell"], s.get("net", ""))
            for s in path["path"]
        )
        source = path["path"][0]["from"]["cell"] if path["path"] else "?"
        paths.append(CriticalPath(names.get(start, start), segments, source))
    return paths


_USED = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%$", re.MULTILINE)


def parse_utilisation(log: str, resources: Mapping[str, str]) -> tuple[Utilisation, ...]:
    """Resources from nextpnr's log, which has them even when the design does not fit."""
    found = {name: (int(used), int(total)) for name, used, total in _USED.findall(log)}
    return tuple(
        Utilisation(title, *found[name]) for name, title in resources.items() if name in found
    )
