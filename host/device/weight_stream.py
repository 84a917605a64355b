"""Weights streamed back while a device runs and learns."""

from __future__ import annotations

import operator
from collections.abc import Iterator

from spikeloom.hdl.contract.errors import InputError

from ..design.input_raster import SpikeInput, input_raster
from .interface import DeviceInterface
from .run import WeightFrame


def watch_weights(
    device: DeviceInterface, spikes: SpikeInput = None, steps: int | None = None, *, every: int
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
            yield WeightFrame(device.step, device.read("weights"), run)

    return frames()
