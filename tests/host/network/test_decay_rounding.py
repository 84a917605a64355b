"""Decays that are rounded toward zero: what a user asks for, and what a core does."""

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LIF, FitError, InputError, Network


def compiled(*neurons):
    net = Network()
    source = net.input("in", 1)
    for k, neuron in enumerate(neurons):
        net.connect(source, net.population(f"cells{k}", 1, neuron), 100.0)
    return spikeloom.compile(net, scale=1.0)


def slow(**settings):
    return LIF(-1e-3 / np.log(0.5), v_threshold=1000.0, **settings)


@pytest.mark.parametrize(
    ("rounding", "potentials"),
    [("nearest", [100, 50, 25, 13, 7, 4]), ("toward_zero", [100, 50, 25, 12, 6, 3])],
)
def test_a_potential_decays_as_it_was_asked_to(rounding, potentials):
    design = compiled(slow(decay_rounding=rounding))
    assert design.config.decay_rounding == rounding
    with spikeloom.open("golden:", design) as device:
        seen = []
        for step in range(6):
            device.run({"in": [[step == 0]]})
            seen.append(int(device.states.raw.v["cells0"][0]))
    assert seen == potentials


def test_the_usual_rounding_is_no_part_of_what_a_core_is_called():
    assert "decay_rounding" not in compiled(slow()).config.to_dict()
    assert compiled(slow(decay_rounding="toward_zero")).config.to_dict()["decay_rounding"]


def test_a_core_has_one_rounding_and_neurons_without_decays_any():
    cut = slow(decay_rounding="toward_zero")
    with pytest.raises(FitError, match="one core has one decay_rounding"):
        compiled(cut, slow())
    config = compiled(cut, IF(v_threshold=1000.0)).config
    assert config.decay_rounding == "toward_zero"
    net = Network()
    net.connect(net.input("in", 1), net.population("cells0", 1, slow()), 100.0)
    with pytest.raises(FitError, match="decay_rounding: needs 'nearest'"):
        spikeloom.compile(net, config=config)
    with pytest.raises(InputError, match="decay_rounding"):
        slow(decay_rounding="down")


def test_the_fast_model_cuts_too():
    design = compiled(slow(decay_rounding="toward_zero"))
    raster = np.random.default_rng(1).random((60, design.config.axons)) < 0.3
    potentials = []
    for where in ("golden:", "fast:"):
        with spikeloom.open(where, design) as device:
            device.run(raster)
            potentials.append(device.read("v").tolist())
    assert potentials[0] == potentials[1]
    assert potentials[0] != [0]
