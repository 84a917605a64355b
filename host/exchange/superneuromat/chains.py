"""Chains of hidden neurons, by which SuperNeuroMAT delays a synapse, folded back into delays.

`create_synapse(a, b, delay=d)` makes d − 1 neurons that hand a spike on, one after the other, and
marks the last synapse with −d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...quantise.rounding import Floats, Integers
from ..long_delays import LONGEST_FIELD
from .record import Record

_HIDDEN = {
    "threshold": 0.0, "leak": np.inf, "reset_state": 0.0, "state": 0.0, "refractory_period": 0.0,
    "refractory_state": 0.0,
}  # fmt: skip
"""A neuron as create_neuron makes it: it fires in the step in which it is given a spike, and forgets."""


@dataclass(frozen=True, eq=False)
class Folded:
    """A network with its chains as delays.

    Attributes
    ----------
    kept : (K,) ids of the neurons that are not hidden ones, ascending.
    pairs : (S, 2) sender and receiver of each synapse, as indices of `kept`.
    weights, steps : (S,) of each synapse, and how much later its spike acts.
    stdp : (S,) bool, which learn.
    synapse : (S,) number of the synapse in the network, the last one of a chain.
    under_way : (neuron, receiver, weight, step): what spikes before the first step will add, and in
        which step; neurons as they were numbered, receivers as indices of `kept`.
    unfolded : synapses that end a chain which stays: it has been changed since, or is of a synapse
        that learns and longer than an axonal delay.
    """

    kept: Integers
    pairs: Integers
    weights: Floats
    steps: Integers
    stdp: NDArray[np.bool_]
    synapse: Integers
    under_way: tuple[tuple[int, int, float, int], ...]
    unfolded: tuple[int, ...]


def fold(record: Record) -> Folded:
    """Find the chains that still do nothing but delay, and fold them.

    Of a synapse that learns, the learning hears as late as the neuron: its delay is an axonal one.
    """
    pre, post = (record.synapses[end].astype(np.int64) for end in ("pre", "post"))
    weight, delay = record.synapses["weight"], record.synapses["delay"]
    arriving = np.bincount(post, minlength=record.size)
    leaving = np.bincount(pre, minlength=record.size)
    last_in = np.zeros(record.size, dtype=np.int64)
    last_in[post] = np.arange(len(post))
    plain = (arriving == 1) & (leaving == 1)
    for name, value in _HIDDEN.items():
        plain &= record.neurons[name] == value
    plain[[neuron for _, neuron, _ in record.spikes]] = False
    handed = (weight > 0) & (record.synapses["stdp"] == 0)

    steps = np.ones(len(pre), dtype=np.int64)
    source, unfolded = pre.copy(), []
    hidden: dict[int, tuple[int, int]] = {}
    for k in np.flatnonzero(delay < -1):
        chain: list[int] = []
        neuron = int(pre[k])
        while len(chain) < -delay[k] - 1 and plain[neuron] and handed[last_in[neuron]]:
            chain.append(neuron)
            neuron = int(pre[last_in[neuron]])
        too_long = record.synapses["stdp"][k] and len(chain) >= LONGEST_FIELD
        if len(chain) < -delay[k] - 1 or neuron in chain or too_long:
            unfolded.append(int(k))
            continue
        source[k], steps[k] = neuron, len(chain) + 1
        hidden.update({n: (int(k), place) for place, n in enumerate(chain)})

    real = np.ones(record.size, dtype=bool)
    real[list(hidden)] = False
    kept = np.flatnonzero(real)
    chosen = np.flatnonzero(real[post])
    index = np.cumsum(real) - 1
    under_way = []
    for fired in np.flatnonzero(record.history[-1:].any(axis=0)):
        if fired in hidden:
            last, place = hidden[int(fired)]
            under_way.append((int(fired), int(index[post[last]]), float(weight[last]), place))
            continue
        for each in chosen[source[chosen] == fired]:
            at = (int(index[post[each]]), float(weight[each]), int(steps[each]) - 1)
            under_way.append((int(fired), *at))
    return Folded(
        kept,
        np.stack([index[source[chosen]], index[post[chosen]]], axis=1),
        weight[chosen],
        steps[chosen],
        record.synapses["stdp"][chosen] != 0,
        chosen,
        tuple(under_way),
        tuple(unfolded),
    )
