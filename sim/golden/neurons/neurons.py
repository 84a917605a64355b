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
    for each neuron and sample.  Everything is computed for all of them at once.

    Attributes
    ----------
    config : the core, with the model's options.
    parameters : by name, (N,) int64 each.
    states : by name, (B, N) int64 each.
    sums : (K, B, N) int64, the weights that arrived, by receptor; read-only.
    tally : counters that this step adds to.
    """

    sums: Ints
    states: dict[str, Ints]

    def __init__(self, config: CoreConfig, parameters: dict[str, Ints], tally: Tally) -> None:
        self.config, self.parameters, self.tally = config, parameters, tally
        bits = config.state_bits
        self._low, self._high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        self._suffixes = receptor_suffixes(config.receptors)
        self._sums_fit = config.layout.accumulator_bits + config.weight_shift <= bits
        self._rounded = cut if config.decay_rounding == "toward_zero" else decay
        self._decays: dict[tuple[str, bool], Callable[[Ints], Ints]] = {}

    def sat(self, x: Ints, stored: Bools | bool = True) -> Ints:
        """Clamp to the range of a state, counting clamps where the result is `stored`."""
        clamped = clamp(x, self._low, self._high)
        changed = clamped != x
        if np.count_nonzero(changed):
            self.tally["clamps"] += count(changed & stored)
        return clamped

    def decay(self, x: Ints, d: Ints) -> Ints:
        """A current or a potential one step later, rounded as the core does."""
        return self._rounded(x, d)

    def decayed(self, state: str, constant: str, *, nearest: bool = False) -> Ints:
        """A state one step later, by the decay constant of this name; or rounded to `nearest`."""
        function = self._decays.get((constant, nearest))
        if function is None:
            rounded = decay if nearest else self._rounded
            function = decay_of(self.parameters[constant], self.config.state_bits - 1, rounded)
            self._decays[constant, nearest] = function
        return function(self.states[state])

    # What several models have: each part where there are the parameters and states for it.

    def currents(self) -> Ints:
        """Update the synaptic currents; returns their sum over the receptors.

        A model without states "i" (or "i_exc" and "i_inh") has delta synapses.
        """
        states, shift, total = self.states, self.config.weight_shift, None
        for suffix, summed in zip(self._suffixes, self.sums, strict=True):
            current = summed << shift if shift else summed
            if "i" + suffix in states:
                current = self.sat(self.decayed("i" + suffix, "d_syn" + suffix) + current)
                states["i" + suffix] = current
            elif not self._sums_fit:
                current = self.sat(current)
            total = current if total is None else total + current
        assert total is not None
        return total

    def waiting(self) -> Bools:
        """Who is refractory; nobody in a model without the state "ref"."""
        if "ref" not in self.states:
            return np.zeros(self.sums.shape[1:], dtype=bool)
        return self.states["ref"] > 0

    def fire(self, v: Ints, threshold: Ints, waiting: Bools | bool = False) -> Bools:
        """Compare, reset and store the potential, count refractory steps; returns who fired.

        The reset is to "v_reset", in a model without this parameter by subtraction; a neuron whose
        parameter "readout" is set does not fire.
        """
        p, s = self.parameters, self.states
        spikes: Bools = v >= threshold
        if waiting is not False:
            spikes &= ~np.asarray(waiting)
        if "readout" in p:
            spikes &= p["readout"] == 0
        s["v"] = v
        if "ref" in s and waiting is not False:
            s["ref"] = s["ref"] - waiting
        if not np.count_nonzero(spikes):
            return spikes
        if "v_reset" in p:
            s["v"] = np.where(spikes, p["v_reset"], v)
        else:
            s["v"] = np.where(spikes, self.sat(v - threshold, spikes), v)
        if "ref" in s:
            s["ref"] = np.where(spikes, p["refractory"], s["ref"])
        return spikes


Golden = Callable[[Neurons], Bools]
