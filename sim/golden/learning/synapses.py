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

    def __init__(self, state: LearningState) -> None:
        self._state = state
        self._w_min, self._w_max = (np.array(state.parameters[b]) for b in ("w_min", "w_max"))
        self.axon, self.neuron = _Ends(self), _Ends(self)

    def visit(self, step: int, phase: int, lines: Ints) -> None:
        """Take the synapses of the axons `lines`, in the phase `POST` of these neurons."""
        state, axon, neuron = self._state, self.axon, self.neuron
        axon.states, neuron.states = state.axon_states, state.neuron_states
        if phase == POST:
            self._lists, near, far = state.table.plastic_of_neuron, neuron, axon
        else:
            self._lists, near, far = state.table.plastic_of_axon, axon, neuron
        self._synapses, self._ends = self._lists.find(lines)
        near.numbers, far.numbers = None, self._ends
        self._step, self._phase, self._lines = step, phase, lines
        self._rho = None if state.settings.stochastic else state.half
        self._old = self.w = state.table.weights.take(self._synapses)
        if state.eligibility is not None:
            self._cells = state.cells.take(self._synapses)
            self._old_e = self.e = state.eligibility.take(self._cells)

    def store(self) -> None:
        """Keep what the rule assigned, and count the updates."""
        state = self._state
        state.tally["weight_updates"] += len(self._synapses)
        if self.w is not self._old:
            state.table.weights[self._synapses] = self.w
        if state.eligibility is not None and self.e is not self._old_e:
            state.eligibility.ravel()[self._cells] = self.e

    def repeated(self, values: Ints) -> Ints:
        """(E,) values of the lines that are visited, at each of their synapses."""
        return np.repeat(values, self._lists.count.take(self._lines))

    @property
    def lines(self) -> Ints:
        """(E,) the line in which each synapse was found."""
        return self.repeated(self._lines)

    def sum_by_neuron(self, values: Ints) -> Ints:
        """(E,) at each synapse, the sum of (E,) values over all that its neuron has here."""
        neurons = self.lines if self.neuron.numbers is None else self.neuron.numbers
        totals = np.bincount(neurons, values, self._state.config.neurons)
        return totals.astype(np.int64).take(neurons)

    def rnd(self, z: Ints | int) -> Ints:
        """z / 2^F, rounded to nearest, or up or down at random: (E,), or the shape of z."""
        if self._rho is None:
            self._rho = self._random()
        return np.asarray((z + self._rho) >> self._state.fraction_bits)

    def lift(self, z: Ints, where: Bools | bool = True) -> Ints:
        """w + z, bounded in the direction of the change, `where` it changes; else w: (E,)."""
        return self._bounded(self.w + z, z < 0, where)

    def lower(self, z: Ints, where: Bools | bool = True) -> Ints:
        """w − z, bounded in the direction of the change, `where` it changes; else w: (E,)."""
        return self._bounded(self.w - z, z >= 0, where)

    def potentiate(self, z: Ints) -> Ints:
        """`lift` by a z ≥ 0: (E,)."""
        w = self.w + z
        clamps = int(np.count_nonzero(w > self._w_max))
        self._state.tally["weight_clamps"] += clamps
        return np.minimum(w, self._w_max) if clamps else w

    def depress(self, z: Ints) -> Ints:
        """`lower` by a z ≥ 0: (E,)."""
        w = self.w - z
        clamps = int(np.count_nonzero(w < self._w_min))
        self._state.tally["weight_clamps"] += clamps
        return np.maximum(w, self._w_min) if clamps else w

    def _bounded(self, w: Ints, down: Bools, where: Bools | bool) -> Ints:
        bounded = np.where(down, np.maximum(w, self._w_min), np.minimum(w, self._w_max))
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

    def _random(self) -> Ints:
        """ρ of stochastic rounding, in units of 2^−F: (E,)."""
        state = self._state
        lines, others = state.axon_tags, state.neuron_tags
        if self._phase == POST:
            lines, others = others, lines
        hashes = line_hashes(state.parameters["seed"], self._step, self._phase, lines[self._lines])
        mixed = mix(self.repeated(hashes), others.take(self._ends))
        return mixed >> (16 - state.settings.fraction_bits)


class _Ends:
    """States of the axons, or of the neurons, of the synapses that are visited, by name.

    Attributes
    ----------
    states : of all axons, or neurons.
    numbers : (E,) of each synapse's; None where the synapses are visited by them.
    """

    states: dict[str, Ints]
    numbers: Ints | None

    def __init__(self, synapses: Synapses) -> None:
        self._synapses = synapses

    def __getitem__(self, name: str) -> Ints:
        numbers = self._synapses.lines if self.numbers is None else self.numbers
        return self.states[name].take(numbers)
