"""The plastic synapses that one event of a step visits: of axons, of neurons, or all."""

from __future__ import annotations

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

    def __init__(self, state: LearningState, step: int, phase: int, lines: Ints) -> None:
        """Those of the axons `lines`, in the phase `POST` of these neurons."""
        self._state, self._step, self._phase, self._lines = state, step, phase, lines
        table = state.table
        self._lists = table.plastic_of_neuron if phase == POST else table.plastic_of_axon
        self._synapses, self._others = self._lists.find(lines)
        self._rho: Ints | None = None
        self._old = self.w = table.weights.take(self._synapses)
        if state.eligibility is not None:
            self._cells = state.cells.take(self._synapses)
            self._old_e = self.e = state.eligibility.take(self._cells)
        self.axon = _Ends(state.axon_states, self, axons=True)
        self.neuron = _Ends(state.neuron_states, self, axons=False)

    def store(self) -> None:
        """Keep what the rule assigned, and count the updates."""
        state = self._state
        state.tally["weight_updates"] += len(self._synapses)
        if self.w is not self._old:
            state.table.weights[self._synapses] = self.w
        if state.eligibility is not None and self.e is not self._old_e:
            state.eligibility.ravel()[self._cells] = self.e

    @property
    def axons(self) -> Ints:
        """(E,) number of each synapse's axon."""
        return self._others if self._phase == POST else self._repeated(self._lines)

    @property
    def neurons(self) -> Ints:
        """(E,) number of each synapse's neuron."""
        return self._repeated(self._lines) if self._phase == POST else self._others

    def _repeated(self, values: Ints) -> Ints:
        """(E,) values of the lines, at each of their synapses."""
        return np.repeat(values, self._lists.count.take(self._lines))

    def sum_by_neuron(self, values: Ints) -> Ints:
        """(E,) at each synapse, the sum of (E,) values over all that its neuron has here."""
        neurons = self.neurons
        totals = np.bincount(neurons, values, self._state.config.neurons)
        return totals.astype(np.int64).take(neurons)

    def rnd(self, z: Ints | int) -> Ints:
        """z / 2^F, rounded to nearest, or up or down at random: (E,), or the shape of z."""
        bits = self._state.settings.fraction_bits
        if not bits:
            return np.asarray(z)
        if self._rho is None:
            self._rho = self._offset(bits)
        return np.asarray((z + self._rho) >> self._state.fraction_bits)

    def lift(self, z: Ints, where: Bools | bool = True) -> Ints:
        """w + z, bounded in the direction of the change, `where` it changes; else w: (E,)."""
        return self._bounded(self.w + z, z < 0, where)

    def lower(self, z: Ints, where: Bools | bool = True) -> Ints:
        """w − z, bounded in the direction of the change, `where` it changes; else w: (E,)."""
        return self._bounded(self.w - z, z >= 0, where)

    def potentiate(self, z: Ints) -> Ints:
        """`lift` by a z ≥ 0: (E,)."""
        return self._counted(self.w + z, np.minimum, "w_max")

    def depress(self, z: Ints) -> Ints:
        """`lower` by a z ≥ 0: (E,)."""
        return self._counted(self.w - z, np.maximum, "w_min")

    def _counted(self, w: Ints, extreme: np.ufunc, name: str) -> Ints:
        bounded: Ints = extreme(w, self._state.constant(name))
        self._state.tally["weight_clamps"] += int(np.count_nonzero(bounded != w))
        return bounded

    def _bounded(self, w: Ints, down: Bools, where: Bools | bool) -> Ints:
        w_min, w_max = self._state.constant("w_min"), self._state.constant("w_max")
        bounded = np.where(down, np.maximum(w, w_min), np.minimum(w, w_max))
        clamped = bounded != w
        if where is not True:
            clamped &= where
            bounded = np.where(where, bounded, self._old)
        self._state.tally["weight_clamps"] += int(np.count_nonzero(clamped))
        return bounded

    def sat_e(self, e: Ints) -> Ints:
        """Eligibilities, clamped to their format, and counted as `clamps`: (E,)."""
        high = (1 << (self._state.settings.eligibility_bits - 1)) - 1
        clamped = clamp(e, -high - 1, high)
        self._state.tally["clamps"] += int(np.count_nonzero(clamped != e))
        return clamped

    def _offset(self, bits: int) -> Ints:
        """ρ, what is added before rounding down, in units of 2^−F."""
        state = self._state
        if not state.settings.stochastic:
            return state.half
        lines, others = state.axon_tags, state.neuron_tags
        if self._phase == POST:
            lines, others = others, lines
        hashes = line_hashes(state.parameters["seed"], self._step, self._phase, lines[self._lines])
        return mix(self._repeated(hashes), others.take(self._others)) >> (16 - bits)


class _Ends:
    """States of the axons, or of the neurons, of some synapses, by name."""

    def __init__(self, states: dict[str, Ints], synapses: Synapses, *, axons: bool) -> None:
        self._states, self._synapses, self._axons = states, synapses, axons

    def __getitem__(self, name: str) -> Ints:
        synapses = self._synapses
        return self._states[name].take(synapses.axons if self._axons else synapses.neurons)
