"""The synapses that one event of a step visits: rows, columns, or all."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ..arithmetic import Bools, Ints, clamp
from .random_numbers import POST, random_numbers
from .state import LearningState

ALL = slice(None)


class Synapses:
    """Synapses of R axons and C neurons, as a rule sees them; it assigns to `w` and `e`.

    What it assigns is kept for plastic synapses only, and only they count.

    Attributes
    ----------
    w : (R, C) int64, weights.
    e : (R, C) int64, eligibilities, in rules that have them.
    plastic : (R, C) bool.
    axon : states of the axons by name, (R, 1) int64 each.
    neuron : states of the neurons by name, (C,) int64 each.
    """

    def __init__(
        self,
        state: LearningState,
        step: int,
        phase: int,
        rows: Ints | slice = ALL,
        columns: Ints | slice = ALL,
    ) -> None:
        self._state, self._step, self._phase = state, step, phase
        self._rows, self._columns = rows, columns
        at = self._at = rows, columns
        self._old = self.w = state.weights[at]
        self.plastic: Bools = state.plastic[at]
        if state.eligibility is not None:
            self._old_e = self.e = state.eligibility[at]
        self.axon = {name: x[0, rows, None] for name, x in state.axon_states.items()}
        self.neuron = {name: y[0, columns] for name, y in state.neuron_states.items()}

    def store(self) -> None:
        """Keep what the rule assigned, and count the updates."""
        state = self._state
        state.counters["weight_updates"] += np.count_nonzero(self.plastic)
        if self.w is not self._old:
            state.weights[self._at] = np.where(self.plastic, self.w, self._old)
        if state.eligibility is not None and self.e is not self._old_e:
            state.eligibility[self._at] = np.where(self.plastic, self.e, self._old_e)

    def rnd(self, z: Ints | int) -> Ints:
        """z / 2^F, rounded to nearest, or up or down at random: (R, C), or the shape of z."""
        return np.asarray((z + self._rho) >> self._state.settings.fraction_bits)

    def bound(self, w: Ints, where: Bools | bool = True) -> Ints:
        """w kept in w_min…w_max `where` it changes, elsewhere the weight as it was: (R, C)."""
        w_min, w_max = self._state.parameters["w_min"], self._state.parameters["w_max"]
        low, high = w < w_min, w > w_max
        bounded = np.where(high, w_max, np.where(low, w_min, w))
        clamped = (low | high) & self.plastic & where
        self._state.counters["weight_clamps"] += np.count_nonzero(clamped)
        return bounded if where is True else np.where(where, bounded, self._old)

    def sat_e(self, e: Ints) -> Ints:
        """Eligibilities, clamped to their format, and counted as `clamps`: (R, C)."""
        high = (1 << (self._state.settings.eligibility_bits - 1)) - 1
        clamped = clamp(e, -high - 1, high)
        self._state.counters["clamps"] += np.count_nonzero((clamped != e) & self.plastic)
        return clamped

    @cached_property
    def _rho(self) -> Ints | int:
        """What is added before rounding down, in units of 2^−F."""
        rule, bits = self._state, self._state.settings.fraction_bits
        if not rule.settings.stochastic:
            return (1 << bits) >> 1
        axons, neurons = rule.axon_tags[self._rows, None], rule.neuron_tags[self._columns]
        ends = (neurons, axons) if self._phase == POST else (axons, neurons)
        random = random_numbers(rule.parameters["seed"], self._step, self._phase, *ends)
        return random >> (16 - bits)
