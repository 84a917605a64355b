"""OrangeCrab 0.2 with ECP5-25F: a serial adapter at the pins 0 (rx) and 1 (tx) of its header.

Synthesised only: nextpnr-ecp5 0.11.1 (seeds 1 and 2) found no route on this part from the clock of the
power-up reset to the gate of the core clock.
"""

from amaranth.build import Attrs
from amaranth_boards.resources import UARTResource

from spikeloom.boards import BoardDefinition
from spikeloom.boards.families.ecp5 import LFE5U_25F, Ecp5Pll
from spikeloom.hdl import CoreConfig

board = BoardDefinition(
    name="orangecrab",
    title="OrangeCrab 0.2 (ECP5-25F)",
    fpga=LFE5U_25F,
    platform="amaranth_boards.orangecrab_r0_2:OrangeCrabR0_2_25FPlatform",
    resources=(UARTResource(0, rx="0", tx="1", conn=("io", 0), attrs=Attrs(IO_TYPE="LVCMOS33")),),
    pll=Ecp5Pll.for_clock(48_000_000, 48_000_000),
    baud=3_000_000,
    config=CoreConfig(neurons=128, axons=256, lanes=4),
    programmer="orangeCrab",
)
