import io

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rich.console import Console

from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.network.network import IF, LIF
from spikeloom.quantise.core import quantise
from spikeloom.quantise.reports import QuantisationReport
from spikeloom.quantise.rounding import decay_constant, time_constant

DT = 1e-3
values = st.floats(-100, 100).filter(lambda x: x == 0 or abs(x) > 1e-3)
scales = st.sampled_from(["per_neuron", "global"])
weight_bits = st.integers(2, 16)
state_bits = st.integers(8, 32)


@st.composite
def networks(draw):
    """(weights, parameters) of a few neurons."""
    axons, neurons = draw(st.integers(0, 5)), draw(st.integers(1, 5))
    weights = draw(hnp.arrays(np.float64, (axons, neurons), elements=values))
    threshold = draw(hnp.arrays(np.float64, neurons, elements=st.floats(0.1, 100)))
    bias = draw(hnp.arrays(np.float64, neurons, elements=values))
    tau_mem, tau_syn = draw(st.floats(1e-4, 1)), draw(st.floats(1e-4, 1))
    neuron = LIF(tau_mem, tau_syn=tau_syn, v_threshold=threshold, bias=bias, refractory=2.4e-3)
    return weights, neuron.parameters(neurons)


@given(net=networks(), scale=scales, w_bits=weight_bits, s_bits=state_bits)
def test_everything_fits_and_is_off_by_at_most_half_a_unit(net, scale, w_bits, s_bits):
    weights, parameters = net
    q = quantise(weights, parameters, IF, dt=DT, weight_bits=w_bits, state_bits=s_bits, scale=scale)
    bound = 1 << (w_bits - 1)
    assert np.all((q.weights >= -bound) & (q.weights < bound))
    unit = 2.0**q.weight_shift / q.scales
    error = np.abs(q.weights * unit - weights)
    assert np.all((error <= unit * (0.5 + 1e-9)) | q.clipped)
    # What is clipped is stronger than any weight needs to be.
    strong = 16 * np.maximum(parameters["v_threshold"], np.abs(parameters["bias"]))
    assert np.all((np.abs(weights) > strong) | ~q.clipped)
    assert q.report.clipped == q.clipped.sum()

    top = 1 << (s_bits - 1)
    for name in ("v_threshold", "bias"):
        assert np.all(np.abs(q.parameters[name]) < top)
        off = q.parameters[name] / q.scales - parameters[name]
        allowed = (np.abs(off) <= (0.5 + 1e-9) / q.scales) | (q.parameters[name] <= 1) | q.exact
        if name == "v_threshold":  # a sum of rounded weights reaches it
            allowed |= (off < 0) & (off > -0.02 * parameters[name] - 0.5 / q.scales)
        assert np.all(allowed)
    if scale == "global":
        assert np.ptp(q.scales) == 0


@given(net=networks(), scale=scales, factor=st.integers(-8, 8))
def test_the_unit_of_the_network_does_not_matter(net, scale, factor):
    weights, parameters = net
    unit = 2.0**factor
    scaled = {k: v * unit if k in ("v_threshold", "bias") else v for k, v in parameters.items()}
    a = quantise(weights, parameters, IF, dt=DT, scale=scale)
    b = quantise(weights * unit, scaled, IF, dt=DT, scale=scale)
    assert a.weight_shift == b.weight_shift
    assert np.array_equal(a.weights, b.weights)
    assert all(np.array_equal(a.parameters[k], b.parameters[k]) for k in a.parameters)


@given(net=networks(), w_bits=st.integers(2, 10))
def test_weights_use_their_range_when_the_state_is_wide(net, w_bits):
    weights, parameters = net
    assume(weights.size)
    q = quantise(weights, parameters, IF, dt=DT, weight_bits=w_bits, state_bits=32)
    bound = 1 << (w_bits - 1)
    for column, floats in zip(q.weights.T, weights.T, strict=True):
        if np.any(floats):
            # All of it, unless the common weight shift leaves a column with a high threshold less,
            # or a smaller scale makes all of it whole.
            assert np.abs(column).max() >= 0.7 * (bound // 2) - 1


@given(shift=st.integers(0, 5), seed=st.integers(0, 99), scale=scales)
def test_a_shift_makes_the_state_finer_and_leaves_the_weights(shift, seed, scale):
    weights = np.random.default_rng(seed).normal(size=(5, 3))
    plain, shifted = (
        quantise(
            weights, LIF(20e-3).parameters(3), IF, dt=DT, weight_bits=4, state_bits=32, scale=scale,
            weight_shift=k,
        )
        for k in (0, shift)
    )  # fmt: skip
    # The scales may be lower by 30 %, where that makes the threshold whole.
    assert np.all(shifted.scales >= 0.7 * plain.scales * 2.0**shift)
    assert np.all(np.abs(shifted.weights).max(axis=0) >= 5 * (scale == "per_neuron"))


@pytest.mark.parametrize(
    ("neuron", "bits", "low", "high"),
    [
        (LIF(20e-3), 16, 2, 5),  # rounding of a leaky state adds up: a finer state pays
        (IF(), 16, 1, 2),  # without a leak it does not: leave room for sums
        (LIF(20e-3), 10, 0, 0),  # no room in the state
        (LIF(20e-3, v_threshold=1e4), 16, 0, 0),
    ],
)
def test_the_shift_suits_the_neuron(neuron, bits, low, high):
    weights = np.random.default_rng(0).uniform(-0.5, 0.5, (10, 2))
    q = quantise(weights, neuron.parameters(2), IF, dt=DT, weight_bits=8, state_bits=bits)
    assert low <= q.weight_shift <= high


@given(net=networks(), headroom=st.floats(1, 50))
def test_the_state_has_the_room_that_was_asked_for(net, headroom):
    weights, parameters = net
    q = quantise(weights, parameters, IF, dt=DT, weight_bits=8, state_bits=16, headroom=headroom)
    weights = np.where(q.clipped, 0.0, weights)
    peak = np.max(np.abs([parameters["v_threshold"], parameters["bias"], *weights]), axis=0)
    assert np.all(peak * q.scales * headroom <= 32767 * (1 + 1e-9))


@given(
    weights=hnp.arrays(np.int64, (4, 3), elements=st.integers(-(1 << 14), (1 << 14) - 1)),
    threshold=hnp.arrays(np.int64, 3, elements=st.integers(-(1 << 15) + 1, (1 << 15) - 1)),
    shift=st.integers(0, 3),
)
def test_a_scale_of_one_keeps_integers(weights, threshold, shift):
    weights = weights << shift
    q = quantise(
        weights.astype(float), IF(v_threshold=threshold).parameters(3), IF, dt=DT, weight_bits=15,
        scale=1.0, weight_shift=shift,
    )  # fmt: skip
    assert np.array_equal(q.weights << q.weight_shift, weights)
    assert np.array_equal(q.parameters["v_threshold"], threshold)
    assert q.report.max_error == 0
    assert all(p.error == 0 for p in q.report.parameters)


def test_a_fixed_scale_takes_the_least_shift_that_clips_nothing():
    parameters = IF(v_threshold=1000.0).parameters(1)
    q = quantise(np.array([[500.0]]), parameters, IF, dt=DT, scale=1)
    assert (q.weight_shift, q.weights[0, 0], q.report.clipped) == (2, 125, 0)
    q = quantise(np.array([[500.0]]), parameters, IF, dt=DT, weight_bits=8, scale=1, weight_shift=1)
    assert (q.weights[0, 0], q.report.clipped, q.report.max_error) == (127, 1, 500 - 254)


def test_a_fixed_scale_that_overflows_names_one_that_does_not():
    parameters = IF(v_threshold=1e6).parameters(1)
    with pytest.raises(FitError, match=r"use a scale of at most 0\.03273, or state_bits of 21"):
        quantise(np.ones((1, 1)), parameters, IF, dt=DT, scale=1, state_bits=16)
    for settings in ({"scale": 0.03273}, {"scale": 1, "state_bits": 21}, {"scale": 1}):
        quantise(np.ones((1, 1)), parameters, IF, dt=DT, **settings)


@given(tau=st.floats(1e-5, 4.0), dt=st.floats(1e-5, 1e-2))
def test_decay_constants_are_the_nearest_ones(tau, dt):
    d = int(decay_constant(np.array(tau), dt))
    exact = 4096 * (1 - np.exp(-dt / tau))
    assert abs(d - exact) <= 0.5 + 1e-6 or (d == 1 and exact < 1)
    # The realised time constant gives the same decay constant again.
    assert int(decay_constant(time_constant(np.array(d), dt), dt)) == d


def test_decay_constants_of_the_limits():
    taus = np.array([0.0, np.inf, 1e9])
    assert decay_constant(taus, DT).tolist() == [4096, 0, 1]
    assert time_constant(np.array([4096, 0]), DT).tolist() == [0.0, np.inf]


@given(net=networks(), scale=scales)
def test_the_report_says_what_the_integers_give(net, scale):
    weights, parameters = net
    q = quantise(weights, parameters, IF, dt=DT, weight_bits=4, scale=scale)
    error = q.weights * 2.0**q.weight_shift / q.scales - weights
    assert q.report.max_error == pytest.approx(np.abs(error).max(initial=0.0))
    if np.any(weights):
        assert q.report.rms_error == pytest.approx(np.sqrt(np.mean(error[weights != 0] ** 2)))
    assert q.report.lost == np.sum((weights != 0) & (q.weights == 0))
    by_name = {p.name: p for p in q.report.parameters}
    assert by_name["refractory"].error == pytest.approx(-0.4e-3)
    assert by_name["tau_mem"].requested == parameters["tau_mem"][0]
    assert QuantisationReport.from_dict(q.report.to_dict(), q.report.arrays()) == q.report


def test_the_report_counts_time_constants_that_are_too_long():
    q = quantise(np.ones((1, 2)), LIF([100.0, 1.0]).parameters(2), IF, dt=DT)
    (tau,) = (p for p in q.report.parameters if p.name == "tau_mem")
    assert (tau.requested, tau.clipped) == (100.0, 1)
    assert tau.realised == pytest.approx(4.096, rel=1e-3)


def test_a_leak_of_everything_is_the_largest_leak():
    q = quantise(np.ones((1, 1)), LIF(leak="linear", leak_step=np.inf).parameters(1), IF, dt=DT)
    assert q.parameters["leak"][0] == 32767
    assert not any(p.clipped for p in q.report.parameters)


def test_the_report_is_a_table_without_what_the_network_does_not_use():
    q = quantise(np.ones((1, 1)), IF().parameters(1), IF, dt=DT)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(q.report)
    text = console.export_text()
    assert "8-bit weights" in text
    assert "v_threshold" in text
    assert "tau_mem" not in text
    with pytest.raises(InputError, match="no quantisation report"):
        QuantisationReport.from_dict({})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": "best"}, "scale is 'best'"),
        ({"scale": -1.0}, "scale is -1"),
        ({"scale": True}, "scale is True"),
        ({"headroom": 0.5}, "headroom is 0.5"),
        ({"headroom": "much"}, "headroom is 'much'"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        quantise(np.ones((1, 1)), IF().parameters(1), IF, dt=DT, **settings)
