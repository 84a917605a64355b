"""Synapses that do what a convolution of netx does, checked."""

from __future__ import annotations

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ...network.limits import MAX_SYNAPSES
from ...quantise.rounding import Floats, Integers
from ..windows import Window, convolution

Pair = tuple[int, int]


def synapses_of(
    inputs: tuple[int, int, int],
    kernels: Floats,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> tuple[tuple[int, ...], Integers, Floats]:
    """The output's shape; (S, 2) indices of input and output, in C order; and (S,) weights.

    Parameters
    ----------
    inputs : (channels, height, width).
    kernels : (out, in / groups, height, width), see `windows.convolution`.
    """
    channels, height, width = inputs
    out, depth = kernels.shape[:2]
    if groups < 1 or channels % groups or out % groups or depth != channels // groups:
        raise ForeignNetworkError(
            f"{out} kernels of {depth} channels in {groups} groups do not fit {channels} channels"
        )
    window = Window(kernels.shape[2:], stride, padding, padding, dilation)
    places = window.places((height, width))
    if min(places) < 1:
        raise ForeignNetworkError(f"nothing is left of {height} × {width} inputs")
    used = np.count_nonzero(kernels)
    if used * places[0] * places[1] > MAX_SYNAPSES:
        raise ForeignNetworkError(
            f"{used} weights of kernels at {places[0]} × {places[1]} places are more than the "
            f"{MAX_SYNAPSES} synapses that a network can have"
        )
    found = convolution(kernels, window, inputs, groups)
    return (out, *places), np.stack([found.columns, found.rows], axis=1), found.values
