"""Nested and recurrent graphs as one level of nodes and edges; what has one reading is repaired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spikeloom.hdl.contract.errors import ForeignNetworkError

from .raw import Graph, Node

PASS = "Pass"
"""Kind of a port inside a graph, through which a signal passes."""

CHANNELS_LAST = "channels_last"
"""Key of a Flatten's value: whether it takes its values in the order row, column, channel."""


@dataclass(eq=False)
class Flat:
    """Nodes of one level.

    Attributes
    ----------
    nodes : by name; ports of inner graphs have the kind `PASS`.
    edges : pairs of names.
    notes : what was repaired.
    metadata : what was written beside NIR about the whole graph.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    def before(self, name: str) -> list[str]:
        """Nodes whose outputs go to this one, in the order of edges."""
        return [a for a, b in self.edges if b == name]

    def after(self, name: str) -> list[str]:
        """Nodes that this one's output goes to."""
        return [b for a, b in self.edges if a == name]

    def of(self, *kinds: str) -> list[Node]:
        """All nodes of these kinds."""
        return [node for node in self.nodes.values() if node.kind in kinds]


def flat_graph(graph: Graph) -> Flat:
    """All nodes and edges, with dots between the names of graphs and of nodes in them."""
    flat = Flat(metadata=graph.metadata)
    if not graph.nodes:
        raise ForeignNetworkError("the graph has no nodes")
    _add(flat, graph)
    if len(set(flat.edges)) < len(flat.edges):
        double = next(edge for edge in flat.edges if flat.edges.count(edge) > 1)
        raise ForeignNetworkError(
            f"the edge {double[0]!r} → {double[1]!r} is there twice; it could count once or twice: "
            "remove one, or double the weights"
        )
    # A port that is also fed, or also feeds, is one of a graph that was taken out of its nest.
    for node in flat.of("Input"):
        if flat.before(node.name):
            node.kind = PASS
    for node in flat.of("Output"):
        if flat.after(node.name):
            node.kind = PASS
    _add_inputs(flat)
    return flat


def inputs_past_weights(flat: Flat, kinds: tuple[str, ...]) -> list[str]:
    """Lead to the neurons of these kinds what reaches them by their recurrent weights alone; says where.

    By NIR's text input → w_rec ⇄ lif multiplies the input by the recurrent weights, too.  Spyx runs
    input → lif ⇄ w_rec, and writes that.
    """
    notes = []
    for neuron in flat.of(*kinds):
        before = flat.before(neuron.name)
        if len(before) != 1 or flat.nodes[before[0]].kind not in ("Linear", "Affine"):
            continue
        (weights,) = before
        inputs = [name for name in flat.before(weights) if name != neuron.name]
        recurrent = (neuron.name, weights) in flat.edges and flat.after(weights) == [neuron.name]
        if not recurrent or not inputs:
            continue
        flat.edges = [
            (a, neuron.name) if b == weights and a in inputs else (a, b) for a, b in flat.edges
        ]
        notes.append(
            f"node {neuron.name!r}: its input was written as one of its recurrent weights "
            f"{weights!r}; it is led to the neurons"
        )
    return notes


def flatten_channels_last(flat: Flat) -> list[str]:
    """Let each Flatten of (channels, rows, columns) give them as (rows, columns, channels); says where.

    Spyx runs channels last, and leaves the weights behind a Flatten in that order.
    """
    notes = []
    for node in flat.of("Flatten"):
        node.values[CHANNELS_LAST] = True
        notes.append(f"node {node.name!r} flattens in the order row, column, channel, as Spyx does")
    return notes


def _add_inputs(flat: Flat) -> None:
    """As NIR itself does: where a graph has no Input, each node that nothing feeds gets one."""
    if flat.of("Input"):
        return
    for name in [name for name in flat.nodes if not flat.before(name)]:
        own = f"input_{name}"
        while own in flat.nodes:
            own += "_"
        flat.nodes[own] = Node(own, "Input")
        flat.edges.append((own, name))
        flat.notes.append(f"the graph has no Input; {own!r} was put before {name!r}")
    if not flat.of("Input"):
        raise ForeignNetworkError("the graph has no Input, and every node is fed by another")


def _add(flat: Flat, graph: Graph) -> None:
    edges = _repaired(flat, graph)
    sources, targets = {}, {}
    for name, node in graph.nodes.items():
        if isinstance(node, Graph):
            targets[name] = _ports(node, "Input")
            sources[name] = _ports(node, "Output")
            _add(flat, node)
            for port in (*targets[name], *sources[name]):
                port.kind = PASS
        elif node.name in flat.nodes:
            raise node.refused("another node has the same place; give it another name")
        else:
            flat.nodes[node.name] = node
            targets[name] = sources[name] = [node]
    for a, b in edges:
        flat.edges.append((_only(a, sources[a], "Output").name, _only(b, targets[b], "Input").name))


def _ports(graph: Graph, kind: str) -> list[Node]:
    """The nodes by which edges come into a graph, or go out."""
    end = 1 if kind == "Input" else 0
    joined = {edge[end] for edge in graph.edges}
    return [
        node
        for name, node in graph.nodes.items()
        if isinstance(node, Node) and node.kind == kind and name not in joined
    ]


def _only(name: str, ports: list[Node], kind: str) -> Node:
    if len(ports) != 1:
        raise ForeignNetworkError(
            f"graph {name!r} has {len(ports)} nodes of kind {kind}, so an edge could mean any of "
            "them; give it one"
        )
    return ports[0]


def _repaired(flat: Flat, graph: Graph) -> list[tuple[str, str]]:
    """The edges of a graph between nodes that it has."""
    nodes = graph.nodes
    where = f"in graph {graph.name!r} " if graph.name else ""
    used = {name for edge in graph.edges for name in edge}
    missing = {name for name in used if name not in nodes}
    renamed: dict[str, tuple[str, str]] = {}
    for name in sorted(missing):
        if f"{name}.input" in nodes and f"{name}.output" in nodes:
            renamed[name] = (f"{name}.output", f"{name}.input")
            flat.notes.append(
                f"{where}edges name {name!r}, which is no node: they were led to its ports "
                f"{name}.input and {name}.output"
            )
    left, unused = missing - set(renamed), [name for name in nodes if name not in used]
    if len(left) == 1 and len(unused) == 1:
        (name,) = left
        renamed[name] = (unused[0], unused[0])
        flat.notes.append(
            f"{where}edges name {name!r}, which is no node, and no edge names {unused[0]!r}: "
            "they are the same"
        )
    elif left:
        name = min(left)
        a, b = next(edge for edge in graph.edges if name in edge)
        raise ForeignNetworkError(
            f"{where}the edge {a!r} → {b!r} names {name!r}, which is no node; there are "
            f"{', '.join(map(repr, nodes))}"
        )
    same = {name: (name, name) for name in nodes} | renamed
    return [(same[a][0], same[b][1]) for a, b in graph.edges]
