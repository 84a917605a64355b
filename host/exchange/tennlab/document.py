"""The JSON of a TENNLab network: nodes and edges, whose values are found by their properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError, shown

from ...quantise.rounding import Floats, Integers
from ..json_text import json_object


@dataclass(frozen=True, eq=False)
class Document:
    """N nodes and E edges.

    Attributes
    ----------
    ids : (N,) of the nodes, ascending.
    names : by id, of the nodes that have one.
    node_values : (N,) floats by property: "Threshold", "Leak", …
    pairs : (E, 2) indices of `ids`, from and to.
    edge_values : (E,) floats by property: "Weight", "Delay".
    inputs, outputs : indices of `ids`, in the order of the file.
    data : its Associated_Data.
    """

    ids: Integers
    names: dict[int, str]
    node_values: dict[str, Floats]
    pairs: Integers
    edge_values: dict[str, Floats]
    inputs: Integers
    outputs: Integers
    data: Mapping[str, Any]

    def node(self, k: int) -> str:
        """For messages."""
        name = self.names.get(int(self.ids[k]))
        return f"node {self.ids[k]}" + (f" ({name!r})" if name else "")

    def edge(self, k: int) -> str:
        """For messages."""
        start, end = self.pairs[k]
        return f"edge {self.ids[start]} → {self.ids[end]}"


def read_document(source: Any) -> Document:
    """Read a file, or what was read from one.

    Raises
    ------
    ForeignNetworkError : what is no such network, by node or edge.
    """
    found = json_object(source, "a TENNLab network")
    nodes, edges = _list(found, "Nodes"), _list(found, "Edges")
    properties = found.get("Properties")
    if not isinstance(properties, Mapping):
        raise ForeignNetworkError(
            "the network has no Properties, which say what the values of nodes and edges are"
        )
    numbers = [_id(node, "id", f"node number {k}") for k, node in enumerate(nodes)]
    order = np.argsort(numbers, kind="stable")
    ids = np.array(numbers, dtype=np.int64)[order]
    if not len(ids):
        raise ForeignNetworkError("the network has no nodes")
    for k in np.flatnonzero(np.diff(ids) == 0)[:1]:
        raise ForeignNetworkError(f"there are several nodes {ids[k]}; each needs an id of its own")
    place = {int(i): k for k, i in enumerate(ids)}
    sorted_nodes = [nodes[k] for k in order]

    def place_of(value: Any, what: str) -> int:
        number = _id({"id": value}, "id", what)
        if number not in place:
            raise ForeignNetworkError(f"{what} is node {number}, which there is not")
        return place[number]

    pairs = np.array(
        [
            [place_of(_get(edge, end, f"edge number {k}"), f"the {end!r} of edge number {k}")
             for end in ("from", "to")]
            for k, edge in enumerate(edges)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)  # fmt: skip
    _, first, count = np.unique(pairs, axis=0, return_index=True, return_counts=True)
    for k in np.sort(first[count > 1])[:1]:
        raise ForeignNetworkError(
            f"there are several edges {ids[pairs[k, 0]]} → {ids[pairs[k, 1]]}; a network has one"
        )
    data = found.get("Associated_Data", {})
    return Document(
        ids,
        {int(n["id"]): str(n["name"]) for n in nodes if n.get("name")},
        _values(sorted_nodes, properties, "node", [f"node {i}" for i in ids]),
        pairs,
        _values(edges, properties, "edge", [f"edge {ids[a]} → {ids[b]}" for a, b in pairs]),
        np.array([place_of(i, "an input") for i in _list(found, "Inputs")], dtype=np.int64),
        np.array([place_of(i, "an output") for i in _list(found, "Outputs")], dtype=np.int64),
        data if isinstance(data, Mapping) else {},
    )


def _list(found: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = found.get(name)
    if not isinstance(value, list | tuple):
        raise ForeignNetworkError(
            f"not a TENNLab network: its {name} are {shown(value)}; there must be a list"
        )
    return value


def _get(entry: Any, key: str, what: str) -> Any:
    if not isinstance(entry, Mapping) or key not in entry:
        raise ForeignNetworkError(f"{what} is {shown(entry)}; it has no {key!r}")
    return entry[key]


def _id(entry: Any, key: str, what: str) -> int:
    value = _get(entry, key, what)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ForeignNetworkError(f"{what} has the id {shown(value)}; give an integer from 0")
    return value


def _values(
    entries: Sequence[Any], properties: Mapping[str, Any], kind: str, names: Sequence[str]
) -> dict[str, Floats]:
    """One column for each property."""
    described = properties.get(f"{kind}_properties")
    if not isinstance(described, list | tuple):
        raise ForeignNetworkError(f"its Properties have no list of {kind}_properties")
    columns = {}
    for description in described:
        name = _get(description, "name", f"a property of {kind}s")
        index = _id(description, "index", f"the property {name!r} of {kind}s")
        column = []
        for entry, who in zip(entries, names, strict=True):
            values = _get(entry, "values", who)
            try:
                column.append(float(values[index]))
            except (TypeError, ValueError, IndexError, KeyError, OverflowError):
                raise ForeignNetworkError(
                    f"the values of {who} are {shown(values)}; number {index} is its {name}", who
                ) from None
        columns[str(name)] = np.array(column, dtype=np.float64)
        for k in np.flatnonzero(~np.isfinite(columns[str(name)]))[:1]:
            raise ForeignNetworkError(
                f"the {name} of {names[k]} is {column[k]}; give a number", names[k]
            )
    return columns
