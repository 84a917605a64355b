"""What the gateware needs to know of the FPGA that it is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Technology:
    """How an FPGA's memories and adders are generated; by default so that any synthesis tool infers them.

    It is part of Amaranth's platform, which every component gets when it is elaborated: a platform
    of a board has it as `technology`, and where there is no board it may stand for the platform itself.

    Attributes
    ----------
    block_ram : "inferred", or "dp16kd" for ECP5's cell, whose output register Yosys does not infer.
    adder : "inferred", or "dsp48e1" for 7 series, whose blocks hand sums on along
        their column: of the lanes, of the somas, and of what decays.
    multiplier : "inferred", or "mult18x18d" for ECP5's cell with its registers.
    wire_stages : registers more (0 or 1) on the ways in a lane, where its memories may lie far away.
    small_bits : memories of at most so many bits are made of look-up tables.
    fewest_blocks : DP16KD are cut by depth, too, where that takes fewer of them: a multiplexer follows.
    """

    block_ram: Literal["inferred", "dp16kd"] = "inferred"
    adder: Literal["inferred", "dsp48e1"] = "inferred"
    multiplier: Literal["inferred", "mult18x18d"] = "inferred"
    wire_stages: int = 0
    small_bits: int = 0
    fewest_blocks: bool = False

    @staticmethod
    def of(platform: object) -> Technology:
        """The technology of what a component is elaborated for."""
        if isinstance(platform, Technology):
            return platform
        found = getattr(platform, "technology", None)
        return found if isinstance(found, Technology) else Technology()


Storage = Literal["block", "spram"]
"""Where the synapses of a core are: in block RAM, or in single-port RAM of iCE40 UltraPlus."""

SPRAM_BITS = 16
SPRAM_WORDS = 16384
"""Of a SB_SPRAM256KA, of which each lane has one."""
NIBBLE = 4
"""Bits that are written together at least."""


def nibbles(widths: Iterable[int]) -> int:
    """Nibbles of a word in SPRAM with fields of so many bits, each of which begins at one."""
    return sum(-(-bits // NIBBLE) for bits in widths)
