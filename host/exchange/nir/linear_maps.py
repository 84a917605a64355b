"""What each linear node does, as a matrix and a bias: NIR follows PyTorch in shapes and order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...quantise.rounding import Floats, Integers
from .raw import Node
from .sparse import MAX_ENTRIES, Sparse

Shape = tuple[int, ...]

LINEAR = (
    "Affine", "Linear", "Scale", "Flatten", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Pass",
)  # fmt: skip
"""Kinds of nodes that are linear maps; a Delay is none, though it keeps the shape."""


@dataclass(frozen=True, eq=False)
class LinearMap:
    """y = matrix·x + bias, on the elements of arrays in C order."""

    matrix: Sparse
    bias: Floats


def size(shape: Shape) -> int:
    """Elements of an array of this shape."""
    return int(np.prod(shape, dtype=np.int64))


def needed_shape(node: Node) -> Shape | None:
    """The input shape that a node states itself, or None; channels are not known without weights."""
    if node.kind in ("Affine", "Linear"):
        *batch, _, inputs = _weight(node, 2).shape
        return (*batch, inputs)
    if node.kind in ("Conv1d", "Conv2d") and node.values.get("input_shape") is not None:
        count = 1 if node.kind == "Conv1d" else 2
        weight = _weight(node, 2 + count, exactly=True)
        return (weight.shape[1] * _groups(node), *node.whole("input_shape", count, 1))
    if node.kind == "Flatten":
        return node.shape("input_type")
    return None


def output_shape(node: Node, shape: Shape) -> Shape:
    """Shape of the output for an input of `shape`; raises `ForeignNetworkError`."""
    if node.kind in ("Affine", "Linear"):
        weight = _weight(node, 2)
        if size(shape) != size((*weight.shape[:-2], weight.shape[-1])):
            raise node.refused(
                f"weight has shape {weight.shape}, which takes {weight.shape[-1]} values; its input "
                f"has shape {shape}"
            )
        return tuple(weight.shape[:-1])
    if node.kind == "Flatten":
        return _flattened(node, shape)
    if node.kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d"):
        return _window(node, shape).output
    return shape


def linear_map(node: Node, shape: Shape) -> LinearMap:
    """What a node does with inputs of `shape`."""
    outputs = size(output_shape(node, shape))
    if node.kind in ("Affine", "Linear"):
        weight = _weight(node, 2)
        blocks = weight.reshape(-1, *weight.shape[-2:])
        which, rows, columns = np.nonzero(blocks)
        matrix = Sparse(
            (outputs, size(shape)),
            which * blocks.shape[1] + rows,
            which * blocks.shape[2] + columns,
            blocks[which, rows, columns],
        )
        bias = np.zeros(outputs)
        if node.kind == "Affine":
            bias = _filled(node, "bias", outputs)
        return LinearMap(matrix, bias)
    if node.kind == "Scale":
        return LinearMap(Sparse.diagonal(_filled(node, "scale", outputs)), np.zeros(outputs))
    if node.kind in ("Flatten", "Pass"):
        return LinearMap(Sparse.identity(outputs), np.zeros(outputs))
    return _convolved(node, shape)


def _filled(node: Node, key: str, count: int) -> Floats:
    values = node.numbers(key).ravel()
    if len(values) not in (1, count):
        raise node.refused(f"{key} has {len(values)} values for {count} outputs")
    return np.array(np.broadcast_to(values, (count,)))


def _weight(node: Node, dimensions: int, exactly: bool = False) -> Floats:
    weight = node.numbers("weight")
    if weight.ndim < dimensions or (exactly and weight.ndim != dimensions):
        raise node.refused(f"weight has shape {weight.shape}; it needs {dimensions} dimensions")
    return weight


def _groups(node: Node) -> int:
    (groups,) = node.whole("groups", 1, 1)
    return groups


def _flattened(node: Node, shape: Shape) -> Shape:
    count = len(shape)
    (start,) = node.whole("start_dim", 1, -count) if "start_dim" in node.values else (1,)
    (end,) = node.whole("end_dim", 1, -count) if "end_dim" in node.values else (-1,)
    first, last = start % count if count else 0, end % count if count else 0
    if start >= count or end >= count:
        # PyTorch counts a batch dimension, which NIR has none of: what is left is flat.
        return (size(shape),)
    if first > last:
        raise node.refused(f"start_dim {start} is behind end_dim {end} for a shape of {shape}")
    return (*shape[:first], size(shape[first : last + 1]), *shape[last + 1 :])


@dataclass(frozen=True, eq=False)
class _Window:
    """How a kernel moves over an input: `taps` offsets along each of the spatial dimensions."""

    input: Shape
    output: Shape
    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape


def _window(node: Node, shape: Shape) -> _Window:
    count = 1 if node.kind == "Conv1d" else 2
    if len(shape) != count + 1:
        raise node.refused(
            f"its input has shape {shape}; it needs {count + 1} dimensions, channels first"
        )
    stride = node.whole("stride", count, 1)
    if node.kind.startswith("Conv"):
        weight = _weight(node, 2 + count, exactly=True)
        kernel, channels, groups = weight.shape[2:], weight.shape[0], _groups(node)
        if weight.shape[1] * groups != shape[0] or channels % groups:
            raise node.refused(
                f"weight of shape {weight.shape} in {groups} groups takes "
                f"{weight.shape[1] * groups} channels; its input has shape {shape}"
            )
        dilation = node.whole("dilation", count, 1)
    else:
        kernel, channels, dilation = node.whole("kernel_size", count, 1), shape[0], (1,) * count
    span = tuple(d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True))
    padding = _padding(node, span, stride)
    full = tuple(n + p[0] + p[1] for n, p in zip(shape[1:], padding, strict=True))
    if any(n < s for n, s in zip(full, span, strict=True)):
        raise node.refused(f"its kernel spans {span}, more than its padded input of {full}")
    moved = tuple((n - s) // step + 1 for n, s, step in zip(full, span, stride, strict=True))
    before = tuple(p[0] for p in padding)
    return _Window(shape, (channels, *moved), kernel, stride, before, dilation)


def _padding(node: Node, span: Shape, stride: Shape) -> list[tuple[int, int]]:
    """Zeros before and after, for each dimension."""
    text = node.values["padding"]
    if isinstance(text, bytes | str | np.str_):
        name = text.decode() if isinstance(text, bytes) else str(text)
        if name == "valid":
            return [(0, 0)] * len(span)
        if name != "same":
            raise node.refused(f"padding is {name!r}; 'same', 'valid' or numbers are known")
        if any(step != 1 for step in stride):
            raise node.refused(f"padding 'same' with a stride of {stride} has no one meaning")
        return [((s - 1) // 2, s - 1 - (s - 1) // 2) for s in span]
    return [(p, p) for p in node.whole("padding", len(span), 0)]


def _convolved(node: Node, shape: Shape) -> LinearMap:
    window = _window(node, shape)
    inputs, outputs, channels = size(shape), size(window.output), window.output[0]
    pool = not node.kind.startswith("Conv")
    if pool:
        value = 1.0 if node.kind == "SumPool2d" else 1.0 / size(window.kernel)
        groups, weight = channels, np.full((channels, 1, *window.kernel), value)
        bias = np.zeros(channels)
    else:
        groups, weight = _groups(node), node.numbers("weight")
        bias = _filled(node, "bias", channels)
    if size(weight.shape) * size(window.output[1:]) > MAX_ENTRIES:
        raise node.refused(
            f"would be {size(weight.shape) * size(window.output[1:])} synapses; a network can have "
            f"{MAX_ENTRIES} between two layers"
        )
    places = np.indices(window.output[1:]).reshape(len(window.kernel), -1)
    parts: list[tuple[Integers, Integers, Floats]] = []
    out_channel, in_channel = np.indices(weight.shape[:2]).reshape(2, -1)
    source_channel = (out_channel // (channels // groups)) * weight.shape[1] + in_channel
    area_in, area_out = size(shape[1:]), places.shape[1]
    for tap in np.ndindex(*window.kernel):
        at = [
            places[k] * window.stride[k] - window.padding[k] + tap[k] * window.dilation[k]
            for k in range(len(tap))
        ]
        inside = np.logical_and.reduce(
            [(x >= 0) & (x < n) for x, n in zip(at, shape[1:], strict=True)]
        )
        if not inside.any():
            continue
        place = np.ravel_multi_index([x[inside] for x in at], shape[1:])
        values = weight[(slice(None), slice(None), *tap)].ravel()
        rows = out_channel[:, None] * area_out + np.flatnonzero(inside)
        columns = source_channel[:, None] * area_in + place
        parts.append((rows.ravel(), columns.ravel(), np.repeat(values, len(place))))
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        parts = [(nothing, nothing, np.zeros(0))]
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    keep = values != 0
    matrix = Sparse((outputs, inputs), rows[keep], columns[keep], values[keep])
    return LinearMap(matrix, np.repeat(bias, area_out))
