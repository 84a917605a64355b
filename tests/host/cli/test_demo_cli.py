import json

import numpy as np
import pytest
from fake_board import FakeBoard

import spikeloom
from spikeloom.demos import digits_network as digits
from spikeloom.link import serial_port


@pytest.fixture
def untrained(monkeypatch):
    """A digits network of random weights, so that no test has to wait for training."""
    rng = np.random.default_rng(0)
    network = spikeloom.Network()
    pixels = network.input("pixels", digits.PIXELS)
    neuron = spikeloom.IF(reset="subtract")
    hidden = network.population("hidden", 12, neuron)
    output = network.population("output", digits.CLASSES, neuron)
    network.connect(pixels, hidden, rng.normal(0, 0.2, (digits.PIXELS, 12)))
    network.connect(hidden, output, rng.normal(0, 0.5, (12, digits.CLASSES)))
    monkeypatch.setattr(digits, "train", lambda **_: network)


def test_the_demo_on_the_golden_model(run, untrained, tmp_path):
    code, out, _ = run("demo", "digits", "--on", "golden:", "-n", 7, "-o", tmp_path, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["images"], found["mismatches"], found["all_images"]) == (7, 0, False)
    assert found["spikes"] > 0
    assert found["cycles_per_image"] is None
    for name in ("raster.png", "confusion.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert spikeloom.Design.load(tmp_path / "digits.slm").config.neurons == 22


def test_the_demo_counts_differences_and_fails(run, untrained, tmp_path, monkeypatch):
    from spikeloom.demos import digits as demo

    real = demo.golden_outcome

    def other(design, trains):
        outcome = real(design, trains)
        outcome.spikes[2, 3, 4] ^= True
        outcome.potentials[1, 1] += 1
        return outcome

    monkeypatch.setattr(demo, "golden_outcome", other)
    code, out, _ = run("demo", "digits", "--on", "golden:", "-n", 4, "-o", tmp_path, "--json")
    assert (code, json.loads(out)["mismatches"]) == (1, 2)


def test_the_demo_fails_when_all_images_are_badly_recognised(run, untrained, tmp_path):
    code, out, _ = run("demo", "digits", "--on", "golden:", "-o", tmp_path, "--json")
    found = json.loads(out)
    assert found["all_images"]
    assert found["accuracy"] < 0.5
    assert code == 1


def test_the_demo_compiles_for_the_board_that_it_finds(run, untrained, tmp_path, monkeypatch):
    from spikeloom.boards import BOARDS

    board = FakeBoard(BOARDS["icebreaker"].config, window=2048, appetite=1000, reply_bytes=256)
    monkeypatch.setattr(serial_port.serial, "serial_for_url", lambda *_, **__: board)
    arguments = ("demo", "digits", "--on", "/dev/fake", "-n", 2, "-o", tmp_path, "--json")
    code, out, _ = run(*arguments)
    found = json.loads(out)
    assert (code, found["mismatches"], found["config"]["neurons"]) == (
        0,
        0,
        BOARDS["icebreaker"].config.neurons,
    )
    assert board.closed

    board.identity[3] ^= 1
    board.closed = False
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert "spikeloom build icebreaker|ulx3s" in err
    assert board.closed


def test_the_demo_names_a_wrong_port_before_it_trains(run, monkeypatch, tmp_path):
    monkeypatch.setattr(digits, "train", lambda **_: pytest.fail("training takes a while"))
    code, out, err = run("demo", "digits", "--on", "/no/such/port", "-o", tmp_path / "out")
    assert (code, out) == (1, "")
    assert "no port '/no/such/port'" in err
    assert not (tmp_path / "out").exists()
