"""All that stands against importing a TENNLab network, by node and edge.

What is refused is taken out of the document, a node with its edges, and the rest is read again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ..checked import Checked, NodeCheck, whole_refused
from ..json_text import json_object
from ..tennlab.network import from_tennlab

_NAME = "tennlab"
_PLACE = re.compile(r"node (?P<node>\d+)|edge (?P<start>\d+) → (?P<end>\d+)")
_MOST = 200
"""Reasons that are looked for."""


def check_tennlab(path: Path, **options: Any) -> Checked:
    """All nodes of a file, each fit or not, and edges that are refused; options of `from_tennlab`."""
    try:
        whole = json_object(path, "a TENNLab network")
    except ForeignNetworkError as error:
        return Checked(_NAME, (whole_refused(str(error)),))
    document, refused = dict(whole), dict[str, str]()
    about_all: list[NodeCheck] = []
    imported = None
    while len(refused) < _MOST:
        try:
            imported = from_tennlab(document, **options)
            break
        except ForeignNetworkError as error:
            found = _PLACE.match(error.place)
            if found is None:
                if not (refused and not document["Nodes"]):
                    about_all.append(whole_refused(str(error)))
                break
            refused[found.group(0)] = error.reason or str(error)
            document = _without(document, found)
    nodes = [f"node {n.get('id')}" for n in whole.get("Nodes", []) if isinstance(n, Mapping)]
    rows = [NodeCheck(n, "node", n not in refused, refused.get(n, "")) for n in nodes]
    edges = [
        NodeCheck(name, "edge", False, why) for name, why in refused.items() if name not in nodes
    ]
    return Checked(_NAME, (*about_all, *rows, *edges), None if refused or about_all else imported)


def _without(document: dict[str, Any], place: re.Match[str]) -> dict[str, Any]:
    """The document without a node and its edges, or without an edge."""
    nodes, edges = document["Nodes"], document["Edges"]
    ports = {key: document.get(key, []) for key in ("Inputs", "Outputs")}
    if place["node"] is not None:
        gone = int(place["node"])
        nodes = [node for node in nodes if node["id"] != gone]
        edges = [edge for edge in edges if gone not in (edge["from"], edge["to"])]
        ports = {
            key: [number for number in listed if number != gone] for key, listed in ports.items()
        }
    else:
        ends = int(place["start"]), int(place["end"])
        edges = [edge for edge in edges if (edge["from"], edge["to"]) != ends]
    return {**document, **ports, "Nodes": nodes, "Edges": edges}
