"""What `help(LIF)` says of a step is what happens, and how weights of other conventions are brought here."""

import pydoc

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LIF, Network

DT, TAU = 1e-3, 20e-3


def steps_of(weight, inputs, **options):
    net = Network(dt=DT)
    eye = net.input("eye", 1)
    net.connect(eye, net.population("cell", 1, LIF(tau_mem=TAU, **options)), [[weight]])
    device = spikeloom.open("golden:", spikeloom.compile(net, weight_bits=16, state_bits=32))
    return np.flatnonzero(device.run({"eye": inputs[:, None]})["cell"])


def in_floats(weight, inputs, *, scale, threshold=1.0):
    v, fired = 0.0, []
    for step, x in enumerate(inputs):
        v = v * np.exp(-DT / TAU) + weight * scale * x
        if v >= threshold:
            fired.append(step)
            v = 0.0
    return fired


def test_faults_34_the_help_says_the_convention():
    for text in (pydoc.render_doc(LIF), pydoc.render_doc(spikeloom.LIF)):
        assert "the input is *not* scaled by dt/tau_mem" in text
        assert "v ≥ v_threshold: a spike, and in the same step" in text
        assert "multiply their weights and biases" in text


def test_faults_34_a_step_is_as_the_help_says():
    inputs = (np.random.default_rng(0).random(600) < 0.4).astype(int)
    assert steps_of(0.31, inputs).tolist() == in_floats(0.31, inputs, scale=1.0)


def test_faults_34_weights_of_the_other_convention_are_scaled():
    inputs = (np.random.default_rng(1).random(3000) < 0.5).astype(int)
    elsewhere = 6.1
    for scale in (DT / TAU, -np.expm1(-DT / TAU)):
        expected = in_floats(elsewhere, inputs, scale=scale)
        assert steps_of(elsewhere * scale, inputs).tolist() == expected
        assert len(steps_of(elsewhere, inputs)) > 3 * len(expected)


@pytest.mark.parametrize("threshold", [1.0, 3.0])
def test_a_potential_that_equals_the_threshold_fires_in_the_same_step(threshold):
    net = Network()
    cell = net.population("cell", 1, IF(v_threshold=threshold))
    net.connect(net.input("eye", 1), cell, [[1.0]])
    device = spikeloom.open("golden:", spikeloom.compile(net, scale=4.0))
    fired = np.flatnonzero(device.run(np.ones((9, 1)))["cell"])
    assert fired.tolist() == list(range(int(threshold) - 1, 9, int(threshold)))
