"""Delays of any length arrive when they should, and numbers are told from those that must be rounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spikeloom
from spikeloom import IF, ForeignNetworkError, InputError, Network
from spikeloom.exchange.grid import Grid, common_unit
from spikeloom.exchange.long_delays import connect_delayed


@pytest.mark.parametrize("unit", [1.0, 0.25])
def test_a_spike_arrives_after_as_many_steps_as_were_asked_for(unit):
    delays = [1, 2, 63, 64, 65, 126, 127, 128, 190, 254, 255, 400]
    net = Network()
    source = net.population("source", 1, IF(v_threshold=unit))
    target = net.population("target", len(delays), IF(v_threshold=unit))
    net.connect(net.input("in", 1), source, unit)
    pairs = np.stack([np.zeros(len(delays), dtype=int), np.arange(len(delays))], axis=1)
    relays = connect_delayed(
        net, source, target, pairs, np.full(len(delays), unit), np.array(delays), unit
    )
    assert relays == 3  # after 127, 254 and 381 steps
    design = spikeloom.compile(net, scale=1 / unit)
    with spikeloom.open("golden:", design) as device:
        fired = device.run({"in": np.ones((1, 1), dtype=bool)}, steps=420)["target"]
    assert np.argwhere(fired.T).tolist() == [[k, delay] for k, delay in enumerate(delays)]


def test_synapses_of_one_pair_keep_their_delays_apart():
    net = Network()
    source, target = net.input("in", 1), net.population("target", 1, IF(v_threshold=1.0))
    connect_delayed(
        net, source, target, np.zeros((3, 2), dtype=int), np.ones(3), np.array([0, 5, 9])
    )
    with spikeloom.open("golden:", spikeloom.compile(net)) as device:
        fired = device.run({"in": np.ones((1, 1), dtype=bool)}, steps=12)["target"]
    assert np.flatnonzero(fired).tolist() == [0, 5, 9]


def test_populations_too_large_for_a_matrix_are_refused_before_it_is_made():
    net = Network()
    source, target = net.input("in", 1 << 20), net.population("target", 1 << 10, IF())
    with pytest.raises(InputError, match="synapses"):
        connect_delayed(
            net, source, target, np.zeros((1, 2), dtype=int), np.ones(1), np.zeros(1, dtype=int)
        )


def grid(*values):
    found = Grid()
    found.add(np.array(values), lambda k: f"number {k}")
    return found


@given(st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=8), st.integers(-30, 30))
def test_the_unit_is_the_largest_power_of_two_that_divides_all(numbers, exponent):
    found = grid(*(n * 2.0**exponent for n in numbers))
    scaled = [n * 2.0**exponent / found.unit for n in numbers]
    assert all(x == int(x) for x in scaled)
    assert not any(numbers) or any(int(x) % 2 for x in scaled)


def test_the_finest_number_is_named():
    with pytest.raises(ForeignNetworkError, match=r"number 1, 0\.1, .* above .*e-17"):
        common_unit(grid(3, 0.1), grid(3, 0.1))
    with pytest.raises(ForeignNetworkError, match="number 2 is inf"):
        grid(1, 2, np.inf)
    with pytest.raises(
        ForeignNetworkError,
        match=r"number 0, 1\.0, needs units of 1, of which .* 2147483648|holds ±",
    ):
        common_unit(grid(2.0**31), grid(1.0, 2.0**31))
    assert common_unit(grid(2.0**20), grid(1.0, 2.0**20)) == 1.0
