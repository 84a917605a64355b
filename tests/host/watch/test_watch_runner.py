"""The thread of a watched device: paces, pauses, does what is asked, and survives errors."""

import threading
import time

import pytest
from designs import CONFIG, DESIGN

from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl.contract.errors import InputError, LinkError
from spikeloom.watch import runner as runner_module
from spikeloom.watch.runner import Runner
from spikeloom.watch.source import LiveSource
from spikeloom.watch.stimulus import Stimulus


class Watched(GoldenDevice):
    """Notes which threads use it; `broken` is raised by runs."""

    def __init__(self, design=DESIGN):
        super().__init__(design)
        self.threads = set()
        self.broken = None

    def run(self, *arguments, **options):
        self.threads.add(threading.current_thread().name)
        if self.broken:
            raise self.broken
        return super().run(*arguments, **options)


@pytest.fixture
def device():
    return Watched()


@pytest.fixture
def start(device):
    runners = []

    def start(**options):
        runner = Runner(LiveSource(device, Stimulus(DESIGN), window=100), **options)
        runners.append(runner)
        runner.start()
        return runner

    yield start
    for runner in runners:
        runner.stop()


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)


def test_steps_come_at_the_pace_from_one_thread(device, start):
    runner = start(pace=400.0)
    wait_for(lambda: device.step >= 40)
    began, first = time.monotonic(), device.step
    time.sleep(0.5)
    reached = (device.step - first) / (time.monotonic() - began)
    assert 50 < reached < 500  # a part is 20 steps; the machine may be busy
    assert device.threads == {"spikeloom-watch"}
    assert runner.problem is None
    assert 0 < runner.speed <= 400


def test_a_pause_stops_the_steps_and_readings_go_on(device, start, monkeypatch):
    monkeypatch.setattr(runner_module, "POLL_SECONDS", 0.02)
    runner = start(pace=1000.0)
    wait_for(lambda: runner.speed > 0.0)
    runner.set_running(False)
    wait_for(lambda: runner.speed == 0.0)
    step = device.step
    device.write("v_threshold", 777)
    wait_for(lambda: runner.source.view().readings.thresholds == {"all": 777.0})
    assert device.step == step
    runner.set_running(True)
    wait_for(lambda: device.step > step)


def test_what_is_asked_for_is_done_on_the_devices_thread(start):
    runner, done = start(running=False), []
    runner.ask(lambda: done.append(threading.current_thread().name))
    wait_for(lambda: done)
    assert done == ["spikeloom-watch"]


def test_problems_are_kept_and_it_goes_on(device, start, monkeypatch):
    monkeypatch.setattr(runner_module, "_RETRY_SECONDS", 0.02)
    runner = start(pace=1000.0)
    runner.ask(lambda: runner.source.set_threshold("nobody", 1.0))
    wait_for(lambda: runner.problem)
    assert "'nobody' has no threshold" in runner.problem.message
    device.broken = LinkError("the cable is out")
    wait_for(lambda: runner.problem.message == "the cable is out")
    step, device.broken = device.step, None
    wait_for(lambda: device.step > step)


def test_a_slow_device_gets_small_parts(device, start):
    lengths, run = [], device.run

    def slow(spikes):
        lengths.append(len(spikes))
        time.sleep(0.004 * len(spikes))
        return run(spikes)

    device.run = slow
    start(pace=4000.0)
    wait_for(lambda: len(lengths) >= 12)
    assert lengths[0] == 200
    assert max(lengths[8:]) <= 20  # 250 steps per second would be 12


@pytest.mark.parametrize("pace", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_paces_are_refused(pace):
    runner = Runner(LiveSource(Watched(), Stimulus(DESIGN), window=CONFIG.axons * 20))
    with pytest.raises(InputError, match="positive"):
        runner.set_pace(pace)
    assert runner.pace == 500.0
