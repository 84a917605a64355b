"""Weights streamed back while a device runs and learns."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError

from ..design.input_raster import input_raster
from .device import Device, Run, SpikeInput


@dataclass(frozen=True, eq=False)
class WeightFrame:
    """Weights between two steps.

    Attributes
    ----------
    step : number of the next step.
    weights : (A, N) integers.
    run : what ran since the frame before; no steps in the first frame.
    """

    step: int
    weights: NDArray[np.int64]
    run: Run


def watch_weights(
    device: Device, spikes: SpikeInput = None, steps: int | None = None, *, every: int
) -> Iterator[WeightFrame]:
    """Run in parts of `every` steps, and yield the weights before, between and after.

    What runs is the same as in one `run`.  Steps are executed as frames are asked for: stop asking,
    and the device stays at the last frame's step.

    Parameters
    ----------
    spikes, steps : as `Device.run` takes them.
    every : steps from frame to frame; the last part may be shorter.
    """
    try:
        stride = operator.index(every)
    except TypeError:
        stride = 0
    if stride < 1:
        raise InputError(f"every is {every!r}; give a number of steps, at least 1")
    raster = input_raster(device.design, spikes, steps)

    def frames() -> Iterator[WeightFrame]:
        for begin in range(-stride, len(raster), stride):
            run = device.run(raster[max(begin, 0) : begin + stride])
            yield WeightFrame(device.step, device.read_weights(), run)

    return frames()
