"""What a check of another tool's network found: each of its nodes, fit or not, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

from .imported import Imported

WHOLE = "file"
"""Stands for a node where a reason is about the file as a whole, or about an option."""


@dataclass(frozen=True)
class NodeCheck:
    """One node.

    Attributes
    ----------
    name, kind : as the file has them; kind is empty where it is not known.
    ok : whether it can be mapped; None where that cannot be known.
    reason : why not; empty where it can.
    """

    name: str
    kind: str
    ok: bool | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Checked:
    """All nodes of a network, and the network where all of them can be mapped.

    Attributes
    ----------
    format : name of the importer.
    nodes : in the order of the file.
    imported : None where something is refused.
    """

    format: str
    nodes: tuple[NodeCheck, ...]
    imported: Imported | None = None

    @property
    def ok(self) -> bool:
        """Whether the network can be imported."""
        return self.imported is not None


def whole_refused(reason: str) -> NodeCheck:
    """A reason that is about no single node."""
    return NodeCheck(WHOLE, "", False, reason)


def population_checks(found: Imported) -> tuple[NodeCheck, ...]:
    """Inputs and populations of what was imported, all fit."""
    network = found.network
    inputs = (NodeCheck(name, f"{p.size} inputs", True) for name, p in network.inputs.items())
    neurons = (
        NodeCheck(name, f"{p.size} × {type(p.neuron).__name__}", True)
        for name, p in network.populations.items()
    )
    return (*inputs, *neurons)
