"""`explain` finds the first spike that differs from floats, and puts it down to what caused it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_networks import random_float_network

import spikeloom
from spikeloom import IF, LIF, InputError, Network, PairSTDP, explain


def compiled(net, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", spikeloom.FitWarning)
        return spikeloom.compile(net, **options)


def one_cell(neuron, weights, **options):
    net = Network()
    cell = net.population("cell", 1, neuron)
    net.connect(net.input("in", len(weights)), cell, np.reshape(weights, (-1, 1)))
    return net, compiled(net, **options)


EVERY = np.ones((60, 1))


@pytest.mark.parametrize(
    ("neuron", "weights", "options", "spikes", "cause"),
    [
        (IF(v_threshold=1.0), [3e-3, 0.9], {"weight_bits": 4}, [[1, 0]] * 40 + [[1, 1]],
         "weights that became 0"),
        (IF(v_threshold=1.0), [0.31, 0.77], {"weight_bits": 3}, [[1, 0]] * 30, "rounding of weights"),
        (LIF(tau_mem=0.37), [0.0031], {"state_bits": 32, "weight_bits": 16}, [[1]] * 900,
         "time constants and leaks"),
        (IF(v_threshold=1.0, bias=0.0043), [0.5], {"state_bits": 8, "weight_bits": 4, "headroom": 16},
         [[0]] * 900, "the bias"),
    ],
)  # fmt: skip
def test_the_cause_is_named(neuron, weights, options, spikes, cause):
    net, design = one_cell(neuron, weights, **options)
    found = explain(net, design, {"in": np.array(spikes)})
    assert found.step is not None, found
    assert found.cause == cause, found
    assert found.population == "cell"
    assert cause in repr(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_shares_add_up_to_the_difference(seed):
    network, spikes = random_float_network(seed)
    found = explain(network, compiled(network, weight_bits=4), spikes)
    if found.step is None:
        assert np.array_equal(found.floats.spikes, found.core.spikes)
        return
    assert np.array_equal(found.floats.spikes[: found.step], found.core.spikes[: found.step])
    before, after = found.margins
    assert (before >= 0) != (after >= 0)
    if np.isfinite(before) and np.isfinite(after):
        assert sum(share for _, share in found.shares) == pytest.approx(after - before, abs=1e-9)
    if after >= 0:
        assert found.fires == "on the core"
        assert found.shares[0][1] > 0
    assert found.cause


def test_equal_runs_say_so_and_devices_are_compared():
    net, design = one_cell(IF(v_threshold=1.0), [0.25])
    device = spikeloom.open("golden:", design)
    found = explain(net, design, {"in": EVERY}, device=device)
    assert found.step is None
    assert found.sentence == "All spikes are equal."
    assert found.populations[0].floats == found.populations[0].core == 15
    with pytest.raises(InputError, match="no difference to draw"):
        found.plot()
    device.parameters.raw.v_threshold = 1
    with pytest.raises(InputError, match="spikeloom bisect"):
        explain(net, design, {"in": EVERY}, device=device)


def test_a_picture_and_a_page(tmp_path):
    net, design = one_cell(IF(v_threshold=1.0), [0.31, 0.77], weight_bits=3)
    found = explain(net, design, {"in": np.array([[1, 0]] * 30)})
    found.plot(tmp_path / "apart.svg")
    found.page(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    assert "<svg" in text
    assert "rounding of weights" in text


def test_what_cannot_be_explained_is_refused():
    _, design = one_cell(IF(), [0.5])
    other, _ = one_cell(IF(), [0.5])
    other.population("more", 2, IF())
    with pytest.raises(InputError, match="not of this network"):
        explain(other, design, {"in": EVERY})
    learns = Network(learning=PairSTDP(w_max=1.0))
    learns.population("cell", 1, IF())
    with pytest.raises(InputError, match="without a rule"):
        explain(learns, design, {"in": EVERY})
