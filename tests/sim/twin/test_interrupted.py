"""Hosts that are killed and cables that are pulled: the board's state is intact, or it says so.

The board is a twin that a process of its own serves behind a pseudo-terminal.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import pytest
from shared_builds import LEARNING_TWIN as CONFIG

import spikeloom
from spikeloom.connect import discovery as devices
from spikeloom.design.snapshot import Snapshot
from spikeloom.driver.board import Board
from spikeloom.hdl import Image
from spikeloom.hdl.contract.errors import BoardRefusedError, LinkError, PortError
from spikeloom.link import port_owner as ownership
from spikeloom.sim.twin.build import BAUD, build_twin

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals and SIGKILL"),
    pytest.mark.timeout(2400),
]

TRIALS = [3, pytest.param(50, marks=pytest.mark.slow)]
STEPS = {3: 200, 50: 600}
"""Of a run, by the number of trials."""
TIMEOUT = 5.0


def make_design(seed: int) -> spikeloom.Design:
    """A network that fires, learns, and depends on every bit of its input."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-40, 100, (CONFIG.axons, CONFIG.neurons))
    parameters = {"v_threshold": 600, "d_mem": 200, "d_syn": 800, "refractory": 1}
    routes = rng.integers(-1, CONFIG.axons, CONFIG.neurons)
    learning = {
        "enabled": 1, "w_min": -60, "w_max": 110, "seed": 99, "sweep_log2": 2, "x_inc": 40,
        "y_inc": 30, "d_x": 500, "d_y": 700, "e_pre": -2, "e_post": 3, "d_e": 300, "d_mod": 200,
        "d_mod_first": 900, "m_spike": 7,
    }  # fmt: skip
    plastic = rng.random(weights.shape) < 0.8
    image = Image(CONFIG, weights, parameters, routes, None, learning, plastic)
    return spikeloom.Design(CONFIG, image)


DESIGN, OTHER = make_design(0), make_design(1)
RASTER = np.random.default_rng(2).random((max(STEPS.values()), CONFIG.axons)) < 0.2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The twin's port, and the process that serves it."""
    build_twin(CONFIG)
    folder = tmp_path_factory.mktemp("served")
    (folder / "core.toml").write_text(CONFIG.to_toml())
    code = "from spikeloom.cli import main; main()"
    arguments = ["serve", str(folder / "core.toml"), "--link", str(folder / "board")]
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "A simulated board is at" in process.stdout.readline()
        yield str(folder / "board"), process.pid
        process.terminate()
        assert process.wait(20) == 0


def open_board(port: str, design: spikeloom.Design | None = None, **options: object) -> Board:
    design = design or DESIGN
    board = spikeloom.open(port, design, baud=BAUD, timeout=TIMEOUT, progress=False, **options)
    assert isinstance(board, Board)
    return board


def duration(call: Callable[[], object]) -> float:
    before = time.monotonic()
    call()
    return time.monotonic() - before


def killed(target: Callable[[str, int, Event], None], port: str, steps: int, moment: float) -> None:
    """Run `target` in another process, and kill it some seconds after it has begun."""
    context = multiprocessing.get_context("fork")
    began = context.Event()
    victim = context.Process(target=target, args=(port, steps, began), daemon=True)
    victim.start()
    assert began.wait(60)
    time.sleep(moment)
    assert victim.is_alive()
    victim.kill()
    victim.join(60)
    assert victim.exitcode == -signal.SIGKILL


def run_once(port: str, steps: int, began: Event) -> None:
    board = open_board(port, load=False)
    board.monitor([0, 1])
    began.set()
    board.run(RASTER[:steps])
    time.sleep(600)


def load_again_and_again(port: str, _: int, began: Event) -> None:
    board = open_board(port, load=False)
    began.set()
    while True:
        for design in (OTHER, DESIGN):
            board.load(design)
            board.snapshot()


def assert_as_far_as_it_says(board: Board, steps: int) -> int:
    """The board stopped in a run of RASTER at some step, as the golden model would; goes on.

    Spikes for the step that is next may have come already, or not.
    """
    taken = board.snapshot()
    with spikeloom.open("golden:", DESIGN) as golden:
        golden.run(RASTER[: taken.step])
        expected = golden.snapshot()
        sent = np.vstack([RASTER[:steps], np.zeros((1, CONFIG.axons), dtype=bool)])[taken.step]
        assert (expected["arrivals"] <= taken["arrivals"]).all()
        assert (taken["arrivals"] <= (expected["arrivals"] | sent)).all()
        assert_same(taken.replaced(arrivals=expected["arrivals"]), expected)
        ours, theirs = (device.run(RASTER[taken.step : steps]) for device in (board, golden))
        assert (ours.spikes == theirs.spikes).all()
        assert_same(board.snapshot(), golden.snapshot())
    return taken.step


def assert_same(ours: Snapshot, theirs: Snapshot) -> None:
    assert ours.first_difference(theirs) is None


def assert_as_loaded(board: Board, design: spikeloom.Design) -> None:
    board.store.verify_image(design.image)
    with spikeloom.open("golden:", design) as golden:
        assert replace(board.snapshot(), image_identity=0) == replace(
            golden.snapshot(), image_identity=0
        )
        board._attach(design)
        assert (board.run(RASTER[:20]).spikes == golden.run(RASTER[:20]).spikes).all()
        assert_same(board.snapshot(), golden.snapshot())


@pytest.mark.parametrize("trials", TRIALS)
def test_killed_in_a_run(server: tuple[str, int], trials: int) -> None:
    port, _ = server
    rng, steps = random.Random(trials), STEPS[trials]
    with open_board(port) as board:
        longest = duration(lambda: board.run(RASTER[:steps]))
        board.load()
    reached: list[int] = []
    while sum(0 < step < steps for step in reached) < trials:
        killed(run_once, port, steps, rng.uniform(0, longest))
        assert ownership.find(port) is None
        with open_board(port, load=False) as board:
            reached.append(assert_as_far_as_it_says(board, steps))
            board.load()
        # How fast runs are depends on what else the machine does.
        longest *= {0: 1.3, steps: 0.7}.get(reached[-1], 1)
    print(f"killed at steps {sorted(reached)} of {steps}")


@pytest.mark.parametrize("trials", TRIALS)
def test_killed_in_a_load(server: tuple[str, int], trials: int) -> None:
    port, _ = server
    rng = random.Random(trials)
    with open_board(port) as board:
        longest = duration(board.load)
    found: Counter[str] = Counter()
    designs = {0: None, DESIGN.identity: DESIGN, OTHER.identity: OTHER}
    in_the_middle = 1 if trials == min(STEPS) else trials
    while found.total() < trials or found["refused"] < in_the_middle:
        killed(load_again_and_again, port, 0, rng.uniform(0, 4 * longest))
        with open_board(port, load=False) as board:
            design = designs[board.info()["image"]]
            if design is None:
                found["refused"] += 1
                with pytest.raises(BoardRefusedError, match="no image"):
                    board.run(RASTER[:20])
                assert board.step == 0
                board.load()
                assert_as_loaded(board, DESIGN)
        if design is not None:
            found["whole"] += 1
            with open_board(port, design, load=False) as board:
                assert_as_loaded(board, design)
    print(f"after killed loads: {dict(found)}")


def test_a_client_that_is_killed_leaves_the_owner_its_board(server: tuple[str, int]) -> None:
    port, _ = server
    steps = STEPS[3]
    with open_board(port) as board:
        longest = duration(lambda: board.run(RASTER[:steps]))
        board.load()
        assert board.step == 0
        killed(run_once, port, steps, longest / 2)
        with pytest.raises(BoardRefusedError, match="something else drives it too"):
            board.run(RASTER[:steps])
        assert_as_far_as_it_says(board, steps)


def test_devices_finds_it_while_it_is_plugged_in(
    server: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, process = server
    monkeypatch.setattr(devices.list_ports, "comports", list)
    monkeypatch.setattr(devices, "TIMEOUT", TIMEOUT)
    with spikeloom.open(design=DESIGN) as board:
        board.run(steps=3)
        for _ in range(2):
            [found] = devices.find_boards({"mine": DESIGN}).ports
            assert (found.port, found.description) == (port, "simulated")
            assert found.board is not None
            assert (found.board.design, found.board.step) == ("mine", 3)
            board.close()
    os.kill(process, signal.SIGUSR1)
    while Path(port).exists():
        time.sleep(0.01)
    assert devices.find_boards().ports == ()
    os.kill(process, signal.SIGUSR1)
    while not Path(port).exists():
        time.sleep(0.01)
    with open_board(port, load=False) as board:
        assert board.step == 3


@pytest.mark.parametrize("trials", TRIALS)
def test_unplugged_in_a_run(server: tuple[str, int], trials: int) -> None:
    """The same host goes on when the cable is in again; the chip lived on meanwhile."""
    port, process = server
    rng, steps = random.Random(trials), STEPS[trials]
    reached: list[int] = []
    with open_board(port) as board:
        longest = duration(lambda: board.run(RASTER[:steps]))
        while sum(0 < step < steps for step in reached) < trials:
            board.load()
            cable = subprocess.Popen(
                ["sh", "-c", f"sleep {rng.uniform(0, longest):.3f}; kill -USR1 {process}"]
            )
            lost = None
            try:
                board.run(RASTER[:steps])
            except LinkError as error:
                lost = error
            cable.wait()
            while Path(port).exists():
                time.sleep(0.01)
            with pytest.raises(PortError if lost else LinkError, match=r"no port|was lost"):
                board.read("weights")
            os.kill(process, signal.SIGUSR1)
            while not Path(port).exists():
                time.sleep(0.01)
            step = assert_as_far_as_it_says(board, steps)
            if lost is not None:
                assert "was lost" in str(lost)
                reached.append(step)
            longest *= {0: 1.3, steps: 0.7}.get(step, 1)
    print(f"unplugged at steps {sorted(reached)} of {steps}")
