"""Word lengths that nobody chose: the fewest bits with which a network is held well."""

from __future__ import annotations

import numpy as np

from .needs import Needs
from .rounding import Floats
from .scales import LEAKY_RESOLUTION, MAX_WEIGHT_SHIFT, RESOLUTION, SLACK, Columns

WEIGHT_BITS = (8, 16)
"""Fewest and most bits of weights that are chosen."""
STATE_BITS = (16, 24)
"""The same of states; a network that is held exactly may take more."""
BEYOND_WEIGHTS = 8
"""A state is so many bits wider than weights, at least."""
MOST_STATE_BITS = 32
SMALL_WEIGHTS = 8.0
"""For small weights a state is so many times finer than for others, at most."""
WEIGHT_TOLERANCE = 0.03
"""Rounding may change the weights of a neuron by this, on average."""
UPDATE_UNITS = 8
"""A weight change that a learning rule makes is so many units of the weight, at least."""


def exact_weight_bits(columns: Columns) -> int:
    """Fewest bits, from 8, that hold all columns exactly that can be held in 16."""
    sizes = np.maximum(columns.excitatory, columns.inhibitory * (1 - 2.0**-15))
    best = WEIGHT_BITS[1]
    columns_held = -1
    for shift in range(MAX_WEIGHT_SHIFT + 1):
        exact = columns.exact_scale(shift)
        possible = np.isfinite(exact)
        largest = np.where(possible, sizes, 0.0) * np.where(possible, exact, 0.0) / 2.0**shift
        bits = np.ceil(np.log2(np.maximum(largest, 1) / SLACK + 1)) + 1
        fits = possible & (bits <= WEIGHT_BITS[1])
        need = int(np.max(bits[fits], initial=WEIGHT_BITS[0]))
        if fits.sum() > columns_held or (fits.sum() == columns_held and need < best):
            columns_held, best = int(fits.sum()), need
    return max(best, WEIGHT_BITS[0])


def fine_weight_bits(columns: Columns, rounded: np.ndarray, groups: np.ndarray) -> int:
    """Fewest bits with which rounding is within `WEIGHT_TOLERANCE` in every group of neurons.

    Parameters
    ----------
    rounded : (N,) bool, the columns that are not exact.
    groups : (N,) integers from 0, the population of each neuron.
    """
    weights = columns.weights[:, rounded]
    total = np.bincount(groups[rounded], np.abs(weights).sum(axis=0))
    for bits in range(*WEIGHT_BITS):
        scale = columns.full_range(bits)[rounded]
        scale = np.where(np.isfinite(scale), scale, 1.0)
        scaled = weights * scale
        error = np.abs(scaled - np.rint(scaled)).sum(axis=0) / scale
        if np.all(np.bincount(groups[rounded], error) <= WEIGHT_TOLERANCE * total):
            return bits
    return WEIGHT_BITS[1]


def learning_weight_bits(columns: Columns, change: float) -> int:
    """Fewest bits with which this change of a weight is `UPDATE_UNITS` units, or the most."""
    for bits in range(*WEIGHT_BITS):
        if change * float(np.min(columns.full_range(bits))) >= UPDATE_UNITS:
            return bits
    return WEIGHT_BITS[1]


def state_width(
    columns: Columns, need: Needs, exact: np.ndarray, weight_bits: int, finest: bool
) -> int:
    """Fewest bits that leave room for the potential, at a resolution that weights can use."""
    active = need.peak > 0
    resolved = np.where(
        need.plain, RESOLUTION, np.maximum(RESOLUTION, LEAKY_RESOLUTION * np.sqrt(need.memory))
    )
    coarse = exact & need.plain & (not finest)
    with np.errstate(divide="ignore", invalid="ignore"):
        fine = np.where(active, resolved / need.peak, 0.0)
        # All bits of the weights, unless they are very small beside the threshold.
        full = np.minimum(columns.full_range(weight_bits), SMALL_WEIGHTS * fine)
        fine = np.maximum(fine, full) * need.range
        whole = np.where(exact, columns.exact_scale(_best_shift(columns, weight_bits)), 0.0)
        roomy = np.where(exact, whole * np.where(coarse, need.exact_range, need.range), 0.0)
        least = np.where(exact, whole * need.least, 0.0)
    wanted = np.where(coarse, roomy, np.maximum(fine, roomy))
    low = max(STATE_BITS[0], weight_bits + BEYOND_WEIGHTS)
    chosen = max(low, min(_bits(wanted), max(STATE_BITS[1], low)), _bits(least))
    return min(chosen, MOST_STATE_BITS)


def _best_shift(columns: Columns, weight_bits: int) -> int:
    """The least shift with which most columns are exact."""
    ranges = columns.full_range(weight_bits)
    possible = np.isfinite(columns.least)
    held = [
        int(np.sum(possible & (columns.exact_scale(k) <= ranges * 2.0**k * SLACK)))
        for k in range(MAX_WEIGHT_SHIFT + 1)
    ]
    return held.index(max(held))


def _bits(sizes: Floats) -> int:
    """Bits of signed integers that reach these sizes."""
    largest = min(float(np.max(sizes, initial=1.0)) / SLACK, 2.0**40)
    return int(np.ceil(np.log2(max(largest, 1.0) + 1))) + 1
