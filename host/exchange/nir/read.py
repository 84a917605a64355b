"""`from_nir`: a NIR graph or file as a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError, InputError

from ...network.network import Network, Population
from ...network.neurons import LI
from ...quantise.arrays import choice, real_number
from ...quantise.rounding import Floats
from ..imported import Imported
from ..importer import Importer
from .conventions import (
    CONVENTIONS,
    SPIKELOOM,
    Convention,
    check_source,
    find_convention,
    suggested_dt,
    without_leak,
)
from .flat import Flat, flat_graph, flatten_channels_last, inputs_past_weights
from .raw import HDF5_MAGIC, Node, raw_graph
from .shapes import NEURONS, find_shapes
from .signals import Signal, Signals
from .starts import start_states
from .timing import Edge, levels, stepping_cycles, steps_here
from .units import READOUTS, SPIKING, Meaning, Unit, make_unit

NAME = "nir"


def from_nir(
    graph_or_path: Any,
    dt: float | None = None,
    reset: str | None = None,
    source: str | None = None,
    cycles: str = "refuse",
) -> Imported:
    """Read a network in NIR, the Neuromorphic Intermediate Representation.

    Linear nodes between neurons, convolutions and pools among them, become synapses.  What had to be
    repaired, recognised or assumed is in the notes of the result.

    Parameters
    ----------
    graph_or_path : a `nir.NIRGraph`, or a file.
    dt : length of a time step in seconds, with which the network was trained; NIR does not keep it.
        Not needed with source="snntorch", where it is 1e-4.
    reset : "value" or "subtract": what a spike does to the potential; NIR does not keep it.
    source : framework that wrote the network, as each means the same numbers in its own way:
        "snntorch", "spikingjelly", "norse", "sinabs" ("sinabs-plain" for norm_input=False),
        "rockpool", "spyx"; or "nir" for the text of NIR itself.  Default: recognised from the
        numbers, which a note says.
    cycles : "refuse" cycles of several neurons without a Delay, as NIR does not say which of their
        connections waits for the next step; or "step": each does.

    Returns
    -------
    Imported
        Populations have the names of the nodes, with dots between graph and node.  An Output of
        something else than neurons becomes a population of its own, whose potentials are the result.

    Raises
    ------
    ForeignNetworkError : what cannot be read or mapped, with the node, its place and the reason; and
        a dt or reset that the graph needs, but that was not given.
    """
    choice("cycles", cycles, ("refuse", "step"))
    if reset is not None:
        choice("reset", reset, ("value", "subtract"))
    if source is not None:
        check_source(source)
    flat = flat_graph(raw_graph(graph_or_path))
    if source is None and flat.metadata.get("writer") == SPIKELOOM:
        source = SPIKELOOM
        dt = flat.metadata.get("dt") if dt is None else dt
        reset = str(flat.metadata.get("reset")) if reset is None else reset
        choice("reset", reset, ("value", "subtract"))
    neurons = flat.of(*NEURONS)
    if not neurons:
        raise ForeignNetworkError("the graph has no neurons, so there is nothing to simulate")
    step = time_step(dt, source, neurons)
    without_leak(neurons, step)
    shapes = find_shapes(flat)
    convention, said = find_convention(source, neurons, step)
    meaning = Meaning(convention, step, find_reset(reset, convention, neurons))
    notes = [*flat.notes, said]
    if convention.input_at_weights:
        notes += inputs_past_weights(flat, NEURONS)
    if convention.channels_last:
        notes += flatten_channels_last(flat)
    signals = Signals(flat, shapes, step)
    return _Assembly(flat, signals, meaning, cycles == "step", notes).made()


def time_step(dt: float | None, source: str | None, neurons: list[Node]) -> float:
    """Seconds of a step, as given or as the source has them; else `ForeignNetworkError`."""
    if dt is not None:
        advice = "give the length of a time step in seconds, e.g. 1e-3"
        if real_number("dt", dt, advice) <= 0 or not np.isfinite(dt):
            raise InputError(f"dt is {dt!r}; {advice}")
        return float(dt)
    if source is not None and CONVENTIONS[source].dt is not None:
        return float(CONVENTIONS[source].dt or 0)
    found = suggested_dt(neurons)
    hint = (
        f" With dt={found:g}, r·dt/τ is 1 in all neurons, as snnTorch and SpikingJelly write."
        if found
        else ""
    )
    raise neurons[0].refused(
        "needs dt, the length of the time step that the network was trained with, which NIR does not "
        f"keep. Give dt in seconds: snnTorch and SpikingJelly use 1e-4, Norse 1e-3.{hint}"
    )


def find_reset(reset: str | None, convention: Convention, neurons: list[Node]) -> str:
    """What a spike does, as given or as the source does it; else `ForeignNetworkError`."""
    if reset is not None:
        return reset
    if convention.reset is not None:
        return convention.reset
    spiking = [node for node in neurons if node.kind in SPIKING]
    if not spiking:
        return "value"
    raise spiking[0].refused(
        "needs reset, what a spike does to the potential, which NIR does not keep. Give "
        "reset='value' (to v_reset, a hard reset) or reset='subtract' (the threshold, a soft reset; "
        "the default of snnTorch, Sinabs, Rockpool and Spyx)"
    )


class _Assembly:
    """A network in the making."""

    def __init__(
        self, flat: Flat, signals: Signals, meaning: Meaning, stepping: bool, notes: list[str]
    ) -> None:
        self.flat, self.signals, self.meaning = flat, signals, meaning
        self.stepping, self.notes = stepping, notes
        self.network = Network(dt=meaning.dt)
        self.known: dict[str, Population] = {}
        self.into: dict[str, Signal] = {}
        self.outputs: list[str] = []
        self.readouts: dict[str, Signal] = {}

    def made(self) -> Imported:
        """The network with all that has to be known of it."""
        neurons = self.flat.of(*NEURONS)
        for node in neurons:
            self.into[node.name] = self.signals.into(node.name)
            if not self.flat.before(node.name):
                self.notes.append(f"node {node.name!r} has no input")
        self._find_outputs()
        self._check_sources()
        units = {node.name: self._unit(node) for node in neurons}
        edges = self._edges()
        late = levels(edges.values(), [*self.into])
        for node in self.flat.of("Input"):
            count = int(np.prod(self.signals.shapes.outputs[node.name]))
            self.known[node.name] = self.network.input(node.name, count)
        initial: dict[str, dict[str, Floats]] = {}
        for name in sorted(self.into, key=lambda name: late[name]):
            if name in self.readouts:
                bias = self.readouts[name].bias
                readout = LI(tau_mem=0.0, bias=bias)
                self.known[name] = self.network.population(name, len(bias), readout)
                continue
            unit = units[name]
            self.known[name] = self.network.population(name, unit.size, unit.neuron)
            ahead = 0 if self.meaning.convention.steady_bias else late[name]
            states = start_states(unit, ahead)
            if states:
                initial[name] = states
            self.notes += unit.notes
        self._connect(units, edges, late)
        self._say(initial, late)
        return Imported(
            self.network,
            NAME,
            notes=tuple(self.notes),
            initial=initial,
            delays={name: steps for name, steps in late.items() if steps},
            outputs=tuple(dict.fromkeys(self.outputs)),
        )

    def _unit(self, node: Node) -> Unit:
        signal = self.into[node.name]
        entries = [np.zeros((0, 2))]
        for matrix in signal.terms.values():
            entries.append(np.stack([matrix.rows, matrix.values], axis=1))
        drive = signal.bias
        recurrent = any(source == node.name for source, _ in signal.terms)
        return make_unit(node, len(drive), self.meaning, drive, np.concatenate(entries), recurrent)

    def _find_outputs(self) -> None:
        """Each Output is a population that it shows as it is, or one that is made for it."""
        for node in self.flat.of("Output"):
            signal = self.signals.into(node.name)
            single = self._shown(signal)
            if single is not None:
                name, delay = single
                self.outputs.append(name)
                if delay:
                    self.notes.append(
                        f"node {node.name!r} shows {name!r} {delay} steps later; that Delay was left out"
                    )
                continue
            self.into[node.name] = self.readouts[node.name] = signal
            self.outputs.append(node.name)
            self.notes.append(
                f"node {node.name!r} shows a sum of spikes; its potentials are that sum in each step"
            )
        if not self.outputs:
            ends = [
                n
                for n in self.into
                if not any(s == n for t in self.into.values() for s, _ in t.terms)
            ]
            self.outputs += ends
            self.notes.append(f"the graph has no Output; {', '.join(map(repr, ends))} feed nothing")

    def _check_sources(self) -> None:
        """Only spikes reach others here; a potential is read by the host."""
        for target, signal in self.into.items():
            for source, _ in signal.terms:
                node = self.flat.nodes[source]
                if node.kind in READOUTS:
                    raise node.refused(
                        f"gives its potential to {target!r}; here neurons reach each other by spikes "
                        "alone. Let it feed an Output, or replace it by a neuron that fires"
                    )

    def _shown(self, signal: Signal) -> tuple[str, int] | None:
        """The neurons that a signal is, without weights, and by how many steps later."""
        if len(signal.terms) != 1 or np.any(signal.bias != 0):
            return None
        (((name, delay), matrix),) = signal.terms.items()
        square = matrix.shape[0] == matrix.shape[1] == len(matrix.values)
        plain = (
            square and np.array_equal(matrix.rows, matrix.columns) and np.all(matrix.values == 1)
        )
        return (name, delay) if plain and self.flat.nodes[name].kind in NEURONS else None

    def _edges(self) -> dict[tuple[str, str, int], Edge]:
        """All connections, by source, target and the delay that the graph says."""
        found: dict[tuple[str, str, int], Edge] = {}
        for target, signal in self.into.items():
            for source, delay in signal.terms:
                outside = self.flat.nodes[source].kind == "Input"
                more = int(self.meaning.convention.layer_steps and not outside)
                found[source, target, delay] = Edge(source, target, delay + more, outside)
        if self.stepping:
            stepped = stepping_cycles(found.values())
            changed = [
                a for a, b in zip(found.values(), stepped, strict=True) if a.delay != b.delay
            ]
            if any(edge.source != edge.target for edge in changed):
                self.notes.append("each connection of a cycle takes a step, as cycles='step' says")
            found = dict(zip(found, stepped, strict=True))
        return found

    def _connect(
        self, units: dict[str, Unit], edges: dict[tuple[str, str, int], Edge], late: dict[str, int]
    ) -> None:
        dt, synapses = self.meaning.dt, 0
        for (source, target, delay), edge in edges.items():
            matrix = self.into[target].terms[source, delay]
            if target in units:
                matrix = matrix.scaled(units[target].gain)
            projection = self.network.connect(
                self.known[source],
                self.known[target],
                matrix.dense().T,
                delay=steps_here(edge, late) * dt,
            )
            synapses += int(np.count_nonzero(projection.weights))
        for name, unit in units.items():
            for steps, weights in enumerate(unit.feedback, 1):
                own = np.diag(weights)
                self.network.connect(self.known[name], self.known[name], own, delay=steps * dt)
                synapses += unit.size
        kinds = [
            n
            for n in self.flat.nodes.values()
            if n.kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d")
        ]
        if kinds:
            what = ", ".join(repr(node.name) for node in kinds)
            self.notes.append(f"convolutions and pools ({what}) are among {synapses} synapses")

    def _say(self, initial: dict[str, dict[str, Floats]], late: dict[str, int]) -> None:
        if any(late.values()):
            steps = ", ".join(f"{name!r} {n}" for name, n in late.items() if n)
            self.notes.append(
                f"a layer acts one step later here: {steps}. Imported.aligned takes that back"
            )
        if initial:
            self.notes.append(
                f"{', '.join(map(repr, initial))} do not begin at rest, so that biases build up as in "
                "the source: call Imported.start(device) before a run"
            )


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is NIR, by its name or its first bytes."""
    return path.suffix == ".nir" or (
        head.startswith(HDF5_MAGIC) and b"version" in head and b"node" in head
    )


IMPORTER = Importer(
    name=NAME,
    title="Neuromorphic Intermediate Representation: snnTorch, Norse, SpikingJelly, Sinabs, …",
    read="spikeloom.exchange.nir.read:from_nir",
    recognises="spikeloom.exchange.nir.read:recognises",
    check="spikeloom.exchange.checking.nir_nodes:check_nir",
    options=(
        ("dt", "length of a time step in seconds, which the file does not say"),
        ("reset", "what a spike does to the potential: value or subtract"),
        ("source", f"the framework that wrote it: {', '.join(CONVENTIONS)}"),
        ("cycles", "cycles of several neurons without a Delay: refuse, or step"),
    ),
)
