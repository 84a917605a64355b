"""Integration in the golden model: what arriving axons give to neurons, in this step and in later ones.

Source: docs/reference/semantics.md, "One step", 2.
"""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import CoreConfig, Image

from .arithmetic import Bools, Ints


class Accumulators:
    """Sums of weights for each neuron, in rings of D steps.

    B is the batch, D the delay slots, K the accumulators of each neuron: the receptors', and the
    modulator's where there is one.

    Attributes
    ----------
    pending : (B, K, D, N) int64, what is under way for the next step and for the D − 1 after it; may be
        overwritten between steps.
    """

    def __init__(self, config: CoreConfig, batch: int) -> None:
        self._config, self._batch = config, batch
        self._count = config.layout.accumulators
        self._slots = config.delay_slots

    def reset(self) -> None:
        """Nothing is under way."""
        shape = (self._batch, self._count, self._slots, self._config.neurons)
        self.pending = np.zeros(shape, dtype=np.int64)

    def load(self, image: Image, weights: Ints) -> None:
        """Take over delays and modulatory axons of an image, and weights that may change in place."""
        self._weights, self._delays = weights, image.delays
        self._modulatory = image.modulatory[:, None]
        # Integer matrix products do not use BLAS, floating-point ones do; and they are exact here,
        # in any order: no sum of weights exceeds 2^14 axons · 2^15, far below 2^53.
        self._matrices: list[tuple[int, list[np.ndarray]]] = []
        if self._batch > 1:
            parts = self._parts(weights, self._modulatory)
            for slot in np.unique(self._delays).tolist():
                there = self._delays == slot
                self._matrices.append((slot, [np.where(there, p, 0.0) for p in parts]))

    def integrate(self, arrived: Bools) -> Ints:
        """(K, B, N) sums that are due in this step, with the axons that `arrived` (B, A) in it."""
        total = self.pending + self._given(arrived)
        if self._slots > 1:
            # Wraps only where delays or sums were written while something was under way.
            half = 1 << (self._config.layout.accumulator_bits - 1)
            total = (total + half) % (2 * half) - half
            self.pending = np.roll(total, -1, axis=2)
            self.pending[:, :, -1] = 0
        return total[:, :, 0].swapaxes(0, 1)

    def _given(self, arrived: Bools) -> Ints:
        """(B, K, D, N) sums of the weights of the axons that arrived."""
        given = np.zeros_like(self.pending)
        if self._batch > 1:
            spikes = arrived.astype(np.float64)
            for slot, matrices in self._matrices:
                for k, matrix in enumerate(matrices):
                    given[:, k, slot] = (spikes @ matrix).astype(np.int64)
            return given
        rows = np.flatnonzero(arrived[0])
        neurons = self._config.neurons
        for k, part in enumerate(self._parts(self._weights[rows], self._modulatory[rows])):
            if self._slots == 1:
                given[0, k, 0] = part.sum(axis=0)
            else:
                cells = self._delays[rows] * neurons + np.arange(neurons)
                sums = np.bincount(cells.ravel(), part.ravel(), self._slots * neurons)
                given[0, k] = sums.reshape(self._slots, neurons).astype(np.int64)
        return given

    def _parts(self, weights: Ints, modulatory: Bools) -> list[Ints]:
        """K times (R, N): the weights of R axons, each where its accumulator sees it, elsewhere 0."""
        current = weights
        if self._count > self._config.receptors:
            current = np.where(modulatory, 0, weights)
        parts = [current]
        if self._config.receptors == 2:
            parts = [np.maximum(current, 0), np.minimum(current, 0)]
        if self._count > self._config.receptors:
            parts.append(weights - current)
        return parts
