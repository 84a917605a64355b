"""STDP as PyNN means it: one rule for all plastic synapses, and the same rule in floats.

A pair of spikes whose pre-synaptic one is at the synapse n ≥ 1 steps before the post-synaptic one
adds A_plus·w_max·exp(−n·h/tau_plus), one n ≥ 1 steps after it subtracts A_minus·w_max·exp(−n·h/tau_minus)
(additive; multiplicative: A_plus·(w_max − w) and A_minus·(w − w_min)).  Of spikes in the same
step PyNN's back ends make no pair (NEST), a core one that adds A_plus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.network.learning_rules import PairSTDP

from ..refusals import NetworkTooLargeError, UnsupportedConnectionError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TRACE_BITS = 16
"""Traces are cheap, one for each axon and neuron, and what they lose no weight gets back."""
_NUMBERS = ("tau_plus", "tau_minus", "A_plus", "A_minus", "w_min", "w_max")


@dataclass(frozen=True)
class PairRule:
    """The rule of a network's plastic synapses, in PyNN's units.

    Attributes
    ----------
    tau_plus, tau_minus : ms.
    A_plus, A_minus : of w_max, or of the distance to a bound.
    w_min, w_max : nA, or mV of delta synapses.
    bounds : "hard" (additive) or "soft" (multiplicative).
    factor : mV in a step for a weight of 1.
    """

    tau_plus: float
    tau_minus: float
    A_plus: float
    A_minus: float
    w_min: float
    w_max: float
    bounds: str
    factor: float

    def learning(self) -> PairSTDP:
        """The same as a rule of a `Network`."""
        unit = self.w_max * self.factor if self.bounds == "hard" else 1.0
        return PairSTDP(
            w_min=self.w_min * self.factor,
            w_max=self.w_max * self.factor,
            tau_plus=self.tau_plus * 1e-3,
            tau_minus=self.tau_minus * 1e-3,
            a_plus=self.A_plus * unit,
            a_minus=self.A_minus * unit,
            bounds=self.bounds,
            trace_bits=TRACE_BITS,
        )

    def weights(
        self,
        start: Floats,
        rows: Ints,
        columns: Ints,
        pre: Any,
        post: Any,
        h: float,
        *,
        together: bool = False,
    ) -> Floats:
        """What the rule in floats makes of weights when these spikes happened.

        Parameters
        ----------
        start : (connections,) weights.
        rows, columns : (connections,) from which cell to which.
        pre, post : (step, cell) of spikes, as they are at the synapses, (spikes, 2) integers each.
        h : time step in ms.
        together : spikes of the same step are pairs that add A_plus, as in a core.
        """
        w = np.array(start, dtype=float)
        unit = self.w_max if self.bounds == "hard" else 1.0
        size = int(max(rows.max(initial=-1), columns.max(initial=-1))) + 1
        x, y = np.zeros(size), np.zeros(size)
        last = None
        for t in np.unique(np.concatenate([pre[:, 0], post[:, 0]])).tolist():
            if last is not None:
                x *= np.exp(-(t - last) * h / self.tau_plus)
                y *= np.exp(-(t - last) * h / self.tau_minus)
            last = t
            arrived, fired = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
            arrived[_of(pre, t, size)], fired[_of(post, t, size)] = True, True
            sinks = np.where(arrived[rows], self.A_minus * unit * y[columns], 0.0)
            seen = x + arrived if together else x
            grows = np.where(fired[columns], self.A_plus * unit * seen[rows], 0.0)
            # NEST's order, and a core's: which is first matters where the size of a change depends on w.
            w = self._sunk(w, sinks) if together else w
            w = self._grown(w, grows)
            w = w if together else self._sunk(w, sinks)
            x += arrived
            y += fired
        return w

    def _grown(self, w: Floats, by: Floats) -> Floats:
        distance = self.w_max - w if self.bounds == "soft" else 1.0
        return np.asarray((w + by * distance).clip(max=self.w_max))

    def _sunk(self, w: Floats, by: Floats) -> Floats:
        distance = w - self.w_min if self.bounds == "soft" else 1.0
        return np.asarray((w - by * distance).clip(min=self.w_min))


def _of(spikes: Any, step: int, size: int) -> Ints:
    cells = spikes[spikes[:, 0] == step, 1]
    return np.asarray(cells[cells < size], dtype=np.int64)


def one_rule(parts: list[Any]) -> PairRule | None:
    """The rule of all these connections; None for none.

    Raises
    ------
    NetworkTooLargeError : they differ; the message says in what.
    UnsupportedConnectionError : inhibitory synapses that learn.
    """
    if not parts:
        return None
    found: dict[str, set[float]] = {name: set() for name in _NUMBERS}
    factors: set[float] = set()
    bounds: set[str] = set()
    for part in parts:
        projection = part.projection
        if projection.receptor_type == "inhibitory" or np.any(projection.values("w_min") < 0):
            raise UnsupportedConnectionError(
                f"{projection.label!r}: inhibitory synapses cannot learn here; make them excitatory"
            )
        for name in _NUMBERS:
            found[name].update(np.unique(projection.values(name)[part.where]).tolist())
        factors.update(np.unique(part.factor.round(15)).tolist())
        bounds.add(projection.synapse_type.weight_dependence.bounds)
    differs = [name for name, values in found.items() if len(values) > 1]
    differs += ["the weight dependence"] * (len(bounds) > 1)
    if len(factors) > 1:
        differs.append(
            f"what 1 nA does to the cells in a step ({min(factors):.4g}…{max(factors):.4g} mV, by "
            "tau_m, cm and tau_syn_E)"
        )
    if differs:
        raise NetworkTooLargeError(
            "a core has one learning rule with one set of bounds, but the plastic synapses differ in "
            f"{', '.join(differs)}; describe them alike"
        )
    numbers = {name: values.pop() for name, values in found.items()}
    return PairRule(**numbers, bounds=bounds.pop(), factor=factors.pop())
