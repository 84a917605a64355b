"""Everything inside the FPGA of a board: clock, chip, and the pins that the chip needs."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Elaboratable, Module
from amaranth.lib import io

from spikeloom.hdl.chip.top import Top

from .chip_config import ChipConfig
from .clocking import CoreClock
from .definition import BoardDefinition
from .platform import UART


class BoardTop(Elaboratable):
    """The chip `spikeloom.hdl.chip.top.Top` on a board: UART 0 of the board is its serial port."""

    def __init__(self, board: BoardDefinition, config: ChipConfig, build: str = "") -> None:
        self.board = board
        self.config = config
        self.build = build

    def elaborate(self, platform: Any) -> Module:
        """Make the hardware."""
        m = Module()
        m.submodules.clock = clock = CoreClock(self.board)
        m.domains += clock.domains()
        m.submodules.top = top = Top(
            self.config,
            clock_hz=self.board.clock_hz,
            baud=self.board.baud,
            negotiable=self.board.negotiable,
            ticks=self.board.ticks,
            reply_bytes=self.board.reply_bytes,
            build=self.build,
            synapse_storage=self.board.storage_for(self.config),
        )
        uart = platform.request(*UART, dir="-")
        m.submodules.rx = rx = io.Buffer("i", uart.rx)
        m.submodules.tx = tx = io.Buffer("o", uart.tx)
        m.d.comb += [top.rx.eq(rx.i), tx.o.eq(top.tx)]
        return m
