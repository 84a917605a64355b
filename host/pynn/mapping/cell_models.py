"""PyNN's cells as the neurons of a network.

A core's decay constants have 12 bits, so a time constant of many steps is held coarsely: 200 steps
become 204.3.  Where that matters the neuron model `adlif` leaks as it should: its adaptive current,
without any memory of its own (tau_w = 0) and without jumps (b = 0), takes the potential times a
constant of 18 bits, which is the rest of the leak.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import DECAY_ONE
from spikeloom.hdl.contract.neurons import find_neuron
from spikeloom.network.adlif import AdLIF
from spikeloom.network.neuron import Neuron
from spikeloom.network.neurons import LIF

from .propagators import CellNumbers

Floats = NDArray[np.float64]
LEAK_TOLERANCE = 0.005
"""A membrane's time constant that is off by more of itself is worth a finer leak."""
_LEAST_STATE_BITS, _MOST_STATE_BITS = 20, 32
"""PyNN's cells have many weak synapses: with 16 bits one of 1/30 of the threshold has a hundred units."""
_PLAIN_STEPS = 50.0
"""Of a leak over so many steps the rounding does not add up to much in the narrowest state."""
LEARNING_WEIGHT_BITS = 16
"""Weights that learn change by small parts of themselves."""
_LEARNING_BITS = 4
LONGEST_REFRACTORY = (1 << find_neuron("lif").options["refractory_bits"][-1]) - 1
"""Steps that a core counts; what is longer the host prolongs, so many steps after so many."""
_FINE_BITS = 3
"""So many bits more with the finer leak, of which the core cuts what is below a unit in every step."""


@dataclass(frozen=True)
class CellModels:
    """Makes neurons, all of one model.

    Attributes
    ----------
    h : time step in ms.
    fine : with the finer leak.
    whole : with refractory periods of any length, for floats; else those that a core can count.
    """

    h: float
    fine: bool
    whole: bool = False

    def neuron(self, numbers: CellNumbers) -> Neuron:
        """The neurons of a population."""
        parameters: dict[str, Any] = {
            "v_threshold": _one(numbers.v_thresh),
            "v_rest": _one(numbers.v_rest),
            "v_reset": _one(numbers.v_reset),
            "refractory": _one(self._refractory(numbers) * self.h * 1e-3),
            "bias": _one(numbers.bias),
            "tau_syn": self._tau_syn(numbers),
        }
        if not self.fine:
            return LIF(tau_mem=_one(numbers.tau_m * 1e-3), **parameters)
        lost = -np.expm1(-self.h / numbers.tau_m)
        coarse = np.maximum(np.floor(lost * DECAY_ONE), 1.0) / DECAY_ONE
        tau = -self.h * 1e-3 / np.log1p(-coarse)
        rest = np.maximum(lost - coarse, 0.0) / coarse
        return AdLIF(tau_mem=_one(tau), tau_w=0.0, a=_one(rest), reset="value", **parameters)

    def _refractory(self, numbers: CellNumbers) -> Floats:
        steps = steps_refractory(numbers, self.h)
        return steps if self.whole else np.minimum(steps, LONGEST_REFRACTORY)

    @staticmethod
    def _tau_syn(numbers: CellNumbers) -> Any:
        if numbers.tau_exc is None or numbers.tau_inh is None:
            return None
        exc, inh = _one(numbers.tau_exc * 1e-3), _one(numbers.tau_inh * 1e-3)
        same = np.array_equal(numbers.tau_exc, numbers.tau_inh)
        return exc if same else (exc, inh)


def steps_refractory(numbers: CellNumbers, h: float) -> Floats:
    """(size,) refractory periods in steps."""
    return np.rint(numbers.tau_refrac / h)


def worth_a_fine_leak(cells: list[CellNumbers], h: float) -> bool:
    """Whether 12 bits hold a time constant of the membrane too coarsely."""
    if not cells:
        return False
    lost = -np.expm1(-h / np.concatenate([c.tau_m for c in cells])) * DECAY_ONE
    return bool(np.any((lost > 1) & (np.abs(np.rint(lost) / lost - 1) > LEAK_TOLERANCE)))


def state_bits(cells: list[CellNumbers], h: float, *, fine: bool, learns: bool) -> int:
    """Bits in which the rounding of a leak over many steps does not add up to more than that of few.

    With learning, so many that a weight has all its bits below a threshold of many weights.
    """
    longest = max((float(c.tau_m.max()) for c in cells), default=0.0) / h
    more = math.ceil(math.log2(max(1.0, longest / _PLAIN_STEPS)))
    more = max(more, _LEARNING_BITS * learns)
    return min(_LEAST_STATE_BITS + more + _FINE_BITS * fine, _MOST_STATE_BITS)


def _one(values: Floats) -> Any:
    """A number where all are the same."""
    return float(values[0]) if len(values) and np.all(values == values[0]) else values
