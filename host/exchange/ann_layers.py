"""Layers of networks of ReLUs as arrays, and the affine maps between ReLUs that they make together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import ForeignNetworkError, InputError

from ..quantise.arrays import real_array
from .sparse import LinearMap, Sparse
from .windows import Window, convolution, pool

Floats = NDArray[np.float64]
Shape = tuple[int, ...]

MOST_VALUES = 1 << 25
"""Weights of one map between two layers, and numbers on the way to them, at most."""


class Layer(Protocol):
    """One layer: what it makes of a shape, and what it does, linearly."""

    has_weights: bool

    def shape(self, given: Shape) -> Shape:
        """The shape of its output; raises `ForeignNetworkError` where the input does not fit."""

    def map(self, given: Shape) -> LinearMap:
        """What it does with inputs of this shape."""


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

    def map(self, given: Shape) -> LinearMap:
        """Weighted sums."""
        return LinearMap(Sparse.of(self.weights.T), self.bias)


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
        return len(self.weights), *_places("Conv2d", self._window, given[1:])

    def map(self, given: Shape) -> LinearMap:
        """Sums over each window."""
        _, *places = self.shape(given)
        matrix = convolution(self.weights, self._window, given, self.groups)
        return LinearMap(matrix, np.repeat(self.bias, int(np.prod(places))))

    @property
    def _window(self) -> Window:
        kernel = self.weights.shape[2:]
        return Window(kernel, self.stride, self.padding, self.padding, self.dilation)


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
        return given[0], *_places("AvgPool2d", self._window, given[1:])

    def map(self, given: Shape) -> LinearMap:
        """Means."""
        matrix = pool(1.0 / int(np.prod(self.size)), self._window, given)
        return LinearMap(matrix, np.zeros(int(np.prod(self.shape(given)))))

    @property
    def _window(self) -> Window:
        return Window(self.size, self.stride, self.padding, self.padding, (1, 1))


class Flatten:
    """All values in a row."""

    has_weights = False

    def shape(self, given: Shape) -> Shape:
        """A row."""
        return (int(np.prod(given)),)

    def map(self, given: Shape) -> LinearMap:
        """The same values."""
        count = int(np.prod(given))
        return LinearMap(Sparse.identity(count), np.zeros(count))


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
    """Several layers as one map."""
    size, after = int(np.prod(shape)), shape
    largest = size
    for layer in part:
        after = layer.shape(after)
        largest = max(largest, int(np.prod(after)))
    # The matrix between two layers is held whole.
    if size * largest > MOST_VALUES:
        raise ForeignNetworkError(
            f"a layer of {size} inputs with up to {largest} values needs {size * largest} numbers, more "
            f"than {MOST_VALUES}; use smaller samples, or a larger stride"
        )
    done, given = LinearMap(Sparse.identity(size), np.zeros(size)), shape
    for layer in part:
        done, given = layer.map(given).after(done), layer.shape(given)
    return Affine(done.matrix.dense().T, done.bias), after


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    pair = value if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(
        isinstance(x, int | np.integer) and not isinstance(x, bool) and x >= least for x in pair
    ):
        raise ForeignNetworkError(
            f"{name} is {value!r}; give an integer of at least {least}, or a pair of them"
        )
    return int(pair[0]), int(pair[1])


def _places(name: str, window: Window, given: Shape) -> Shape:
    places = window.places(given)
    if min(places) < 1:
        height, width = window.span
        raise ForeignNetworkError(
            f"a window of {height} × {width} of a {name} is larger than {given[0]} × {given[1]}"
        )
    return places
