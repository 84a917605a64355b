"""Verilog of a configured chip, the same bytes for the same configuration."""

from __future__ import annotations

from amaranth.back import verilog

from ..contract.core_config import CoreConfig
from ..contract.fabric_config import FabricConfig
from .top import Chip, Top

TOP_NAME = "spikeloom"


def generate(
    config: CoreConfig | FabricConfig,
    *,
    clock_hz: int = 12_000_000,
    baud: int = 1_000_000,
    build: str = "",
) -> str:
    """The chip with UART pins `rx` and `tx`, clock `clk` and synchronous reset `rst`."""
    top = Top(config, clock_hz=clock_hz, baud=baud, build=build)
    return verilog.convert(top, name=TOP_NAME, emit_src=False)


def generate_chip(
    config: CoreConfig | FabricConfig, *, clock_hz: int = 12_000_000, build: str = ""
) -> str:
    """The chip with byte streams `received` and `sent` in place of the UART."""
    chip = Chip(config, clock_hz=clock_hz, build=build)
    return verilog.convert(chip, name=TOP_NAME, emit_src=False)
