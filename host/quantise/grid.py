"""Values that are whole multiples of a common unit: found column by column, in floating point.

A neuron whose weights, threshold, reset and bias are multiples of one unit can be held without any
error: at a scale of one over that unit, or a multiple of it, all of them are integers.
"""

from __future__ import annotations

import numpy as np

from .rounding import Floats, Integers

MOST_UNITS = 1 << 20
"""The largest value of a column is at most so many units: beyond that, most values of float64 are
near a multiple of something, and mean nothing by it."""
_TOLERANCE = 1e-13
"""What arithmetic in float64 leaves, relative to a value: 0.1 + 0.2 is 0.3."""
_SINGLE_UNITS = 1 << 10
_SINGLE_TOLERANCE = 2e-7
"""The same for values that were rounded to float32 before."""
_BLOCK = 1 << 20
"""Values that are looked at together, for the sake of memory."""
_SAMPLE = 8


def common_units(values: Floats, *, single: Floats | None = None) -> Integers:
    """How many units the largest value of each column is, for the largest unit that all share.

    Parameters
    ----------
    values : (V, N) floats; zeros count for nothing.
    single : (W, N), those that may have been rounded to float32, usually the weights.  Where all of
        a column are values of float32, a coarser tolerance is tried as well.

    Returns
    -------
    (N,) integers, 0 where there is no unit of which the largest value is at most `MOST_UNITS`; in a
    column of zeros 1.  At a scale of `units / max |column|` and its multiples all values are whole.
    """
    units = _by_blocks(values, MOST_UNITS, _TOLERANCE)
    again = np.flatnonzero(units == 0)
    if single is not None and again.size:
        rounded = single[:, again]
        with np.errstate(over="ignore"):
            again = again[np.all(rounded == rounded.astype(np.float32), axis=0)]
        if again.size:
            units[again] = _by_blocks(values[:, again], _SINGLE_UNITS, _SINGLE_TOLERANCE)
    return units


def _by_blocks(values: Floats, most: int, tolerance: float) -> Integers:
    rows, columns = values.shape
    units = np.zeros(columns, dtype=np.int64)
    # Random columns share no unit: a few of their values show it.
    sample = values[:: max(1, rows // _SAMPLE)]
    likely = np.flatnonzero(_units(sample, most, tolerance))
    width = max(1, _BLOCK // max(1, rows))
    for first in range(0, len(likely), width):
        block = likely[first : first + width]
        units[block] = _units(values[:, block], most, tolerance)
    return units


def _units(values: Floats, most: int, tolerance: float) -> Integers:
    """`common_units`, for columns of moderate number."""
    rows, columns = values.shape
    units = np.ones(columns, dtype=np.int64)
    if not rows:
        return units
    sizes = np.abs(values)
    largest = sizes.max(axis=0)
    left = np.flatnonzero(largest > 0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        relative = sizes[:, left] / largest[left]
    unit = np.ones(len(left))
    # A fold at least halves the unit; with more than log2(most) of them it is too small.
    for _ in range(most.bit_length() + 1):
        if not left.size:
            break
        count = np.rint(1.0 / unit)
        multiples = relative * count
        off = np.abs(multiples - np.rint(multiples))
        off[off <= tolerance * count] = 0.0
        # Between 0 and half a unit lies what no unit explains.
        worst = np.argmax(off, axis=0)
        bad = off[worst, np.arange(len(left))] > 0
        units[left[~bad]] = count[~bad].astype(np.int64)
        left, relative, unit = left[bad], relative[:, bad], unit[bad]
        unit = _euclid(unit, relative[worst[bad], np.arange(len(left))], 0.25 / most)
        lost = unit * most < 1 - 1e-6
        units[left[lost]] = 0
        left, relative, unit = left[~lost], relative[:, ~lost], unit[~lost]
    units[left] = 0
    return units


def _euclid(a: Floats, b: Floats, nothing: float) -> Floats:
    """The largest common measure of two positive numbers each; remainders up to `nothing` are 0."""
    large, small = np.maximum(a, b), np.minimum(a, b)
    while np.any(small > nothing):
        divisor = np.where(small > nothing, small, np.inf)
        rest = np.abs(large - small * np.rint(large / divisor))
        more = small > nothing
        large, small = np.where(more, small, large), np.where(more, rest, small)
    return large
