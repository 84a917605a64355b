"""The choice of scales: where a neuron can be held exactly it is, otherwise its parameters are whole.

A scale s turns a potential x into round(s·x) and a weight w into round(s·w / 2^shift).  A neuron's
spikes stay the same when its weights and its parameters are scaled together: so each may have its
own, and of many that are as good the best for rounding is taken.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .grid import common_units
from .needs import Needs
from .rounding import Floats, Integers

Bools = NDArray[np.bool_]

MAX_WEIGHT_SHIFT = 15
SHIFT_TOLERANCE = 1.1
"""The smallest weight shift is taken whose estimated error is within this factor of the least."""
LOWEST = 0.7
"""A scale may be so much of the largest possible one, for the sake of whole parameters."""
RESOLUTION = 500.0
"""Units in the largest parameter or weight that headroom does not take away."""
LEAKY_RESOLUTION = 150.0
"""The same for each root of a step that a leaky state remembers: its rounding errors add up."""
SLACK = 1 + 1e-9

_CANDIDATES = 512
_JUDGED_WEIGHTS = 32
_PARAMETER_RANK = 100.0
"""A parameter off its integer counts so many times a weight."""
_BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Columns:
    """N columns of values that are scaled together, a neuron each, or all neurons as one.

    Attributes
    ----------
    weights, values : (A, N), (P, N) floats: weights, and parameters in the unit of potentials.
    least : (N,) smallest scale at which all of them are whole; infinite where there is none.
    power : (N,) log2 of what divides all weights at that scale.
    excitatory, inhibitory : (N,) largest weight of either sign.
    """

    weights: Floats
    values: Floats
    least: Floats
    power: Integers
    excitatory: Floats
    inhibitory: Floats

    @classmethod
    def of(cls, weights: Floats, values: Floats, bounds: tuple[float, float]) -> Columns:
        """Look for the units; `bounds` are further values that weights may take."""
        limits = np.broadcast_to(np.array(bounds)[:, None], (2, weights.shape[1]))
        everything = np.concatenate([values, limits, weights])
        largest = np.abs(everything).max(axis=0)
        units = common_units(everything, single=weights)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            least = np.where((units > 0) & (largest > 0), units / largest, np.inf)
        # Nothing but zeros is whole at any scale: at that of another column as well.
        least[largest == 0] = least.min(initial=np.inf) if np.isfinite(least).any() else 1.0
        power = np.full(weights.shape[1], 63, dtype=np.int64)
        found = np.flatnonzero(np.isfinite(least))
        scaled = np.concatenate([limits[:, found], weights[:, found]]) * least[found]
        together = np.bitwise_or.reduce(np.rint(scaled).astype(np.int64), axis=0)
        lowest = together & -together
        power[found] = np.where(lowest > 0, np.log2(np.maximum(lowest, 1)), 63).astype(np.int64)
        return cls(
            weights, values, least, power,
            np.abs(weights.max(axis=0, initial=max(0.0, bounds[1]))),  # not −0
            np.abs(weights.min(axis=0, initial=min(0.0, bounds[0]))),
        )  # fmt: skip

    def together(self, bounds: tuple[float, float]) -> Columns:
        """All columns as one, of the same number of columns."""
        one = Columns.of(self.weights.reshape(-1, 1), self.values.reshape(-1, 1), bounds)
        n = len(self.least)
        return dataclasses.replace(
            one, weights=self.weights, values=self.values, least=np.repeat(one.least, n),
            power=np.repeat(one.power, n), excitatory=np.repeat(one.excitatory, n),
            inhibitory=np.repeat(one.inhibitory, n),
        )  # fmt: skip

    def full_range(self, weight_bits: int) -> Floats:
        """(N,) scale at which the largest weight uses all bits, with a shift of 0."""
        high = (1 << (weight_bits - 1)) - 1
        with np.errstate(divide="ignore", over="ignore"):
            return np.minimum(high / self.excitatory, (high + 1) / self.inhibitory)

    def exact_scale(self, shift: int) -> Floats:
        """(N,) smallest scale at which everything is whole with this weight shift, or infinity."""
        return self.least * np.exp2(np.maximum(0, shift - self.power))


@dataclass(frozen=True, eq=False)
class Choice:
    """Scales as they were chosen: (N,) floats, and for which neurons nothing was rounded.

    `roomy` is the number of exact neurons whose potential has all the range it needs.
    """

    shift: int
    scales: Floats
    exact: Bools
    roomy: int = 0


def choose(
    columns: Columns,
    need: Needs,
    weight_bits: int,
    state_bits: int,
    *,
    shift: int | None,
    shared: bool,
    finest: bool,
) -> Choice:
    """The weight shift and the scale of each neuron.

    Parameters
    ----------
    shift : fixed by the core, or None to choose it.
    shared : all neurons have one scale; then `columns` are all of them as one.
    finest : take the finest of the scales that are exact, whatever room that leaves for sums: for
        weights that learn.
    """
    attempts = range(MAX_WEIGHT_SHIFT + 1) if shift is None else [shift]
    choices = [
        _attempt(columns, need, weight_bits, state_bits, k, shared, finest) for k in attempts
    ]
    held = max((int(c.exact.sum()), c.roomy) for c in choices)
    choices = [c for c in choices if (int(c.exact.sum()), c.roomy) == held]
    costs = [_cost(c, need) for c in choices]
    best = next(c for c, cost in zip(choices, costs, strict=True)
                if cost <= SHIFT_TOLERANCE * min(costs))  # fmt: skip
    return best if shared and np.all(best.exact) else _near_whole(columns, best, shared)


def state_limit(need: Needs, state_bits: int) -> Floats:
    """(N,) largest scale that leaves the room a neuron needs, or keeps a useful resolution."""
    top = (1 << (state_bits - 1)) - 1
    with np.errstate(divide="ignore", over="ignore"):
        roomy = top / need.range
        resolved = np.maximum(RESOLUTION, LEAKY_RESOLUTION * np.sqrt(need.memory)) / need.peak
        return np.maximum(roomy, np.minimum(top / np.maximum(need.least, 4 * need.peak), resolved))


def _attempt(
    columns: Columns, need: Needs, weight_bits: int, state_bits: int, shift: int, shared: bool,
    finest: bool,
) -> Choice:  # fmt: skip
    """The largest scales with this shift, or the exact ones."""
    top = (1 << (state_bits - 1)) - 1
    limit = np.minimum(columns.full_range(weight_bits) * 2.0**shift, state_limit(need, state_bits))
    with np.errstate(divide="ignore", over="ignore"):
        most = np.minimum(columns.full_range(weight_bits) * 2.0**shift, top / need.least)
        # A neuron that only adds and compares, exactly, has room for more, and needs nothing finer.
        sums = np.where(need.plain & (not finest), top / need.exact_range, np.inf)
    if shared:
        limit, most, sums = (np.full(len(x), np.min(x)) for x in (limit, most, sums))
    roomy = np.minimum(limit, sums)
    least = columns.exact_scale(shift)
    exact = least <= most * SLACK
    fitting = int(np.sum(exact & (least <= roomy * SLACK)))
    limit, roomy = (np.where(np.isfinite(x), x, 1.0) for x in (limit, roomy))
    if np.all(exact & need.plain) and len(least):
        # One scale for all, if there is one, so that a core can share their parameters.
        one = float(np.max(least))
        ratio = one / least
        if np.all((np.abs(ratio - np.rint(ratio)) < 1e-9 * ratio) & (one <= roomy * SLACK)):
            scales = np.full(len(least), _multiples(roomy, one).min())
            return Choice(shift, scales, exact, fitting)
    return Choice(shift, np.where(exact, _multiples(roomy, least), limit), exact, fitting)


def _multiples(limit: Floats, unit: Floats | float) -> Floats:
    """The largest multiples of a unit up to a limit, at least one."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.maximum(1.0, np.floor(limit / unit * SLACK)) * unit)


def _cost(choice: Choice, need: Needs) -> float:
    """Mean squared error: a weight's rounding against the state's in every step remembered.

    Weights that are whole are counted like others: they may be written while the network runs.
    """
    active = need.peak > 0
    unit = 1.0 / (choice.scales[active] * need.peak[active])
    return float(np.sum((4.0**choice.shift + need.memory[active]) * unit**2))


def _near_whole(columns: Columns, choice: Choice, shared: bool) -> Choice:
    """Lower the scales of neurons that are not exact to where their parameters are nearest to whole."""
    rounded = np.flatnonzero(~choice.exact)
    scales = choice.scales.copy()
    if shared and rounded.size:
        values, weights = (_distinct(x) for x in (columns.values, columns.weights))
        if values.size:
            scales[:] = _nearest(values, weights / 2.0**choice.shift, scales[:1])[0]
        return dataclasses.replace(choice, scales=scales)
    width = max(1, _BLOCK // (_CANDIDATES * (len(columns.values) + _JUDGED_WEIGHTS)))
    strongest = _strongest(columns.weights[:, rounded])
    for first in range(0, len(rounded), width):
        block = rounded[first : first + width]
        scales[block] = _nearest(
            columns.values[:, block],
            strongest[:, first : first + width] / 2.0**choice.shift,
            scales[block],
        )
    return dataclasses.replace(choice, scales=scales)


def _distinct(values: Floats) -> Floats:
    """(K, 1) distinct sizes other than 0, when they are few enough to be judged."""
    sizes = np.unique(np.abs(values))
    sizes = sizes[sizes > 0]
    return sizes[:, None] if len(sizes) <= _JUDGED_WEIGHTS else sizes[:0, None]


def _strongest(weights: Floats) -> Floats:
    """Weights of columns that have few; 0 for others, whose errors are as random at any scale."""
    few = np.count_nonzero(weights, axis=0) <= _JUDGED_WEIGHTS
    if len(weights) > _JUDGED_WEIGHTS:
        order = np.argpartition(np.abs(weights), -_JUDGED_WEIGHTS, axis=0)[-_JUDGED_WEIGHTS:]
        weights = np.take_along_axis(weights, order, axis=0)
    return np.where(few, weights, 0.0)


def _nearest(values: Floats, weights: Floats, most: Floats) -> Floats:
    """(N,) scales of at most `most`, with the first parameter that is not 0 whole.

    Of those in the range the one with the others nearest to whole, then the weights; parameters
    are (P, N), weights (W, N).
    """
    n = np.arange(values.shape[1])
    main = np.abs(values[np.argmax(values != 0, axis=0), n])
    with np.errstate(divide="ignore", over="ignore"):
        first = np.floor(main * most * SLACK)
    counts = first - np.arange(_CANDIDATES)[:, None]
    possible = (counts >= np.maximum(1.0, np.ceil(LOWEST * main * most))) & (main > 0)
    scales = np.where(possible, counts / np.where(main > 0, main, 1.0), most)
    error = np.where(possible, 0.0, np.inf)
    for row in values:
        error = error + _PARAMETER_RANK * _off(row * scales) ** 2
    for row in weights:
        error = error + _off(row * scales) ** 2 / max(1, len(weights))
    # Equal but for rounding: the larger scale.
    best = np.argmin(np.round(error, 9), axis=0)
    return np.where(np.isfinite(error[best, n]), scales[best, n], most)


def _off(x: Floats) -> Floats:
    return x - np.rint(x)
