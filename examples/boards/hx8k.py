"""iCE40-HX8K breakout board (iCE40HX8K-B-EVN): the oscillator is not on a PLL's own pin."""

from spikeloom.boards import BoardDefinition
from spikeloom.boards.families.ice40 import HX8K, Ice40Pll
from spikeloom.hdl import CoreConfig

board = BoardDefinition(
    name="hx8k",
    title="iCE40-HX8K breakout board",
    fpga=HX8K,
    platform="amaranth_boards.ice40_hx8k_b_evn:ICE40HX8KBEVNPlatform",
    pll=Ice40Pll.for_clock(12_000_000, 24_000_000),
    baud=3_000_000,
    negotiable=False,
    config=CoreConfig(neurons=64, axons=64, lanes=2, synapse="delta", parameters="shared"),
    programmer="ice40_generic",
)
