"""Line rates behind pseudo-terminals, which carry none, and bytes that are spoiled on the way."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from designs import make_design
from shared_builds import LEARNING_TWIN

import spikeloom
from spikeloom.bus.line_rate import measure
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl.contract.errors import LineWarning
from spikeloom.hdl.contract.line_rate import phase_step
from spikeloom.hdl.contract.memory_map import Region, Register
from spikeloom.link.link import Link
from spikeloom.link.serial_port import open_serial
from spikeloom.sim.twin.build import BAUD, CLOCK_HZ

served = pytest.importorskip("served_twin", reason="pseudo-terminals", exc_type=ImportError)

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals"),
    pytest.mark.timeout(3600),
]
DESIGN = make_design(LEARNING_TWIN)
STEPS = [100, pytest.param(2000, marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served.served_twin(LEARNING_TWIN, tmp_path_factory.mktemp("served")) as port:
        yield port


def opened(name: str, **options: object) -> Board:
    board = spikeloom.open(name, DESIGN, baud=BAUD, timeout=5.0, progress=False, **options)
    assert isinstance(board, Board)
    return board


def assert_equal_to_the_model(board: Board, steps: int) -> None:
    golden = GoldenDevice(DESIGN)
    spikes = np.random.default_rng(steps).random((steps, LEARNING_TWIN.axons)) < 0.2
    assert (board.run(spikes).spikes == golden.run(spikes).spikes).all()
    assert board.snapshot().first_difference(golden.snapshot()) is None


@pytest.mark.parametrize("line_rate", [460_800, 6_000_000])
def test_faults_17_a_served_board_stays_reachable_at_another_rate(
    port: str, line_rate: int
) -> None:
    """Again and again, with nobody to bring the board back to its first rate in between."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", LineWarning)
        for _ in range(2):
            with opened(port, line_rate=line_rate) as board:
                assert_equal_to_the_model(board, 20)
                step = board._bus.read_word(Region.CONTROL.base + Register.LINE)
                assert step == phase_step(CLOCK_HZ, line_rate)
            with opened(port) as board:
                assert_equal_to_the_model(board, 20)


def test_faults_17_programs_may_set_any_rate(port: str) -> None:
    link = Link(open_serial(port, 9600), 5.0)
    link.open()
    assert measure(link).good
    link.close()


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("probability", [1e-3, 1e-2])
@pytest.mark.parametrize("line_rate", [None, 1_000_000])
def test_faults_17_a_line_that_spoils_bytes(
    port: str, probability: float, line_rate: int | None, steps: int
) -> None:
    with served.Mangler(port, probability) as mangler, warnings.catch_warnings():
        warnings.simplefilter("ignore", LineWarning)
        began = time.monotonic()
        with opened(mangler.name, load=False, line_rate=line_rate) as board:
            ready = time.monotonic()
            board.load()
            assert (board.read("weights") == DESIGN.image.weights).all()
            assert_equal_to_the_model(board, steps)
            done = time.monotonic()
            statistics = board.link.statistics
    print(
        f"{probability}: open in {ready - began:.1f} s, load, {steps} steps and read-back in "
        f"{done - ready:.1f} s; {mangler.spoiled} bytes spoiled, {statistics}"
    )
    assert mangler.spoiled
