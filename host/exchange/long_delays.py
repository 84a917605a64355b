"""Synapses with delays of any length, as axonal delays, delay fields and relays together.

A synapse of a core delays by 1…64 steps, and a destination by 63 more.  What is longer goes through
relays: neurons that fire once for each spike they are given, and hand it on.
"""

from __future__ import annotations

import numpy as np

from spikeloom.hdl.contract.core_config import DELAY_SLOTS

from ..network.limits import check_synapses
from ..network.network import Network, Population
from ..network.neurons import LIF
from ..quantise.rounding import Floats, Integers

LONGEST_FIELD = DELAY_SLOTS[-1]
"""Steps from neuron to neuron by the delay field alone."""
LONGEST = LONGEST_FIELD + DELAY_SLOTS[-1] - 1
"""With axonal delay."""


def connect_delayed(
    network: Network,
    source: Population,
    target: Population,
    pairs: Integers,
    weights: Floats,
    steps: Integers,
    unit: float = 1.0,
    relays: str = "relays",
) -> int:
    """Add synapses with a delay each; gives the number of relays that this needed.

    Parameters
    ----------
    pairs : (S, 2) indices of source and target; a pair may occur more than once.
    weights : (S,) in the unit of the target's potential.
    steps : (S,) from a spike to its effect: at least 1 from neurons, and 0…63 from inputs.
    unit : of potentials, which is what relays count in.
    relays : name of the population of relays.

    Raises
    ------
    InputError : populations that are too large for a matrix of their synapses.
    """
    far = steps > LONGEST
    _connect(network, source, target, pairs[~far], weights[~far], steps[~far])
    if not far.any():
        return 0
    starts = np.unique(pairs[far, 0])
    row = np.searchsorted(starts, pairs[far, 0])
    relay = network.population(
        relays,
        len(starts),
        LIF(leak="linear", leak_step=np.inf, v_threshold=unit),
        report=False,
    )
    once = np.full(len(starts), unit)
    to_relays = np.stack([starts, np.arange(len(starts))], axis=1)
    _connect(network, source, relay, to_relays, once, np.full(len(starts), LONGEST))
    further = connect_delayed(
        network, relay, target, np.stack([row, pairs[far, 1]], axis=1), weights[far],
        steps[far] - LONGEST, unit, relays + "+",
    )  # fmt: skip
    return len(starts) + further


def _connect(
    network: Network,
    source: Population,
    target: Population,
    pairs: Integers,
    weights: Floats,
    steps: Integers,
) -> None:
    axonal = np.where(steps > LONGEST_FIELD, DELAY_SLOTS[-1] - 1, 0)
    for late in np.unique(axonal):
        chosen = axonal == late
        _layers(network, source, target, pairs[chosen], weights[chosen], steps[chosen], int(late))


def _layers(
    network: Network,
    source: Population,
    target: Population,
    pairs: Integers,
    weights: Floats,
    steps: Integers,
    axonal: int,
) -> None:
    """One projection for the first synapse of each pair, one for the second, and so on."""
    check_synapses(source.name, source.size, target.name, target.size)
    left = np.arange(len(pairs))
    while len(left):
        _, first = np.unique(pairs[left], axis=0, return_index=True)
        now = left[np.sort(first)]
        left = np.setdiff1d(left, now)
        shape = (source.size, target.size)
        matrix = np.zeros(shape)
        delays = np.full(shape, 0 if source.neuron is None else 1)
        rows, columns = pairs[now].T
        matrix[rows, columns] = weights[now]
        delays[rows, columns] = steps[now] - axonal
        network.connect(
            source, target, matrix, delay=delays * network.dt,
            axonal_delay=axonal * network.dt if axonal else None,
        )  # fmt: skip
