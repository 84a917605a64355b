"""What a run works on: space for each thread, and what all samples keep from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, Image

from .loop import COUNTED, Watched, run_samples
from .synapses import Synapses, padded
from .tables import States, learning_table, neuron_table, traffic_table

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]


class Contents(Protocol):
    """What a core holds of its samples, as users see it; see `FastCore`."""

    config: CoreConfig
    batch: int
    states: dict[str, Ints]
    axon_states: dict[str, Ints]
    neuron_states: dict[str, Ints]
    pending: Ints
    counters: dict[str, Ints]
    all_arrivals: Bools
    """(B, axonal_delay_slots, A), those of the next step first."""


class Samples:
    """The states of B samples as the loop takes them, for one run.

    Attributes
    ----------
    states, axon_states, arrived, sums, rings, counted : as `run_samples` takes them.
    """

    def __init__(self, core: Contents, workspace: Workspace) -> None:
        batch, (neurons, axons) = (
            core.batch,
            (workspace.watched.states, workspace.watched.axon_states),
        )
        self._core, self._rows = core, workspace.rows
        self.states = np.zeros((batch, *neurons.shape), dtype=np.int64)
        self.axon_states = np.zeros((batch, *axons.shape), dtype=np.int64)
        for name, values in (core.states | core.neuron_states).items():
            self.states[:, self._rows.rows[name], : core.config.neurons] = values
        for name, values in core.axon_states.items():
            self.axon_states[:, self._rows.axon_rows[name], : core.config.axons] = values
        self.arrived = core.all_arrivals.astype(np.uint8)
        slots, sums, width = workspace.ring
        self.rings = np.zeros((batch, slots, sums, width), dtype=np.int32)
        self.rings[..., : core.config.neurons] = core.pending.swapaxes(1, 2)
        self.sums = self.rings.reshape(batch, -1)
        self.counted = np.zeros((batch, len(COUNTED)), dtype=np.int64)

    def give_back(self, steps: int) -> None:
        """Let the core hold what the samples have after so many steps, and count what was counted."""
        core = self._core
        for name, values in (core.states | core.neuron_states).items():
            values[:] = self.states[:, self._rows.rows[name], : core.config.neurons]
        for name, values in core.axon_states.items():
            values[:] = self.axon_states[:, self._rows.axon_rows[name], : core.config.axons]
        core.all_arrivals[:] = np.roll(self.arrived, -steps, axis=1)
        sums = self.rings[..., : core.config.neurons].swapaxes(1, 2)
        if core.config.delay_slots > 1:  # the loop wraps a sum when it is due
            half = 1 << (core.config.layout.accumulator_bits - 1)
            sums = ((np.roll(sums, -steps, axis=2) + half) & (2 * half - 1)) - half
        core.pending[:] = sums
        for name, counts in zip(COUNTED, self.counted.T, strict=True):
            core.counters[name] += counts
        core.counters["steps"] += steps


class Workspace:
    """Space in which a thread runs samples one after the other.

    Attributes
    ----------
    rows : where each state is.
    ring : slots, sums and padded neurons.
    watched : the states of the sample that is running, and which of them are kept after each step.
    """

    def __init__(self, image: Image, synapses: Synapses, eligibility: NDArray[np.int32]) -> None:
        self.rows = States(image.config)
        self.ring = synapses.slots, synapses.sums, synapses.padded
        self._synapses = synapses
        self._neurons = neuron_table(image, self.rows)
        self._learning = learning_table(image, self.rows, eligibility)
        self._traffic = traffic_table(image)
        longest = padded(max(image.config.neurons, image.config.axons))
        self._who = np.zeros(longest, dtype=np.uint32)
        self.watch(())

    def watch(self, watched: Sequence[tuple[str, int]]) -> None:
        """Keep these states, by name and index, after every step from now on."""
        rows, of_axons = self.rows.rows, self.rows.axon_rows
        found = [(int(name in of_axons), (rows | of_axons)[name], k) for name, k in watched]
        columns = np.array(found, dtype=np.int64).reshape(-1, 3).T
        self.watched = Watched(
            self.rows.neurons, self.rows.axons, *(np.ascontiguousarray(x) for x in columns)
        )

    def run(
        self, samples: Samples, some: range, given: Bytes, first: int, spikes: Bools, values: Ints
    ) -> None:
        """Run some of the samples; see `run_samples`."""
        run_samples(
            self._neurons, self._synapses, self._learning, self._traffic, self.watched, self._who,
            samples.states, samples.axon_states, samples.arrived, samples.sums, samples.rings,
            given, given.view(np.uint64), some.start, some.stop, first, spikes, values,
            samples.counted,
        )  # fmt: skip


def host_spikes(raster: Bools | None, batch: int) -> Bytes:
    """(B, steps, A) spikes as the loop takes them, the axons padded; (B, 0, 0) for None."""
    if raster is None:
        return np.zeros((batch, 0, 0), dtype=np.uint8)
    axons = raster.shape[2]
    if axons == padded(axons):
        return np.ascontiguousarray(raster).view(np.uint8)
    given = np.zeros((*raster.shape[:2], padded(axons)), dtype=np.uint8)
    given[:, :, :axons] = raster
    return given
