"""`held`: the numbers of a network as a core holds them, for training that knows of rounding."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_networks import random_float_network

import spikeloom
from spikeloom import LIF, InputError, Network

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(3, 10))
def test_it_is_what_the_compiled_network_holds(seed, bits):
    network, _ = random_float_network(seed)
    found = spikeloom.held(network, weight_bits=bits, state_bits=20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        design = spikeloom.compile(network, weight_bits=bits, state_bits=20)
    with spikeloom.open("golden:", design) as device:
        for name, values in device.parameters.items():
            for population in network.populations:
                assert np.array_equal(found.parameters[population][name], values[population])
        total = {}
        for p in network.projections:
            pair = p.source.name, p.target.name
            total[pair] = total.get(pair, 0) + p.weights
    assert found.weights.keys() == total.keys()
    off = [np.abs(found.weights[pair] - total[pair]).max(initial=0) for pair in total]
    losses = design.report
    # Every source may be on several axons, each rounded once.
    assert max(off) <= 8 * losses.max_error + 1e-12 or losses.clipped


def test_what_a_core_holds_is_held_again():
    rng = np.random.default_rng(0)

    def network(weights):
        net = Network()
        eye, cells = net.input("eye", 20), net.population("cells", 5, LIF(20e-3))
        net.connect(eye, cells, weights)
        return net

    weights = rng.normal(0, 0.3, (20, 5))
    once = spikeloom.held(network(weights), weight_bits=4, state_bits=16)
    first = once.weights["eye", "cells"]
    assert all(len(np.unique(column)) <= 16 for column in first.T)
    assert not np.allclose(first, weights)
    again = spikeloom.held(network(first), weight_bits=4, state_bits=16)
    assert np.allclose(again.weights["eye", "cells"], first)
    assert once.parameters["cells"]["d_mem"] == pytest.approx(20e-3, rel=0.01)


def test_it_gives_no_warnings_and_keeps_errors():
    net = Network()
    net.connect(net.input("eye", 2), net.population("cells", 1, LIF(20e-3)), [[1.0], [1e-4]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert spikeloom.held(net, weight_bits=4).weights["eye", "cells"][1, 0] == 0.0
    with pytest.raises(InputError):
        spikeloom.held(net, weight_bits=1)
