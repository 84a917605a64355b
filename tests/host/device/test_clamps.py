"""A run in which potentials met the end of their range says so, once."""

import warnings

import numpy as np
import pytest
from fake_board import FakeBoard

import spikeloom
from spikeloom import IF, Design, FitWarning, Network
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.link.link import Link


def inhibited():
    """A design whose only neuron falls by its threshold with each spike of its input."""
    network = Network()
    network.connect(network.input("i", 1), network.population("p", 1, IF()), [[-1.0]])
    return spikeloom.compile(network, state_bits=8, scale=16.0)


def devices(design):
    board = Board(Link(FakeBoard(design.config)), design)
    board.load()
    return GoldenDevice(design), board


def warned(action):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        action()
    return [str(w.message) for w in found if w.category is FitWarning]


@pytest.mark.parametrize("which", [0, 1])
def test_faults_a7_a_run_in_which_clamps_grew_says_so_once(which):
    device = devices(inhibited())[which]
    spikes = {"i": np.ones((4, 1))}
    assert not warned(lambda: device.run(spikes))
    (message,) = warned(lambda: device.run({"i": np.ones((9, 1))}))
    assert "in steps 4…12" in message
    assert "now 8 bits" in message
    assert not warned(lambda: device.run(steps=20))
    device.reset()
    assert not warned(lambda: device.run(spikes))
    assert len(warned(lambda: device.run({"i": np.ones((9, 1))}))) == 1
    device.reset()
    assert len(warned(lambda: device.run({"i": np.ones((13, 1))}))) == 1


def test_a_design_in_integers_means_its_clamps():
    design = inhibited()
    plain = Design(design.config, design.image, design.inputs)
    assert not warned(lambda: GoldenDevice(plain).run({"i": np.ones((13, 1))}))
