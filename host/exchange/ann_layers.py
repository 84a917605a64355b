"""Layers of networks of ReLUs as arrays, and the affine maps between ReLUs that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import ForeignNetworkError, InputError

from ..quantise.arrays import real_array

Floats = NDArray[np.float64]
Shape = tuple[int, ...]

MOST_VALUES = 1 << 25
"""Weights of one map between two layers, and numbers on the way to them, at most."""


class Layer(Protocol):
    """One layer: what it makes of a shape, and of a batch of arrays, linearly."""

    has_weights: bool

    def shape(self, given: Shape) -> Shape:
        """The shape of its output; raises `ForeignNetworkError` where the input does not fit."""

    def apply(self, batch: Floats, bias: bool) -> Floats:
        """(n, *output) of (n, *input); with or without its bias."""


@dataclass(frozen=True, eq=False)
class Affine:
    """What lies between two ReLUs: (sources, targets) weights and a (targets,) bias."""

    weights: Floats
    bias: Floats


def _array(name: str, value: Any, dimensions: int) -> Floats:
    try:
        array = real_array(name, value)
    except InputError as error:
        raise ForeignNetworkError(str(error)) from None
    if array.ndim != dimensions or not np.all(np.isfinite(array)):
        what = "finite numbers" if array.ndim == dimensions else f"{dimensions} dimensions"
        raise ForeignNetworkError(f"{name} has shape {array.shape}; give an array of {what}")
    return array


def _bias(given: ArrayLike | None, size: int, name: str) -> Floats:
    if given is None:
        return np.zeros(size)
    bias = _array(f"the bias of a {name}", given, 1)
    if len(bias) != size:
        raise ForeignNetworkError(f"the bias of a {name} has {len(bias)} values for {size} outputs")
    return bias


class Linear:
    """All to all.

    Parameters
    ----------
    weights : (inputs, outputs).
    bias : (outputs,), or None.
    """

    has_weights = True

    def __init__(self, weights: ArrayLike, bias: ArrayLike | None = None) -> None:
        self.weights = _array("the weights of a Linear", weights, 2)
        self.bias = _bias(bias, self.weights.shape[1], "Linear")

    def shape(self, given: Shape) -> Shape:
        """A row."""
        if int(np.prod(given)) != len(self.weights):
            raise ForeignNetworkError(
                f"a Linear takes {len(self.weights)} values, but there are {int(np.prod(given))} "
                f"({' × '.join(map(str, given))})"
            )
        return (self.weights.shape[1],)

    def apply(self, batch: Floats, bias: bool) -> Floats:
        """Weighted sums."""
        return batch.reshape(len(batch), -1) @ self.weights + bias * self.bias


class Conv2d:
    """Convolution of (channels, height, width), as PyTorch's.

    Parameters
    ----------
    weights : (outputs, channels / groups, height, width).
    bias : (outputs,), or None.
    stride, padding, dilation : one number, or (vertical, horizontal).
    groups : of channels that do not mix.
    """

    has_weights = True

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
    ) -> None:
        self.weights = _array("the weights of a Conv2d", weights, 4)
        self.bias = _bias(bias, len(self.weights), "Conv2d")
        self.stride, self.padding = _pair("stride", stride, 1), _pair("padding", padding, 0)
        self.dilation, self.groups = _pair("dilation", dilation, 1), groups
        if groups < 1 or len(self.weights) % groups:
            raise ForeignNetworkError(
                f"a Conv2d of {len(self.weights)} outputs has {groups} groups"
            )

    def shape(self, given: Shape) -> Shape:
        """(outputs, height, width)."""
        channels = self.weights.shape[1] * self.groups
        if len(given) != 3 or given[0] != channels:
            raise ForeignNetworkError(
                f"a Conv2d takes ({channels}, height, width), but there is "
                f"({', '.join(map(str, given))}); give shape=({channels}, …)"
            )
        window = [
            1 + d * (k - 1) for d, k in zip(self.dilation, self.weights.shape[2:], strict=True)
        ]
        return len(self.weights), *_windows("Conv2d", given[1:], window, self.stride, self.padding)

    def apply(self, batch: Floats, bias: bool) -> Floats:
        """Sums over each window."""
        outputs, height, width = self.shape(batch.shape[1:])
        padded = np.pad(batch, ((0, 0), (0, 0), *((p, p) for p in self.padding)))
        result = np.zeros((len(batch), outputs, height, width))
        into, out = self.weights.shape[1], outputs // self.groups
        for group in range(self.groups):
            channels = padded[:, group * into : (group + 1) * into]
            rows = slice(group * out, (group + 1) * out)
            for y, x in np.ndindex(*self.weights.shape[2:]):
                part = _strided(channels, (y, x), self.dilation, self.stride, (height, width))
                result[:, rows] += np.einsum("nchw,oc->nohw", part, self.weights[rows, :, y, x])
        return result + bias * self.bias[:, None, None]


class AvgPool2d:
    """Means of windows, as PyTorch's.

    Parameters
    ----------
    size : of a window, one number, or (vertical, horizontal).
    stride : default: the size.
    padding : zeros around, which count.
    """

    has_weights = False

    def __init__(
        self,
        size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        self.size = _pair("kernel_size", size, 1)
        self.stride = self.size if stride is None else _pair("stride", stride, 1)
        self.padding = _pair("padding", padding, 0)

    def shape(self, given: Shape) -> Shape:
        """(channels, height, width)."""
        if len(given) != 3:
            raise ForeignNetworkError(
                f"an AvgPool2d takes (channels, height, width), but there is {given}; give shape="
            )
        return given[0], *_windows("AvgPool2d", given[1:], self.size, self.stride, self.padding)

    def apply(self, batch: Floats, bias: bool) -> Floats:
        """Means."""
        height, width = self.shape(batch.shape[1:])[1:]
        padded = np.pad(batch, ((0, 0), (0, 0), *((p, p) for p in self.padding)))
        parts = [
            _strided(padded, at, (1, 1), self.stride, (height, width))
            for at in np.ndindex(*self.size)
        ]
        return np.mean(parts, axis=0)


class Flatten:
    """All values in a row."""

    has_weights = False

    def shape(self, given: Shape) -> Shape:
        """A row."""
        return (int(np.prod(given)),)

    def apply(self, batch: Floats, bias: bool) -> Floats:
        """The same values."""
        return batch.reshape(len(batch), -1)


class ReLU:
    """Ends a layer; neurons fire where the sum is positive."""

    has_weights = False

    def shape(self, given: Shape) -> Shape:
        """The same."""
        return given


def affines(layers: Sequence[Any], shape: Shape) -> list[Affine]:
    """The maps from the input to the first ReLU, to the next, and to the output.

    Without any `ReLU` among the layers, there is one after each layer that has weights but the last.
    """
    items = list(layers)
    if not any(isinstance(layer, ReLU) for layer in items):
        weighted = [k for k, layer in enumerate(items) if layer.has_weights]
        items = [x for k, layer in enumerate(items)
                 for x in ((layer, ReLU()) if k in weighted[:-1] else (layer,))]  # fmt: skip
    parts: list[list[Any]] = [[]]
    for k, layer in enumerate(items):
        if isinstance(layer, ReLU):
            if k == len(items) - 1:
                raise ForeignNetworkError(
                    "the last layer is a ReLU; a read-out has none: leave it out"
                )
            parts.append([])
        else:
            parts[-1].append(layer)
    if not any(layer.has_weights for layer in parts[-1]):
        raise ForeignNetworkError("there is no layer with weights at the end; give a Linear")
    found = []
    for k, part in enumerate(parts):
        try:
            affine, shape = _composed(part, shape)
        except ForeignNetworkError as error:
            raise ForeignNetworkError(f"layer {k + 1}: {error}") from None
        found.append(affine)
    return found


def _composed(part: Sequence[Any], shape: Shape) -> tuple[Affine, Shape]:
    """Several layers as one map, found by applying them to each unit."""
    size, after = int(np.prod(shape)), shape
    largest = size
    for layer in part:
        after = layer.shape(after)
        largest = max(largest, int(np.prod(after)))
    # Each of the `size` units is sent through all layers.
    if size * largest > MOST_VALUES:
        raise ForeignNetworkError(
            f"a layer of {size} inputs with up to {largest} values needs {size * largest} numbers, more "
            f"than {MOST_VALUES}; use smaller samples, or a larger stride"
        )
    units, none = np.eye(size).reshape(size, *shape), np.zeros((1, *shape))
    for layer in part:
        units, none = layer.apply(units, False), layer.apply(none, True)
    return Affine(units.reshape(size, -1), none.ravel()), after


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    pair = value if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(
        isinstance(x, int | np.integer) and not isinstance(x, bool) and x >= least for x in pair
    ):
        raise ForeignNetworkError(
            f"{name} is {value!r}; give an integer of at least {least}, or a pair of them"
        )
    return int(pair[0]), int(pair[1])


def _windows(
    name: str, given: Shape, window: Sequence[int], stride: Shape, padding: Shape
) -> tuple[int, int]:
    counts = [
        (size + 2 * p - w) // s + 1
        for size, w, s, p in zip(given, window, stride, padding, strict=True)
    ]
    if min(counts) < 1:
        raise ForeignNetworkError(
            f"a window of {window[0]} × {window[1]} of a {name} is larger than {given[0]} × {given[1]}"
        )
    return counts[0], counts[1]


def _strided(planes: Floats, at: Shape, dilation: Shape, stride: Shape, counts: Shape) -> Floats:
    """Of each window the value at one place, (n, channels, height, width)."""
    y, x = (a * d for a, d in zip(at, dilation, strict=True))
    (h, w), (sy, sx) = counts, stride
    return planes[:, :, y : y + sy * (h - 1) + 1 : sy, x : x + sx * (w - 1) + 1 : sx]
