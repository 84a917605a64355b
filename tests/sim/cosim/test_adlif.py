"""The neuron model `adlif` in gateware: co-simulation over its options, and a network on the twin."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import spikeloom
from spikeloom import LIF, AdLIF, ConfigError, CoreConfig, Network
from spikeloom.hdl import LearningConfig
from spikeloom.sim.cosim import campaign_configs, run_campaign
from spikeloom.sim.cosim.cases import neuron_options, random_config

COVER = campaign_configs("adlif")


def test_the_cover_has_every_pair_of_its_options() -> None:
    assert len(COVER) >= 40
    assert {c.neuron_model for c in COVER} == {"adlif"}
    options = neuron_options("adlif")
    for name in ("receptors", "synapse", "reset", "bias", "refractory_bits", "parameters"):
        assert {getattr(c, name) for c in COVER} == set(options[name])
    assert {c.leak for c in COVER} == {"exponential"}
    seen = {(c.synapse, c.reset, c.refractory_bits > 0, c.bias) for c in COVER}
    assert len(seen) >= 9


def test_random_configurations_are_of_the_model_that_was_asked_for() -> None:
    drawn = [random_config(np.random.default_rng(seed), "adlif") for seed in range(20)]
    assert {c.neuron_model for c in drawn} == {"adlif"}
    assert len({c.refractory_bits for c in drawn}) == 3
    assert any(c.learning for c in drawn)


@pytest.mark.parametrize(
    ("name", "value"),
    [("leak", "linear"), ("leak", "none"), ("adaptation", "rate"), ("integrate_refractory", True)],
)
def test_refuses_what_it_does_not_have(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"'adlif' has no option {name}; leave it at"):
        CoreConfig(neurons=4, axons=4, neuron_model="adlif", **{name: value})  # type: ignore[arg-type]


@pytest.mark.timeout(600)
def test_a_sample_of_the_campaign_finds_no_difference() -> None:
    learning = LearningConfig(rule="sdsp", fraction_bits=4, stochastic=True)  # looks at v
    plain = next(c for c in COVER if c.synapse == "delta" and c.reset == "value")
    learner = CoreConfig(
        neurons=13, axons=33, lanes=4, receptors=2, neuron_model="adlif",
        reset="subtract", refractory_bits=3, parameters="per_neuron", monitors=4, learning=learning,
    )  # fmt: skip
    report = run_campaign([dataclasses.replace(plain, weight_bits=5), learner], range(10))
    assert report.to_dict()["mismatches"] == []
    assert report.cases == 20


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_campaign_finds_no_difference() -> None:
    report = run_campaign(COVER[:14], range(10))
    assert report.to_dict()["mismatches"] == []
    assert report.cases == 140


@pytest.mark.timeout(600)
def test_a_network_runs_on_the_twin_as_on_the_golden_model() -> None:
    rng = np.random.default_rng(2)
    net = Network(dt=1e-3)
    source = net.input("in", 12)
    cells = net.population("cells", 8, AdLIF(tau_mem=15e-3, tau_w=60e-3, a=0.4, b=1.5))
    net.connect(source, cells, rng.uniform(0, 0.15, (12, 8)))
    net.connect(cells, cells, rng.uniform(-0.1, 0.1, (8, 8)))
    design = spikeloom.compile(net)
    raster = rng.random((300, 12)) < 0.2
    with spikeloom.open("golden:", design) as golden, spikeloom.open("twin:", design) as twin:
        expected, found = golden.run({"in": raster}), twin.run({"in": raster})
        assert expected["cells"].sum() > 50
        assert np.array_equal(expected["cells"], found["cells"])
        assert np.array_equal(golden.read("w"), twin.read("w"))
        assert golden.counters()["clamps"] == twin.counters()["clamps"]


def test_lif_networks_are_not_disturbed() -> None:
    net = Network(dt=1e-3)
    net.population("cells", 3, LIF(15e-3))
    assert "neuron_model" not in spikeloom.compile(net).config.to_dict()
