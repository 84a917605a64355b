from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spikeloom.boards import bitstream, board_named
from spikeloom.boards.bitstream import build
from spikeloom.boards.report import Utilisation
from spikeloom.boards.tools import BuildError
from spikeloom.design.design import Design
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import FitError, InputError

ICEBREAKER = replace(board_named("icebreaker"), synapse_storage="block")
SMALL = replace(ICEBREAKER.config, neurons=8, axons=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("build")


def test_bitstream_with_closed_timing(stub_top: type, folder: Path) -> None:
    report = build(ICEBREAKER, SMALL, out=folder, seeds=(7, 8))
    assert report.ok
    assert list(report.seeds_tried) == [report.seed] == [7]
    assert report.bitstream.stat().st_size == report.bitstream_bytes > 100_000
    assert report.bitstream.read_bytes()[:2] == b"\xff\x00"
    (clock,) = report.clocks
    assert clock.required_hz == pytest.approx(ICEBREAKER.clock_hz, rel=1e-3)
    rows = {row.resource: row for row in report.utilisation}
    assert rows["PLL"].used == 1
    assert rows["logic cells"].available == ICEBREAKER.fpga.luts
    assert 0 < rows["flip-flops"].used <= rows["logic cells"].used
    assert json.loads((folder / "report.json").read_text())["ok"] is True
    assert "emulate_read_first" not in (folder / "top.rpt").read_text()
    for log in ("top.rpt", "top.seed7.log"):
        assert (folder / log).stat().st_size > 1000


def test_seeds_go_on_until_one_closes(stub_top: type, folder: Path) -> None:
    # 275 MHz is beyond this FPGA: no seed closes timing, all are tried, the best is kept.
    hopeless = ICEBREAKER.with_clock(270_000_000)
    report = build(hopeless, SMALL, out=folder, seeds=(1, 2))
    assert not report.ok
    assert set(report.seeds_tried) == {1, 2}
    assert report.clocks[0].achieved_hz == max(report.seeds_tried.values())
    assert report.seeds_tried[report.seed] == max(report.seeds_tried.values())


def test_too_many_logic_cells(
    stub_top: type, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = [Utilisation("logic cells", 6000, 5280)]

    def fail(*arguments: object) -> None:
        raise BuildError("no BELs remaining")

    def overfull_with(self: object, config: CoreConfig, folder: Path) -> list[Utilisation]:
        return over if config.lanes > 1 else []

    monkeypatch.setattr(bitstream, "_overfull", lambda log, board: over)
    monkeypatch.setattr(bitstream, "run_tool", fail)
    monkeypatch.setattr(bitstream._Build, "synthesise", lambda self, plan: None)
    monkeypatch.setattr(bitstream._Build, "overfull_with", overfull_with)
    with pytest.raises(
        FitError, match=r"6000 logic cells of 5280 \(720 too many\).*lanes = 1 fits"
    ):
        build(ICEBREAKER, SMALL, out=folder)


def test_contradicting_arguments(stub_top: type, folder: Path) -> None:
    design = Design(SMALL, Image(SMALL, [[0] * 8] * 8))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="give only one"):
        build(ICEBREAKER, replace(SMALL, neurons=9), design, out=folder)
    with pytest.raises(InputError, match="seeds is empty"):
        build(ICEBREAKER, SMALL, out=folder, seeds=())
    with pytest.raises(InputError, match="known are"):
        build("nonesuch", out=folder)
