"""What each linear node does, as a matrix and a bias: NIR follows PyTorch in shapes and order."""

from __future__ import annotations

import numpy as np

from ...quantise.rounding import Floats
from ..sparse import MAX_ENTRIES, LinearMap, Sparse
from ..windows import Window, convolution, pool
from .flat import CHANNELS_LAST
from .raw import Node

Shape = tuple[int, ...]

LINEAR = (
    "Affine", "Linear", "Scale", "Flatten", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Pass",
)  # fmt: skip
"""Kinds of nodes that are linear maps; a Delay is none, though it keeps the shape."""


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
        return _window(node, shape)[1]
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
    if node.kind == "Flatten" and node.values.get(CHANNELS_LAST) and len(shape) == 3:
        order = np.arange(outputs).reshape(shape).transpose(1, 2, 0).ravel()
        matrix = Sparse((outputs, outputs), np.arange(outputs), order, np.ones(outputs))
        return LinearMap(matrix, np.zeros(outputs))
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


def _window(node: Node, shape: Shape) -> tuple[Window, Shape]:
    """How the kernel of a node moves over an input, and the shape of its output."""
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
    none = (0,) * count
    span = Window(kernel, stride, none, none, dilation).span
    before, after = zip(*_padding(node, span, stride), strict=True)
    window = Window(kernel, stride, before, after, dilation)
    full = window.padded(shape[1:])
    if any(n < s for n, s in zip(full, span, strict=True)):
        raise node.refused(f"its kernel spans {span}, more than its padded input of {full}")
    return window, (channels, *window.places(shape[1:]))


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
    window, output = _window(node, shape)
    taken = (
        output[0] if not node.kind.startswith("Conv") else size(node.numbers("weight").shape[:2])
    )
    if taken * size((*window.kernel, *output[1:])) > MAX_ENTRIES:
        raise node.refused(
            f"would be {taken * size((*window.kernel, *output[1:]))} synapses; a network can have "
            f"{MAX_ENTRIES} between two layers"
        )
    if not node.kind.startswith("Conv"):
        value = 1.0 if node.kind == "SumPool2d" else 1.0 / size(window.kernel)
        return LinearMap(pool(value, window, shape), np.zeros(size(output)))
    matrix = convolution(node.numbers("weight"), window, shape, _groups(node))
    bias = _filled(node, "bias", output[0])
    return LinearMap(matrix, np.repeat(bias, size(output[1:])))
