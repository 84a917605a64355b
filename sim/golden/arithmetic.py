"""The integer arithmetic of docs/reference/semantics.md ("Numbers"), on NumPy arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def decay(x: Ints, d: Ints | int) -> Ints:
    """x·(4096 − d)/4096, rounded to nearest, ties away from zero, by at least 1 toward zero."""
    magnitude: Ints = np.abs(x)
    rounded = (magnitude * (4096 - d) + 2048) >> 12
    # For x = 0 the minimum is −1, and the sign makes it 0 again.
    return np.sign(x) * np.minimum(rounded, magnitude - (d > 0))


def cut(x: Ints, d: Ints | int) -> Ints:
    """x·(4096 − d)/4096, rounded toward zero."""
    magnitude: Ints = np.abs(x)
    return np.sign(x) * ((magnitude * (4096 - d)) >> 12)


def toward_zero(x: Ints, c: Ints) -> Ints:
    """x, moved by c ≥ 0 toward zero, stopping there."""
    return np.sign(x) * np.maximum(np.abs(x) - c, 0)


def count(flags: Bools) -> Ints:
    """(B,) number of set flags in each row of (B, …) (`np.count_nonzero` takes longer)."""
    return np.add.reduce(flags, axis=1, dtype=np.int64)


def clamp(x: Ints, low: int, high: int) -> Ints:
    """x, or the bound that it exceeds (`np.clip` is slower on small arrays)."""
    return np.minimum(np.maximum(x, low), high)
