"""A small network that learns, with spikes to learn from: something to watch without a design."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..compiler.compile import compile
from ..design.design import Design
from ..network.learning_rules import PairSTDP
from ..network.network import LIF, Network

GROUPS = 4
SIZE = 12
"""Inputs of a group."""
_EXCITATORY = 24
_INHIBITORY = 6
_SHOWN = 100
_ACTIVE = 70
"""Steps that a group is shown, and those of them in which it fires."""
_STEPS = 20_000


def example_design() -> Design:
    """Four groups of inputs; each neuron comes to answer to one of them, by pair STDP."""
    rng = np.random.default_rng(3)
    rule = PairSTDP(
        tau_plus=20e-3, tau_minus=30e-3, a_plus=0.010, a_minus=0.0085, w_max=0.25, stochastic=True
    )
    network = Network(dt=1e-3, learning=rule)
    stimulus = network.input("stimulus", GROUPS * SIZE)
    excitatory = network.population(
        "excitatory",
        _EXCITATORY,
        LIF(
            tau_mem=20e-3, tau_syn=5e-3, refractory=3e-3, threshold_increment=0.04,
            tau_threshold=0.4,
        ),
    )  # fmt: skip
    inhibitory = network.population(
        "inhibitory", _INHIBITORY, LIF(tau_mem=10e-3, tau_syn=5e-3, refractory=2e-3)
    )
    group = np.arange(GROUPS * SIZE)[:, None] // SIZE
    preferred = np.arange(_EXCITATORY) * GROUPS // _EXCITATORY
    first = rng.uniform(0.04, 0.12, (GROUPS * SIZE, _EXCITATORY)) + 0.05 * (group == preferred)
    network.connect(stimulus, excitatory, first, plastic=True)
    network.connect(excitatory, inhibitory, rng.uniform(0.03, 0.09, (_EXCITATORY, _INHIBITORY)))
    network.connect(inhibitory, excitatory, -rng.uniform(0.02, 0.08, (_INHIBITORY, _EXCITATORY)))
    return compile(network, lanes=4, state_bits=20)


def example_input() -> dict[str, ArrayLike]:
    """(steps, inputs) spikes: the groups in random order, each for a tenth of a second."""
    rng = np.random.default_rng(4)
    shown = np.repeat(rng.integers(0, GROUPS, _STEPS // _SHOWN), _SHOWN)
    active = np.arange(_STEPS) % _SHOWN < _ACTIVE
    fires = (shown[:, None] == np.arange(GROUPS * SIZE) // SIZE) & active[:, None]
    return {"stimulus": rng.random(fires.shape) < np.where(fires, 0.06, 0.004)}
