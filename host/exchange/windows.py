"""Kernels that move over arrays of channels: convolutions and pools, one entry for each use of a weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..quantise.rounding import Floats
from .sparse import Sparse

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Window:
    """How a kernel moves, along each dimension behind the channels.

    Attributes
    ----------
    kernel : how many weights it has.
    stride : from one place to the next.
    before, after : zeros around the input.
    dilation : from one weight to the next.
    """

    kernel: Shape
    stride: Shape
    before: Shape
    after: Shape
    dilation: Shape

    @property
    def span(self) -> Shape:
        """What the kernel covers."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel, strict=True))

    def padded(self, inputs: Shape) -> Shape:
        """The input, without its channels, with the zeros around it."""
        return tuple(n + a + b for n, a, b in zip(inputs, self.before, self.after, strict=True))

    def places(self, inputs: Shape) -> Shape:
        """How many places the kernel has; 0 or less where it is larger than the input."""
        pairs = zip(self.padded(inputs), self.span, self.stride, strict=True)
        return tuple((n - s) // step + 1 for n, s, step in pairs)


def convolution(kernels: Floats, window: Window, inputs: Shape, groups: int) -> Sparse:
    """What kernels do with an input, on the elements of both in C order.

    Parameters
    ----------
    kernels : (out, in / groups, …), laid on the input as they are (a cross-correlation, as frameworks
        call a convolution).
    window : how they move; it has a place.
    inputs : (in, …).
    groups : of channels that do not mix.
    """
    out, depth = kernels.shape[:2]
    places = window.places(inputs[1:])
    at = np.indices(places).reshape(len(places), -1)
    area_in, area_out = int(np.prod(inputs[1:])), at.shape[1]
    parts = []
    for tap in np.ndindex(*window.kernel):
        where = [
            at[k] * window.stride[k] - window.before[k] + tap[k] * window.dilation[k]
            for k in range(len(tap))
        ]
        inside = np.logical_and.reduce(
            [(x >= 0) & (x < n) for x, n in zip(where, inputs[1:], strict=True)]
        )
        weights = kernels[(slice(None), slice(None), *tap)]
        o, d = np.nonzero(weights)
        source = np.ravel_multi_index([x[inside] for x in where], inputs[1:])
        rows = o[:, None] * area_out + np.flatnonzero(inside)
        columns = (o // (out // groups) * depth + d)[:, None] * area_in + source
        values = np.repeat(weights[o, d], len(source))
        parts.append((rows.ravel(), columns.ravel(), values))
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Sparse((out * area_out, inputs[0] * area_in), rows, columns, values)


def pool(value: float, window: Window, inputs: Shape) -> Sparse:
    """Sums over a window of each channel, times a value."""
    kernels = np.full((inputs[0], 1, *window.kernel), value)
    return convolution(kernels, window, inputs, inputs[0])
