"""Integration in the golden model: what arriving axons give to neurons, in this step and in later ones.

Source: docs/reference/semantics.md, "One step", 2.
"""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import CoreConfig, Image

from .arithmetic import Bools, Ints
from .lists import Lists

SPARSE = 0.03
"""Share of synapses that exist, below which they are summed one by one instead of in whole rows."""
EXACT_SINGLE = 1 << 24
"""Integers of this magnitude are exact in single precision."""


class Accumulators:
    """Sums of weights for each neuron, in rings of D steps.

    Weights that no rule changes are kept in floating point as well: sums of integers in it are
    faster, as they use BLAS, and exact in any order, as no sum exceeds 2^14 axons · 2^15.

    B is the batch, D the delay slots, K the accumulators of each neuron: the receptors', and the
    modulator's where there is one.

    Attributes
    ----------
    pending : (B, K, D, N) int64, what is under way for the next step and for the D − 1 after it; may be
        overwritten between steps.
    largest : of a sum due in the last step, no magnitude exceeds it.
    """

    def __init__(self, config: CoreConfig, batch: int) -> None:
        self._batch, self._receptors = batch, config.receptors
        self._learns = config.learning is not None
        self._count = config.layout.accumulators
        self._slots, self._neurons = config.delay_slots, config.neurons
        self._half = 1 << (config.layout.accumulator_bits - 1)
        largest = config.axons << (config.weight_bits - 1)
        self._exact = np.float32 if largest < EXACT_SINGLE else np.float64
        self._ones = np.ones(config.axons, dtype=self._exact)
        self._nothing = np.zeros((self._count, batch, self._neurons), dtype=np.int64)
        self._nothing.flags.writeable = False

    def reset(self) -> None:
        """Nothing is under way."""
        shape = (self._batch, self._count, self._slots, self._neurons)
        self.pending = np.zeros(shape, dtype=np.int64)

    def load(self, image: Image, weights: Ints) -> None:
        """Take over delays and modulatory axons of an image, and weights that may change in place."""
        self._weights, self._modulatory = weights, image.modulatory
        bounds = (image.learning["w_min"], image.learning["w_max"]) if self._learns else (0, 0)
        self._largest_weight = int(max(np.max(np.abs(weights)), *map(abs, bounds)))
        if self._batch > 1:
            self._load_matrices(image)
            return
        exists = (weights != 0) | image.plastic
        self._lists: Lists | None = None
        if self._slots > 1 or np.count_nonzero(exists) < SPARSE * exists.size:
            self._lists = Lists(exists)
            # Where each synapse adds: accumulator, slot and neuron as one number.
            modulated = np.where(image.modulatory, self._receptors * self._slots, 0)
            slots = image.delays + modulated[:, None]
            self._sums = (slots * self._neurons + np.arange(self._neurons)).ravel()
        elif not self._learns:
            parts = self._parts(weights, image.modulatory[:, None])
            self._rows = [part.astype(self._exact) for part in parts]

    def _load_matrices(self, image: Image) -> None:
        """Weights by slot and accumulator, to be multiplied with what arrived in all samples."""
        parts = self._parts(self._weights, image.modulatory[:, None])
        self._matrices: list[tuple[int, list[np.ndarray]]] = []
        for slot in np.unique(image.delays).tolist():
            there = image.delays == slot
            self._matrices.append((slot, [np.where(there, p, 0).astype(self._exact) for p in parts]))

    def integrate(self, arrived: Bools, axons: Ints) -> Ints:
        """(K, B, N) sums that are due in this step, with the axons that arrived in it.

        Parameters
        ----------
        arrived : (B, A), and for a batch of one the same as numbers in `axons`.
        """
        self.largest = self._count * self._half if self._slots > 1 else len(axons) * self._largest_weight
        given = None
        if self._batch > 1:
            given = self._product(arrived)
        elif len(axons):
            if self._lists is None:
                return self._sum_rows(axons)
            given = self._sum_lists(self._lists.find(axons)[0])
        if self._slots == 1:
            return self._nothing if given is None else given[:, :, 0].swapaxes(0, 1)
        if given is not None:
            # Wraps only where delays or sums were written while something was under way.
            half = self._half
            self.pending = ((self.pending + given + half) & (2 * half - 1)) - half
        due = self.pending[:, :, 0].swapaxes(0, 1)
        self.pending = np.roll(self.pending, -1, axis=2)
        self.pending[:, :, -1] = 0
        return due

    def _sum_rows(self, axons: Ints) -> Ints:
        """(K, 1, N): whole rows of weights, added, where there are no delays."""
        if not self._learns:
            ones = self._ones[: len(axons)]
            sums = [ones.dot(rows.take(axons, axis=0)) for rows in self._rows]
            return np.array(sums, dtype=np.int64)[:, None]
        rows = self._weights.take(axons, axis=0)
        if self._count == 1:
            return np.add.reduce(rows, axis=0)[None, None]  # type: ignore[no-any-return]
        parts = self._parts(rows, self._modulatory[axons, None])
        return np.array([np.add.reduce(part, axis=0) for part in parts])[:, None]

    def _sum_lists(self, cells: Ints) -> Ints:
        """(1, K, D, N): the weights of these synapses, each added where it goes."""
        weights, sums = self._weights.take(cells), self._sums.take(cells)
        ring = self._slots * self._neurons
        if self._receptors == 2:
            sums = np.where((weights < 0) & (sums < ring), sums + ring, sums)
        total = np.bincount(sums, weights, self._count * ring).astype(np.int64)
        return total.reshape(1, self._count, self._slots, self._neurons)

    def _product(self, arrived: Bools) -> Ints:
        """(B, K, D, N) sums of the weights of the axons that arrived."""
        given = np.zeros_like(self.pending)
        for slot, matrices in self._matrices:
            spikes = arrived.astype(matrices[0].dtype)
            for k, matrix in enumerate(matrices):
                given[:, k, slot] = spikes @ matrix
        return given

    def _parts(self, weights: Ints, modulatory: Bools) -> list[Ints]:
        """K times (R, N): the weights of R axons, each where its accumulator sees it, elsewhere 0."""
        current = weights
        if self._count > self._receptors:
            current = np.where(modulatory, 0, weights)
        parts = [current]
        if self._receptors == 2:
            parts = [np.maximum(current, 0), np.minimum(current, 0)]
        if self._count > self._receptors:
            parts.append(weights - current)
        return parts
