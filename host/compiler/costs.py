"""What quantisation cost, by population and projection: the report that a design keeps."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from ..network.network import Network
from ..quantise.core import Quantised
from ..quantise.learning import QuantisedLearning
from ..quantise.reports import PopulationCost, ProjectionCost, QuantisationReport
from ..quantise.rounding import Floats, ParameterDeviation
from .wiring import Wiring


def full_report(
    network: Network,
    wiring: Wiring,
    result: Quantised,
    learned: QuantisedLearning | None,
    losses: tuple[str, ...],
) -> QuantisationReport:
    """The report of `quantise`, with names, delays, the learning rule, and what was warned of."""
    worst: dict[str, ParameterDeviation] = {}
    for p in network.projections:
        for found in p.deviations:
            worst[found.name] = max(found, worst.get(found.name, found), key=_size)
    deviations = (*result.report.parameters, *worst.values())
    if learned is not None:
        deviations = (*deviations, *learned.deviations)
    return dataclasses.replace(
        result.report,
        parameters=deviations,
        populations=tuple(_populations(wiring, result)),
        projections=tuple(_projections(network, wiring, result)),
        losses=losses,
    )


def pairs(network: Network, wiring: Wiring) -> Iterator[tuple[str, str, np.ndarray, slice]]:
    """Source, target, axons and neurons of each pair of populations that a projection joins.

    Several projections between the same pair are one here: a core holds their sum.
    """
    joined = dict.fromkeys((p.source.name, p.target.name) for p in network.projections)
    for source, target in joined:
        yield source, target, wiring.sources[source], wiring.populations[target]


def relative_thresholds(wiring: Wiring, result: Quantised) -> Floats:
    """(N,) how far thresholds are off, relative to their height above rest."""
    asked, got = asked_and_realised(wiring, result, "v_threshold")
    error = np.abs(got - asked)
    return np.where(error > 0, error / np.where(asked == 0, 1.0, np.abs(asked)), 0.0)


def asked_and_realised(wiring: Wiring, result: Quantised, name: str) -> tuple[Floats, Floats]:
    """(N,) a parameter of the neurons, and what integers give; zeros where the model has none."""
    none = np.zeros(len(wiring.report))
    if name not in wiring.parameters or name not in result.realised_parameters:
        return none, none
    return wiring.parameters[name], result.realised_parameters[name]


def _populations(wiring: Wiring, result: Quantised) -> Iterator[PopulationCost]:
    bounds = result.report.bounds
    assert bounds is not None
    total, step = bounds.after(np.inf), bounds.threshold + bounds.step
    relative = relative_thresholds(wiring, result)
    asked, _ = asked_and_realised(wiring, result, "v_threshold")
    for name, where in wiring.populations.items():
        yield PopulationCost(
            name,
            len(relative[where]),
            int(result.exact[where].sum()),
            float(asked[where].min()),
            float(relative[where].max()),
            float(total[where].max()),
            float(step[where].max()),
        )


def _projections(network: Network, wiring: Wiring, result: Quantised) -> Iterator[ProjectionCost]:
    realised = result.realised
    for source, target, axons, neurons in pairs(network, wiring):
        weights = wiring.weights[axons, neurons]
        used = weights != 0
        error = np.abs(realised[axons, neurons] - weights)
        yield ProjectionCost(
            source,
            target,
            int(used.sum()),
            int((used & (result.weights[axons, neurons] == 0)).sum()),
            int(result.clipped[axons, neurons].sum()),
            float(error.max(initial=0.0)),
            float(np.abs(weights).max(initial=0.0)),
        )


def _size(deviation: ParameterDeviation) -> float:
    return abs(deviation.error)
