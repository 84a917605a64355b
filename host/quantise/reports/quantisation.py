"""What quantisation cost: a report for people, and plain values for an archive."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, Group
from rich.table import Table

from spikeloom.hdl.contract.errors import InputError

from ..rounding import ParameterDeviation
from .accuracy import AccuracyReport
from .bounds import ErrorBounds

_WIDTH = 100
_BOUNDS = ("threshold", "step", "limit")


@dataclass(frozen=True)
class ProjectionCost:
    """What became of the synapses between two populations, of all projections between them.

    Attributes
    ----------
    source, target : names of the populations.
    synapses : those with a weight other than 0; `lost` of them became 0, `clipped` were clipped.
    max_error, max_weight : largest weight error and largest weight, in the network's unit.
    """

    source: str
    target: str
    synapses: int
    lost: int
    clipped: int
    max_error: float
    max_weight: float


@dataclass(frozen=True)
class PopulationCost:
    """What became of a population's neurons.

    Attributes
    ----------
    name, size : of the population.
    exact : neurons all of whose weights and parameters are held without an error.
    threshold : smallest threshold above rest; `threshold_error` is the largest relative error.
    bound : largest bound on the potential's error, for any input and any time; infinite where
        errors add up without a leak.
    step : the same for what one step adds to it.
    """

    name: str
    size: int
    exact: int
    threshold: float
    threshold_error: float
    bound: float
    step: float


@dataclass(frozen=True)
class QuantisationReport:
    """What quantisation cost.  Weight errors are in the network's own unit.

    Attributes
    ----------
    scale : "per_neuron", "global", or "fixed" (given by the user).
    scale_min, scale_max : state units per unit of the network, over all neurons.
    weight_bits, weight_shift, state_bits : the format.
    weights : synapses with a weight other than 0; `lost` of them became 0, `clipped` were clipped.
    max_weight : largest magnitude.
    max_error, rms_error : weight errors of those synapses, clipping included.
    parameters : the worst neuron of each parameter that the network uses.
    exact : neurons that are held without an error of weight or potential parameter.
    populations, projections : the same by name.
    losses : messages of the `FitWarning`s that `compile` gave.
    bounds : (N,) bounds on the potential's error, see `bound`; None where there are none.
    accuracy : how the bits were searched for, and what each kind of number loses; None without samples.
    """

    scale: str
    scale_min: float
    scale_max: float
    weight_bits: int
    weight_shift: int
    state_bits: int
    weights: int
    max_weight: float
    max_error: float
    rms_error: float
    clipped: int
    lost: int
    parameters: tuple[ParameterDeviation, ...]
    exact: int = 0
    populations: tuple[PopulationCost, ...] = ()
    projections: tuple[ProjectionCost, ...] = ()
    losses: tuple[str, ...] = ()
    bounds: ErrorBounds | None = None
    accuracy: AccuracyReport | None = None

    def bound(self, steps: float = np.inf) -> NDArray[np.float64]:
        """(N,) how far potential minus threshold can be from the same equations in floats.

        Whatever the input, and until the first spike that differs, as long as nothing is clamped.
        Infinite where a neuron's weights learn, or where errors add up without a leak; after a
        number of `steps` from a state of 0, those have grown only so far.
        """
        if self.bounds is None:
            raise InputError("this report has no bounds; compile the network again")
        return self.bounds.after(steps)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, for JSON and TOML; without the bounds."""
        plain = dataclasses.asdict(dataclasses.replace(self, bounds=None))
        del plain["bounds"]
        if self.accuracy is None:
            del plain["accuracy"]
        plain["parameters"] = [{**dataclasses.asdict(p), "error": p.error} for p in self.parameters]
        return plain

    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The bounds by name, for an archive."""
        return dict(zip(_BOUNDS, self.bounds.arrays(), strict=True)) if self.bounds else {}

    @classmethod
    def from_dict(
        cls, plain: dict[str, Any], arrays: Mapping[str, NDArray[np.float64]] | None = None
    ) -> QuantisationReport:
        """Inverse of `to_dict` and `arrays`; raises `InputError` for another dict."""
        kinds = {"populations": PopulationCost, "projections": ProjectionCost}
        try:
            rows = [{k: v for k, v in row.items() if k != "error"} for row in plain["parameters"]]
            found: dict[str, Any] = {"parameters": tuple(ParameterDeviation(**r) for r in rows)}
            for name, kind in kinds.items():
                found[name] = tuple(kind(**row) for row in plain.get(name, ()))
            found["losses"] = tuple(plain.get("losses", ()))
            if "accuracy" in plain:
                found["accuracy"] = AccuracyReport.from_dict(plain["accuracy"])
            bounds = ErrorBounds(*(arrays[name] for name in _BOUNDS)) if arrays else None
            return cls(**{**plain, **found}, bounds=bounds)
        except (KeyError, TypeError, AttributeError):
            raise InputError("this is no quantisation report; was the design compiled?") from None

    def __repr__(self) -> str:
        console = Console(width=_WIDTH, file=io.StringIO(), record=True)
        console.print(self)
        return console.export_text().rstrip()

    def __rich__(self) -> Group:
        """Tables for `rich.print`."""
        parts: list[Any] = [self._quantities()]
        if self.projections:
            parts.append(self._projections())
        if self.populations:
            parts.append(self._populations())
        if self.accuracy is not None:
            parts.append(self.accuracy)
        parts += [f"• {message}" for message in self.losses]
        return Group(*parts)

    def _quantities(self) -> Table:
        low, high = f"{self.scale_min:.4g}", f"{self.scale_max:.4g}"
        table = Table(
            title=f"Quantisation: {self.weight_bits}-bit weights << {self.weight_shift}, "
            f"{self.state_bits}-bit state",
            caption=f"scale ({self.scale}): {low if low == high else f'{low}…{high}'} state units "
            f"per unit;  {self.lost} of {self.weights} weights became 0",
        )
        table.add_column("quantity")
        for heading in ("requested", "realised", "error", "clipped"):
            table.add_column(heading, justify="right")
        relative = f" ({self.max_error / self.max_weight:.2%})" if self.max_weight else ""
        table.add_row(
            "weights, largest", f"±{self.max_weight:.4g}", "", f"{self.max_error:.2g}{relative}",
            str(self.clipped),
        )  # fmt: skip
        table.add_row("weights, RMS", "", "", f"{self.rms_error:.2g}", "")
        for p in self.parameters:
            relative = f" ({p.error / p.requested:+.2%})" if p.requested else ""
            table.add_row(
                f"{p.name} [{p.unit}]" if p.unit else p.name,
                f"{p.requested:.5g}", f"{p.realised:.5g}", f"{p.error:+.2g}{relative}",
                str(p.clipped),
            )  # fmt: skip
        return table

    def _projections(self) -> Table:
        table = Table(title="Weights")
        for heading in ("projection", "synapses", "became 0", "clipped", "largest error"):
            table.add_column(heading, justify="left" if heading == "projection" else "right")
        for p in self.projections:
            relative = f" ({p.max_error / p.max_weight:.2%})" if p.max_weight else ""
            table.add_row(
                f"{p.source} → {p.target}", str(p.synapses), str(p.lost), str(p.clipped),
                f"{p.max_error:.2g}{relative}",
            )  # fmt: skip
        return table

    def _populations(self) -> Table:
        table = Table(
            title="Neurons", caption="error of the potential: at most, whatever the input"
        )
        for heading in ("population", "exact", "threshold off", "error in a step", "at any time"):
            table.add_column(heading, justify="left" if heading == "population" else "right")
        for p in self.populations:
            table.add_row(
                p.name, f"{p.exact} of {p.size}", f"{p.threshold_error:.2%}", f"{p.step:.2g}",
                "∞" if np.isinf(p.bound) else f"{p.bound:.2g}",
            )  # fmt: skip
        return table
