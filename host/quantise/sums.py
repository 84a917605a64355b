"""Thresholds that are sums of weights: what adds up to a threshold in floats does so in integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .rounding import Floats, Integers

MOST_TERMS = 256
"""A threshold is looked at as so many equal weights, at most."""
_MOST_WEIGHTS = 256
"""Single weights are looked at in neurons that have at most so many."""
_EQUAL = 1e-9
_LARGEST_CHANGE = 0.02
"""A threshold is moved by this part of itself, at most."""


def thresholds_for_sums(
    weights: Floats,
    rounded: Integers,
    thresholds: Floats,
    integers: Integers,
    above: NDArray[np.bool_] | None = None,
) -> Integers:
    """(N,) thresholds, lowered where rounding left a sum that equals them short of them.

    Of neurons that fire above their threshold they are raised where rounding took such a sum beyond.

    Looked at are all positive weights of a neuron together, and each weight taken a whole number of
    times: both are common, where weights were chosen to make a neuron fire just so.

    Parameters
    ----------
    weights : (A, N) of synapses that drive currents, 0 for others.
    rounded : (A, N) the same in integers of the state.
    thresholds, integers : (N,) as asked for, and rounded.
    above : (N,) which neurons fire above their threshold, not at it; None: none.
    """
    moved, up = integers.copy(), np.zeros(len(integers), dtype=bool) if above is None else above

    def nearest(values: Integers, sums: Floats, up: NDArray[np.bool_]) -> Floats:
        return np.where(up, np.maximum(values, sums), np.minimum(values, sums))

    positive = weights > 0
    sums = np.where(positive, weights, 0.0).sum(axis=0)
    equal = (thresholds > 0) & (np.abs(sums - thresholds) <= _EQUAL * thresholds)
    reached = np.where(positive, rounded, 0).sum(axis=0)
    moved = np.where(equal, nearest(moved, reached, up), moved)

    few = np.flatnonzero(np.count_nonzero(positive, axis=0) <= _MOST_WEIGHTS)
    positive = positive[:, few]
    with np.errstate(divide="ignore", over="ignore"):
        terms = np.where(positive, thresholds[few] / np.where(positive, weights[:, few], 1.0), 0.5)
    count = np.rint(terms)
    whole = (count >= 1) & (count <= MOST_TERMS) & (np.abs(terms - count) <= _EQUAL * count)
    never = np.where(up[few], -np.inf, np.inf)
    multiples = np.where(whole, count * rounded[:, few], never)
    lowest, highest = multiples.min(axis=0, initial=np.inf), multiples.max(axis=0, initial=-np.inf)
    found = np.where(up[few], highest, lowest)
    moved[few] = nearest(moved[few], found, up[few]).astype(np.int64)
    allowed = (moved >= np.maximum(1, (1 - _LARGEST_CHANGE) * integers)) & (
        moved <= (1 + _LARGEST_CHANGE) * np.maximum(integers, 1)
    )
    return np.where(allowed, moved, integers)
