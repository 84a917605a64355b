"""A board's synthesised netlist behind the twin's serial port."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.progress import Progress

import spikeloom
from spikeloom.boards import BOARDS, BoardDefinition, NetlistSources
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError, WrongBoardError
from spikeloom.sim.twin import netlist

BOARD = BOARDS["icebreaker"]


def random_design(config: CoreConfig) -> spikeloom.Design:
    rng = np.random.default_rng(7)
    weights = rng.integers(-40, 100, (config.axons, config.neurons))
    parameters = {"v_threshold": rng.integers(300, 900, config.neurons), "bias": 3}
    routes = rng.integers(-1, config.axons, config.neurons)
    return spikeloom.Design(config, Image(config, weights, parameters, routes))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_netlist_of_icebreaker_equals_the_golden_model() -> None:
    design = random_design(BOARD.config)
    raster = np.random.default_rng(0).random((12, design.config.axons)) < 0.2
    with (
        spikeloom.open("netlist:icebreaker", design) as board,
        spikeloom.open("golden:", design) as golden,
    ):
        ours, expected = board.run(raster), golden.run(raster)
        assert expected.spikes.any()
        assert (ours.spikes == expected.spikes).all()
        assert (board.read("v") == golden.read("v")).all()
        assert (board.read("weights") == golden.read("weights")).all()
    with pytest.raises(WrongBoardError):
        spikeloom.open("netlist:icebreaker", random_design(replace(BOARD.config, neurons=76)))


def test_synthesis_comes_from_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    library = tmp_path / "cells.v"
    library.write_text("// cells")
    calls = []

    def synthesise(
        board: BoardDefinition, config: CoreConfig | None, out: Path, progress: Progress
    ) -> NetlistSources:
        calls.append(board.name)
        (out / "top.netlist.v").write_text("// netlist")
        return NetlistSources(
            verilog_files=(out / "top.netlist.v", library),
            defines=("A=1",),
            flags=("-Wno-lint",),
            top="board_pins",
            clock="clk",
            rx="rx",
            tx="tx",
            clock_hz=board.clock_hz,
            baud=board.baud,
            power_up_cycles=416,
        )

    monkeypatch.setenv("SPIKELOOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(netlist, "netlist_sources", synthesise)
    # Elaborating takes two seconds for each of the calls; the digest has what it gave.
    monkeypatch.setattr(netlist, "_digest", lambda board: f"{board.clock_hz}")
    first, second = netlist.cached_sources(BOARD), netlist.cached_sources(BOARD)
    assert first == second
    assert calls == ["icebreaker"]
    assert [path.read_text() for path in first.verilog_files] == ["// netlist", "// cells"]
    assert first.verilog_files[1] == library
    assert (first.defines, first.flags) == (("A=1",), ("-Wno-lint",))
    assert [path.name for path in (tmp_path / "cache" / "netlist").iterdir()] == ["24000000"]

    netlist.cached_sources(BOARD.with_clock(30_000_000))
    assert calls == ["icebreaker", "icebreaker"]


def test_another_core_is_another_netlist() -> None:
    other = replace(BOARD, config=replace(BOARD.config, neurons=76))
    assert netlist._digest(BOARD) == netlist._digest(BOARD) != netlist._digest(other)


def test_only_boards_with_models_of_their_cells_and_their_own_baud() -> None:
    with pytest.raises(InputError, match="known are icebreaker"):
        spikeloom.open("netlist:nowhere")
    with pytest.raises(InputError, match="use a board with iCE40"):
        spikeloom.open("netlist:ulx3s")
    with pytest.raises(InputError, match="omit it"):
        spikeloom.open("netlist:icebreaker", baud=115_200)
