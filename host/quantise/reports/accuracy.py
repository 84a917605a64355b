"""What bits cost by a measure of the user's: which were tried, and what each kind of number loses."""

from __future__ import annotations

import dataclasses
import io
from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group
from rich.table import Table

KINDS = ("weights", "time constants", "thresholds", "biases")
"""Numbers that are rounded: time constants with linear leaks, thresholds with resets and floors."""


@dataclass(frozen=True)
class Trial:
    """A core that was tried.

    Attributes
    ----------
    weight_bits, state_bits, parameters : of the core.
    accuracy : by the user's measure; 0 where it was refused.
    refused : why the network could not be compiled for it; empty where it could.
    """

    weight_bits: int
    state_bits: int
    parameters: str
    accuracy: float
    refused: str = ""


@dataclass(frozen=True)
class RoundingCost:
    """What is lost when only these numbers of a population are rounded, and all else stays in floats.

    Attributes
    ----------
    population : whose; weights are of the synapses that end there.
    kind : one of `KINDS`.
    lost : accuracy in floats minus accuracy with these numbers as the core holds them; negative
        where rounding happens to help.
    """

    population: str
    kind: str
    lost: float


@dataclass(frozen=True)
class AccuracyReport:
    """How `compile` found the fewest bits within a tolerance, in the unit of the user's measure.

    Attributes
    ----------
    reference : accuracy of what the core is compared with.
    reference_of : what that is: "floats", or "the widest core" for networks that floats do not run.
    accuracy, tolerance : of the core that was chosen, and what it may lose.
    samples : how many there were.
    costs : by population and kind; none without floats.
    numbers : lost when all numbers of the network are rounded, and the states are not.
    trials : all cores that were tried, in order.
    """

    reference: float
    reference_of: str
    accuracy: float
    tolerance: float
    samples: int
    costs: tuple[RoundingCost, ...]
    numbers: float
    trials: tuple[Trial, ...]

    @property
    def states(self) -> float:
        """Lost beyond `numbers`, by states that are rounded in each step, and clamped."""
        return self.reference - self.accuracy - self.numbers

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, for JSON and TOML."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> AccuracyReport:
        """Inverse of `to_dict`; raises `TypeError` or `KeyError` for another dict."""
        costs = tuple(RoundingCost(**row) for row in plain["costs"])
        trials = tuple(Trial(**row) for row in plain["trials"])
        return cls(**{**plain, "costs": costs, "trials": trials})

    def __repr__(self) -> str:
        console = Console(width=100, file=io.StringIO(), record=True)
        console.print(self)
        return console.export_text().rstrip()

    def __rich__(self) -> Group:
        """Tables for `rich.print`."""
        return Group(*([self._costs()] if self.costs else []), self._trials())

    def _costs(self) -> Table:
        kinds = [kind for kind in KINDS if any(cost.kind == kind for cost in self.costs)]
        table = Table(
            title="Accuracy lost when only this is rounded",
            caption=f"{self.reference_of}: {self.reference:.4g}, core: {self.accuracy:.4g}, over "
            f"{self.samples} samples",
        )
        table.add_column("population")
        for kind in kinds:
            table.add_column(kind, justify="right")
        lost = {(cost.population, cost.kind): cost.lost for cost in self.costs}
        for name in dict.fromkeys(cost.population for cost in self.costs):
            cells = [lost.get((name, kind)) for kind in kinds]
            table.add_row(name, *("" if cell is None else f"{cell:+.4f}" for cell in cells))
        rest = ("",) * (len(kinds) - 1)
        table.add_section()
        table.add_row("all numbers together", f"{self.numbers:+.4f}", *rest)
        table.add_row("states, in each step", f"{self.states:+.4f}", *rest)
        return table

    def _trials(self) -> Table:
        table = Table(title="Cores that were tried")
        for heading in ("weight bits", "state bits", "parameters", "accuracy"):
            table.add_column(heading, justify="left" if heading == "parameters" else "right")
        for trial in self.trials:
            found = "refused" if trial.refused else f"{trial.accuracy:.4g}"
            table.add_row(str(trial.weight_bits), str(trial.state_bits), trial.parameters, found)
        return table
