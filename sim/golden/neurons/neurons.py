"""All neurons of a core in one step, as the golden function of their model sees them.

Source: docs/reference/semantics.md, "One step", 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.neurons import receptor_suffixes

from ..arithmetic import Bools, Ints, clamp, count, decay


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

    # What several models have.

    def currents(self) -> Ints:
        """Update the synaptic currents; returns their sum over the receptors."""
        c, total = self.config, np.zeros_like(self.sums[0])
        for receptor, summed in zip(receptor_suffixes(c.receptors), self.sums, strict=True):
            current = summed << c.weight_shift
            if c.synapse == "exponential":
                i, d_syn = self.states["i" + receptor], self.parameters["d_syn" + receptor]
                current = current + decay(i, d_syn)
            current = self.sat(current)
            if c.synapse == "exponential":
                self.states["i" + receptor] = current
            total += current
        return total

    def waiting(self) -> Bools:
        """Who is refractory."""
        return np.asarray(self.states["ref"] > 0) if self.config.refractory_bits else self._nobody()

    def fire(self, v: Ints, threshold: Ints, waiting: Bools) -> Bools:
        """Compare, reset and store the potential, count refractory steps; returns who fired."""
        c, p, s = self.config, self.parameters, self.states
        spikes = np.asarray(~waiting & (v >= threshold))
        if c.reset == "value":
            s["v"] = np.where(spikes, p["v_reset"], v)
        else:
            s["v"] = np.where(spikes, self.sat(v - threshold, spikes), v)
        if c.refractory_bits:
            left = np.where(waiting, s["ref"] - 1, s["ref"])
            s["ref"] = np.where(spikes, p["refractory"], left)
        return spikes

    def _nobody(self) -> Bools:
        return np.zeros(self.sums.shape[1:], dtype=bool)


Golden = Callable[[Neurons], Bools]
