"""Integration in the golden model: what arriving axons give to neurons, in this step and in later ones.

Source: docs/reference/semantics.md, "One step", 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, Image

from .arithmetic import Bools, Ints
from .table import Table

SPARSE = 0.03
"""Share of synapses that exist, below which they are summed one by one instead of in whole rows."""
FEW = 5
"""Rows of weights that are added one by one: products pay for more."""
EXACT_SINGLE = 1 << 24
"""Integers of this magnitude are exact in single precision."""


class Accumulators:
    """Sums of weights for each neuron, in rings of D steps.

    Weights are summed in one of three ways.  Rows of weights, of a batch of one without delays and
    learning, and matrices of them, of larger batches, are kept in floating point: its products use
    BLAS, unlike those of integers, and are exact here in any order, as no sum of weights exceeds
    2^14 axons · 2^15.  All else is summed synapse by synapse.

    B is the batch, D the delay slots, K the accumulators of each neuron: the receptors', and the
    modulator's where there is one.

    Attributes
    ----------
    pending : (B, K, D, N) int64, what is under way for the next step and for the D − 1 after it; may be
        overwritten between steps.
    largest : no magnitude of the sums of the last step, over all receptors, exceeds it.
    """

    def __init__(self, config: CoreConfig, batch: int) -> None:
        self._batch, self._receptors = batch, config.receptors
        self._count = config.layout.accumulators
        self._slots, self._neurons = config.delay_slots, config.neurons
        self._learns = config.learning is not None
        self._half = 1 << (config.layout.accumulator_bits - 1)
        most = config.axons << (config.weight_bits - 1)
        self._exact = np.float32 if most < EXACT_SINGLE else np.float64
        self._ones = np.ones(config.axons, dtype=self._exact)
        nothing = np.zeros((batch, self._neurons), dtype=np.int64)
        nothing.flags.writeable = False
        self._nothing = [nothing] * self._count
        self._matrices: list[tuple[int, int, NDArray[np.floating[Any]]]]
        self._sum: Callable[[Bools, Ints], list[Ints]]

    def reset(self) -> None:
        """Nothing is under way."""
        shape = (self._batch, self._count, self._slots, self._neurons)
        self.pending = np.zeros(shape, dtype=np.int64)

    def table(self, image: Image) -> Table | None:
        """The synapses of an image, if they are to be summed one by one."""
        dense = np.count_nonzero(image.weights) >= SPARSE * image.weights.size
        if self._batch > 1 or (dense and self._slots == 1 and not self._learns):
            return None
        return Table(image)

    def load(self, image: Image, table: Table | None) -> None:
        """Take over an image, and its table of synapses, whose weights may change."""
        self._table = table
        bounds = [image.learning[name] for name in ("w_min", "w_max") if self._learns]
        self._largest_weight = max(map(abs, [int(np.max(np.abs(image.weights))), *bounds]))
        if table:
            # Where each synapse adds: accumulator, slot and neuron as one number.
            slots = image.delays[table.axons, table.neurons]
            slots += image.modulatory[table.axons] * (self._receptors * self._slots)
            self._places = slots * self._neurons + table.neurons
            self._sum = self._sum_synapses
        else:
            parts = self._parts(image.weights, image.modulatory[:, None])
            self._matrices = [
                (k, slot, np.where(image.delays == slot, part, 0).astype(self._exact))
                for k, part in enumerate(parts)
                for slot in np.unique(image.delays).tolist()
            ]
            self._rows = list(image.weights[:, None])
            self._sum = self._sum_rows if self._batch == 1 else self._multiply

    def integrate(self, arrived: Bools, axons: Ints) -> list[Ints]:
        """K times (B, N), the sums that are due in this step, with the axons that arrived in it.

        Parameters
        ----------
        arrived : (B, A), and for a batch of one the same as numbers in `axons`.
        """
        many = len(axons)
        if self._slots == 1:
            self.largest = many * self._largest_weight
            return self._sum(arrived, axons) if many else self._nothing
        self.largest = self._receptors * self._half
        if many:
            # Wraps only where delays or sums were written while something was under way.
            half, sums = self._half, self._sum(arrived, axons)
            given = np.array(sums).reshape(-1, self._slots, self._batch, self._neurons)
            total = self.pending + given.transpose(2, 0, 1, 3)
            self.pending = ((total + half) & (2 * half - 1)) - half
        due = list(self.pending[:, :, 0].swapaxes(0, 1))
        self.pending = np.roll(self.pending, -1, axis=2)
        self.pending[:, :, -1] = 0
        return due

    def _sum_rows(self, arrived: Bools, axons: Ints) -> list[Ints]:
        """K times (1, N): whole rows of weights, added."""
        if len(axons) < FEW and self._count == 1:
            some = axons.tolist()
            total = self._rows[some[0]]
            for axon in some[1:]:
                total = total + self._rows[axon]
            return [total]
        ones = self._ones[: len(axons)]
        return [
            ones.dot(rows.take(axons, axis=0)).astype(np.int64)[None]
            for _, _, rows in self._matrices
        ]

    def _multiply(self, arrived: Bools, axons: Ints) -> list[Ints]:
        """K·D times (B, N): what arrived, times weights."""
        shape = (self._count, self._slots, self._batch, self._neurons)
        sums = np.zeros(shape, dtype=np.int64)
        spikes: NDArray[np.floating[Any]] = arrived.astype(self._exact)
        for k, slot, matrix in self._matrices:
            sums[k, slot] = spikes @ matrix
        return list(sums.reshape(-1, *shape[2:]))

    def _sum_synapses(self, arrived: Bools, axons: Ints) -> list[Ints]:
        """K·D times (1, N): weights, added where each synapse says."""
        table = self._table
        assert table
        synapses, neurons = table.of_axon.find(axons)
        weights = table.weights.take(synapses)
        rings = self._count * self._slots
        sums = np.zeros((rings, 1, self._neurons), dtype=np.int64)
        if rings == 1:
            np.add.at(sums.ravel(), neurons, weights)
            return [sums[0]]
        places = self._places.take(synapses)
        if self._receptors == 2:
            ring = self._slots * self._neurons
            places = np.where((weights < 0) & (places < ring), places + ring, places)
        np.add.at(sums.ravel(), places, weights)
        return list(sums)

    def _parts(self, weights: Ints, modulatory: Bools) -> list[Ints]:
        """K times (A, N): the weights, each where its accumulator sees it, elsewhere 0."""
        current = weights
        if self._count > self._receptors:
            current = np.where(modulatory, 0, weights)
        parts = [current]
        if self._receptors == 2:
            parts = [np.maximum(current, 0), np.minimum(current, 0)]
        if self._count > self._receptors:
            parts.append(weights - current)
        return parts
