"""Verilog of a configured chip, the same bytes for the same configuration."""

from __future__ import annotations

from amaranth.back import verilog

from ..contract.core_config import CoreConfig
from ..contract.errors import MissingToolError
from ..contract.fabric_config import FabricConfig
from ..contract.technology import Storage, Technology
from .top import Chip, Top

TOP_NAME = "spikeloom"


def generate(
    config: CoreConfig | FabricConfig,
    *,
    clock_hz: int = 12_000_000,
    baud: int = 1_000_000,
    build: str = "",
) -> str:
    """The chip with UART pins `rx` and `tx`, clock `clk` and synchronous reset `rst`.

    Raises `MissingToolError` without a Yosys that Amaranth can use.
    """
    return _convert(Top(config, clock_hz=clock_hz, baud=baud, build=build))


def generate_chip(
    config: CoreConfig | FabricConfig,
    *,
    clock_hz: int = 12_000_000,
    build: str = "",
    synapse_storage: Storage = "block",
    technology: Technology | None = None,
) -> str:
    """The chip with byte streams `received` and `sent` in place of the UART.

    With cells of an FPGA in it where `synapse_storage` or `technology` ask for them.
    """
    chip = Chip(config, clock_hz=clock_hz, build=build, synapse_storage=synapse_storage)
    return _convert(chip, technology)


def _convert(design: Top | Chip, technology: Technology | None = None) -> str:
    try:
        return verilog.convert(design, name=TOP_NAME, platform=technology, emit_src=False)
    except verilog.YosysError as error:
        raise MissingToolError(
            "Verilog is written by Yosys, which failed; `pip install 'spikeloom[sim]'` installs one "
            f"that Amaranth can use ({error})"
        ) from error
