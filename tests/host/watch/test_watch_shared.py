"""The live view beside a shell: both have the same board, one of them owns the port."""

import threading
import time

import numpy as np
import pytest
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

import spikeloom
from spikeloom.link import serial_port
from spikeloom.watch.runner import Runner
from spikeloom.watch.source import LiveSource
from spikeloom.watch.stimulus import Stimulus

pytestmark = pytest.mark.timeout(60)

PORT = "/dev/watched"


@pytest.fixture
def shell(monkeypatch):
    """The board as the process that owns the port has it."""
    fake = FakeBoard(CONFIG, window=2048, appetite=10_000)
    monkeypatch.setattr(serial_port.serial, "serial_for_url", lambda *_, **__: fake)
    with spikeloom.open(PORT, DESIGN) as board:
        yield board


@pytest.fixture
def source(shell):
    with spikeloom.open(PORT, DESIGN) as board:
        assert board.link.attached
        yield LiveSource(board, Stimulus(DESIGN, rate=150.0), window=200)


def test_the_view_shows_what_the_shell_does(shell, source):
    source.advance(20)
    assert shell.step == 20
    shell.parameters["v_threshold"] = 123
    shell.weights[2, 3] = 7
    shell.run(np.ones((10, CONFIG.axons), dtype=bool), start=20)
    source.read_back(weights=True)
    view = source.view()
    assert view.step == 30
    assert view.readings.thresholds == {"all": 123.0}
    assert view.readings.weights[2, 3] == 7
    assert view.readings.counters["steps"] == 30
    assert view.potentials[0].tolist() == [*range(20), 29]
    assert view.potentials[1][-1].tolist() == shell.read("v")[list(view.monitored)].tolist()
    source.set_threshold("all", 77.0)
    assert set(shell.read("v_threshold")) == {77}


def test_both_run_at_once_and_every_step_is_run_once(shell, source):
    runner = Runner(source, pace=2000.0)
    runner.start()
    seen, end = [], time.monotonic() + 1.0
    while time.monotonic() < end:
        with shell.exclusive():
            run = shell.run(steps=5, start=shell.step)
        seen += range(run.start, run.start + run.steps)
        threading.Event().wait(0.01)
    runner.stop()
    source.read_back()
    view = source.view()
    assert runner.problem is None
    assert len(set(seen)) == len(seen)
    assert view.step == view.readings.counters["steps"] == shell.step
    assert view.step > len(seen)
    steps, _ = view.spikes
    assert len(steps)
    assert not set(steps.tolist()) & set(seen)
