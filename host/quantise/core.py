"""From floats to the integers that a core holds, and a report of what that cost."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from rich.table import Table

from spikeloom.hdl.contract.errors import InputError

from .neurons import RoundedNeurons
from .rounding import Floats, Integers, ParameterDeviation

MAX_WEIGHT_SHIFT = 15
HEADROOM = 4.0
"""Range of the state, in multiples of the largest threshold, reset, bias or weight."""

SHIFT_TOLERANCE = 1.1
"""The smallest weight shift is taken whose estimated error is within this factor of the least."""


class NeuronKind(Protocol):
    """What is asked of the class that describes the neurons (`network.neuron.Neuron`)."""

    potentials: Any
    """Names of its parameters that have the unit of potentials, a tuple."""

    def memory(self, parameters: dict[str, Floats], dt: float) -> Floats:
        """(N,) steps in which an error of the state acts on."""

    def round(self, out: RoundedNeurons) -> None:
        """Put all parameters into the core's format."""


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

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, for JSON and TOML."""
        plain = dataclasses.asdict(self)
        plain["parameters"] = [{**dataclasses.asdict(p), "error": p.error} for p in self.parameters]
        return plain

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> QuantisationReport:
        """Inverse of `to_dict`, for `Design.report`; raises `InputError` for another dict."""
        try:
            rows = [{k: v for k, v in row.items() if k != "error"} for row in plain["parameters"]]
            deviations = tuple(ParameterDeviation(**row) for row in rows)
            return cls(**{**plain, "parameters": deviations})
        except (KeyError, TypeError, AttributeError):
            raise InputError("this is no quantisation report; was the design compiled?") from None

    def __rich__(self) -> Table:
        """A table for `rich.print`."""
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


@dataclass(frozen=True, eq=False)
class Quantised:
    """Integers for an `Image`.

    Attributes
    ----------
    weights : (A, N) integers.
    parameters : (N,) integers by the names that `CoreLayout.parameters` uses, for all core options.
    weight_shift : the core's weight shift.
    scales : (N,) state units per unit of the network, for each neuron.
    report : what it cost.
    """

    weights: Integers
    parameters: dict[str, Integers]
    weight_shift: int
    scales: Floats
    report: QuantisationReport


def quantise(
    weights: Floats,
    parameters: dict[str, Floats],
    neuron: NeuronKind,
    *,
    dt: float,
    weight_bits: int = 8,
    state_bits: int = 16,
    weight_shift: int | None = None,
    scale: str | float = "per_neuron",
    headroom: float = HEADROOM,
    weight_range: tuple[float, float] = (0.0, 0.0),
) -> Quantised:
    """Choose a scale and round.

    A scale s turns a potential x into round(s·x) and a weight w into round(s·w / 2^weight_shift):
    the spikes of a neuron do not change when its weights, threshold, reset and bias are scaled
    together.  So s is as large as two limits allow: the largest weight uses the full range of
    `weight_bits`, and the state (`state_bits`) holds `headroom` times the largest of threshold,
    reset, bias and single weight.  (Beyond that a current makes its neuron fire in every step,
    whatever its exact value; sums that go further are clamped by the core, and counted.)

    Weights count in units of 2^weight_shift, thresholds, resets and biases in units of 1, all at
    full width: a larger `weight_shift` keeps the weights as fine and makes the state finer, until
    the state's range is used up; from there on it makes the weights coarser.  Unless given, it is
    chosen for the least mean squared error, estimated from one rounding of a weight against one of
    the state in every step that the neuron remembers (the sum of its time constants); the smallest among
    nearly equal ones, which leaves the most room for sums.

    Parameters
    ----------
    weights : (A, N) floats.
    parameters : (N,) floats by name, as `Neuron.parameters` gives them.
    neuron : the class that describes the neurons.
    dt : length of a time step in seconds.
    weight_shift : fixed by the core, or None to choose it.
    scale : "per_neuron" (needs a core with per-neuron parameters), "global", or a number that
        fixes s, e.g. 1 for a network that is in integers already.
    headroom : at least 1.
    weight_range : what the weights must be able to become, by learning.

    Raises
    ------
    InputError : for an impossible `scale` or `headroom`.
    FitError : when a parameter does not fit in the state at a scale that the user fixed.
    """
    if not (scale in ("per_neuron", "global") or _positive(scale)):
        raise InputError(f'scale is {scale!r}; choose "per_neuron", "global" or a positive number')
    if not (_positive(headroom) and headroom >= 1):
        raise InputError(f"headroom is {headroom!r}; give a number of at least 1")

    w_min, w_max = -(1 << (weight_bits - 1)), (1 << (weight_bits - 1)) - 1
    s_max = (1 << (state_bits - 1)) - 1
    # No weights, or one too small to divide by, set no limit: infinity.
    with np.errstate(divide="ignore", over="ignore"):
        excitatory = np.abs(weights.max(axis=0, initial=max(0.0, weight_range[1])))  # not −0
        inhibitory = np.abs(weights.min(axis=0, initial=min(0.0, weight_range[0])))
        full_range = np.minimum(w_max / excitatory, -w_min / inhibitory)
        values = [parameters[name] for name in neuron.potentials]
        peak = np.max(np.abs([*values, excitatory, inhibitory]), axis=0)
        state_limit = s_max / (headroom * peak)

    def scales(shift: int) -> Floats:
        if not isinstance(scale, str):
            return np.full(len(peak), float(scale))
        s = np.minimum(full_range * 2.0**shift, state_limit)
        if scale == "global":
            s = np.full(len(peak), s.min())
        return np.where(np.isfinite(s), s, 1.0)

    if weight_shift is not None:
        shift = weight_shift
    elif isinstance(scale, str):
        shift = _best_shift(scales, peak, np.maximum(1.0, neuron.memory(parameters, dt)))
    else:
        fits = [k for k in range(MAX_WEIGHT_SHIFT) if np.all(full_range * 2.0**k >= scale)]
        shift = fits[0] if fits else MAX_WEIGHT_SHIFT

    s = scales(shift)
    exact = np.rint(weights * (s / 2.0**shift))
    quantised = np.clip(exact, w_min, w_max).astype(np.int64)
    kind = scale if isinstance(scale, str) else "fixed"
    rounded = RoundedNeurons(parameters, s, dt, state_bits)
    neuron.round(rounded)

    used = weights != 0
    error = (quantised * (2.0**shift / s) - weights)[used]
    report = QuantisationReport(
        scale=kind,
        scale_min=float(s.min(initial=math.inf)),
        scale_max=float(s.max(initial=0.0)),
        weight_bits=weight_bits,
        weight_shift=shift,
        state_bits=state_bits,
        weights=int(used.sum()),
        max_weight=float(np.abs(weights).max(initial=0.0)),
        max_error=float(np.abs(error).max(initial=0.0)),
        rms_error=float(np.sqrt(np.mean(error**2))) if error.size else 0.0,
        clipped=int((exact != quantised).sum()),
        lost=int((quantised[used] == 0).sum()),
        parameters=tuple(rounded.deviations),
    )
    return Quantised(quantised, rounded.values, shift, s, report)


def _positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return 0 < float(value) < math.inf


def _best_shift(scales: Callable[[int], Floats], peak: Floats, memory: Floats) -> int:
    """Smallest shift with (nearly) least mean squared error, relative to each neuron's peak."""
    active = peak > 0
    costs = []
    for shift in range(MAX_WEIGHT_SHIFT + 1):
        unit = 1.0 / (scales(shift)[active] * peak[active])
        costs.append(float(np.sum((4.0**shift + memory[active]) * unit**2)))
    return next(k for k, cost in enumerate(costs) if cost <= SHIFT_TOLERANCE * min(costs))
