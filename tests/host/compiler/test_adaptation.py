"""Adaptive thresholds in physical units."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.compiler.compile import compile
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.network.network import IF, LIF, Network

DT = 1e-3


def compiled(*neurons, **options):
    network = Network(DT)
    drive = network.input("drive", 5)
    for k, neuron in enumerate(neurons):
        out = network.population(f"n{k}", 3, neuron)
        network.connect(drive, out, np.full((5, 3), 0.4))
    return compile(network, **options)


@settings(max_examples=10)
@given(st.floats(20, 150), st.sampled_from(["value", "subtract"]))
def test_neurons_come_to_fire_at_their_target_rate(rate, reset):
    neuron = LIF(0.02, v_threshold=0.5, reset=reset, threshold_increment=0.2, target_rate=rate)
    device = GoldenDevice(compiled(neuron))
    raster = np.random.default_rng(0).random((8000, 5)) < 0.3
    fired = device.run(raster).spikes[4000:].mean() / DT
    assert fired == pytest.approx(rate, rel=0.1)


def test_a_dynamic_threshold_rises_and_decays():
    design = compiled(IF(v_threshold=0.3, threshold_increment=0.25, tau_threshold=0.1))
    assert design.config.adaptation == "exponential"
    device = GoldenDevice(design)
    device.run(np.ones((1, 5)))
    th = device.read("th") / design.scale
    assert th == pytest.approx([0.25] * 3, abs=0.01)
    device.run(steps=100)
    assert device.read("th") / design.scale == pytest.approx(th / np.e, rel=0.06)


def test_neurons_with_and_without_it_share_a_core():
    design = compiled(LIF(0.02), LIF(0.02, threshold_increment=0.1, target_rate=10))
    assert design.config.adaptation == "rate"
    assert (design.image.parameters["th_inc"] > 0).tolist() == [False] * 3 + [True] * 3
    with pytest.raises(FitError, match="one core has one adaptation"):
        compiled(
            IF(threshold_increment=0.1, tau_threshold=1.0),
            IF(threshold_increment=0.1, target_rate=10),
        )


def test_a_given_core_needs_the_adaptation():
    neuron = IF(threshold_increment=0.1, target_rate=10)
    core = dataclasses.replace(compiled(neuron).config, adaptation="none")
    with pytest.raises(FitError, match="adaptation: needs 'rate', the core has 'none'"):
        compiled(neuron, config=core)
    core = compiled(neuron).config
    assert core.parameters == "shared"
    # A padding neuron whose threshold sinks would fire.
    larger = type(core)(**core.to_dict() | {"neurons": 8})
    with pytest.raises(FitError, match="parameters: needs 'per_neuron'"):
        compiled(neuron, config=larger)
    padded = compiled(neuron, config=type(core)(**larger.to_dict() | {"parameters": "per_neuron"}))
    device = GoldenDevice(padded)
    device.run(steps=300)
    assert not device.read("th")[3:].any()
    idle = compiled(IF(), config=core)
    assert not idle.image.parameters["th_inc"].any()


def test_the_report_says_what_was_realised():
    report = compiled(IF(threshold_increment=0.08, target_rate=7.0)).report
    rows = {row.name: row for row in report.parameters}
    assert rows["target_rate"].realised == pytest.approx(7.0, rel=0.01)
    assert rows["threshold_increment"].realised == pytest.approx(0.08, rel=0.5)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"threshold_increment": 0.1}, "needs threshold_increment, and one of"),
        ({"tau_threshold": 0.1}, "needs threshold_increment"),
        ({"threshold_increment": 0.1, "tau_threshold": 1, "target_rate": 1}, "one of"),
        ({"threshold_increment": -0.1, "tau_threshold": 1}, "threshold_increment is -0.1"),
        ({"threshold_increment": 0.1, "target_rate": -1}, "target_rate is -1"),
    ],
)
def test_impossible_thresholds_are_refused(options, match):
    with pytest.raises(InputError, match=match):
        IF(**options)


def test_rates_that_no_integers_give_are_refused():
    with pytest.raises(FitError, match="at most 1000 Hz"):
        compiled(IF(threshold_increment=0.1, target_rate=2000))
    with pytest.raises(FitError, match=r"too fine for a target_rate of 0.01 Hz.*use at least"):
        compiled(IF(threshold_increment=0.001, target_rate=0.01))
