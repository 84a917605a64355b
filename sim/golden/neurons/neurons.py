"""All neurons of a core in one step, as the golden function of their model sees them.

Source: docs/reference/semantics.md, "One step", 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.neurons import receptor_suffixes

from ..arithmetic import Bools, Ints, clamp, count, cut, decay


@dataclass
class Neurons:
    """What a golden function is given: it changes `states`, and returns who fired, (B, N) bool.

    B is the batch, N the number of neurons; a parameter has one value for each neuron, a state one
    for each neuron and sample.  Everything is computed for all of them at once.

    Attributes
    ----------
    config : the core, with the model's options.
    parameters : by name, (N,) int64 each.
    states : by name, (B, N) int64 each.
    sums : (K, B, N) int64, the weights that arrived, by receptor.
    counters : the core's, by name, (B,) int64 each.
    """

    config: CoreConfig
    parameters: dict[str, Ints]
    states: dict[str, Ints]
    sums: Ints
    counters: dict[str, Ints]

    def sat(self, x: Ints, stored: Bools | bool = True) -> Ints:
        """Clamp to the range of a state, counting clamps where the result is `stored`."""
        bound = 1 << (self.config.state_bits - 1)
        clamped = clamp(x, -bound, bound - 1)
        self.counters["clamps"] += count((clamped != x) & stored)
        return clamped

    def decay(self, x: Ints, d: Ints) -> Ints:
        """A current or a potential one step later, rounded as the core does."""
        return (cut if self.config.decay_rounding == "toward_zero" else decay)(x, d)

    # What several models have: each part where there are the parameters and states for it.

    def currents(self) -> Ints:
        """Update the synaptic currents; returns their sum over the receptors.

        A model without states "i" (or "i_exc" and "i_inh") has delta synapses.
        """
        c, p, s = self.config, self.parameters, self.states
        total = np.zeros_like(self.sums[0])
        for suffix, summed in zip(receptor_suffixes(c.receptors), self.sums, strict=True):
            name, current = "i" + suffix, summed << c.weight_shift
            if name in s:
                current = s[name] = self.sat(self.decay(s[name], p["d_syn" + suffix]) + current)
            else:
                current = self.sat(current)
            total += current
        return total

    def waiting(self) -> Bools:
        """Who is refractory; nobody in a model without the state "ref"."""
        return np.asarray(self.states.get("ref", np.zeros_like(self.sums[0])) > 0)

    def fire(self, v: Ints, threshold: Ints, waiting: Bools | bool = False) -> Bools:
        """Compare, reset and store the potential, count refractory steps; returns who fired.

        The reset is to "v_reset", in a model without this parameter by subtraction; a neuron whose
        parameter "readout" is set does not fire.
        """
        p, s = self.parameters, self.states
        spikes = np.asarray((v >= threshold) & ~np.asarray(waiting))
        if "readout" in p:
            spikes &= p["readout"] == 0
        if "v_reset" in p:
            s["v"] = np.where(spikes, p["v_reset"], v)
        else:
            s["v"] = np.where(spikes, self.sat(v - threshold, spikes), v)
        if "ref" in s:
            left = np.where(waiting, s["ref"] - 1, s["ref"])
            s["ref"] = np.where(spikes, p["refractory"], left)
        return spikes


Golden = Callable[[Neurons], Bools]
