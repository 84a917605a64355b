"""Ctrl-C at random times: of a step's input all counts or none, and the next run goes on from there.

Twelve trials each by default; 200 with `-m slow`, or as many as SPIKELOOM_TRIALS says.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from designs import make_design
from shared_builds import LEARNING_TWIN

import spikeloom
from spikeloom.device.device import Device
from spikeloom.device.golden import GoldenDevice
from spikeloom.sim.twin.build import BAUD

equipment = pytest.importorskip("served_twin", reason="pseudo-terminals", exc_type=ImportError)

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals and signals"),
    pytest.mark.timeout(7200),
]

TRIALS = [int(os.environ.get("SPIKELOOM_TRIALS", 12)), pytest.param(200, marks=pytest.mark.slow)]
DESIGN = make_design(LEARNING_TWIN)
STEPS, NEXT = 300, 60
RASTER = np.random.default_rng(2).random((STEPS, LEARNING_TWIN.axons)) < 0.3


@pytest.fixture(autouse=True)
def interrupts() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, whoever started the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The port of a twin that another process serves."""
    with equipment.served_twin(LEARNING_TWIN, tmp_path_factory.mktemp("served")) as port:
        yield port


def interrupted_run(device: Device, moment: float) -> bool:
    """A run of RASTER with a Ctrl-C after some seconds; whether it came before the end."""
    timer = threading.Timer(moment, os.kill, (os.getpid(), signal.SIGINT))
    try:
        try:
            timer.start()
            device.run(RASTER)
            ended = True
        except KeyboardInterrupt:
            ended = False
        timer.join()
        time.sleep(0.01)  # one that comes after the end ends here
    except KeyboardInterrupt:
        ended = True
    return not ended


def trial(device: Device, moment: float) -> int | None:
    """Interrupt a run, and compare with the model; the step that was reached, None at the end."""
    device.load()
    cut = interrupted_run(device, moment)
    step = device.step
    golden = GoldenDevice(DESIGN)
    golden.run(RASTER[:step])
    assert device.snapshot().first_difference(golden.snapshot()) is None
    ours, theirs = device.run(steps=NEXT), golden.run(steps=NEXT)
    assert ours.start == theirs.start == step
    assert (ours.spikes == theirs.spikes).all()
    assert device.snapshot().first_difference(golden.snapshot()) is None
    return step if cut else None


def compare_trials(device: Device, trials: int) -> None:
    began = time.monotonic()
    device.run(RASTER)
    longest = time.monotonic() - began
    rng = random.Random(trials)
    reached: list[int] = []
    ends: Counter[bool] = Counter()
    while len(reached) < trials:
        step = trial(device, rng.uniform(0, longest))
        ends[step is None] += 1
        # How fast runs are depends on what else the machine does.
        longest *= 0.9 if step is None else 1.2 if step < STEPS // 10 else 1
        if step is not None:
            reached.append(step)
    print(f"interrupted at steps {sorted(reached)}; {ends[True]} came after the end")
    assert sum(0 < step < STEPS for step in reached) > trials // 3


@pytest.mark.parametrize("trials", TRIALS)
def test_faults_15_ctrl_c_leaves_whole_steps_of_a_twin(trials: int) -> None:
    with spikeloom.open("twin:", DESIGN, progress=False) as board:
        compare_trials(board, trials)


@pytest.mark.parametrize("trials", TRIALS)
def test_faults_15_ctrl_c_leaves_whole_steps_of_a_served_board(served: str, trials: int) -> None:
    with spikeloom.open(served, DESIGN, baud=BAUD, timeout=5.0, progress=False) as board:
        compare_trials(board, trials)


def test_faults_15_an_owner_that_ends_leaves_whole_steps(served: str, tmp_path: Path) -> None:
    """The process that is interrupted ends at once; another one finds whole steps."""
    DESIGN.save(tmp_path / "net.slm")
    np.save(tmp_path / "raster.npy", RASTER)
    code = f"""
import signal, sys, numpy as np, spikeloom
signal.signal(signal.SIGINT, signal.default_int_handler)
design = spikeloom.Design.load({str(tmp_path / "net.slm")!r})
raster = np.load({str(tmp_path / "raster.npy")!r})
board = spikeloom.open({served!r}, design, baud={BAUD}, timeout=5.0, progress=False)
board.reset()
print("ready", flush=True)
while True:
    board.run(raster)
"""
    for moment in (0.05, 0.2, 0.31):
        with subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(moment)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) != 0
        golden = GoldenDevice(DESIGN)
        with spikeloom.open(
            served, DESIGN, load=False, baud=BAUD, timeout=5.0, progress=False
        ) as board:
            for done in range(0, board.step, STEPS):
                golden.run(RASTER[: board.step - done])
            assert board.snapshot().first_difference(golden.snapshot()) is None
