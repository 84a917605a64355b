"""What reaches each neuron: linear maps and delays, composed to one matrix for each source."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...quantise.rounding import Floats, Integers
from ..sparse import Sparse
from .flat import Flat
from .linear_maps import linear_map, size
from .raw import Node
from .shapes import NEURONS, Shapes

UNITS = ("Input", *NEURONS)
"""Kinds of nodes that signals start from."""
MAX_DELAY = 63
DELAY_TOLERANCE = 1e-3
"""A delay may be off by so much of a step before it is refused."""


@dataclass(eq=False)
class Signal:
    """A sum of what sources give, each through a matrix and after some steps, and a constant.

    Attributes
    ----------
    terms : matrices (elements, size of the source) by source and delay in steps.
    bias : (elements,) floats.
    """

    terms: dict[tuple[str, int], Sparse]
    bias: Floats

    def plus(self, other: Signal) -> Signal:
        """The sum of both."""
        terms = dict(self.terms)
        for key, matrix in other.terms.items():
            terms[key] = terms[key] + matrix if key in terms else matrix
        return Signal(terms, self.bias + other.bias)


@dataclass(eq=False)
class Signals:
    """The signals of a graph, each found once.

    Attributes
    ----------
    flat, shapes : of the graph.
    dt : length of a step in seconds, for delays.
    """

    flat: Flat
    shapes: Shapes
    dt: float
    _outputs: dict[str, Signal] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def into(self, name: str) -> Signal:
        """What reaches a node: the sum of all edges that end there."""
        count = size(self.shapes.inputs[name])
        total = Signal({}, np.zeros(count))
        for before in self.flat.before(name):
            total = total.plus(self.out_of(before))
        return Signal({key: m for key, m in total.terms.items() if len(m.values)}, total.bias)

    def out_of(self, name: str) -> Signal:
        """What a node gives."""
        node = self.flat.nodes[name]
        if node.kind in UNITS:
            count = size(self.shapes.outputs[name])
            return Signal({(name, 0): Sparse.identity(count)}, np.zeros(count))
        if name not in self._outputs:
            if name in self._open:
                circle = [*self._open[self._open.index(name) :], name]
                raise node.refused(
                    f"is in a cycle without a neuron, {' → '.join(circle)}: its values would depend "
                    "on themselves in the same step"
                )
            if not self.flat.before(name):
                raise node.refused("nothing feeds it; connect it, or remove it")
            self._open.append(name)
            self._outputs[name] = self._made(node)
            self._open.pop()
        return self._outputs[name]

    def _made(self, node: Node) -> Signal:
        incoming = self.into(node.name)
        if node.kind == "Output":
            return incoming
        if node.kind == "Delay":
            return self._delayed(node, incoming)
        done = linear_map(node, self.shapes.inputs[node.name])
        terms = {key: done.matrix @ matrix for key, matrix in incoming.terms.items()}
        return Signal(terms, done.matrix.applied(incoming.bias) + done.bias)

    def _delayed(self, node: Node, incoming: Signal) -> Signal:
        if np.any(incoming.bias != 0):
            raise node.refused(
                "delays a bias, which here acts from the first step on; put it before the Affine or "
                "the convolution"
            )
        steps = np.broadcast_to(delay_steps(node, self.dt), incoming.bias.shape)
        terms: dict[tuple[str, int], Sparse] = {}
        for (source, late), matrix in incoming.terms.items():
            for more in np.unique(steps):
                terms[source, late + int(more)] = matrix.at_rows(steps == more)
        return Signal(terms, incoming.bias)


def delay_steps(node: Node, dt: float) -> Integers:
    """Delays of a Delay node in steps, or `ForeignNetworkError`."""
    delay = node.numbers("delay").ravel()
    steps = np.rint(delay / dt)
    off = np.abs(delay / dt - steps)
    if np.any(delay < 0):
        raise node.refused(f"delay is {delay.min():g} s; a delay cannot be negative")
    if np.any(off > DELAY_TOLERANCE):
        bad = float(delay[np.argmax(off)])
        raise node.refused(
            f"delay is {bad:g} s, which is {bad / dt:.4g} steps of {dt:g} s; choose a dt of which "
            "all delays are multiples"
        )
    if np.any(steps > MAX_DELAY):
        raise node.refused(
            f"delay is {delay.max():g} s, {int(steps.max())} steps of {dt:g} s; a synapse holds "
            f"{MAX_DELAY}: choose a longer dt"
        )
    return np.asarray(steps, dtype=np.int64)
