"""NIR as it is written: nodes with their values and edges, from a file or from objects of `nir`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import DesignError, ForeignNetworkError, MissingToolError

from ...design.files import read_file
from ...quantise.arrays import real_array
from ...quantise.rounding import Floats

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
ZIP_MAGIC = b"PK\x03\x04"
MAX_DEPTH = 32
"""Graphs within graphs, at most; links of an HDF5 file can go round in circles."""
MAX_VALUES = 1 << 27
"""Numbers of one array, at most: a gigabyte."""

KINDS: dict[str, tuple[str, ...]] = {
    "Input": ("shape",),
    "Output": (),
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Scale": ("scale",),
    "Flatten": (),
    "Conv1d": ("weight", "stride", "padding", "dilation", "groups", "bias"),
    "Conv2d": ("weight", "stride", "padding", "dilation", "groups", "bias"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Delay": ("delay",),
    "Threshold": ("threshold",),
    "I": ("r",),
    "IF": ("r", "v_threshold"),
    "LI": ("tau", "r", "v_leak"),
    "LIF": ("tau", "r", "v_leak", "v_threshold"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold"),
}
"""Kinds of nodes, and the values that each must have."""
GRAPH = "NIRGraph"


@dataclass(eq=False)
class Node:
    """A node that is no graph.

    Attributes
    ----------
    name : its place: names of graphs and its own, joined by dots.
    kind : "LIF", …; or "Pass" for a port inside a graph.
    values : arrays and texts by name, as they were written.
    metadata : what was written beside NIR.
    """

    name: str
    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)

    def refused(self, reason: str) -> ForeignNetworkError:
        """The error to raise for something in this node."""
        message = f"node {self.name!r} ({self.kind}): {reason}"
        return ForeignNetworkError(message, self.name, reason)

    def numbers(self, key: str, default: float | None = None) -> Floats:
        """A value as finite floats of any shape."""
        value = self.values.get(key)
        if value is None:
            if default is None:
                raise self.refused(f"has no {key}")
            return np.full((), float(default))
        if hasattr(value, "detach"):  # a tensor of PyTorch
            value = value.detach().cpu().numpy()
        try:
            array = real_array(key, value)
        except ValueError as error:
            raise self.refused(str(error)) from None
        if not np.all(np.isfinite(array)):
            bad = array[~np.isfinite(array)].flat[0]
            raise self.refused(f"{key} contains {bad:g}; all numbers must be finite")
        if array.size == 0:
            raise self.refused(f"{key} is empty, of shape {array.shape}")
        return array

    def whole(self, key: str, count: int, low: int) -> tuple[int, ...]:
        """`count` integers of at least `low`; a single one stands for all."""
        array = np.atleast_1d(self.numbers(key))
        if array.ndim != 1 or len(array) not in (1, count):
            raise self.refused(f"{key} has shape {array.shape}; it needs {count} numbers, or one")
        if np.any(array != np.rint(array)) or np.any(array < low) or np.any(array > 1 << 30):
            raise self.refused(f"{key} is {array.tolist()}; it needs integers of at least {low}")
        return tuple(int(x) for x in np.broadcast_to(array, (count,)))

    def shape(self, key: str) -> tuple[int, ...] | None:
        """A shape; None where there is none."""
        if self.values.get(key) is None:
            return None
        value = np.atleast_1d(self.numbers(key))
        return self.whole(key, len(value) if value.ndim == 1 else -1, 1)


@dataclass(eq=False)
class Graph:
    """Nodes and graphs by name, and edges between them, at one level."""

    name: str
    nodes: dict[str, Node | Graph]
    edges: list[tuple[str, str]]
    metadata: dict[str, Any] = field(default_factory=dict)


Refused = dict[str, str]
"""Reasons by node."""
UNKNOWN = "Unknown"
"""Kind of a node that was refused."""


def raw_graph(source: Any, refused: Refused | None = None) -> Graph:
    """The graph in a file, or of an object of `nir`; raises `ForeignNetworkError`.

    With `refused`, nodes that cannot be read are put there, and are of the kind `UNKNOWN`.
    """
    if isinstance(source, str | Path):
        found = _from_file(Path(source), refused)
    else:
        found = _of_object("", source, 0, refused)
    if isinstance(found, Graph):
        return found
    return Graph("", {"node": found}, [])


def _place(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _inner(
    path: str,
    names: Iterable[Any],
    make: Callable[[str, Any], Node | Graph],
    refused: Refused | None,
) -> dict[str, Node | Graph]:
    """The nodes of a graph."""
    nodes: dict[str, Node | Graph] = {}
    for name in names:
        place = _place(path, str(name))
        try:
            nodes[str(name)] = make(place, name)
        except ForeignNetworkError as error:
            if refused is None:
                raise
            refused[place] = error.reason or str(error)
            nodes[str(name)] = Node(place, UNKNOWN)
    return nodes


def _of_object(path: str, item: Any, depth: int, refused: Refused | None) -> Node | Graph:
    kind = type(item).__name__
    if depth > MAX_DEPTH:
        raise ForeignNetworkError(f"graph {path!r}: more than {MAX_DEPTH} graphs within each other")
    if kind == GRAPH:
        nodes, edges = getattr(item, "nodes", None), getattr(item, "edges", None)
        if not isinstance(nodes, Mapping) or not isinstance(edges, Iterable):
            raise ForeignNetworkError(f"graph {path!r}: has no nodes, or no edges")

        def make(place: str, name: Any) -> Node | Graph:
            return _of_object(place, nodes[name], depth + 1, refused)

        inner = _inner(path, nodes, make, refused)
        return Graph(path, inner, _edges(path, list(edges)), _metadata(item))
    if kind not in KINDS:
        raise _unknown(path, kind)
    skipped = ("input_type", "output_type", "metadata")
    values = {k: v for k, v in vars(item).items() if k not in skipped}
    for name, side in (("Input", "input"), ("Output", "output"), ("Flatten", "input")):
        if kind == name:
            declared = getattr(item, f"{side}_type", None) or {}
            key = "input_type" if kind == "Flatten" else "shape"
            values[key] = declared.get(side) if isinstance(declared, Mapping) else declared
    return _checked(Node(path or "node", kind, values, _metadata(item)))


def _metadata(item: Any) -> dict[str, Any]:
    found = getattr(item, "metadata", None)
    return dict(found) if isinstance(found, Mapping) else {}


def _from_file(path: Path, refused: Refused | None) -> Node | Graph:
    try:
        import h5py
    except ImportError:
        raise MissingToolError(
            "NIR files are HDF5, which needs h5py: pip install 'spikeloom[nir]'"
        ) from None
    try:
        data = read_file(path)
    except DesignError as error:
        raise ForeignNetworkError(str(error)) from None
    if data.startswith(ZIP_MAGIC):
        raise ForeignNetworkError(
            f"{path} is a zip archive, as torch.save writes, and no NIR file; write the network "
            "with its framework's NIR export"
        )
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            if "node" not in file:
                raise ForeignNetworkError(
                    f"{path} is HDF5, but has no node: it is not NIR, or writing it ended early"
                )
            return _of_group("", file["node"], 0, refused)
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, ForeignNetworkError):
            raise
        what = "not HDF5" if HDF5_MAGIC not in data[:4096] else "truncated or damaged"
        raise ForeignNetworkError(f"{path} cannot be read as NIR; it is {what} ({error})") from None


def _of_group(path: str, group: Any, depth: int, refused: Refused | None) -> Node | Graph:
    where = path or "node"
    if depth > MAX_DEPTH:
        raise ForeignNetworkError(f"graph {path!r}: more than {MAX_DEPTH} graphs within each other")
    if not hasattr(group, "keys"):
        raise ForeignNetworkError(f"node {where!r} is an array; a group with a type is expected")
    kind = _value(where, "type", group["type"]) if "type" in group else None
    if not isinstance(kind, str):
        early = "" if len(group) else "; writing it ended early"
        raise ForeignNetworkError(f"node {where!r} has no type{early}")
    if kind != GRAPH:
        if kind not in KINDS:
            raise _unknown(where, kind)
        values = {
            str(k): _value(where, str(k), group[k]) for k in group if k not in ("type", "metadata")
        }
        return _checked(Node(where, kind, values, _read_metadata(where, group)))
    for key in ("nodes", "edges"):
        if key not in group:
            raise ForeignNetworkError(f"graph {path!r} has no {key}; writing it ended early?")
    inner = group["nodes"]
    if not hasattr(inner, "keys"):
        raise ForeignNetworkError(f"nodes of graph {path!r} are an array; a group is expected")

    def make(place: str, name: Any) -> Node | Graph:
        return _of_group(place, inner[name], depth + 1, refused)

    nodes = _inner(path, inner, make, refused)
    pairs = np.asarray(_value(path, "edges", group["edges"])).tolist()
    return Graph(path, nodes, _edges(path, pairs), _read_metadata(path, group))


def _read_metadata(where: str, group: Any) -> dict[str, Any]:
    """What a file says beside NIR, where it is arrays and texts."""
    inner = group.get("metadata", {})
    if not hasattr(inner, "keys"):
        return {}
    return {str(k): _value(where, str(k), inner[k]) for k in inner if not hasattr(inner[k], "keys")}


def _value(where: str, key: str, item: Any) -> Any:
    """A dataset as an array or text."""
    if hasattr(item, "keys"):
        raise ForeignNetworkError(f"node {where!r}: {key} is a group; an array is expected")
    if item.shape is None:
        return None
    if item.size > MAX_VALUES:
        raise ForeignNetworkError(f"node {where!r}: {key} has {item.size} values, too many to read")
    value = item[()]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _edges(path: str, edges: list[Any]) -> list[tuple[str, str]]:
    made = []
    for edge in edges:
        ends = list(edge) if isinstance(edge, list | tuple) else []
        names = [e.decode("utf-8", "replace") if isinstance(e, bytes) else e for e in ends]
        if len(names) != 2 or not all(isinstance(name, str) for name in names):
            raise ForeignNetworkError(
                f"graph {path!r}: {edge!r} is no edge; a pair of node names is expected"
            )
        made.append((names[0], names[1]))
    return made


def _unknown(path: str, kind: str) -> ForeignNetworkError:
    reason = f"is a {kind}, which is no kind of node in NIR; known are {', '.join(KINDS)}"
    return ForeignNetworkError(f"node {path!r} {reason}", path, reason)


def _checked(node: Node) -> Node:
    for key in KINDS[node.kind]:
        if node.values.get(key) is None:
            raise node.refused(f"has no {key}")
    return node
