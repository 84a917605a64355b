"""The integer arithmetic of docs/reference/semantics.md ("Numbers"), on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TABLE_BITS = 16
"""States of at most so many bits, without the sign, decay by a table of all their values."""


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


def decay_of(
    d: Ints | int, bits: int, rounded: Callable[..., Ints] = decay
) -> Callable[[Ints], Ints]:
    """`decay`, or `cut`, by d, as a function of states in −2^bits…2^bits − 1.

    With the same d for all, and few bits, it is looked up, which takes one call instead of nine.
    """
    constants = np.unique(d)
    if bits > TABLE_BITS or len(constants) != 1:
        return lambda x: rounded(x, d)
    return _table(int(constants[0]), bits, rounded).take


@lru_cache(maxsize=64)
def _table(d: int, bits: int, rounded: Callable[..., Ints]) -> Ints:
    """`rounded` of each x at the index x, which counts from the end where x is negative."""
    top = 1 << bits
    table = rounded(np.concatenate([np.arange(top), np.arange(-top, 0)]), d)
    table.flags.writeable = False
    return table


def count(flags: Bools) -> Ints | int:
    """Number of set flags in each row of (B, …): (B,), or a number for one row."""
    if len(flags) == 1:
        return int(np.count_nonzero(flags))
    return np.add.reduce(flags, axis=1, dtype=np.int64)


def clamp(x: Ints, low: int, high: int) -> Ints:
    """x, or the bound that it exceeds (`np.clip` is slower on small arrays)."""
    return np.minimum(np.maximum(x, low), high)
