"""A network to play with at the shell."""

from __future__ import annotations

import numpy as np

from ..compiler.compile import compile
from ..design.design import Design
from ..network.network import Network
from ..network.neurons import LIF


def small_network() -> Design:
    """8 inputs, 4 leaky neurons, weights that make them fire at different rates."""
    network = Network()
    inputs = network.input("in", 8)
    neurons = network.population("out", 4, LIF(tau_mem=20e-3))
    network.connect(inputs, neurons, np.tile([0.05, 0.1, 0.15, 0.2], (8, 1)))
    return compile(network)
