"""What a board is: its FPGA, its clock, its serial port, and the core that it gets by default."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from spikeloom.hdl import ConfigError, CoreConfig, FabricConfig
from spikeloom.hdl.contract.frames import REPLY_BYTES
from spikeloom.hdl.contract.line_rate import baud_error
from spikeloom.hdl.contract.technology import NIBBLE, SPRAM_BITS, SPRAM_WORDS, Storage, nibbles

from .chip_config import ChipConfig, core_of, cores_of
from .families import FpgaPart
from .pll import Pll

Preset = Literal["inference", "learning", "fabric"]

MIN_CLOCKS_PER_BIT = 8
"""Fewest clock cycles in a bit of the UART that a board gets; a byte is sampled to ±1 cycle."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PLATFORM = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, kw_only=True)
class BoardDefinition:
    """A board as SpikeLoom builds for it, with the chip that it gets by default.

    Validated at construction (`ConfigError`), but for what only the platform knows: its pins are checked
    before anything is built (`spikeloom.boards.platform.make_platform`).

    Parameters
    ----------
    name, title : short name for commands, full name for people.
    fpga : the part on the board.
    platform : the `amaranth-boards` platform, which knows the pins: "module:class", or an Amaranth
        platform class of your own.
    oscillator : name of the platform's clock resource that feeds the PLL; default: the platform's own
        default clock.
    resources : Amaranth resources that the platform lacks, such as a `UARTResource` at a connector.
    pll : makes the core clock from the board's oscillator.
    baud : bits per second of the serial port, unless the user asks for another.
    negotiable : whether the host may change them while the board runs; that takes logic cells.
    ticks : whether steps can begin at ticks; that takes logic cells, too.
    reply_bytes : what the board keeps of its replies until it is acknowledged; that takes block RAM.
    config : the core, or the fabric, that is built when nothing says otherwise.
    synapse_storage : where the synapses are: "block" (block RAM) or, where they can be there, "spram"
        (single-port RAM of iCE40 UltraPlus).  See `storage_for`.
    programmer : the board's name in openFPGALoader.
    """

    name: str
    title: str
    fpga: FpgaPart
    platform: str | type
    oscillator: str | None = None
    resources: tuple[Any, ...] = ()
    pll: Pll
    baud: int
    config: ChipConfig
    negotiable: bool = True
    ticks: bool = True
    reply_bytes: int = REPLY_BYTES
    synapse_storage: Storage = "block"
    programmer: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "resources", tuple(self.resources))
        self._check_types()
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

    def _check_types(self) -> None:
        """What has another type than it must have would fail later, in other words."""
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"the board is named {self.name!r}; use lower-case letters, digits, - and _"
            )
        if not isinstance(self.fpga, FpgaPart):
            raise ConfigError(
                f"fpga of {self.name} is {self.fpga!r}; give a part, such as "
                "spikeloom.boards.families.ice40.UP5K"
            )
        if not isinstance(self.config, CoreConfig | FabricConfig):
            raise ConfigError(
                f"config of {self.name} is {self.config!r}; give a CoreConfig or a FabricConfig"
            )
        pll = self.fpga.family.pll
        if not isinstance(self.pll, pll):
            raise ConfigError(
                f"pll of {self.name} is {self.pll!r}; {self.fpga.name} takes "
                f"{pll.__name__}.for_clock(oscillator_hz, clock_hz)"
            )
        if isinstance(self.platform, str) and not _PLATFORM.fullmatch(self.platform):
            raise ConfigError(
                f"platform of {self.name} is {self.platform!r}; give MODULE:CLASS, such as "
                '"amaranth_boards.ulx3s:ULX3S_85F_Platform", or a class'
            )
        if not isinstance(self.platform, str | type):
            raise ConfigError(
                f"platform of {self.name} is {self.platform!r}; give the class, not an object of it"
            )
        if type(self.baud) is not int:
            raise ConfigError(f"baud of {self.name} is {self.baud!r}; give an integer")
        if self.synapse_storage not in ("block", "spram"):
            raise ConfigError(
                f'synapse_storage of {self.name} is {self.synapse_storage!r}; use "block" or "spram"'
            )

    @property
    def preset(self) -> Preset:
        """What the chip is for: one core that does not learn, one that learns, or many cores."""
        if isinstance(self.config, FabricConfig):
            return "fabric"
        return "inference" if self.config.learning is None else "learning"

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
        return 100 * baud_error(self.clock_hz, self.baud)

    def storage_for(self, config: ChipConfig) -> Storage:
        """Where the synapses of a core are: not in SPRAM if they are too wide, too many, or in more lanes.

        Each lane has one for itself.  A core in SPRAM that learns takes two cycles where it took one.
        """
        core = core_of(config)
        widths = [f.bits for f in core.layout.synapse_fields.values()]
        words = core.layout.groups * core.layout.axon_groups * core.lanes
        fits = (
            cores_of(config) * core.lanes <= self.fpga.srams
            and nibbles(widths) * NIBBLE <= SPRAM_BITS
            and words <= SPRAM_WORDS
        )
        return self.synapse_storage if fits else "block"

    def with_clock(self, clock_hz: int) -> BoardDefinition:
        """The same board with another core clock; `ConfigError` when the PLL cannot make it."""
        return replace(self, pll=type(self.pll).for_clock(self.oscillator_hz, clock_hz))

    def with_baud(self, baud: int) -> BoardDefinition:
        """The same board with another bit rate."""
        return replace(self, baud=baud)
