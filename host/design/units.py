"""Integers of a core in the units of the network that they were made from, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..quantise.rounding import Floats, Integers, decay_constant, time_constant
from .design import Design

_HUGE = float(1 << 53)
"""More than any core can hold, and still exact."""


@dataclass(frozen=True)
class Conversion:
    """Both ways between a parameter's or state's integers, one for each neuron, and its unit.

    Attributes
    ----------
    unit : "s", or "" for the network's own unit of potentials.
    to_unit : (N,) integers to floats.
    to_integers : floats to (N,) integers, to the nearest.
    """

    unit: str
    to_unit: Callable[[Integers], Floats]
    to_integers: Callable[[Floats], Integers]

    def describe(self, values: Integers) -> str:
        """The values for people, or their range."""
        floats = self.to_unit(values)
        factor, unit = (1e3, " ms") if self.unit == "s" else (1.0, "")
        low, high = f"{floats.min() * factor:.3g}", f"{floats.max() * factor:.3g}"
        return f"{low}{unit}" if low == high else f"{low}…{high}{unit}"


def conversions(design: Design) -> dict[str, Conversion]:
    """Conversions by name, of parameters and of states, that a design knows.

    Potentials and currents are divided by the neuron's scale, decay constants are time constants,
    and numbers of steps are times.
    """
    layout = design.config.layout
    fields = (*layout.parameters, *layout.states)
    found = {field.name: _conversion(field.unit, design) for field in fields}
    return {name: conversion for name, conversion in found.items() if conversion is not None}


def weights_in_units(design: Design, weights: ArrayLike) -> Floats:
    """(A, N) integer weights in the network's own unit."""
    integers = np.asarray(weights, dtype=np.float64)
    return np.asarray(integers * 2.0**design.config.weight_shift / design.scale, dtype=np.float64)


def _conversion(unit: str, design: Design) -> Conversion | None:
    scale, dt = np.asarray(design.scale), design.dt
    if unit == "potential":
        return Conversion("", lambda x: x / scale, lambda x: _round(x * scale))
    if unit == "steps":
        return Conversion("s", lambda x: x * np.float64(dt), lambda x: _round(x / dt))
    if unit == "decay":
        return Conversion("s", lambda d: time_constant(d, dt), lambda tau: decay_constant(tau, dt))
    return None


def _round(values: ArrayLike) -> NDArray[np.int64]:
    return np.rint(np.clip(values, -_HUGE, _HUGE)).astype(np.int64)
