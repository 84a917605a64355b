"""Arty A7-35: estimated by synthesis; a bitstream would need Vivado."""

from spikeloom.boards import BoardDefinition
from spikeloom.boards.families.xilinx import ARTIX_35T, XilinxPll
from spikeloom.hdl import CoreConfig

board = BoardDefinition(
    name="arty",
    title="Arty A7-35 (Artix-7)",
    fpga=ARTIX_35T,
    platform="amaranth_boards.arty_a7:ArtyA7_35Platform",
    pll=XilinxPll.for_clock(100_000_000, 100_000_000),
    baud=3_000_000,
    config=CoreConfig(neurons=256, axons=256, lanes=8),
    programmer="arty_a7_35t",
)
