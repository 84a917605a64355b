"""What a core will hold of a network, back in the network's own unit: for training that knows of rounding."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import FitWarning

from ..design.design import Design
from ..design.units import columns_of, conversion, weights_in_units
from ..network.network import Network
from ..quantise.rounding import Floats
from .compile import compile
from .wiring import Wiring, wire


@dataclass(frozen=True, eq=False)
class Held:
    """The numbers of a network as a core holds them.

    Attributes
    ----------
    weights : (source, target) floats by the names of both; of several projections between the same
        two, their sum.
    parameters : (size,) floats by population and name, as `device.parameters` has them: potentials in
        the network's unit, decay constants ("d_mem") as time constants in seconds.
    design : of which they are.
    """

    weights: dict[tuple[str, str], Floats]
    parameters: dict[str, dict[str, Floats]]
    design: Design


def held(network: Network, **settings: Any) -> Held:
    """Round a network as `compile` would, and say what that gives: a function of floats to floats.

    A training loop that computes with these numbers in place of its own finds weights that do well
    when they are rounded.  As rounding has no useful derivative, gradients are passed on as if it
    were not there (the straight-through estimator): in PyTorch `w + (held − w).detach()`.

    Parameters
    ----------
    network : what would be compiled.
    settings : of `compile`, such as `weight_bits=4`.  Give `state_bits`, too: else they may change
        from one call to the next.

    Raises
    ------
    InputError, FitError : as `compile` does.  Its warnings are not given; `design.report.losses` has
        them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        design = compile(network, **settings)
    wiring = wire(network)
    axons, neurons = wiring.weights.shape
    realised = weights_in_units(design, design.image.weights)[:axons, :neurons]
    # What is exact is said as it was given, not as a quotient of floats.
    unit = 2.0**design.config.weight_shift / design.scale[:neurons]
    realised = np.where(np.abs(realised - wiring.weights) <= 1e-9 * unit, wiring.weights, realised)
    return Held(
        {pair: matrix for pair, matrix in _matrices(network, wiring, realised)},
        _parameters(design),
        design,
    )


def _matrices(
    network: Network, wiring: Wiring, weights: Floats
) -> Iterator[tuple[tuple[str, str], Floats]]:
    """Weights by source and target, from those of axons: of all axons of a source, their sum."""
    rows = {name: _rows(wiring, name) for name in wiring.sources}
    for source, target in dict.fromkeys(
        (p.source.name, p.target.name) for p in network.projections
    ):
        axon, neuron = rows[source].T
        size = {p.name: p.size for p in network}[source]
        where = wiring.populations[target]
        matrix = np.zeros((size, where.stop - where.start))
        np.add.at(matrix, neuron, weights[axon, where])
        yield (source, target), matrix


def _rows(wiring: Wiring, source: str) -> np.ndarray:
    """(K, 2) axons of a source, and which of its neurons or inputs drives each."""
    if source in wiring.inputs:
        first, last = wiring.inputs[source].start, wiring.inputs[source].stop
        own = [(axon, axon - first) for axon in range(first, last)]
        further = [(axon, at - first) for at, axon in wiring.mirrors.tolist() if first <= at < last]
        return np.array(own + further, dtype=np.int64).reshape(-1, 2)
    first, last = wiring.populations[source].start, wiring.populations[source].stop
    found = wiring.destinations[:, [2, 0]]
    found = found[(found[:, 1] >= first) & (found[:, 1] < last)]
    return found - np.array([0, first])


def _parameters(design: Design) -> dict[str, dict[str, Floats]]:
    """Parameters by population and name, in units."""
    found: dict[str, Floats] = {}
    for name, values in design.image.parameters.items():
        unit = conversion(design, name)
        found[name] = (
            values.astype(np.float64)
            if unit is None
            else unit.to_unit(values, columns_of(values.shape))
        )
    return {
        population: {name: values[where] for name, values in found.items()}
        for population, where in design.populations.items()
    }
