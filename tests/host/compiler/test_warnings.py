"""What `compile` warns of, and the time constants that integers really have."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spikeloom
from spikeloom import (
    IF,
    LIF,
    FitError,
    FitWarning,
    InputError,
    Network,
    PairSTDP,
    RectangularSTDP,
    ThreeFactor,
)
from spikeloom.quantise.rounding import decay_constant, fading_time_constant

DT = 1e-3
PAIR = PairSTDP(tau_plus=0.02, tau_minus=0.02, a_plus=0.02, a_minus=0.02, w_max=0.4)
THREE_FACTOR = {"rate": 1.0, "period": 16e-3, "tau_eligibility": 0.1, "a_plus": 0.1, "w_max": 0.4}


def network(rule, weights=0.2, *, plastic=True, neuron=None, reward=None):
    net = Network(dt=DT, learning=rule)
    eye = net.input("eye", 6)
    cells = net.population("cells", 4, neuron or LIF(tau_mem=0.02, v_threshold=1.0))
    net.connect(eye, cells, np.full((6, 4), weights), plastic=plastic)
    if reward is not None:
        net.connect(net.input("reward", 1), cells, np.full((1, 4), reward), modulatory=True)
    return net


def warned(net, **settings):
    """Messages of `compile`, all of the one class."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        spikeloom.compile(net, **settings)
    assert all(w.category is FitWarning for w in found)
    return [str(w.message) for w in found]


def three_factor(**settings):
    return ThreeFactor(**(THREE_FACTOR | {"tau_modulator": 5e-3} | settings))


def test_a_network_that_fits_is_not_warned_of():
    assert warned(network(PAIR)) == []
    assert warned(network(three_factor(), reward=0.4)) == []
    assert warned(network(three_factor(spike_modulation=0.3))) == []


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (network(PAIR, -0.1), "24 of 24 plastic weights are not in w_min…w_max, 0…0.4"),
        (network(PAIR, 0.5), "24 of 24 plastic weights are not in w_min…w_max"),
        (network(PAIR, plastic=False), "no synapse learns"),
        (network(three_factor()), "nothing drives the modulators"),
        (network(three_factor(), reward=0.0), "nothing drives the modulators"),
        (network(three_factor(), reward=1e-4), "all modulatory weights round to 0"),
        (network(three_factor(tau_modulator=0.2), reward=0.2), "tau_modulator is 0.2 s, but"),
        (network(three_factor(tau_eligibility=30.0), reward=0.4), "tau_eligibility is 30 s, but"),
    ],
)  # fmt: skip
def test_what_will_not_be_as_asked_is_said(net, message):
    assert [m for m in warned(net, weight_bits=8) if message in m], warned(net)


def test_time_constants_beyond_the_longest_are_said():
    rule = PairSTDP(tau_plus=3.0, tau_minus=0.02, a_plus=0.02, a_minus=0.02, w_max=0.4)
    (message,) = (m for m in warned(network(rule)) if m.startswith("tau_plus"))
    assert "tau_plus is 3 s, but what it stands for fades with 4.1 s" in message
    slow = LIF(tau_mem=0.02, v_threshold=1.0, threshold_increment=0.01, tau_threshold=2.0)
    (message,) = warned(network(PAIR, neuron=slow))
    assert "more weight_bits or state_bits help" in message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PairSTDP(**(vars(PAIR) | {"w_max": 1e-4})), "w_min and w_max both round to 0"),
        (
            lambda: RectangularSTDP(
                window_plus=3e-4, window_minus=5e-3, a_plus=0.1, a_minus=0.1, w_max=0.4
            ),
            "window_plus = 0.0003 s is less than half a step",
        ),
    ],
)
def test_what_can_not_learn_at_all_is_refused(make, message):
    with pytest.raises(FitError, match=message):
        spikeloom.compile(network(make(), 0.2), weight_bits=8)


def test_weights_are_had_in_the_unit_of_the_network():
    weights = np.random.default_rng(0).uniform(-0.4, 0.4, (6, 4))
    for scale in (None, "global"):
        net = Network(dt=DT)
        net.connect(net.input("eye", 6), net.population("cells", 4, IF()), weights)
        device = spikeloom.open("golden:", spikeloom.compile(net, scale=scale))
        assert np.asarray(device.weights) == pytest.approx(weights, abs=0.4 / 127)


def test_an_eligibility_has_room_for_one_contribution():
    with pytest.raises(InputError, match="eligibility_room is 0; give at least 1"):
        three_factor(eligibility_room=0)


@given(st.integers(0, 1 << 17), st.sampled_from([1.5, 4, 20, 300]))
def test_large_numbers_fade_as_exponentials_do_and_small_ones_sooner(x, tau):
    d = decay_constant(np.array(tau), 1.0)
    fading = float(fading_time_constant(np.array(x), d, 1.0))
    ideal = float(fading_time_constant(np.array(0), d, 1.0))
    assert fading <= ideal * 1.05 + 0.3
    if x > 100 * 2048 / int(d):
        assert fading == pytest.approx(ideal, rel=0.05)
    if 0 < x < 2048 / int(d) / 4:
        assert fading < ideal / 2
        lost_one_a_step = x * (x + 1) / 2
        assert fading == pytest.approx(-1 / np.log(1 - x / lost_one_a_step) if x > 1 else 0.0)


def test_adaptive_thresholds_have_room_to_rise():
    """The neurons keep to their rate by the input, not by a potential at the end of its range."""
    rng = np.random.default_rng(0)
    for neuron, bits in (
        (LIF(tau_mem=0.02, tau_syn=5e-3, threshold_increment=0.1, target_rate=10.0), 18),
        (IF(), 16),
    ):
        net = Network(dt=DT)
        eye, cells = net.input("eye", 16), net.population("cells", 8, neuron)
        net.connect(eye, cells, rng.uniform(0, 0.4, (16, 8)))
        design = spikeloom.compile(net)
        assert design.config.state_bits == bits
        if neuron.adaptation == "rate":
            device = spikeloom.open("golden:", design)
            run = device.run(rng.random((6000, 16)) < 0.05)
            assert device.counters()["clamps"] < 60
            intervals = np.diff(np.flatnonzero(run.spikes[3000:, 0]))
            assert intervals.std() > 0.3 * intervals.mean()
    assert design.report.state_bits == 16
