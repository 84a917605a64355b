"""What rounding to a core's integers costs: decay constants, and deviations for reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import DECAY_ONE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class ParameterDeviation:
    """One parameter's worst neuron: what was asked for, what the integers give, and clipping."""

    name: str
    unit: str
    requested: float
    realised: float
    clipped: int

    @property
    def error(self) -> float:
        """Realised minus requested, in `unit`."""
        return 0.0 if self.requested == self.realised else self.realised - self.requested


def decay_exact(tau: Floats, dt: float) -> Floats:
    """4096·(1 − exp(−dt/tau)), not rounded; 0 for tau = inf, 4096 for tau = 0."""
    with np.errstate(divide="ignore"):
        d = -DECAY_ONE * np.expm1(-dt / np.asarray(tau, dtype=np.float64))
    return np.asarray(d, dtype=np.float64)


_DUST = 1e-9
"""Of a unit of a core: what arithmetic in floats leaves."""


def same(got: Floats, asked: Floats, unit: Floats) -> Floats:
    """What integers give, without the rounding of floats: as asked, where nothing else was rounded."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(got - asked) <= _DUST * unit, asked, got)


def decay_constant(tau: Floats, dt: float) -> Integers:
    """d = 4096·(1 − exp(−dt/tau)), rounded, in 1…4096; 0 for tau = inf, 4096 for tau = 0."""
    d = np.rint(decay_exact(tau, dt))
    return np.where(np.isinf(tau), 0, np.clip(d, 1, DECAY_ONE)).astype(np.int64)


def time_constant(d: Integers, dt: float) -> Floats:
    """The tau that a decay constant realises; the inverse of `decay_constant`."""
    with np.errstate(divide="ignore"):
        return np.asarray(dt / np.abs(np.log1p(-np.asarray(d) / DECAY_ONE)), dtype=np.float64)


def decayed(x: Integers, d: Integers) -> Integers:
    """Numbers from 0 on, one decay later: at least one less, unless d is 0.

    Source: docs/reference/semantics.md, "Numbers".
    """
    less = (x * (DECAY_ONE - d) + DECAY_ONE // 2) // DECAY_ONE
    return np.where((d > 0) & (x > 0), np.minimum(less, x - 1), x)


def fading_time_constant(x: Integers | int, d: Integers, dt: float) -> Floats:
    """The tau with which `x` really fades, in seconds: of the exponential with the same area.

    Below 2048 / d an integer loses 1 in every step, and so comes to 0 sooner than an exponential.
    For x = 0, `time_constant`.
    """
    x, d = (np.asarray(a, dtype=np.int64) for a in np.broadcast_arrays(np.abs(x), d))
    pairs, which = np.unique(np.stack([x.ravel(), d.ravel()]), axis=1, return_inverse=True)
    first, decay = pairs
    left, area = np.where(decay > 0, first, 0), np.zeros(len(first), dtype=np.int64)
    while left.any():
        area += left
        left = decayed(left, decay)
    with np.errstate(divide="ignore", invalid="ignore"):
        fading = dt / np.abs(np.log(1 - first / area))
    tau = np.where((first > 0) & (decay > 0), fading, time_constant(decay, dt))
    return np.asarray(tau[which.ravel()].reshape(x.shape), dtype=np.float64)


def longest_time_constant(dt: float) -> float:
    """The largest tau but infinity that a decay constant stands for, in seconds."""
    return float(time_constant(np.array(1), dt))
