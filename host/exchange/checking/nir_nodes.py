"""All that stands against importing a NIR graph, node by node.

A node that is refused is cut out, an Input of the shape that is needed takes its place, and the rest
is looked at again.  What then does not match in shape behind it is not known to be wrong.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ..checked import Checked, NodeCheck, whole_refused
from ..nir.conventions import Convention, find_convention
from ..nir.flat import PASS, Flat, flat_graph
from ..nir.raw import KINDS, UNKNOWN, Node, raw_graph
from ..nir.read import NAME, find_reset, from_nir, time_step
from ..nir.shapes import NEURONS, PER_ELEMENT, Shapes, find_shapes, own_shape
from ..nir.signals import Signal, Signals
from ..nir.units import READOUTS, Meaning, make_unit

_NUMBERS = frozenset(
    {"weight", "bias", "scale", "delay", "threshold", "r", "v_threshold", "tau", "tau_syn", "tau_mem",
     "v_leak"}
)  # fmt: skip
"""Values that are floats of any shape."""


def check_nir(path: Path, **options: Any) -> Checked:
    """All nodes of a file, each fit or not; options are those of `from_nir`."""
    try:
        return _Check(path, options).result()
    except ForeignNetworkError as error:
        return Checked(NAME, (whole_refused(str(error)),))


class _Check:
    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self._path, self._options = path, options
        self._refused: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self._whole: list[str] = []
        self._single: set[str] = set()
        self._flat = flat_graph(raw_graph(path, self._refused))

    def result(self) -> Checked:
        """Rows in the order of the file, and the network if nothing is refused."""
        for node in self._flat.nodes.values():
            self._attempt(node, _check_values)
        while not self._look():
            pass
        imported = None
        if not (self._refused or self._open or self._whole):
            try:
                imported = from_nir(self._path, **self._options)
            except ForeignNetworkError as error:
                self._refuse(error)
        rows = [self._row(node) for node in self._flat.nodes.values() if node.kind != PASS]
        return Checked(NAME, (*map(whole_refused, self._whole), *rows), imported)

    def _row(self, node: Node) -> NodeCheck:
        if node.name in self._refused:
            return NodeCheck(node.name, node.kind, False, self._refused[node.name])
        reason = self._open.get(node.name, "")
        return NodeCheck(node.name, node.kind, None if reason else True, reason)

    def _refuse(self, error: ForeignNetworkError) -> None:
        if error.place in self._flat.nodes:
            self._refused.setdefault(error.place, error.reason)
        else:
            self._whole.append(str(error))

    def _attempt(self, node: Node, check: Any, *arguments: Any) -> None:
        if node.name in self._refused:
            return
        try:
            check(node, *arguments)
        except ForeignNetworkError as error:
            self._refuse(error)

    def _look(self) -> bool:
        """Go through all stages; whether that came to its end."""
        flat = self._without(self._refused.keys() | self._open.keys())
        try:
            shapes = find_shapes(flat)
        except ForeignNetworkError as error:
            return not self._shape_is_wrong(flat, error)
        neurons = [node for node in flat.of(*NEURONS)]
        if not neurons:
            if not self._refused:
                self._whole.append("the graph has no neurons, so there is nothing to simulate")
            return True
        found = self._meaning(neurons)
        if not isinstance(found, Meaning):
            return found
        return self._signals(flat, shapes, found)

    def _without(self, cut: set[str]) -> Flat:
        """A copy of the graph with Inputs in the place of some nodes."""
        nodes = {}
        for name, node in self._flat.nodes.items():
            if name in cut:
                shape = {"shape": np.array([1])} if name in self._single else {}
                nodes[name] = Node(name, "Input", shape)
            else:
                nodes[name] = dataclasses.replace(node, values=dict(node.values))
        edges = [(a, b) for a, b in self._flat.edges if b not in cut]
        return Flat(nodes, edges, metadata=self._flat.metadata)

    def _shape_is_wrong(self, flat: Flat, error: ForeignNetworkError) -> bool:
        """Note a wrong shape; whether looking again makes sense."""
        name = error.place
        cut = self._refused.keys() | self._open.keys()
        if name in cut and name not in self._single:
            self._single.add(name)  # nothing says which shape is needed
            return True
        if name not in flat.nodes or name in cut:
            self._whole.append(str(error))
            return False
        behind = next((before for before in _ancestors(flat, name) if before in cut), None)
        if behind is None:
            self._refused[name] = error.reason
        else:
            self._open[name] = f"not checked, as {behind!r} before it is refused"
        return True

    def _meaning(self, neurons: list[Node]) -> Meaning | bool:
        """How to read the numbers; else whether that is all that can be found out."""
        dt, source = self._options.get("dt"), self._options.get("source")
        try:
            step = time_step(dt, source, neurons)
        except ForeignNetworkError as error:
            return self._option_is_missing(error, neurons)
        try:
            convention, _ = find_convention(source, neurons, step)
        except ForeignNetworkError as error:
            self._refuse(error)
            return error.place not in self._flat.nodes
        return self._with_reset(convention, step, neurons)

    def _with_reset(
        self, convention: Convention, step: float, neurons: list[Node]
    ) -> Meaning | bool:
        try:
            reset = find_reset(self._options.get("reset"), convention, neurons)
        except ForeignNetworkError as error:
            return self._option_is_missing(error, neurons)
        return Meaning(convention, step, reset)

    def _option_is_missing(self, error: ForeignNetworkError, neurons: list[Node]) -> bool:
        self._whole.append(error.reason)
        for node in neurons:
            self._open.setdefault(node.name, "not checked without that option")
        return True

    def _signals(self, flat: Flat, shapes: Shapes, meaning: Meaning) -> bool:
        signals = Signals(flat, shapes, meaning.dt)
        into: dict[str, Signal] = {}
        for node in flat.nodes.values():
            if node.kind not in (*NEURONS, "Output"):
                continue
            try:
                into[node.name] = signals.into(node.name)
            except ForeignNetworkError as error:
                self._refuse(error)
                return error.place not in self._flat.nodes
        for name, signal in into.items():
            node = flat.nodes[name]
            if node.kind in NEURONS:
                self._attempt(node, _check_unit, signal, meaning)
            for source, _ in signal.terms:
                if flat.nodes[source].kind in READOUTS and node.kind in NEURONS:
                    self._refused.setdefault(
                        source,
                        f"gives its potential to {name!r}; here neurons reach each other by spikes "
                        "alone. Let it feed an Output, or replace it by a neuron that fires",
                    )
        return True


def _check_values(node: Node) -> None:
    """Raise what the node's own numbers are refused for."""
    if node.kind in (PASS, UNKNOWN):
        return
    for key in KINDS[node.kind]:
        if key in _NUMBERS:
            node.numbers(key)
    if node.kind in PER_ELEMENT:
        own_shape(node)


def _check_unit(node: Node, signal: Signal, meaning: Meaning) -> None:
    entries = [np.zeros((0, 2))]
    entries += [np.stack([m.rows, m.values], axis=1) for m in signal.terms.values()]
    recurrent = any(source == node.name for source, _ in signal.terms)
    make_unit(node, len(signal.bias), meaning, signal.bias, np.concatenate(entries), recurrent)


def _ancestors(flat: Flat, name: str) -> list[str]:
    """All nodes before one, the nearest first."""
    found: list[str] = []
    todo = flat.before(name)
    while todo:
        at = todo.pop(0)
        if at not in found:
            found.append(at)
            todo += flat.before(at)
    return found
