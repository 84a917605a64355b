"""Which axon each source drives, and what synapses the axons have: a network as arrays.

Axons are given to the inputs first, then to each neuron that projects to something, in the order
in which populations were added; neurons are numbered by population.

An axon has one synapse with each neuron, at most.  So a source needs another axon for each axonal
delay, for synapses with the same target that have different delays, and for synapses with the same
target of either sign, where the target has a current for each.  Further axons of an input are the
last ones; the host drives them with the same spikes (`Design.mirrors`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import NO_AXON
from spikeloom.hdl.contract.core_config import MAX_AXONS, MAX_NEURONS
from spikeloom.hdl.contract.errors import FitError, InputError

from ..network.network import Network, Population, Projection
from ..network.neuron import Neuron, one_for_all
from ..quantise.rounding import Floats, Integers

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Wiring:
    """A network with A axons and N neurons, still in floats.

    Attributes
    ----------
    inputs, populations : ranges of axons and of neurons, by name.
    sources : axons of each input and population that projects to something, by name.
    mirrors : (K, 2) axons of inputs, and the further axons that hear the same.
    weights : (A, N) floats, the sum of all projections.
    delays : (A, N) delay fields.
    destinations : (E, 4) integers as in an `Image`: neuron, core 0, axon, axonal delay.
    report : (N,) bool.
    neuron : the class of its neurons, which are all of one model.
    parameters : (N,) floats by name, as `Neuron.parameters` gives them.
    plastic : (A, N) bool, which synapses learn.
    modulatory : (A,) bool, which axons drive modulators.
    """

    inputs: dict[str, slice]
    populations: dict[str, slice]
    sources: dict[str, Integers]
    mirrors: Integers
    weights: Floats
    delays: Integers
    destinations: Integers
    report: Bools
    neuron: type[Neuron]
    parameters: dict[str, Floats]
    plastic: Bools
    modulatory: Bools

    @property
    def rest(self) -> Floats:
        """(N,) what the network calls the potential at rest."""
        return self.parameters.get("v_rest", np.zeros(len(self.report)))

    @property
    def routes(self) -> Integers | None:
        """(N,) axon that each neuron drives, or `NO_AXON`; None where destinations are needed."""
        neuron, _, axon, delay = self.destinations.T
        if delay.any() or len(np.unique(neuron)) < len(neuron):
            return None
        routes = np.full(len(self.report), NO_AXON, dtype=np.int64)
        routes[neuron] = axon
        return routes


class _Layer:
    """Axons of one population with the same axonal delay, one for each source."""

    def __init__(self, source: Population, neurons: int, axonal_delay: int) -> None:
        shape = (source.size, neurons)
        self.axonal_delay = axonal_delay
        self.there = np.zeros(shape, dtype=bool)
        self.weights = np.zeros(shape)
        self.delays = np.zeros(shape, dtype=np.int64)
        self.plastic = np.zeros(shape, dtype=bool)

    def add(self, p: Projection, target: slice, wanted: Bools) -> Bools:
        """Add the synapses that are wanted; returns those that do not fit beside what is there."""
        there, delays = self.there[:, target], self.delays[:, target]
        fits = wanted & (~there | (delays == p.delays))
        if getattr(p.target.neuron, "receptors", 1) == 2 and not p.modulatory:
            # The sign chooses the current: a sum of both would be in one of them.
            fits &= self.weights[:, target] * p.weights >= 0
        self.weights[:, target] += np.where(fits, p.weights, 0.0)
        self.plastic[:, target] |= fits & p.plastic
        self.delays[:, target] = np.where(fits, p.delays, delays)
        self.there[:, target] |= fits
        return wanted & ~fits


def wire(network: Network) -> Wiring:
    """Give axons and neurons their numbers; raises `FitError` when there are too many."""
    if not network.populations:
        raise InputError("the network has no neurons; add a population")
    inputs = _ranges(network.inputs.values())
    populations = _ranges(network.populations.values())
    neurons = sum(p.size for p in network.populations.values())
    _check_count("neurons", neurons, MAX_NEURONS)

    layers: dict[str, list[_Layer]] = {p.name: [] for p in network}
    modulatory = {p.source.name: p.modulatory for p in network.projections}
    for p in network.projections:
        _add(p, layers[p.source.name], populations[p.target.name], neurons)

    used, destinations, flags, mirrors = [], [], [], []
    sources: dict[str, Integers] = {}
    axons = sum(p.size for p in network.inputs.values())
    for source in network:
        found = layers[source.name] or [_Layer(source, neurons, 0)]
        flag = modulatory.get(source.name, False)
        if source.neuron is None:
            # The first layer only: what is in others is among the last axons.
            row, layer = np.arange(source.size), np.zeros(source.size, dtype=np.int64)
            sources[source.name] = np.arange(source.size) + inputs[source.name].start
        else:
            # By neuron, and by layer for the same neuron.
            row, layer = np.nonzero(np.stack([f.there.any(axis=1) for f in found], axis=1))
            delay = np.array([f.axonal_delay for f in found])[layer]
            neuron = populations[source.name].start + row
            sources[source.name] = axon = axons + np.arange(len(row))
            destinations.append(np.stack([neuron, np.zeros_like(row), axon, delay], axis=1))
            axons += len(row)
        used.append((found, (layer, row)))
        flags.append(np.full(len(row), flag))
    for source in network.inputs.values():
        further = layers[source.name][1:]
        if not further:
            continue
        row, layer = np.nonzero(np.stack([f.there.any(axis=1) for f in further], axis=1))
        axon = axons + np.arange(len(row))
        mirrors.append(np.stack([inputs[source.name].start + row, axon], axis=1))
        sources[source.name] = np.concatenate([sources[source.name], axon])
        axons += len(row)
        used.append((further, (layer, row)))
        flags.append(np.full(len(row), modulatory[source.name]))
    _check_count("axons", axons, MAX_AXONS)

    def rows(name: str) -> NDArray[np.generic]:
        parts = [np.stack([getattr(f, name) for f in found])[where] for found, where in used]
        return np.concatenate(parts)

    described = {p.name: p.neuron for p in network.populations.values() if p.neuron}
    one_for_all("neuron model", {name: n.model for name, n in described.items()})
    sets = [p.neuron.parameters(p.size) for p in network.populations.values() if p.neuron]
    return Wiring(
        inputs,
        populations,
        sources,
        np.concatenate(mirrors) if mirrors else np.zeros((0, 2), dtype=np.int64),
        weights=rows("weights").astype(np.float64, copy=False),
        delays=rows("delays").astype(np.int64, copy=False),
        destinations=np.concatenate(destinations),
        report=np.concatenate([np.full(p.size, p.report) for p in network.populations.values()]),
        neuron=type(next(iter(described.values()))),
        parameters={name: np.concatenate([s[name] for s in sets]) for name in sets[0]},
        plastic=rows("plastic").astype(bool, copy=False),
        modulatory=np.concatenate(flags),
    )


def _add(p: Projection, layers: list[_Layer], target: slice, neurons: int) -> None:
    """Add a projection to the layers of its source, and a layer if that needs one."""
    wanted = p.synapses
    for layer in layers:
        if layer.axonal_delay == p.axonal_delay:
            wanted = layer.add(p, target, wanted)
    if not wanted.any():
        return
    layers.append(_Layer(p.source, neurons, p.axonal_delay))
    layers[-1].add(p, target, wanted)


def _ranges(populations: Iterable[Population]) -> dict[str, slice]:
    ranges, start = {}, 0
    for p in populations:
        ranges[p.name] = slice(start, start + p.size)
        start += p.size
    return ranges


def _check_count(what: str, count: int, most: int) -> None:
    if count > most:
        raise FitError(
            f"the network needs {count} {what}, {count - most} more than a design can have "
            f"({most}); make it smaller, or divide it into several networks"
        )
