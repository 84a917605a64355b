"""A board that cannot be built is refused before anything is elaborated, with what would work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from amaranth.build import Attrs, Clock, Pins, Resource
from amaranth.vendor import LatticeICE40Platform
from amaranth_boards.resources import UARTResource

from spikeloom.boards import BoardDefinition, bitstream, board_named, build, find_board
from spikeloom.boards.elaborate import elaborate
from spikeloom.boards.families.ecp5 import LFE5U_25F, Ecp5Pll
from spikeloom.boards.families.ice40 import Ice40Pll
from spikeloom.boards.platform import make_platform
from spikeloom.hdl.contract.errors import InputError, MissingToolError

EXAMPLES = Path(__file__).parents[2] / "examples" / "boards"
ICEBREAKER, ULX3S = board_named("icebreaker"), board_named("ulx3s")
UPDUINO = find_board(EXAMPLES / "upduino.py")
ORANGECRAB = find_board(EXAMPLES / "orangecrab.py")
ARTY = find_board(EXAMPLES / "arty.py")
LVCMOS = Attrs(IO_STANDARD="SB_LVCMOS")


def uart(rx: str, tx: str) -> tuple[object, ...]:
    return (UARTResource(0, rx=rx, tx=tx, conn=("j", 0), attrs=LVCMOS),)


@pytest.mark.parametrize(
    ("board", "message"),
    [
        (ARTY, r"Xilinx 7 series can only be estimated.*Vivado.*--estimate"),
        (replace(ORANGECRAB, resources=()), r'no serial port.*UARTResource\(0.*conn=\("io", 0\)'),
        (replace(UPDUINO, oscillator=None), r"'SB_HFOSC' is none; use oscillator=\"clk12\""),
        (replace(UPDUINO, oscillator="clk48"), r"'clk48' is none; use oscillator=\"clk12\""),
        (replace(UPDUINO, resources=uart("7", "30")), "no serial port that can be used"),
        (replace(UPDUINO, resources=(5,)), "its platform cannot be made"),
        (
            replace(UPDUINO, resources=(Resource("uart", 0, Pins("23", dir="i"), LVCMOS),)),
            "its UART 0 has no rx and no tx",
        ),
        (
            replace(UPDUINO, resources=(*UPDUINO.resources, Resource("clk12", 0, Pins("2")))),
            "its platform cannot be made.*same name",
        ),
        (
            replace(UPDUINO, pll=Ice40Pll.for_clock(16_000_000, 24_000_000)),
            "'clk12' has 12 MHz, and the PLL is set for 16 MHz",
        ),
        (replace(ULX3S, fpga=LFE5U_25F), "platform is for LFE5U-85F, the definition for LFE5U-25F"),
        (
            replace(ULX3S, platform="amaranth_boards.ulx3s:ULX4S"),
            r"has no ULX4S; it has .*ULX3S_85F_Platform",
        ),
        (
            replace(ULX3S, platform="amaranth_boards.ulx4s:ULX3S_85F_Platform"),
            r"no module amaranth_boards.ulx4s; did you mean .*amaranth_boards.ulx3s",
        ),
        (replace(ULX3S, platform=dict), "its platform cannot be made"),
    ],
)
def test_refused_before_elaboration(
    board: BoardDefinition, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*arguments: object) -> None:
        raise AssertionError("something was built")

    monkeypatch.setattr(bitstream, "elaborate_checked", never)
    monkeypatch.setattr(bitstream, "find_tool", never)
    with pytest.raises(InputError, match=message):
        build(board, out=tmp_path)
    with pytest.raises(InputError, match=message):
        elaborate(board, board.config)
    assert not list(tmp_path.iterdir())


def test_pins_that_are_used_twice() -> None:
    clock = Resource("clk12", 1, Pins("23", dir="i"), Clock(12e6), LVCMOS)
    taken = replace(UPDUINO, resources=uart("7", "8"), oscillator="clk12")
    assert make_platform(taken)
    # The clock's pin 20 is the first pin of the connector j#1.
    both = UARTResource(0, rx="1", tx="2", conn=("j", 1), attrs=LVCMOS)
    with pytest.raises(InputError, match=r"physical pin 20.*already used"):
        make_platform(replace(taken, resources=(both, clock)))


def test_platform_package_missing() -> None:
    board = replace(ULX3S, platform="no_such_package.ulx3s:ULX3S")
    with pytest.raises(MissingToolError, match=r"pip install 'spikeloom\[build\]'"):
        make_platform(board)


class OwnPlatform(LatticeICE40Platform):
    """A board that amaranth-boards does not know."""

    device = "iCE40UP5K"
    package = "SG48"
    default_clk = "clk"
    resources = (
        Resource("clk", 0, Pins("35", dir="i"), Clock(12e6), LVCMOS),
        UARTResource(0, rx="6", tx="9", attrs=LVCMOS),
    )
    connectors = ()


def test_a_platform_class_of_the_users_own(stub_top: type) -> None:
    board = replace(ICEBREAKER, name="own", platform=OwnPlatform, synapse_storage="block")
    plan = elaborate(board, replace(board.config, neurons=8, axons=8))
    assert "set_io clk_0__io 35" in str(plan.files["top.pcf"])


@pytest.mark.parametrize(
    ("board", "cell"),
    [
        (replace(ICEBREAKER, synapse_storage="block"), "SB_PLL40_PAD"),
        (replace(UPDUINO, synapse_storage="block"), "SB_PLL40_CORE"),
        (ORANGECRAB, "EHXPLLL"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_pll_is_fed_from_the_pin(board: BoardDefinition, cell: str, stub_top: type) -> None:
    plan = elaborate(board, replace(board.config, neurons=8, axons=8))
    assert rf"cell \{cell} " in plan.rtlil
    assert isinstance(board.pll, Ice40Pll | Ecp5Pll)
