"""The twin: the whole chip behind a serial port, in process, by URL, and by pseudo-terminal."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import serial
from shared_builds import LEARNING_TWIN

import spikeloom
from spikeloom.hdl import Image
from spikeloom.hdl.contract.errors import BoardRefusedError
from spikeloom.hdl.contract.frames import DELIMITER, Frame, FrameType
from spikeloom.sim.twin import TwinPort, open_port
from spikeloom.sim.twin.serve import serve
from spikeloom.sim.twin.verilator import without_memory_contents

CONFIG = LEARNING_TWIN


@pytest.fixture(scope="module")
def design() -> spikeloom.Design:
    rng = np.random.default_rng(7)
    weights = rng.integers(-40, 100, (CONFIG.axons, CONFIG.neurons))
    parameters = {"v_threshold": 600, "d_mem": 200, "d_syn": 800, "refractory": 1}
    routes = rng.integers(-1, CONFIG.axons, CONFIG.neurons)
    learning = {
        "enabled": 1, "w_min": -60, "w_max": 110, "seed": 99, "sweep_log2": 2, "x_inc": 40,
        "y_inc": 30, "d_x": 500, "d_y": 700, "e_pre": -2, "e_post": 3, "d_e": 300, "d_mod": 200,
        "d_mod_first": 900, "m_spike": 7,
    }  # fmt: skip
    plastic = rng.random(weights.shape) < 0.8
    modulatory = np.arange(CONFIG.axons) % 8 == 0
    image = Image(CONFIG, weights, parameters, routes, None, learning, plastic, modulatory)
    return spikeloom.Design(CONFIG, image)


@pytest.fixture
def port() -> Iterator[TwinPort]:
    with open_port(CONFIG, seed=3) as twin:
        yield twin


@pytest.mark.timeout(300)
def test_equals_the_golden_model(design: spikeloom.Design) -> None:
    raster = np.random.default_rng(0).random((60, CONFIG.axons)) < 0.2
    with spikeloom.open("twin:", design) as twin, spikeloom.open("golden:", design) as golden:
        for device in (twin, golden):
            device.monitor([0, 7])
        ours, expected = twin.run(raster), golden.run(raster)
        assert expected.spikes.any()
        assert (ours.spikes == expected.spikes).all()
        for name, values in expected.monitored.items():
            assert (ours.monitored[name] == values).all()
        for name in ("v", "i", "ref", "x", "y", "m", "eligibility"):
            assert (twin.read(name) == golden.read(name)).all(), name
        assert (twin.read("weights") == golden.read("weights")).all()
        assert (twin.read("weights") != design.image.weights).any()
        counted = twin.counters()
        for name in ("spikes", "clamps", "weight_updates", "weight_clamps"):
            assert counted[name] == golden.counters()[name] > 0, name


@pytest.mark.timeout(300)
def test_a_snapshot_goes_to_the_golden_model_and_back(design: spikeloom.Design) -> None:
    """Taken on the twin in the middle of a sweep's period; the learning goes on elsewhere, and back."""
    raster = np.random.default_rng(1).random((50, CONFIG.axons)) < 0.2
    with spikeloom.open("twin:", design) as twin, spikeloom.open("golden:", design) as golden:
        twin.run(raster[:18])
        taken = twin.snapshot()
        golden.restore(taken)
        assert golden.snapshot().first_difference(taken) is None
        on_twin, on_golden = (device.run(raster[18:34]) for device in (twin, golden))
        assert (on_twin.spikes == on_golden.spikes).all()
        assert on_golden.spikes.any()
        assert twin.snapshot().first_difference(golden.snapshot()) is None

        after = golden.run(raster[34:])
        back = golden.snapshot()
        twin.reset()
        twin.restore(taken)
        again = twin.run(raster[18:])
        assert (again.spikes == np.vstack([on_golden.spikes, after.spikes])).all()
        assert twin.snapshot().first_difference(back) is None
        twin.restore(back)
        assert (twin.run(raster).spikes == golden.run(raster).spikes).all()
        assert twin.snapshot().first_difference(golden.snapshot()) is None


@pytest.mark.timeout(300)
def test_step_numbers_begin_anew_after_the_largest(design: spikeloom.Design) -> None:
    raster = np.random.default_rng(2).random((24, CONFIG.axons)) < 0.3
    with spikeloom.open("twin:", design) as twin, spikeloom.open("golden:", design) as golden:
        for device in (twin, golden):
            device.write_step(2**32 - 10)
        parts = {device: list(device.stream(raster, every=7)) for device in (twin, golden)}
        for ours, expected in zip(*parts.values(), strict=True):
            assert ours.start == expected.start
            assert (ours.spikes == expected.spikes).all()
        assert [part.start for part in parts[twin]] == [2**32 - 10, 2**32 - 3, 4, 11]
        assert twin.step == golden.step == 14
        assert twin.snapshot().first_difference(golden.snapshot()) is None
        for device in (twin, golden):
            device.write_step(2**32 - 1)
            frames = device.watch_weights(raster[:2], every=1)
            assert [frame.step for frame in frames] == [2**32 - 1, 0, 1]


def test_time_is_simulated(port: TwinPort) -> None:
    before = port.cycles
    time.sleep(0.01)
    assert port.cycles == before
    port.timeout = 1e-4
    assert port.read(1) == b""
    assert port.now() == pytest.approx((before / port.clock_hz) + 1e-4, rel=0.01)


def test_live_runs_count_late_spikes_and_overruns(design: spikeloom.Design) -> None:
    raster = np.zeros((20, CONFIG.axons), dtype=bool)
    raster[::2] = True
    with spikeloom.open("twin:", design) as board:
        run = board.run_live(raster, tick_period_cycles=2)
        counters = board.counters()
        assert run.steps == 20
        assert counters["steps"] == 20
        assert counters["overruns"] > 0
        assert counters["late"] > 0
        board.load()  # weights were learned
        slow = board.run_live(raster, tick_period_cycles=100_000)
        counters = board.counters()
        assert counters["overruns"] == counters["late"] == 0
    with spikeloom.open("golden:", design) as golden:
        assert (slow.spikes == golden.run(raster).spikes).all()


def test_refuses_to_run_without_an_image(design: spikeloom.Design) -> None:
    with spikeloom.open("twin:", design, load=False) as board:
        with pytest.raises(BoardRefusedError, match="load"):
            board.run(steps=1)
        board.load()
        assert board.run(steps=1).steps == 1


def test_garbage_does_not_disturb_it(design: spikeloom.Design) -> None:
    with spikeloom.open("twin:", design) as board:
        board.link._line.port.write(bytes(range(256)) * 3 + b"\0")
        assert (board.read("weights") == design.image.weights).all()
        assert board.counters()["link_bad_frames"] > 0


def test_pyserial_opens_it_by_url(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(CONFIG.to_toml())
    with serial.serial_for_url(f"twin://{file}") as port:
        assert isinstance(port, TwinPort)
        assert port.in_waiting == 0


def test_a_url_without_a_file_is_refused() -> None:
    with pytest.raises(serial.SerialException, match="needs a file"):
        serial.serial_for_url("twin://")


def assert_a_terminal_program_reaches_it(port: str) -> None:
    """A SABM that is typed into pyserial's own terminal, in hexadecimal, brings a UA."""
    master, slave = os.openpty()
    command = [sys.executable, "-m", "serial.tools.miniterm", "--encoding", "hexlify", port]
    terminal = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    connection = 0x5EED0003
    hello = Frame(FrameType.SABM, payload=connection.to_bytes(4, "little")).to_bytes(0)
    answer = Frame(FrameType.UA, payload=(2048).to_bytes(2, "little")).to_bytes(connection)
    shown, end = "", time.monotonic() + 30
    try:
        while "Quit" not in shown and time.monotonic() < end:
            shown += os.read(master, 4096).decode()
        os.write(master, (2 * DELIMITER + hello).hex(" ").upper().encode() + b" ")
        while answer.hex(" ").upper() not in shown and time.monotonic() < end:
            if select.select([master], [], [], 0.1)[0]:
                shown += os.read(master, 4096).decode()
        assert answer.hex(" ").upper() in shown, shown
    finally:
        terminal.kill()
        terminal.wait(10)
        os.close(master)


@pytest.mark.timeout(120)
def test_a_pseudo_terminal_serves_it(design: spikeloom.Design, tmp_path: Path) -> None:
    names: list[str] = []
    stop = threading.Event()
    server = threading.Thread(
        target=serve,
        args=(CONFIG,),
        kwargs={
            "link": tmp_path / "board",
            "ready": names.append,
            "running": lambda: not stop.is_set(),
        },
    )
    server.start()
    try:
        while not names:
            assert server.is_alive()
            time.sleep(0.01)
        with spikeloom.open(names[0], design, baud=3_000_000, timeout=20) as board:
            assert (board.read("weights") == design.image.weights).all()
        assert_a_terminal_program_reaches_it(names[0])
    finally:
        stop.set()
        server.join(20)
    assert not server.is_alive()
    assert not (tmp_path / "board").exists()


def test_memories_lose_their_contents() -> None:
    verilog = "  initial begin\n    mem[0] = 8'h00;\n    \\x [1] = 8'h00;\n  end\n  reg a = 1'h0;\n"
    assert without_memory_contents(verilog) == "  reg a = 1'h0;\n"
    constants = verilog.replace("h00", "h10", 1)
    assert without_memory_contents(constants) == constants
