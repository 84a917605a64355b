"""Test equipment: a fabric in software, of golden cores that exchange packets by their destinations."""

from __future__ import annotations

import dataclasses

import numpy as np

from spikeloom.hdl import Image
from spikeloom.hdl.contract.fabric_config import FabricConfig
from spikeloom.sim import GoldenCore


class PlacedCores:
    """Golden cores, each with its own image, behind external ids.

    Attributes
    ----------
    cores : the `GoldenCore`s.  None has destinations: spikes between them go through this fabric.
    packets : packets to another core than their neuron's, so far.
    """

    def __init__(self, fabric: FabricConfig, images: list[Image]) -> None:
        self.fabric = fabric
        self.packets = 0
        self._destinations = [image.destinations for image in images]
        empty = [dataclasses.replace(image, destinations=None) for image in images]
        self.cores = [GoldenCore(image) for image in empty]

    def replace(self, core: int, image: Image) -> None:
        """Let a core go on with another image."""
        self._destinations[core] = image.destinations
        self.cores[core].image = dataclasses.replace(image, destinations=None)

    def reset(self) -> None:
        for core in self.cores:
            core.reset()

    @property
    def step_number(self) -> int:
        return self.cores[0].step_number

    @step_number.setter
    def step_number(self, number: int) -> None:
        for core in self.cores:
            core.step_number = number

    @property
    def counters(self) -> dict[str, np.ndarray]:
        """Sums over the cores, but of steps."""
        names = self.cores[0].counters
        total = {name: sum(core.counters[name] for core in self.cores) for name in names}
        return total | {"steps": names["steps"]}

    def join(self, flags: list[np.ndarray]) -> np.ndarray:
        """(external neurons,) of what each core has for its neurons."""
        joined = np.zeros((self.fabric.cores, 1 << self.fabric.neuron_bits), dtype=bool)
        for row, given in zip(joined, flags, strict=True):
            row[: len(given)] = given
        return joined.ravel()[: self.fabric.external.neurons]

    def inject_ids(self, axons: list[int]) -> None:
        """Host spikes for the next step, by external id."""
        for axon in axons:
            core, slot = divmod(axon, 1 << self.fabric.axon_bits)
            self._arrive(core, slot, 0)

    def step(self) -> np.ndarray:
        """Execute a step on all cores, then deliver; (external neurons,) spikes."""
        fired = [core.step()[0] for core in self.cores]
        for k, rows in enumerate(self._destinations):
            for neuron, core, axon, delay in rows.tolist():
                if fired[k][neuron]:
                    self.packets += core != k
                    self._arrive(core, axon, delay)
        return self.join(fired)

    def run(self, raster: np.ndarray) -> np.ndarray:
        """(steps, external axons) spikes to (steps, external neurons)."""
        fired = []
        for row in raster:
            self.inject_ids(np.flatnonzero(row).tolist())
            fired.append(self.step())
        return np.array(fired).reshape(len(raster), self.fabric.external.neurons)

    def _arrive(self, core: int, axon: int, delay: int) -> None:
        golden = self.cores[core]
        slots = golden.later_arrivals[0, delay - 1] if delay else golden.arrivals[0]
        golden.counters["duplicates"] += slots[axon]
        slots[axon] = True
