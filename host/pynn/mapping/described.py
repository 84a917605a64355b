"""A `spikeloom.Network` of PyNN's populations and projections, and where each connection is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.network.learning_rules import PairSTDP
from spikeloom.network.network import Network
from spikeloom.network.network import Population as Group

from ..refusals import NetworkTooLargeError, UnsupportedConnectionError
from .cell_models import CellModels
from .stdp import PairRule, one_rule
from .timing import Way, arrival, plastic_way, static_way

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """Connections of one projection between one population and another.

    Attributes
    ----------
    projection, where : which connections, by number.
    source, target : the populations in PyNN.
    rows, columns : (connections,) cells of either.
    factor : (connections,) mV in a step for a weight of 1.
    way : when their spikes come.
    steps, dendritic : (connections,) the delay, and its dendritic part, in steps.
    """

    projection: Any
    where: Ints
    source: Any
    target: Any
    rows: Ints
    columns: Ints
    factor: Floats
    way: Way
    steps: Ints
    dendritic: Ints

    @property
    def plastic(self) -> bool:
        """Whether they learn."""
        return bool(self.projection.plastic)


@dataclass(frozen=True, eq=False)
class Port:
    """An input of the network: a spike source, heard `shift` steps after its spikes' T.

    Attributes
    ----------
    plastic : whether its synapses learn; those that do not have another input.
    """

    name: str
    population: Any
    shift: int
    plastic: bool


@dataclass(eq=False)
class Described:
    """The network, and what of PyNN's is where.

    Attributes
    ----------
    network : for `compile`.
    names : the network's name of each population of cells.
    ports : its inputs.
    parts : all connections.
    rule : by which they learn, or None.
    notes : what was rounded on the way, for people.
    """

    network: Network
    names: dict[Any, str]
    ports: list[Port]
    parts: list[Part]
    rule: PairRule | None
    notes: list[str] = field(default_factory=list)


def describe(
    populations: list[Any], projections: list[Any], h: float, cells: CellModels, *, learns: bool
) -> Described:
    """Make the network.

    Parameters
    ----------
    h : time step in ms.
    cells : makes the neurons.
    learns : False: plastic synapses keep their weights, and their timing.

    Raises
    ------
    NetworkTooLargeError, UnsupportedConnectionError : what one core cannot hold.
    """
    notes: list[str] = []
    parts = _parts(populations, projections, h, notes)
    rule = one_rule([p for p in parts if p.plastic])
    learning: PairSTDP | None = rule.learning() if rule is not None and learns else None
    network = Network(dt=h * 1e-3, learning=learning)
    names = _names(populations)
    groups: dict[Any, Group] = {}
    ports: list[Port] = []
    inputs: dict[tuple[Any, int, bool], Group] = {}
    for population in populations:
        if population.source is None:
            neuron = cells.neuron(population.numbers())
            groups[population] = network.population(names[population], population.size, neuron)
    for part in parts:
        for shift in np.unique(part.way.shift).tolist():
            same = part.way.shift == shift
            if part.source in groups:
                source, axonal = groups[part.source], shift
            else:
                key = (part.source, shift, part.plastic)
                if key not in inputs:
                    name = names[part.source] + " (plastic)" * part.plastic
                    if name in network.inputs:
                        name += f" {shift:+d}"
                    inputs[key] = network.input(name, part.source.size)
                    ports.append(Port(name, part.source, shift, part.plastic))
                source, axonal = inputs[key], 0
            _connect(network, source, groups[part.target], part, same, axonal, learns)
    used = {population: names[population] for population in groups}
    return Described(network, used, ports, parts, rule, notes)


def _connect(
    network: Network, source: Group, target: Group, part: Part, same: Any, axonal: int, learns: bool
) -> None:
    """Connections with one shift; several between the same pair of cells one after the other."""
    numbers = np.flatnonzero(same)
    least = 1 if source.neuron is not None else 0
    weights = part.projection.initial_weights()[part.where] * part.factor
    for turn in _turns(part.rows[numbers], part.columns[numbers]):
        chosen = numbers[turn]
        at = part.rows[chosen], part.columns[chosen]
        shape = (source.size, target.size)
        values, plastic = np.zeros(shape), np.zeros(shape, dtype=bool)
        delays = np.full(shape, float(least))
        values[at] = weights[chosen]
        plastic[at] = part.plastic and learns
        delays[at] = part.way.delay[chosen] + least
        network.connect(
            source, target, values, plastic=plastic, delay=delays * network.dt,
            axonal_delay=axonal * network.dt,
        )  # fmt: skip


def _turns(rows: Ints, columns: Ints) -> Iterator[Ints]:
    """Numbers of connections, so that no pair of cells is twice in the same turn."""
    seen: dict[tuple[int, int], int] = {}
    turn = np.zeros(len(rows), dtype=np.int64)
    for k, pair in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        turn[k] = seen.get(pair, 0)
        seen[pair] = int(turn[k]) + 1
    for number in range(int(turn.max(initial=-1)) + 1):
        yield np.flatnonzero(turn == number)


def _parts(
    populations: list[Any], projections: list[Any], h: float, notes: list[str]
) -> list[Part]:
    """All connections, by projection, source and target."""
    found: list[tuple[Any, Ints, Any, Any, Ints, Ints, Ints, Ints]] = []
    for projection in projections:
        sources, rows = _cells(populations, projection.pre, projection.values("presynaptic_index"))
        targets, columns = _cells(
            populations, projection.post, projection.values("postsynaptic_index")
        )
        steps = _steps(projection, h, notes)
        dendritic = np.zeros_like(steps)
        if projection.plastic:
            share = projection.values("dendritic_delay_fraction")
            dendritic = np.rint(steps * share).astype(np.int64)
        for s, t in sorted(set(zip(sources.tolist(), targets.tolist(), strict=True))):
            here = np.flatnonzero((sources == s) & (targets == t))
            found.append((
                projection, here, populations[s], populations[t], rows[here], columns[here],
                steps[here], dendritic[here],
            ))  # fmt: skip
    common = {
        of_cells: min(
            (
                int(arrival(steps, t.numbers().delta).min())
                for p, _, s, t, _, _, steps, _ in found
                if not p.plastic and (s.source is None) == of_cells
            ),
            default=0,
        )
        for of_cells in (False, True)
    }
    parts = []
    for projection, here, source, target, rows, columns, steps, dendritic in found:
        numbers, of_cells = target.numbers(), source.source is None
        if projection.plastic:
            way = plastic_way(steps, dendritic, numbers.delta, cells=of_cells)
        else:
            way = static_way(steps, numbers.delta, cells=of_cells, least=common[of_cells])
        gains = numbers.inh if projection.receptor_type == "inhibitory" else numbers.exc
        parts.append(
            Part(
                projection, here, source, target, rows, columns, gains[columns], way, steps,
                dendritic,
            )
        )  # fmt: skip
    _check_pairs(parts)
    notes.extend(_late(parts, h))
    return parts


def _check_pairs(parts: list[Part]) -> None:
    """A synapse that learns has its pair of cells, or its axon, for itself."""
    taken: dict[tuple[Any, Any, bool], set[tuple[int, int]]] = {}
    for part in sorted(parts, key=lambda p: not p.plastic):
        # The host has axons of their own for the synapses of a source that learn.
        key = (part.source, part.target)
        pairs = list(zip(part.rows.tolist(), part.columns.tolist(), strict=True))
        learns = taken.setdefault((*key, True), set())
        twice = part.plastic and (len(set(pairs)) < len(pairs) or not learns.isdisjoint(pairs))
        if twice or (
            not part.plastic and part.source.source is None and not learns.isdisjoint(pairs)
        ):
            raise UnsupportedConnectionError(
                f"{part.projection.label!r} connects a pair of cells that has a connection that "
                "learns already; a core has one synapse for a pair of cells where that learns"
            )
        if part.plastic:
            learns.update(pairs)


def _late(parts: list[Part], h: float) -> Iterator[str]:
    for part in parts:
        late = part.way.late[part.way.late != 0]
        if len(late):
            yield (
                f"{part.projection.label}: {len(late)} of {len(part.where)} synapses see pairs of spikes "
                f"{late.min() * h:g}…{late.max() * h:g} ms later than PyNN means, as their delay is "
                "dendritic; dendritic_delay_fraction=0 is exact between cells"
            )


def _steps(projection: Any, h: float, notes: list[str]) -> Ints:
    delays = projection.values("delay")
    if not np.all(np.isfinite(delays)) or np.any(delays < 0.5 * h):
        raise UnsupportedConnectionError(
            f"{projection.label!r} has delays from {np.min(delays):g} ms; give at least one time step, "
            f"{h:g} ms"
        )
    steps = np.rint(delays / h).astype(np.int64)
    off = np.abs(steps * h - delays)
    if len(off) and off.max() > 1e-6 * h:
        worst = int(np.argmax(off))
        notes.append(
            f"{projection.label}: delays are whole time steps, {delays[worst]:g} ms became "
            f"{steps[worst] * h:g} ms"
        )
    return steps


def _cells(populations: list[Any], group: Any, indices: Ints) -> tuple[Ints, Ints]:
    """Numbers of the populations of these cells, and of the cells in them."""
    ids = np.array([int(i) for i in group.all_cells], dtype=np.int64)[indices]
    first = np.array([int(p.first_id) for p in populations], dtype=np.int64)
    owner = np.searchsorted(first, ids, side="right") - 1
    outside = np.flatnonzero(owner < 0)
    if len(outside):
        raise NetworkTooLargeError("the cells belong to an earlier setup(); create them anew")
    return owner, ids - first[owner]


def _names(populations: list[Any]) -> dict[Any, str]:
    """A name for each, its label where that is not taken."""
    names: dict[Any, str] = {}
    for population in populations:
        name = str(population.label)
        while name in names.values():
            name += "'"
        names[population] = name
    return names
