"""Integers of a core in the units of the network that they were made from, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..quantise.rounding import Floats, Integers, decay_exact, time_constant
from .contents import contents
from .design import Design
from .learning_units import learning_conversion

# For each value, its index along the last axis: the neuron, or the axon, that it belongs to.
Columns = NDArray[np.int64]
_FROM_REST = frozenset({"v_threshold", "v_reset", "v_min", "v"})
"""Potentials that are counted from rest."""


@dataclass(frozen=True)
class Conversion:
    """Both ways between the integers of one name and their unit.

    Attributes
    ----------
    unit : "s" for times, "" for the network's own unit of potentials and weights, or what is counted.
    to_unit : integers, and the columns they are in, to floats.
    exact : floats, and the columns they are in, to what a core without rounding would hold.
    decay : a decay constant, whose 0 stands for an infinite time: no finite one becomes 0.
    """

    unit: str
    to_unit: Callable[[Integers, Columns], Floats]
    exact: Callable[[Floats, Columns], Floats]
    decay: bool = False

    def to_integers(self, exact: Floats, low: int, high: int) -> Integers:
        """The nearest integers from `low` to `high` to what `exact` gave."""
        nearest = np.rint(exact)
        if self.decay:
            nearest = np.where(exact > 0, np.maximum(nearest, 1), nearest)
        return np.clip(nearest, low, high).astype(np.int64)

    def describe(self, values: Integers) -> str:
        """The values of a whole content for people, or their range."""
        floats = self.to_unit(values, columns_of(values.shape))
        factor, unit = (1e3, " ms") if self.unit == "s" else (1.0, f" {self.unit}".rstrip())
        low, high = f"{floats.min() * factor:.3g}", f"{floats.max() * factor:.3g}"
        return f"{low}{unit}" if low == high else f"{low}…{high}{unit}"


def columns_of(shape: tuple[int, ...]) -> Columns:
    """The columns of all values of a content of this shape."""
    return np.broadcast_to(np.arange(shape[-1]) if shape else np.zeros((), dtype=np.int64), shape)


def conversion(design: Design, name: str) -> Conversion | None:
    """The conversion of what has this name in a core; None for a number without a unit.

    Potentials and currents are divided by the neuron's scale, and so are weights; decay constants
    are time constants, and numbers of steps are times.
    """
    scale, dt = np.asarray(design.scale), design.dt
    if name == "weights":
        weight = weight_scale(design)
        return Conversion("", lambda x, j: x / weight[j], lambda x, j: x * weight[j])
    layout = design.config.layout
    units = {field.name: field.unit for field in (*layout.parameters, *layout.states)}
    if name in _FROM_REST:
        rest = np.asarray(design.rest)
        return Conversion(
            "", lambda x, j: x / scale[j] + rest[j], lambda x, j: (x - rest[j]) * scale[j]
        )
    if units.get(name) == "potential":
        return Conversion("", lambda x, j: x / scale[j], lambda x, j: x * scale[j])
    if name == "delays" or units.get(name) == "steps":
        return steps_conversion(dt)
    if units.get(name) == "decay":
        return decay_conversion(dt)
    found = contents(design.config).get(name)
    if found is not None and (found.kind == "learning parameter" or found.learns):
        unit = learning_conversion(design, name)
        if unit is None:
            return None
        if unit.kind == "decay":
            return decay_conversion(unit.step)
        if unit.kind == "steps":
            return steps_conversion(dt)
        factor = unit.factor
        at_rest: Floats | float = _learning_rest(design) if name == "theta_m" else 0.0
        return Conversion(
            unit.counts,
            lambda x, j: x / np.float64(factor()) + at_rest,
            lambda x, j: (x - at_rest) * factor(),
        )
    return None


def _learning_rest(design: Design) -> float:
    """What the network calls the potential at rest of the neurons that learn: one for all."""
    learning = np.flatnonzero(design.image.plastic.any(axis=0))
    return float(design.rest[learning[0]]) if learning.size else 0.0


def steps_conversion(dt: float) -> Conversion:
    """Of numbers of steps, in seconds."""
    return Conversion("s", lambda x, j: x * np.float64(dt), lambda x, j: x / dt)


def decay_conversion(step: float) -> Conversion:
    """Of decay constants that act once in `step` seconds: their time constants."""
    return Conversion(
        "s", lambda d, j: time_constant(d, step), lambda tau, j: decay_exact(tau, step), decay=True
    )


def weight_scale(design: Design) -> Floats:
    """(N,) integer units of a weight for one unit of the network."""
    return np.asarray(design.scale / 2.0**design.config.weight_shift, dtype=np.float64)


def weights_in_units(design: Design, weights: ArrayLike) -> Floats:
    """(A, N) integer weights in the network's own unit."""
    return np.asarray(np.asarray(weights) / weight_scale(design), dtype=np.float64)
