"""Boards with many cores: their definitions, what fits, and `spikeloom build --cores`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from spikeloom.boards import (
    BOARDS,
    BoardDefinition,
    bitstream,
    board_named,
    build,
    core_of,
    fabric_named,
    fabric_of,
    with_core,
)
from spikeloom.boards.chip_config import describe, mesh_of_at_most
from spikeloom.boards.elaborate import elaborate
from spikeloom.boards.fit import elaborate_checked, least_need, overfull_memories
from spikeloom.boards.report import Utilisation
from spikeloom.boards.resources import synthesise_parts
from spikeloom.boards.tools import BuildError
from spikeloom.cli import app
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.hdl.contract.fabric_config import MAX_SIDE

FABRICS = [board for board in BOARDS.values() if isinstance(board.config, FabricConfig)]
SMALL_BOARD = replace(board_named("icebreaker"), synapse_storage="block")
CORE = CoreConfig(neurons=8, axons=8, route_entries=16)


@given(st.integers(-1, MAX_SIDE * MAX_SIDE + 9))
def test_a_mesh_is_as_square_as_can_be(cores: int) -> None:
    sides = range(1, MAX_SIDE + 1)
    shapes = [(c, r) for c in sides for r in sides if c * r == cores]
    if shapes:
        fabric = fabric_of(CORE, cores)
        assert (fabric.cores, fabric.core) == (cores, CORE)
        assert fabric.columns - fabric.rows == min(abs(c - r) for c, r in shapes)
        assert mesh_of_at_most(cores) == cores
    else:
        with pytest.raises(InputError, match=rf"no mesh of {cores} cores.*try \d+$") as caught:
            fabric_of(CORE, cores)
        fewer = int(str(caught.value).split()[-1])
        assert fabric_of(CORE, fewer).cores == fewer <= max(cores, 1)
        assert mesh_of_at_most(cores) in (fewer, 0)


def test_what_is_said_of_a_core_holds_for_those_of_a_fabric() -> None:
    fabric = fabric_of(CORE, 6)
    assert core_of(fabric) == core_of(CORE) == CORE
    other = replace(CORE, axons=9)
    assert with_core(CORE, other) == other
    assert with_core(fabric, other) == fabric_of(other, 6)
    assert describe(fabric) == f"6 cores of {describe(CORE)}"


@pytest.mark.parametrize("board", FABRICS, ids=lambda board: board.name)
def test_a_fabric_learns_on_the_same_board(board: BoardDefinition) -> None:
    single = board_named("ulx3s-learning")
    assert (board.platform, board.baud) == (single.platform, single.baud)
    assert board.core.learning == single.core.learning
    assert (board.core.neurons, board.core.axons, board.core.lanes) == (64, 256, 4)
    assert board.name.startswith("ulx3s-fabric")
    assert board.storage_for(board.config) == "block"


def test_fabrics_differ_in_nothing_but_the_number_of_cores_and_the_clock() -> None:
    assert [board_named("ulx3s-fabric").config] == [fabric_of(FABRICS[0].core, 4)]
    assert {board.core for board in FABRICS} == {FABRICS[0].core}
    sizes = [core_count(board) for board in FABRICS]
    assert sorted(set(sizes)) == sizes


def core_count(board: BoardDefinition) -> int:
    assert isinstance(board.config, FabricConfig)
    return board.config.cores


@pytest.mark.parametrize("name", ["ulx3s", "ulx3s-learning", "ulx3s-fabric"])
def test_a_fabric_is_found_by_the_name_of_its_board(name: str) -> None:
    for board in FABRICS:
        assert fabric_named(name, core_count(board)) is board
    by_size = {core_count(board): board for board in FABRICS}
    for cores, like in ((2, 4), (6, 16), (12, 16), (20, 16)):
        resized = fabric_named(name, cores)
        config = fabric_of(FABRICS[0].core, cores)
        assert resized == replace(by_size[like], name=f"ulx3s-fabric-{cores}", config=config)
    with pytest.raises(InputError, match="no mesh of 17 cores"):
        fabric_named(name, 17)


def test_a_board_without_fabric_names_those_with_one() -> None:
    with pytest.raises(InputError, match=r"icebreaker has no fabric.*ulx3s-fabric"):
        fabric_named("icebreaker", 4)


def test_each_kind_of_chip_has_its_synthesis_options(stub_top: type) -> None:
    board = board_named("ulx3s-fabric")
    alone = replace(board.core, axons=4, route_entries=0)
    for learning in (None, board.core.learning):
        single = replace(alone, learning=learning)
        fabric = fabric_of(replace(single, route_entries=16), 2)
        for config in (single, fabric):
            script = str(elaborate(board, config).files["top.ys"])
            assert "-dff" not in script
            assert ("-nowidelut" in script) is (config == fabric)


@pytest.mark.parametrize("cores", [1, 2])
def test_many_cores_are_synthesised_as_one(cores: int, stub_top: type) -> None:
    board = board_named("ulx3s-fabric")
    script = str(elaborate(board, fabric_of(replace(board.core, axons=4), cores)).files["top.ys"])
    assert ("keep_hierarchy" in script) is (cores > 1)


def test_all_cores_are_elaborated_alike_so_one_is_synthesised() -> None:
    board = board_named("ulx3s-fabric")
    small = replace(board.core, neurons=8, axons=16, route_entries=16)
    plan = elaborate(board, fabric_of(small, 2))
    (fabric,) = re.findall(r"^cd (top\S+)$", str(plan.files["top.ys"]), re.MULTILINE)
    cores = [core_modules(plan.rtlil, rf"\{fabric}.core_{k}") for k in range(2)]
    assert len(cores[0]) > 10
    assert cores[1] == cores[0]


def core_modules(rtlil: str, core: str) -> list[str]:
    """All modules in a core, but for its name, and for numbers that are unique in the design."""
    found = re.findall(rf"^module {re.escape(core)}[.\n].*?^end$", rtlil, re.MULTILINE | re.DOTALL)
    return [renumbered(text.replace(core, "CORE")) for text in found]


def renumbered(text: str) -> str:
    seen: dict[str, str] = {}
    return re.sub(r"port\$\d+", lambda m: seen.setdefault(m.group(), f"port{len(seen)}"), text)


def test_error_names_the_number_of_cores_that_fits(stub_top: type) -> None:
    # 32 bits × 512 words: 4 block RAMs for each core, of 30.
    core = replace(CORE, neurons=32, axons=64, lanes=4)
    assert least_need(SMALL_BOARD, fabric_of(core, 7)).block_rams == 28
    with pytest.raises(FitError, match=r"this fabric does not fit.* block RAM of 30") as caught:
        elaborate_checked(SMALL_BOARD, fabric_of(core, 64))
    assert str(caught.value).endswith("at most 7 of these cores fit")
    for cores, expected in ((7, True), (8, False)):
        plan = elaborate(SMALL_BOARD, fabric_of(core, cores))
        assert (not overfull_memories(SMALL_BOARD, plan)) == expected


@pytest.mark.parametrize(
    ("axons", "advice"),
    [(256, "at most 1 of these"), (1024, r"not even one.*with 32 neurons, at most 480 axons")],
)
def test_hardly_a_core_fits(axons: int, advice: str, stub_top: type) -> None:
    core = replace(CORE, neurons=32, axons=axons, lanes=4)
    with pytest.raises(FitError, match=advice):
        elaborate_checked(SMALL_BOARD, fabric_of(core, 2))


def test_too_much_logic_names_a_number_of_cores(
    stub_top: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise BuildError("no BELs remaining")

    over = [Utilisation("LUTs", 100_000, 83_640)]
    monkeypatch.setattr(bitstream, "_overfull", lambda log, board: over)
    monkeypatch.setattr(bitstream, "run_tool", fail)
    monkeypatch.setattr(bitstream._Build, "synthesise", lambda self, plan: None)
    with pytest.raises(FitError, match=r"100000 LUTs of 83640.*try 12 of these cores"):
        build("ulx3s-fabric", fabric_of(CORE, 15), out=tmp_path)


def asked_for(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, Any]:
    """Name of the board and configuration that the command gives to `build`."""
    asked: list[tuple[str, Any]] = []

    def record(board: BoardDefinition, config: Any = None, **options: Any) -> None:
        asked.append((board.name, config or board.config))
        raise KeyboardInterrupt

    monkeypatch.setattr("spikeloom.boards.build", record)
    CliRunner().invoke(app, ["build", *arguments])
    (only,) = asked
    return only


def test_command_chooses_the_fabric(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    board = board_named("ulx3s-fabric")
    for name in ("ulx3s", "ulx3s-fabric"):
        assert asked_for(monkeypatch, name, "--cores", "4") == (board.name, board.config)
    assert asked_for(monkeypatch, "ulx3s-fabric")[1] == board.config
    wider = replace(board.core, axons=300)
    changed = asked_for(monkeypatch, "ulx3s", "--cores", "2", "--set", "axons=300")
    assert changed[1] == fabric_of(wider, 2)
    file = tmp_path / "core.toml"
    file.write_text(CORE.to_toml())
    assert asked_for(monkeypatch, "ulx3s", "--cores", "6", "--config", str(file))[1] == fabric_of(
        CORE, 6
    )
    assert asked_for(monkeypatch, "ulx3s", "--config", str(file))[1] == CORE


@pytest.mark.parametrize("other", [["--learning"], ["--design", "net.slm"]])
def test_cores_contradict_other_options(other: list[str]) -> None:
    result = CliRunner().invoke(app, ["build", "ulx3s", "--cores", "4", *other])
    assert result.exit_code == 2


def test_parts_are_synthesised_one_by_one(tmp_path: Path) -> None:
    row = FabricConfig(CORE, columns=3)
    outer, inner = (f"chip.core.mesh.router_{column}_0" for column in (0, 1))
    found = synthesise_parts(row, "ecp5", [outer, inner], folder=tmp_path)
    assert 0 < found[outer].luts < found[inner].luts
    assert 0 < found[outer].flip_flops < found[inner].flip_flops
    with pytest.raises(InputError, match=r"no part 'chip.core.core_3'"):
        synthesise_parts(row, "ecp5", ["chip.core.core_3"], folder=tmp_path)
