"""What a co-simulation found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from spikeloom.hdl import CoreConfig

Progress = Callable[[str, int, int], None]
"""Called with (what, cases done, cases in all)."""


@dataclass
class CosimReport:
    """What a co-simulation found.

    Attributes
    ----------
    configs, cases, steps, cycles : how much was compared, and the clock cycles that it took.
    weight_updates : applications of a learning rule, where they were counted.
    mismatches : configuration, seed, first difference, and waveform file of each failing case.
    seconds : wall time.
    """

    configs: int = 0
    cases: int = 0
    steps: int = 0
    cycles: int = 0
    weight_updates: int = 0
    mismatches: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Something was compared, and nothing differed."""
        return self.cases > 0 and not self.mismatches

    def add(self, config: CoreConfig, result: dict[str, Any]) -> None:
        """Count one case; with an "error" it is a mismatch."""
        self.cases += 1
        self.steps += result.get("steps", 0)
        self.cycles += result["cycles"]
        if "error" in result:
            self.mismatches.append({"config": config.to_dict(), **result})

    def merge(self, other: CosimReport) -> None:
        """Count what another one counted, but for configurations and seconds."""
        self.cases += other.cases
        self.steps += other.steps
        self.cycles += other.cycles
        self.weight_updates += other.weight_updates
        self.mismatches += other.mismatches

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ok": self.ok,
            "configs": self.configs,
            "cases": self.cases,
            "steps": self.steps,
            "cycles": self.cycles,
            "weight_updates": self.weight_updates,
            "mismatches": self.mismatches,
            "seconds": round(self.seconds, 1),
        }

    def __rich__(self) -> Table:
        table = Table(title="co-simulation against the golden model", show_header=False)
        table.add_row("configurations", str(self.configs))
        table.add_row("cases", str(self.cases))
        table.add_row("steps compared", str(self.steps))
        table.add_row("clock cycles", str(self.cycles))
        if self.weight_updates:
            table.add_row("weight updates", str(self.weight_updates))
        table.add_row(
            "mismatches", f"[{'red' if self.mismatches else 'green'}]{len(self.mismatches)}"
        )
        for mismatch in self.mismatches:
            table.add_row(
                f"seed {mismatch['seed']}", f"{mismatch['error']}\n{mismatch.get('waves', '')}"
            )
        return table
