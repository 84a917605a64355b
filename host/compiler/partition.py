"""Which neuron goes to which core, so that few spikes have to go from core to core."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import Image
from spikeloom.hdl.contract.errors import InputError, MissingToolError

from ..design.placement import network_destinations
from ..quantise.rounding import Floats, Integers

METHODS = ("cut", "order", "random")
"""cut: as few packets as can be found; order: consecutive neurons together; random."""

_RATE_UNITS = 100
"""Weight of an axon's copies in the search, for one that has the mean rate; an input's copies weigh 1."""

_IMBALANCE = 0.03
_SEED = 0


def synapses_of(image: Image) -> NDArray[np.bool_]:
    """(A, N) bool: weights other than 0, and what learns."""
    return (image.weights != 0) | image.plastic


def can_cut() -> bool:
    """Whether the library that "cut" needs is installed."""
    try:
        import mtkahypar  # noqa: F401
    except ImportError:
        return False
    return True


def partition(
    image: Image, cores: int, most: int, method: str, rates: Floats, seed: int = 0
) -> Integers:
    """(N,) core of each neuron, at most `most` neurons on each.

    Parameters
    ----------
    image : of the network.
    cores : how many; `cores * most` is at least N.
    method : one of `METHODS`.
    rates : (N,) spikes per step of each neuron.
    seed : for "random".

    Raises `MissingToolError` for "cut" where the library for it is not installed.
    """
    neurons = image.config.neurons
    if method not in METHODS:
        options = ", ".join(map(repr, METHODS))
        raise InputError(
            f"placement is {method!r}; choose {options}, or give the core of each neuron"
        )
    if cores == 1:
        return np.zeros(neurons, dtype=np.int64)
    if method == "cut":
        return _cut(image, cores, most, rates)
    order = np.arange(neurons) * cores // neurons
    return np.random.default_rng(seed).permutation(order) if method == "random" else order


def _cut(image: Image, cores: int, most: int, rates: Floats) -> Integers:
    """Partition the hypergraph in which each axon joins its targets with the neuron that drives it.

    What it has to be carried to beyond one core is what costs: the objective known as "km1", or
    connectivity less one.  By Mt-KaHyPar (Gottesbüren, Heuer, Maas, Sanders and Schlag 2024,
    "Scalable High-Quality Hypergraph Partitioning"), in the preset that gives equal results for
    equal input.
    """
    library, initializer = _library()
    edges, weights = _hyperedges(image, rates)
    neurons = image.config.neurons
    if not edges:
        return np.arange(neurons) * cores // neurons
    library.set_seed(_SEED)
    context = initializer.context_from_preset(library.PresetType.DETERMINISTIC_QUALITY)
    context.set_partitioning_parameters(cores, _IMBALANCE, library.Objective.KM1)
    context.set_individual_target_block_weights([most] * cores)
    context.logging = False
    graph = initializer.create_hypergraph(
        context, neurons, len(edges), edges, [1] * neurons, weights
    )
    found = graph.partition(context)
    return _even_out(np.array([found.block_id(j) for j in range(neurons)]), cores, most)


@functools.cache
def _library() -> tuple[Any, Any]:
    try:
        import mtkahypar
    except ImportError:
        raise MissingToolError(
            'placement="cut" needs Mt-KaHyPar, a partitioner of hypergraphs; install it with '
            "pip install 'spikeloom[place]', or choose placement=\"order\""
        ) from None
    return mtkahypar, mtkahypar.initialize(1, False)


def _hyperedges(image: Image, rates: Floats) -> tuple[list[list[int]], list[int]]:
    """Neurons that each axon joins, and how much each further core of these costs."""
    drivers: dict[int, list[int]] = {}
    for neuron, _, axon, _ in network_destinations(image).tolist():
        drivers.setdefault(axon, []).append(neuron)
    mean = float(rates.mean()) or 1.0
    edges, weights = [], []
    for axon, there in enumerate(synapses_of(image)):
        sources = drivers.get(axon, [])
        joined = np.union1d(np.flatnonzero(there), sources).astype(np.int64)
        if len(joined) > 1:
            rate = float(rates[sources].sum()) / mean
            edges.append(joined.tolist())
            weights.append(1 + math.ceil(_RATE_UNITS * min(rate, 1e4)))
    return edges, weights


def _even_out(core: Integers, cores: int, most: int) -> Integers:
    """Take neurons from cores that have too many; the partitioner may leave a few."""
    count = np.bincount(core, minlength=cores)
    for full in np.flatnonzero(count > most):
        for neuron in np.flatnonzero(core == full)[most:]:
            core[neuron] = np.argmin(count)
            count[core[neuron]] += 1
    return core
