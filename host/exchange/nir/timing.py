"""By how many steps each population acts later here, and how long each connection has to be for that.

In NIR a spike acts on the next layer in the same step, here in the next: a population with n layers
before it is n steps behind its source.  Connections that skip layers, or come with a Delay, are given
the steps that keep all arrivals together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spikeloom.hdl.contract.errors import ForeignNetworkError

MAX_STEPS = 63
"""The longest delay of a synapse from an input; from a neuron one more."""


@dataclass(frozen=True)
class Edge:
    """A connection; `delay` is that of the source, in steps."""

    source: str
    target: str
    delay: int
    from_input: bool

    @property
    def own_steps(self) -> int:
        """Steps that it takes here at least."""
        return 0 if self.from_input else 1


def levels(edges: Iterable[Edge], units: Iterable[str]) -> dict[str, int]:
    """Steps by which each unit is late here; `ForeignNetworkError` for a cycle that would be longer.

    A neuron's connection to itself takes a step in NIR, too, and says nothing about levels.
    """
    late = dict.fromkeys(units, 0)
    between = [edge for edge in edges if edge.source != edge.target]
    reached: dict[str, Edge] = {}
    last = ""
    for _ in range(len(late) + 1):
        changed = False
        for edge in between:
            start = 0 if edge.from_input else late[edge.source]
            if late[edge.target] < start + edge.own_steps - edge.delay:
                late[edge.target] = start + edge.own_steps - edge.delay
                reached[edge.target] = edge
                changed, last = True, edge.target
        if not changed:
            return late
    raise _circle(reached, last)


def _circle(reached: Mapping[str, Edge], last: str) -> ForeignNetworkError:
    """The cycle that `last` is in, or behind: what reached it, and what reached that, …"""
    at = last
    for _ in reached:
        at = reached[at].source
    circle = [at]
    while len(circle) == 1 or circle[-1] != at:
        circle.append(reached[circle[-1]].source)
    circle.reverse()
    return ForeignNetworkError(
        f"the cycle {' → '.join(circle)} passes {len(circle) - 1} neurons without a Delay: NIR does not "
        "say which connection waits for the next step, and here each takes one. Put a Delay on it, or "
        "give cycles='step' if each of its connections takes a step where the network is from"
    )


def stepping_cycles(edges: Iterable[Edge]) -> list[Edge]:
    """The edges, with those in cycles taking a step in the source."""
    edges = list(edges)
    after: dict[str, set[str]] = {}
    for edge in edges:
        after.setdefault(edge.source, set()).add(edge.target)

    def leads(start: str, end: str) -> bool:
        seen, todo = set(), [start]
        while todo:
            name = todo.pop()
            if name == end:
                return True
            if name not in seen:
                seen.add(name)
                todo += after.get(name, ())
        return False

    return [
        Edge(e.source, e.target, max(e.delay, 1), e.from_input) if leads(e.target, e.source) else e
        for e in edges
    ]


def steps_here(edge: Edge, late: Mapping[str, int]) -> int:
    """Steps of a connection here."""
    if edge.source == edge.target:
        return max(edge.delay, 1)
    steps = late[edge.target] - (0 if edge.from_input else late[edge.source]) + edge.delay
    if steps > MAX_STEPS + edge.own_steps:
        raise ForeignNetworkError(
            f"the connection {edge.source!r} → {edge.target!r} would take {steps} steps here; a "
            f"synapse holds {MAX_STEPS + edge.own_steps}: choose a longer dt"
        )
    return steps
