"""A device and its golden model, driven in step: whatever differs is counted."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..design.contents import of_kind
from ..design.input_raster import SpikeInput
from ..design.placement import COUNTED_BY_COPIES
from ..device.device import Device
from ..device.golden import GoldenDevice
from ..device.run import Run


@dataclass
class Differences:
    """What differed between a device and its golden model, by kind; see `Lockstep`."""

    spikes: int = 0
    weights: int = 0
    states: int = 0
    counters: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(asdict(self).values())


class Lockstep:
    """Drives a device that has just been loaded, and the golden model of its design alike.

    Attributes
    ----------
    device : the one whose answers are returned.
    differences : spikes (one for each neuron and step), and when `compare` was called weights,
        states of neurons, axons and synapses, and counters.
    spikes : reported by the device, in all.
    seconds : wall-clock time spent on the "device" and on the "golden model".
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.differences = Differences()
        self.spikes = 0
        self.seconds = {"device": 0.0, "golden model": 0.0}
        self._model = GoldenDevice(device.design)

    def reset(self) -> None:
        """Clear states, counters and spikes under way of both; weights stay as they are."""
        self.device.reset()
        self._model.reset()

    def run(self, spikes: SpikeInput = None, steps: int | None = None) -> Run:
        """Run both with the same input spikes, as `Device.run` takes them; gives the device's."""
        began = time.perf_counter()
        ours = self.device.run(spikes, steps)
        between = time.perf_counter()
        theirs = self._model.run(spikes, steps)
        self.seconds["device"] += between - began
        self.seconds["golden model"] += time.perf_counter() - between
        self.differences.spikes += int(np.count_nonzero(ours.spikes != theirs.spikes))
        self.spikes += int(np.count_nonzero(ours.spikes))
        return ours

    def write(self, **values: int) -> None:
        """Write parameters of all neurons, or of the learning rule, by name."""
        for name, value in values.items():
            for device in (self.device, self._model):
                device.write(name, value)

    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights of the device, compared."""
        ours = self.device.read("weights")
        self.differences.weights += int(np.count_nonzero(ours != self._model.read("weights")))
        return ours

    def compare(self) -> None:
        """Compare all states, and all counters that the golden model has.

        Of a placed network neither what axons without synapses have, nor what copies count each.
        """
        placement = self.device.design.placement
        for name, content in of_kind(self.device.design.config, "state").items():
            different = self.device.read(name) != self._model.read(name)
            if placement and content.owner == "axon":
                different &= placement.copies_mask(len(different)).any(axis=1)
            self.differences.states += int(np.count_nonzero(different))
        ours = self.device.counters()
        for name, value in self._model.counters().items():
            if placement and name in COUNTED_BY_COPIES:
                continue
            self.differences.counters += ours[name] != value
