"""What trials of a link found, for people and for programs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from .faults import FAULT_KINDS, FaultRates

DIRECTIONS = {"to_board": "to board", "to_host": "to host"}


@dataclass
class LinkTestReport:
    """What one trial found.

    Attributes
    ----------
    seed : of the faults and of the traffic.
    commands : how many were sent.
    seconds : of the line's own time; simulated, where the line is.
    longest_stall : the longest part of it in which nothing got through in either direction.
    stream_bytes : bytes of commands ("to_board") and of replies ("to_host") that got through.
    line_bytes : all bytes that were sent, by direction.
    faults : by direction and kind.
    statistics : of the link (`spikeloom.link.link.LinkStatistics`).
    counters : of the board's side of the link.
    finding : what was wrong; empty when nothing was.
    """

    seed: int
    commands: int = 0
    seconds: float = 0.0
    longest_stall: float = 0.0
    stream_bytes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIRECTIONS, 0))
    line_bytes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIRECTIONS, 0))
    faults: dict[str, dict[str, int]] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    finding: str = ""

    @property
    def ok(self) -> bool:
        """Whether everything got through, once and as it was."""
        return not self.finding

    @property
    def throughput(self) -> dict[str, float]:
        """Bytes of commands and of replies per second of line time, by direction."""
        return {k: n / self.seconds if self.seconds else 0.0 for k, n in self.stream_bytes.items()}

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return dataclasses.asdict(self) | {"throughput": self.throughput, "ok": self.ok}


@dataclass
class LinkTestSummary:
    """Several trials with the same rates of faults."""

    rates: FaultRates
    reports: list[LinkTestReport] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no trial found anything wrong."""
        return all(report.ok for report in self.reports)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        trials = [report.to_dict() for report in self.reports]
        return {"ok": self.ok, "rates": dataclasses.asdict(self.rates), "trials": trials}

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = [self._trials(), self._faults()]
        failed = [report for report in self.reports if not report.ok]
        parts += [f"[red]seed {r.seed}:[/] {escape(r.finding)}" for r in failed]
        return Group(*parts, self._verdict())

    def _trials(self) -> Table:
        table = Table(title="trials (kB of commands + of replies)", title_justify="left")
        for heading in ("seed", "commands", "kB", "kB/s", "sent again", "line time", "stall"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("verdict")
        for r in self.reports:
            table.add_row(
                str(r.seed),
                str(r.commands),
                " + ".join(f"{r.stream_bytes[k] / 1000:.0f}" for k in DIRECTIONS),
                " + ".join(f"{r.throughput[k] / 1000:.0f}" for k in DIRECTIONS),
                str(r.statistics["frames_resent"]),
                f"{r.seconds:.2f} s",
                f"{1000 * r.longest_stall:.1f} ms",
                "[green]ok[/]" if r.ok else "[red]failed[/]",
            )
        return table

    def _faults(self) -> Table:
        table = Table(title="faults (rate per byte), all seeds", title_justify="left")
        table.add_column("direction")
        for kind in FAULT_KINDS:
            table.add_column(f"{kind} ({getattr(self.rates, kind):g})", justify="right")
        for direction, words in DIRECTIONS.items():
            counts = [r.faults.get(direction, {}) for r in self.reports]
            table.add_row(words, *(str(sum(c.get(k, 0) for c in counts)) for k in FAULT_KINDS))
        return table

    def _verdict(self) -> str:
        commands = sum(r.commands for r in self.reports)
        if self.ok:
            return (
                f"[green]{commands} commands, each executed once; all spikes, weights and states "
                "equal to the golden model[/]"
            )
        failed = sum(not r.ok for r in self.reports)
        return f"[red]{failed} of {len(self.reports)} trials failed[/]"
