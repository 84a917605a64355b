"""The adaptive threshold against its floating-point statement, and what it is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, Image
from spikeloom.sim import GoldenCore

HIGH = 1 << 20


def adaptive(adaptation, neurons=1, reset="value", **parameters):
    config = CoreConfig(
        neurons=neurons, axons=1, synapse="delta", leak="none", reset=reset, state_bits=24,
        refractory_bits=0, adaptation=adaptation, parameters="per_neuron",
    )  # fmt: skip
    return GoldenCore(Image(config, np.zeros((1, neurons), int), parameters))


@settings(max_examples=20)
@given(st.floats(2, 200), st.integers(0, 3000), st.integers(0, 2**32 - 1))
def test_exponential_threshold_sums_decayed_spikes(tau, increment, seed):
    """θ(t) = θ₊·Σ exp(−(t − t_spike)/τ), as in Diehl and Cook 2015."""
    d = round(4096 * (1 - np.exp(-1 / tau)))
    core = adaptive("exponential", 20, th_inc=increment, d_th=d, v_threshold=0)
    fired = np.random.default_rng(seed).random((80, 20)) < 0.2
    error, factor = 0.0, max(np.exp(-1 / tau), 1 - d / 4096)
    for t in range(len(fired)):
        core.states["v"] = np.where(fired[t], HIGH, -HIGH)[None]
        assert np.array_equal(core.step()[0], fired[t])
        ages = t - np.arange(t + 1)
        exact = increment * (np.exp(-ages / tau)[:, None] * fired[: t + 1]).sum(axis=0)
        # Each step decays the error, rounds by at most 1, with a constant off by 1/8192.
        error = factor * error + 1 + increment / (1 - factor) / 8192
        assert np.all(np.abs(core.state("th")[0] - exact) <= error)


@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_rate_target_is_reached_from_any_drive(reset):
    """In balance a neuron fires in th_dec / th_inc of all steps, here 1/20."""
    bias = np.array([100, 500, 2500])
    core = adaptive("rate", 3, reset, v_threshold=1000, bias=bias, th_inc=400, th_dec=20)
    core.run(np.zeros((5000, 1)))
    later = core.run(np.zeros((2000, 1)))
    assert later.mean(axis=0).tolist() == pytest.approx([1 / 20] * 3, rel=0.1)
    assert core.counters["clamps"] == [0]


@pytest.mark.parametrize(("reset", "left"), [("value", -7), ("subtract", 30)])
def test_threshold_is_compared_before_it_adapts(reset, left):
    parameters = {"v_threshold": 50, "th_inc": 10, "d_th": 0}
    if reset == "value":
        parameters["v_reset"] = -7
    core = adaptive("exponential", reset=reset, **parameters)
    core.states["th"][:] = 20
    core.states["v"][:] = 69
    assert not core.step().any()
    core.states["v"][:] = 100
    assert core.step().all()
    assert core.state("v") == [[left]]
    assert core.state("th") == [[30]]


def test_threshold_adapts_while_refractory_and_may_become_negative():
    config = CoreConfig(neurons=1, axons=1, adaptation="rate", refractory_bits=4)
    core = GoldenCore(
        Image(config, [[0]], {"v_threshold": 5, "th_inc": 1, "th_dec": 3, "refractory": 9})
    )
    core.states["v"][:] = 10
    fired = core.run(np.zeros((5, 1)))
    assert fired[:, 0].tolist() == [True, False, False, False, False]
    assert core.state("th") == [[-14]]


def test_threshold_saturates_and_counts():
    config = CoreConfig(neurons=1, axons=1, state_bits=8, adaptation="rate", refractory_bits=0)
    core = GoldenCore(Image(config, [[0]], {"v_threshold": 127, "th_dec": 100}))
    core.run(np.zeros((3, 1)))
    assert core.state("th") == [[-128]]
    assert core.counters["clamps"] == [2]
