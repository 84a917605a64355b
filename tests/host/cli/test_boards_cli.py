"""Boards on the command line: `spikeloom boards`, and `--board` where a configuration is asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import spikeloom
from spikeloom import boards as package
from spikeloom.boards import BOARDS
from spikeloom.cli import app
from spikeloom.hdl import FabricConfig

ROOT = Path(__file__).parents[3]
ARTY = str(ROOT / "examples" / "boards" / "arty.py")
CRAB = str(ROOT / "examples" / "boards" / "orangecrab.py")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def test_boards_lists_what_each_holds() -> None:
    listed = json.loads(run("boards", "--json").stdout)
    assert list(listed) == list(BOARDS)
    for name, board in BOARDS.items():
        shown = listed[name]
        assert (shown["preset"], shown["fpga"]) == (board.preset, board.fpga.name)
        assert (shown["neurons"], shown["axons"]) == (board.core.neurons, board.core.axons)
        assert shown["digest"] == f"{board.config.digest:016x}"
        assert shown["clock_hz"] == board.clock_hz
        cores = board.config.cores if isinstance(board.config, FabricConfig) else 1
        assert shown["cores"] == cores
    text = run("boards").stdout
    for name in BOARDS:
        assert name in text
    assert "256 × 256 × 8" in text


def test_boards_of_one_platform_and_of_a_file() -> None:
    assert list(json.loads(run("boards", "ulx3s-learning", "--json").stdout)) == [
        "ulx3s-learning", "ulx3s", "ulx3s-fabric", "ulx3s-fabric-16"
    ]  # fmt: skip
    assert list(json.loads(run("boards", CRAB, "--json").stdout)) == ["orangecrab"]
    listed = run("boards", ARTY)
    assert "arty: Xilinx 7 series can only be estimated" in listed.stdout
    assert json.loads(run("boards", ARTY, "--json").stdout)["arty"]["buildable"] is False


def test_info_of_a_board() -> None:
    found = json.loads(run("info", "--board", "ulx3s", "--json").stdout)
    assert found["configuration"] == BOARDS["ulx3s"].config.to_dict()
    found = json.loads(run("info", "--board", "ulx3s-fabric", "-s", "axons=200", "--json").stdout)
    assert found["configuration"]["axons"] == 200
    assert found["fabric"]["columns"] == 2
    found = json.loads(run("info", "--board", CRAB, "--json").stdout)
    assert found["configuration"]["neurons"] == 128


def test_verilog_of_a_board(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spikeloom.cli.verilog.generate", lambda config: f"{config.digest:x}")
    for name in ("icebreaker", "ulx3s-fabric"):
        assert run("verilog", "--board", name).stdout == f"{BOARDS[name].config.digest:x}"
    changed = run("verilog", "--board", "icebreaker", "--neurons", "8").stdout
    assert changed == f"{replace(BOARDS['icebreaker'].core, neurons=8).digest:x}"


@pytest.mark.parametrize(
    "arguments",
    [
        ["verilog", "core.toml", "--board", "ulx3s"],
        ["info", "--config", "core.toml", "--board", "ulx3s"],
        ["serve"],
        ["serve", "core.toml", "--board", "ulx3s"],
        ["build"],
        ["build", "ulx3s", "--board", "ulx3s"],
        ["linktest", "twin:", "--design", "a.slm", "--board", "ulx3s"],
        ["place", "net.slm", "--cores", "2", "--board", "ulx3s-fabric"],
    ],
)
def test_one_source_of_the_configuration(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_command_about_one_core_refuses_a_fabric() -> None:
    result = run("cosim", "--board", "ulx3s-fabric")
    assert "2 × 2 cores" in str(result.exception)


def test_build_takes_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[tuple[str, str, object]] = []

    def record(kind: str):  # type: ignore[no-untyped-def]
        def call(board, config=None, design=None, **options):  # type: ignore[no-untyped-def]
            built.append((kind, board.name, config))
            raise KeyboardInterrupt

        return call

    monkeypatch.setattr(package, "build", record("build"))
    monkeypatch.setattr(package, "estimate_board", record("estimate"))
    for arguments in (["build", CRAB], ["build", "--board", CRAB]):
        run(*arguments)
        assert built.pop() == ("build", "orangecrab", None)
    run("build", "--board", ARTY, "--estimate", "-s", "lanes=2")
    kind, name, config = built.pop()
    assert (kind, name) == ("estimate", "arty")
    assert isinstance(config, spikeloom.CoreConfig)
    assert config.lanes == 2
    run("build", "icebreaker", "--learning")
    assert built.pop()[1] == "icebreaker-learning"
    result = run("build", CRAB, "--learning")
    assert "orangecrab has no core that learns" in str(result.exception)


def test_place_on_the_cores_of_a_board(tmp_path: Path) -> None:
    net = spikeloom.Network(dt=1e-3)
    x = net.input("x", 6)
    cells = net.population("cells", 6, spikeloom.LIF(tau_mem=20e-3))
    net.connect(x, cells, 0.5 * np.eye(6))
    fabric = BOARDS["ulx3s-fabric"].config
    assert isinstance(fabric, FabricConfig)
    file, placed = tmp_path / "net.slm", tmp_path / "placed.slm"
    spikeloom.compile(net, board="ulx3s-fabric", placement="order").save(file)
    result = run("place", file, "--board", "ulx3s-fabric", "--out", placed)
    assert result.exit_code == 0, result.output
    assert spikeloom.Design.load(placed).chip == fabric
    result = run("place", file, "--board", "ulx3s")
    assert "ulx3s has one core; those with many are ulx3s-fabric" in str(result.exception)
