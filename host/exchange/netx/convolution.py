"""Synapses that do what a convolution does: one for each weight that a kernel puts on an input."""

from __future__ import annotations

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ...network.limits import MAX_SYNAPSES
from ...quantise.rounding import Floats, Integers

Pair = tuple[int, int]


def output_shape(
    inputs: tuple[int, int, int], kernels: Floats, stride: Pair, padding: Pair, dilation: Pair
) -> tuple[int, int, int]:
    """(channels, height, width) of what kernels (out, in, height, width) make of such inputs."""
    size = [
        (inputs[k + 1] + 2 * padding[k] - dilation[k] * (kernels.shape[k + 2] - 1) - 1) // stride[k]
        + 1
        for k in (0, 1)
    ]
    return kernels.shape[0], size[0], size[1]


def synapses_of(
    inputs: tuple[int, int, int],
    kernels: Floats,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> tuple[Integers, Floats]:
    """(S, 2) indices of input and output, both in the order channel, row, column; and (S,) weights.

    Parameters
    ----------
    inputs : (channels, height, width).
    kernels : (out, in / groups, height, width), which are laid on the inputs as they are (a
        cross-correlation, as frameworks call a convolution).
    """
    channels, height, width = inputs
    out, depth = kernels.shape[:2]
    if groups < 1 or channels % groups or out % groups or depth != channels // groups:
        raise ForeignNetworkError(
            f"{out} kernels of {depth} channels in {groups} groups do not fit {channels} channels"
        )
    shape = output_shape(inputs, kernels, stride, padding, dilation)
    if min(shape) < 1:
        raise ForeignNetworkError(f"nothing is left of {height} × {width} inputs")
    o, d, y, x = np.nonzero(kernels)
    if len(o) * shape[1] * shape[2] > MAX_SYNAPSES:
        raise ForeignNetworkError(
            f"{len(o)} weights of kernels at {shape[1]} × {shape[2]} places are more than the "
            f"{MAX_SYNAPSES} synapses that a network can have"
        )
    channel = o // (out // groups) * depth + d
    rows, columns = np.arange(shape[1]), np.arange(shape[2])
    row = rows * stride[0] - padding[0] + y[:, None] * dilation[0]
    column = columns * stride[1] - padding[1] + x[:, None] * dilation[1]
    inside = ((row >= 0) & (row < height))[:, :, None] & ((column >= 0) & (column < width))[:, None]
    k, i, j = np.nonzero(inside)
    source = (channel[k] * height + row[k, i]) * width + column[k, j]
    target = (o[k] * shape[1] + i) * shape[2] + j
    return np.stack([source, target], axis=1), kernels[o, d, y, x][k]
