"""All neurons of a core in one step, as the golden function of their model sees them.

Source: docs/reference/semantics.md, "One step", 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.neurons import receptor_suffixes

from ..arithmetic import Bools, Ints, clamp, count, cut, decay, decay_of

Tally = dict[str, "Ints | int"]
"""What is counted, by counter: a number for each sample, or one for a batch of one."""


class Neurons:
    """What a golden function is given: it changes `states`, and returns who fired, (B, N) bool.

    B is the batch, N the number of neurons; a parameter has one value for each neuron, a state one
    for each neuron and sample.  Everything is computed for all of them at once.  A function that
    changes a state makes a new array of it, so that an old one keeps its values.

    Attributes
    ----------
    config : the core, with the model's options.
    parameters : by name, (1, N) int64 each: NumPy's fast path is for operands of one shape.
    states : by name, (B, N) int64 each.
    sums : for each receptor, and a modulator after them, (B, N) int64, the weights that arrived,
        summed; read-only.
    largest_sum : no magnitude of a sum, nor of the sum of the receptors' sums, exceeds it.
    headroom : the largest sum with which no potential leaves the range of a state, in a core with
        delta synapses and exponential leak; below 0 where there is none, and in other cores.
    tally : counters that this step adds to.
    """

    sums: list[Ints]
    largest_sum: int
    states: dict[str, Ints]

    def __init__(self, config: CoreConfig, parameters: dict[str, Ints], tally: Tally) -> None:
        self.config, self.tally = config, tally
        self.parameters = {name: values[None] for name, values in parameters.items()}
        bits = config.state_bits
        self._low, self._high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        self._half, self._bits = np.array(-self._low), np.array(bits)
        self._receptors = [("i" + s, "d_syn" + s) for s in receptor_suffixes(config.receptors)]
        kept = {f.name for f in config.layout.states}
        self._delta = not any(state in kept for state, _ in self._receptors)
        # The sum is the current: nothing to decay, shift or add.
        self._direct = self._delta and config.receptors == 1 and not config.weight_shift
        self._rounded = cut if config.decay_rounding == "toward_zero" else decay
        self._decays: dict[str, Callable[[Ints], Ints]] = {}
        self.headroom = self._largest_sum_that_fits()

    def _largest_sum_that_fits(self) -> int:
        """Of delta synapses: what a decayed potential and the bias leave of a state's range."""
        p = self.parameters
        if not self._delta or "d_mem" not in p:
            return -1
        decayed = abs(int(self._rounded(np.array(self._low), int(np.min(p["d_mem"])))))
        bias = int(np.max(np.abs(p["bias"]))) if "bias" in p else 0
        return (self._high - decayed - bias) >> self.config.weight_shift

    def sat(self, x: Ints, stored: Bools | bool = True) -> Ints:
        """Clamp to the range of a state, counting clamps where the result is `stored`."""
        if not np.count_nonzero((x + self._half) >> self._bits):
            return x
        clamped = clamp(x, self._low, self._high)
        self.tally["clamps"] += count((clamped != x) & stored)
        return clamped

    def decayed(self, state: str, constant: str, *, nearest: bool = False) -> Ints:
        """A state one step later, by the decay constant of this name; or rounded to `nearest`."""
        function = self._decays.get(constant)
        if function is None:
            rounded = decay if nearest else self._rounded
            function = decay_of(self.parameters[constant], self.config.state_bits - 1, rounded)
            self._decays[constant] = function
        return function(self.states[state])

    # What several models have: each part where there are the parameters and states for it.

    def currents(self) -> Ints:
        """Update the synaptic currents; returns their sum over the receptors.

        A model without states "i" (or "i_exc" and "i_inh") has delta synapses.
        """
        if self._direct and self.largest_sum <= self._high:
            return self.sums[0]
        first = self._current(0)
        return first if self.config.receptors == 1 else first + self._current(1)

    def _current(self, receptor: int) -> Ints:
        state, constant = self._receptors[receptor]
        summed, shift, states = self.sums[receptor], self.config.weight_shift, self.states
        if shift:
            summed = summed << shift
        if state in states:
            states[state] = self.sat(self.decayed(state, constant) + summed)
            return states[state]
        return summed if self.largest_sum <= self._high >> shift else self.sat(summed)

    def waiting(self) -> Bools:
        """Who is refractory; nobody in a model without the state "ref"."""
        if "ref" not in self.states:
            return np.zeros(self.sums[0].shape, dtype=bool)
        return self.states["ref"] > 0

    def fire(self, v: Ints, threshold: Ints, waiting: Bools | bool = False) -> Bools:
        """Compare, reset (in `v` itself) and store the potential, count refractory steps.

        Returns who fired.
        The reset is to "v_reset", in a model without this parameter by subtraction; a neuron whose
        parameter "readout" is set does not fire.
        """
        p, s = self.parameters, self.states
        spikes: Bools = v >= threshold
        if waiting is not False:
            spikes &= ~np.asarray(waiting)
        if "readout" in p:
            spikes &= p["readout"] == 0
        if "v_reset" in p:
            np.copyto(v, p["v_reset"], where=spikes)
        elif np.count_nonzero(spikes):
            np.copyto(v, self.sat(v - threshold, spikes), where=spikes)
        s["v"] = v
        if "ref" in s:
            left = s["ref"] - waiting
            np.copyto(left, p["refractory"], where=spikes)
            s["ref"] = left
        return spikes


Golden = Callable[[Neurons], Bools]
