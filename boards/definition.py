"""What a board is: its FPGA, its clock, its serial port, and the core that it gets by default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from spikeloom.hdl import ConfigError, CoreConfig

from .chip_config import ChipConfig, core_of
from .pll import Pll

Family = Literal["ice40", "ecp5"]
Storage = Literal["block", "spram"]

MIN_CLOCKS_PER_BIT = 8
"""Fewest clock cycles in a bit of the UART that a board gets; a byte is sampled to ±1 cycle."""

SPRAM_CAN_NOT_LEARN = (
    "a core that learns reads and writes synapses in the same cycle, and SPRAM has one port; "
    'use synapse_storage="block"'
)


@dataclass(frozen=True)
class BlockRamRow:
    """Block RAMs side by side.

    Attributes
    ----------
    y : where the row is, in tiles.
    sites : nextpnr's names of the places, from left to right.
    """

    y: int
    sites: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FpgaPart:
    """An FPGA and what it holds (numbers: the family's data sheet).

    Attributes
    ----------
    family, name, package : names that people and tools know it by.
    luts, flip_flops : 4-input look-up tables and flip-flops.
    block_rams, block_ram_bits : number of block RAMs, bits of each.
    srams : large single-port memories (iCE40 UltraPlus: SB_SPRAM256KA, 256 kbit each).
    dsps : multipliers (iCE40: SB_MAC16, 16 × 16; ECP5: MULT18X18D).
    height : rows of tiles.
    block_ram_rows : all block RAMs, if cores are to get places (`spikeloom.boards.floorplan`).
    """

    family: Family
    name: str
    package: str
    luts: int
    flip_flops: int
    block_rams: int
    block_ram_bits: int
    dsps: int
    srams: int = 0
    height: int = 0
    block_ram_rows: tuple[BlockRamRow, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BoardDefinition:
    """A board as SpikeLoom builds for it.  Validated at construction (`ConfigError`).

    Attributes
    ----------
    name, title : short name for commands, full name for people.
    fpga : the part on the board.
    platform : "module:class" of the `amaranth-boards` platform, which knows the pins.
    pll : makes the core clock from the board's oscillator.
    baud : bits per second of the serial port, unless the user asks for another.
    negotiable : whether the host may change them while the board runs; that takes logic cells.
    ticks : whether steps can begin at ticks; that takes logic cells, too.
    config : the core, or the fabric, that is built when nothing says otherwise.
    synapse_storage : where the synapses are of a core that does not learn: "block" (block RAM) or
        "spram" (single-port RAM of iCE40 UltraPlus).  See `storage_for`.
    programmer : the board's name in openFPGALoader.
    """

    name: str
    title: str
    fpga: FpgaPart
    platform: str
    pll: Pll
    baud: int
    config: ChipConfig
    negotiable: bool = True
    ticks: bool = True
    synapse_storage: Storage = "block"
    programmer: str

    def __post_init__(self) -> None:
        if self.pll.output_hz.denominator != 1:
            raise ConfigError(
                f"the core clock of {self.name} is {float(self.pll.output_hz)} Hz; "
                "choose PLL settings that make a whole number"
            )
        if not 0 < self.baud * MIN_CLOCKS_PER_BIT <= self.clock_hz:
            raise ConfigError(
                f"{self.baud} baud at a clock of {self.clock_hz} Hz; "
                f"use 1 to {self.clock_hz // MIN_CLOCKS_PER_BIT} baud"
            )
        if self.synapse_storage == "spram" and not self.fpga.srams:
            raise ConfigError(f'{self.fpga.name} has no SPRAM; use synapse_storage="block"')
        if self.synapse_storage == "spram" and self.core.learning is not None:
            raise ConfigError(SPRAM_CAN_NOT_LEARN)

    @property
    def core(self) -> CoreConfig:
        """The core of `config`, or every core of its fabric."""
        return core_of(self.config)

    @property
    def oscillator_hz(self) -> int:
        """Frequency of the oscillator on the board."""
        return self.pll.input_hz

    @property
    def clock_hz(self) -> int:
        """Frequency of the core clock."""
        return int(self.pll.output_hz)

    @property
    def baud_error_percent(self) -> float:
        """Error of the board's bit rate against `baud`, in per cent (positive: too fast)."""
        from spikeloom.hdl.contract.line_rate import baud_error

        return 100 * baud_error(self.clock_hz, self.baud)

    def storage_for(self, config: ChipConfig) -> Storage:
        """Where the synapses of a core are: block RAM if it learns, whatever `synapse_storage` says."""
        return self.synapse_storage if core_of(config).learning is None else "block"

    def with_clock(self, clock_hz: int) -> BoardDefinition:
        """The same board with another core clock; `ConfigError` when the PLL can not make it."""
        return replace(self, pll=type(self.pll).for_clock(self.oscillator_hz, clock_hz))

    def with_baud(self, baud: int) -> BoardDefinition:
        """The same board with another bit rate."""
        return replace(self, baud=baud)
