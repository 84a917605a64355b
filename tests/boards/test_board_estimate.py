"""What a board's chip takes by synthesis alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from spikeloom.boards import bitstream, board_named, build, estimate_board, find_board
from spikeloom.hdl.contract.errors import FitError, InputError

EXAMPLES = Path(__file__).parents[2] / "examples" / "boards"


@pytest.mark.parametrize("name", ["arty", "orangecrab"])
def test_estimate_beside_what_the_part_has(name: str, stub_top: type) -> None:
    board = find_board(EXAMPLES / f"{name}.py")
    found = estimate_board(board, replace(board.config, neurons=32, axons=64))
    rows = {row.resource: row for row in found.utilisation}
    assert (rows["LUTs"].used, rows["LUTs"].available) == (found.resources.luts, board.fpga.luts)
    assert 0 < rows["block RAM"].used < rows["block RAM"].available == board.fpga.block_rams
    assert "SPRAM" not in rows
    assert found.ok
    values = json.loads(json.dumps(found.to_dict()))
    assert (values["ok"], values["stage"], values["board"]) == (True, "synthesised", name)
    assert values["resources"]["family"] == board.fpga.family.name
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(found)
    assert "not placed" in console.export_text()


def test_more_than_the_part_has_is_not_ok(stub_top: type) -> None:
    board = replace(board_named("icebreaker"), synapse_storage="block")
    found = estimate_board(board, replace(board.config, neurons=64, axons=640))
    assert not found.ok
    assert {row.resource for row in found.utilisation if row.used > row.available} == {"block RAM"}


def test_a_board_that_cannot_be_built_is_not_estimated() -> None:
    board = replace(find_board(EXAMPLES / "orangecrab.py"), resources=())
    with pytest.raises(InputError, match="no serial port"):
        estimate_board(board)


def test_too_many_cells_are_found_before_placement(
    stub_top: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two block RAMs fewer than synthesis takes: the memories alone do not show it."""
    board = replace(board_named("icebreaker"), synapse_storage="block")
    config = replace(board.config, neurons=64, axons=64)
    few = replace(board, fpga=replace(board.fpga, flip_flops=10))

    def never(*arguments: object) -> None:
        raise AssertionError("it was placed")

    monkeypatch.setattr(bitstream._Build, "route", never)
    monkeypatch.setattr(bitstream._Build, "smaller", lambda *_: "use less")
    with pytest.raises(FitError, match=r"\d+ flip-flops of 10 \(\d+ too many\); use less"):
        build(few, config, out=tmp_path)
