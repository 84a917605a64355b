from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spikeloom.boards import board_named
from spikeloom.boards.families import family_named
from spikeloom.boards.resources import estimate, synthesise
from spikeloom.hdl.contract.errors import InputError


def test_cells_of_each_family() -> None:
    ice40 = estimate(
        {"SB_LUT4": 5, "SB_DFFESR": 2, "SB_DFF": 1, "SB_RAM40_4K": 3}, family_named("ice40")
    )
    assert (ice40.luts, ice40.flip_flops, ice40.block_rams, ice40.dsps) == (5, 3, 3, 0)
    ecp5 = estimate(
        {"LUT4": 5, "CCU2C": 2, "TRELLIS_DPR16X4": 1, "DP16KD": 1}, family_named("ecp5")
    )
    assert (ecp5.luts, ecp5.block_rams) == (13, 1)
    xilinx = estimate(
        {"LUT6": 5, "LUT1": 1, "RAM32M": 1, "RAMB36E1": 1, "FDRE": 4}, family_named("xilinx")
    )
    assert (xilinx.luts, xilinx.block_rams, xilinx.flip_flops) == (10, 2, 4)
    assert xilinx.to_dict()["stage"] == "synthesised"


def test_synthesis_of_the_top(stub_top: type, tmp_path: Path) -> None:
    config = replace(board_named("icebreaker").config, neurons=64, axons=64)
    result = synthesise(config, "ice40", folder=tmp_path)
    assert result.block_rams == 8  # 1024 words of 32 bits
    assert result.cells["SB_LUT4"] == result.luts > 0
    assert (tmp_path / "top.rpt").exists()


def test_unknown_family() -> None:
    with pytest.raises(InputError, match="known are ecp5, ice40, xilinx"):
        synthesise(board_named("ulx3s").config, "gowin")
