"""FPGAs: a family's parts, and what each holds."""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.hdl import ConfigError

from .family import Family

_COUNTS = ("luts", "flip_flops", "block_rams", "block_ram_bits", "dsps", "srams", "height")


@dataclass(frozen=True)
class BlockRamRow:
    """Block RAMs side by side.

    Parameters
    ----------
    y : where the row is, in tiles.
    sites : nextpnr's names of the places, from left to right.
    """

    y: int
    sites: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FpgaPart:
    """An FPGA and what it holds (numbers: the family's data sheet).

    Parameters
    ----------
    family : its record, such as `spikeloom.boards.families.ice40.FAMILY`.
    name, package : names that people and tools know it by.
    luts, flip_flops : look-up tables (of 4 inputs; Xilinx: 6) and flip-flops.
    block_rams, block_ram_bits : number of block RAMs, bits of each.
    srams : large single-port memories (iCE40 UltraPlus: SB_SPRAM256KA, 256 kbit each).
    dsps : multipliers (iCE40: SB_MAC16, 16 × 16; ECP5: MULT18X18D).
    synthesis_options : of the family's synthesis command in Yosys, for this part.
    pll_pins : package pins that lead straight to a PLL, where the family has such.
    height : rows of tiles.
    block_ram_rows : all block RAMs, if cores are to get places (`spikeloom.boards.floorplan`).

    Raises `ConfigError` for a family that is no record, and for counts below 0.
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
    synthesis_options: str = ""
    pll_pins: tuple[str, ...] = ()
    height: int = 0
    block_ram_rows: tuple[BlockRamRow, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.family, Family):
            raise ConfigError(
                f"the family of {self.name} is {self.family!r}; give the record of a family, such as "
                "spikeloom.boards.families.ice40.FAMILY, or use a part that is in its file"
            )
        for name in _COUNTS:
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise ConfigError(
                    f"{name} of {self.name} is {value!r}; give an integer of 0 or more"
                )
