"""Which neurons are connected: matrices, sparse matrices, lists of synapses, and patterns.

All become a matrix of (source, target), pre × post: a row for each source, a column for each target.
"""

from __future__ import annotations

import numbers
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from ..quantise.arrays import real_number
from ..quantise.rounding import Floats
from ..signals.seeds import random_generator

ORIENTATION = "(source, target), pre × post: a row for each source"
ONE_TO_ONE = "one_to_one"
Bools = NDArray[np.bool_]


class Pattern(Protocol):
    """Says which of (sources, targets) synapses there are, and how strong each is."""

    def synapses(self, sources: int, targets: int) -> tuple[Floats, Bools]:
        """(sources, targets) weights, and where there is a synapse."""


@dataclass(frozen=True)
class OneToOne:
    """A synapse from each neuron to the one with its number, all equally strong.

    Parameters
    ----------
    weight : of all of them.
    """

    weight: float

    def synapses(self, sources: int, targets: int) -> tuple[Floats, Bools]:
        """As every pattern; `InputError` for populations of different sizes."""
        if sources != targets:
            raise InputError(
                f"one to one needs populations of one size, and these have {sources} and {targets}"
            )
        there = np.eye(sources, dtype=np.bool_)
        return np.where(there, _weight(self.weight), 0.0), there


@dataclass(frozen=True)
class RandomConnections:
    """Each synapse is there with probability `p`, drawn from `seed`.

    Parameters
    ----------
    p : 0…1.
    weight : of all that are there; or a pair (low, high), between which each is drawn evenly.
    seed : of the random numbers; the same seed gives the same synapses.
    to_itself : whether a neuron may be connected to the one with its own number.
    """

    p: float
    weight: Any
    seed: int
    to_itself: bool = True

    def __post_init__(self) -> None:
        if not _is_number(self.p) or not 0 <= self.p <= 1:
            raise InputError(f"p is {self.p!r}; give a probability, 0 to 1")
        random_generator(self.seed)
        if isinstance(self.weight, tuple):
            right = len(self.weight) == 2 and all(map(_is_number, self.weight))
            if not right or not self.weight[0] <= self.weight[1]:
                raise InputError(f"weight is {self.weight!r}; give a number, or a pair (low, high)")
        else:
            _weight(self.weight)

    def synapses(self, sources: int, targets: int) -> tuple[Floats, Bools]:
        """As every pattern."""
        generator = random_generator(self.seed)
        there = generator.random((sources, targets)) < self.p
        if not self.to_itself:
            np.fill_diagonal(there, False)
        low, high = self.weight if isinstance(self.weight, tuple) else (self.weight, self.weight)
        return np.where(there, generator.uniform(low, high, there.shape), 0.0), there


def one_to_one(weight: float) -> OneToOne:
    """Connect neurons of equal numbers, one to one: `net.connect(a, b, one_to_one(0.5))`."""
    return OneToOne(weight)


def random_connections(
    p: float, weight: float | tuple[float, float], *, seed: int, to_itself: bool = True
) -> RandomConnections:
    """Connect with a probability: `net.connect(a, b, random_connections(0.1, 0.5, seed=1))`.

    Parameters
    ----------
    p, weight, seed, to_itself : see `spikeloom.network.connections.RandomConnections`.
    """
    return RandomConnections(p, weight, seed, to_itself)


@dataclass(frozen=True, eq=False)
class Connections:
    """What `Network.connect` makes synapses of.

    Attributes
    ----------
    weights : as given, or (source, target) floats where they were given in another form.
    plastic, delay : as given, or arrays of that shape.
    """

    weights: Any
    plastic: Any
    delay: Any


def connections(
    sources: tuple[str, int],
    targets: tuple[str, int],
    weights: Any,
    weights_post_pre: Any,
    weight: float | None,
    plastic: ArrayLike,
    delay: ArrayLike | None,
    default_delay: float,
) -> Connections:
    """Bring every form to a matrix (source, target); what is one already is only checked for its shape.

    Parameters
    ----------
    sources, targets : names and sizes of the populations.
    weights : a matrix, a number for all synapses, a scipy sparse matrix, "one_to_one" (with
        `weight`), a pattern, or tuples (i, j, weight) or (i, j, weight, delay).
    weights_post_pre : a matrix, dense or sparse, of (target, source) instead; then `plastic` and
        `delay` are transposed as well.
    plastic, delay : of `Network.connect`.
    default_delay : of synapses whose delay is not given, in seconds.

    Raises
    ------
    InputError : for what fits none of these; every message about a shape names the orientation.
    """
    if (weights is None) == (weights_post_pre is None):
        raise InputError("give weights or weights_post_pre, one of the two")
    shape = (sources[1], targets[1])
    if isinstance(weights, str):
        weights = _named(weights, weight)
    elif weight is not None:
        raise InputError(f'weight is for "{ONE_TO_ONE}" alone; leave it out, or give it as weights')
    there: Bools | None = None
    if weights is None:
        weights, there = _matrix(weights_post_pre)
        _check_shape("weights_post_pre", weights, sources, targets, turned=True)
        weights, there = _turned(weights), None if there is None else there.T
        plastic, delay = _turned(plastic), _turned(delay)
    elif _is_number(weights):
        weights = np.full(shape, _weight(weights))
    elif hasattr(weights, "synapses"):
        weights, there = weights.synapses(*shape)
    elif isinstance(weights, list | tuple) and weights and all(type(w) is tuple for w in weights):
        weights, there, delays = _from_tuples(weights, sources, targets, default_delay)
        if delays is not None:
            if delay is not None:
                raise InputError("the synapses have delays of their own; leave out delay")
            delay = delays
    else:
        weights, there = _matrix(weights)
        _check_shape("weights", weights, sources, targets, turned=False)
    if there is not None and plastic is True:
        plastic = there
    return Connections(weights, plastic, delay)


def _named(name: str, weight: float | None) -> Pattern:
    if name != ONE_TO_ONE:
        raise InputError(
            f'weights is {name!r}; give numbers, or "{ONE_TO_ONE}" with weight=, or '
            "random_connections(p, weight, seed=…)"
        )
    if weight is None:
        raise InputError(f'"{ONE_TO_ONE}" needs the weight of its synapses: weight=0.5')
    return OneToOne(weight)


def _matrix(values: Any) -> tuple[Any, Bools | None]:
    """A matrix, and where a sparse one has entries."""
    if not hasattr(values, "tocoo"):
        return values, None
    entries = values.tocoo()
    if entries.ndim != 2:
        raise InputError(f"the sparse array has shape {entries.shape}; give {ORIENTATION}")
    there = np.zeros(entries.shape, dtype=np.bool_)
    there[entries.row, entries.col] = True
    return np.asarray(entries.toarray()), there


def _turned(values: Any) -> Any:
    """Transposed, if it is a matrix; masked arrays stay masked."""
    if values is None or np.ndim(values) != 2:
        return values
    return values.T if hasattr(values, "T") else np.asarray(values).T


def _check_shape(
    name: str, values: Any, sources: tuple[str, int], targets: tuple[str, int], *, turned: bool
) -> None:
    try:
        shape = np.shape(values)
    except ValueError:
        raise InputError(f"{name} have rows of unequal length; give {ORIENTATION}") from None
    right = (sources[1], targets[1])
    order, other = ORIENTATION, "weights_post_pre="
    if turned:
        right = right[::-1]
        order, other = "(target, source), post × pre: a row for each target", "weights"
    if shape == right:
        return
    hint = ""
    if len(shape) == 2 and shape == right[::-1]:
        hint = f". They fit the other way round: give them as {other}, or transpose them"
    raise InputError(
        f"{name} have shape {shape}; from {sources[0]} ({sources[1]}) to {targets[0]} "
        f"({targets[1]}) give {right}, {order}{hint}"
    )


def _from_tuples(
    rows: Sequence[tuple[Any, ...]],
    sources: tuple[str, int],
    targets: tuple[str, int],
    default_delay: float,
) -> tuple[Floats, Bools, Floats | None]:
    """Weights, where there are synapses, and delays if they are given."""
    shape = (sources[1], targets[1])
    lengths = {len(row) for row in rows}
    if lengths not in ({3}, {4}):
        raise InputError(
            f"synapses have {', '.join(map(str, sorted(lengths)))} numbers; give tuples (i, j, weight) "
            "or (i, j, weight, delay) from source i to target j; for a matrix give an array"
        )
    weights, there = np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    delays = np.full(shape, default_delay) if lengths == {4} else None
    for row in rows:
        i = _index(row, row[0], *sources)
        j = _index(row, row[1], *targets)
        if there[i, j]:
            raise InputError(
                f"the synapse from {i} to {j} is there twice; connect once more for a second one"
            )
        there[i, j], weights[i, j] = True, _weight(row[2])
        if delays is not None:
            if not _is_number(row[3]):
                raise InputError(f"the delay of {row!r} is none; give seconds")
            delays[i, j] = row[3]
    return weights, there, delays


def _index(row: tuple[Any, ...], value: Any, name: str, size: int) -> int:
    try:
        index = operator.index(value)
    except TypeError:
        index = -1
    if not 0 <= index < size or isinstance(value, bool | np.bool_):
        raise InputError(
            f"{row!r} is no synapse: {name} has neurons 0…{size - 1}; tuples are (i, j, weight) from "
            "source i to target j, and a matrix is an array or a list of lists"
        )
    return index


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _weight(value: Any) -> float:
    return real_number("weight", value, "give a finite number")
