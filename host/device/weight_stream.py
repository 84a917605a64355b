"""Weights streamed back while a device runs and learns."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass

from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError

from ..design.design import Design
from ..design.input_raster import SpikeInput, input_raster
from ..design.names import NO_ROW, axons_named, neurons_named
from ..design.units import weights_in_units
from ..quantise.rounding import Floats, Integers
from .interface import DeviceInterface
from .run import Run


@dataclass(frozen=True, eq=False)
class WeightFrame:
    """Weights between two steps: `frame.weights`, or `frame["eye", "cells"]`.

    Attributes
    ----------
    step : number of the next step.
    weights : (A, N) floats, in the network's unit.
    raw : (A, N) integers, as the core holds them.
    run : what ran since the frame before; no steps in the first frame.
    design : the network.
    """

    step: int
    weights: Floats
    raw: Integers
    run: Run
    design: Design

    def __getitem__(self, names: tuple[str, str]) -> Floats:
        """(source.size, target.size) weights from an input or population to a population."""
        if not isinstance(names, tuple) or len(names) != 2:
            raise InputError(f'{names!r} are not two names; give frame["source", "target"]')
        axons, neurons = axons_named(self.design, names[0]), neurons_named(self.design, names[1])
        found: NDArray = self.weights[axons][:, neurons]
        found[axons == NO_ROW] = 0.0
        return found


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
        design = device.design
        for begin in range(-stride, len(raster), stride):
            run = device.run(raster[max(begin, 0) : begin + stride])
            raw = device.read("weights")
            yield WeightFrame(device.step, weights_in_units(design, raw), raw, run, design)

    return frames()
