"""UPduino 3: its 12 MHz oscillator on pin 20 (solder the OSC jumper), a serial adapter at two header pins.

Routed with Yosys 0.70 and nextpnr 0.11.1: 29.3 MHz of the 24 MHz that it needs (seed 1).
"""

from amaranth.build import Attrs
from amaranth_boards.resources import UARTResource

from spikeloom.boards import BOARDS, BoardDefinition
from spikeloom.boards.families.ice40 import UP5K, Ice40Pll

board = BoardDefinition(
    name="upduino",
    title="UPduino 3 (iCE40 UP5K)",
    fpga=UP5K,
    platform="amaranth_boards.upduino_v3:UpduinoV3Platform",
    oscillator="clk12",
    resources=(
        UARTResource(0, rx="7", tx="8", conn=("j", 0), attrs=Attrs(IO_STANDARD="SB_LVCMOS")),
    ),
    pll=Ice40Pll.for_clock(12_000_000, 24_000_000),
    baud=3_000_000,
    negotiable=False,
    config=BOARDS["icebreaker"].config,
    synapse_storage="spram",
    programmer="ice40_generic",
)
