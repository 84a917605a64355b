"""The plastic synapses that one event of a step visits: of axons, of neurons, or all."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..arithmetic import Bools, Ints, clamp
from .random_numbers import POST, line_hashes, mix
from .state import LearningState


class Synapses:
    """E plastic synapses, one after the other, as a rule sees them; it assigns to `w` and `e`.

    Attributes
    ----------
    w : (E,) int64, weights.
    e : (E,) int64, eligibilities, in rules that have them.
    axon : states of each synapse's axon by name, (E,) int64 each.
    neuron : states of each synapse's neuron by name, (E,) int64 each.
    """

    def __init__(
        self, state: LearningState, step: int, phase: int, lines: Ints | None = None
    ) -> None:
        """Those of the axons `lines`, in the phase `POST` of these neurons; or all."""
        self._state, self._step, self._phase = state, step, phase
        lists = state.of_neuron if phase == POST else state.of_axon
        self._lines = np.arange(len(lists.count)) if lines is None else lines
        self._counts = lists.count[self._lines]
        self._cells = lists.cells(self._lines)
        self._weights = state.weights.ravel()
        self._old = self.w = self._weights[self._cells]
        if state.eligibility is not None:
            self._eligibility = state.eligibility.ravel()
            self._old_e = self.e = self._eligibility[self._cells]
        self.axon = _Ends(state.axon_states, self, axons=True)
        self.neuron = _Ends(state.neuron_states, self, axons=False)

    def store(self) -> None:
        """Keep what the rule assigned, and count the updates."""
        state = self._state
        state.tally["weight_updates"] += len(self._cells)
        if self.w is not self._old:
            self._weights[self._cells] = self.w
        if state.eligibility is not None and self.e is not self._old_e:
            self._eligibility[self._cells] = self.e

    @cached_property
    def axons(self) -> Ints:
        """(E,) number of each synapse's axon."""
        if self._phase == POST:
            return self._cells // self._state.config.neurons
        return np.repeat(self._lines, self._counts)

    @cached_property
    def neurons(self) -> Ints:
        """(E,) number of each synapse's neuron."""
        if self._phase == POST:
            return np.repeat(self._lines, self._counts)
        return self._cells % self._state.config.neurons

    def sum_by_neuron(self, values: Ints) -> Ints:
        """(E,) at each synapse, the sum of (E,) values over all that its neuron has here."""
        totals = np.bincount(self.neurons, values, self._state.config.neurons)
        return totals.astype(np.int64)[self.neurons]

    def rnd(self, z: Ints | int) -> Ints:
        """z / 2^F, rounded to nearest, or up or down at random: (E,), or the shape of z."""
        bits = self._state.settings.fraction_bits
        return np.asarray((z + self._rho) >> bits) if bits else np.asarray(z)

    def bound(self, w: Ints, where: Bools | bool = True) -> Ints:
        """w kept in w_min…w_max `where` it changes, elsewhere the weight as it was: (E,)."""
        w_min, w_max = self._state.parameters["w_min"], self._state.parameters["w_max"]
        bounded = np.where(w > w_max, w_max, np.maximum(w, w_min))
        clamped = (bounded != w) & where
        self._state.tally["weight_clamps"] += int(np.count_nonzero(clamped))
        return bounded if where is True else np.where(where, bounded, self._old)

    def sat_e(self, e: Ints) -> Ints:
        """Eligibilities, clamped to their format, and counted as `clamps`: (E,)."""
        high = (1 << (self._state.settings.eligibility_bits - 1)) - 1
        clamped = clamp(e, -high - 1, high)
        self._state.tally["clamps"] += int(np.count_nonzero(clamped != e))
        return clamped

    @cached_property
    def _rho(self) -> Ints | int:
        """What is added before rounding down, in units of 2^−F."""
        state, bits = self._state, self._state.settings.fraction_bits
        if not state.settings.stochastic:
            return (1 << bits) >> 1
        lines, others = state.axon_tags, state.neuron_tags[self.neurons]
        if self._phase == POST:
            lines, others = state.neuron_tags, state.axon_tags[self.axons]
        hashes = line_hashes(state.parameters["seed"], self._step, self._phase, lines[self._lines])
        return mix(np.repeat(hashes, self._counts), others) >> (16 - bits)


class _Ends:
    """States of the axons, or of the neurons, of some synapses, by name."""

    def __init__(self, states: dict[str, Ints], synapses: Synapses, *, axons: bool) -> None:
        self._states, self._synapses, self._axons = states, synapses, axons

    def __getitem__(self, name: str) -> Ints:
        synapses = self._synapses
        return self._states[name][0][synapses.axons if self._axons else synapses.neurons]
