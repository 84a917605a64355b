"""What an FPGA family is: all that Yosys, nextpnr and the gateware of a board need to know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.technology import Technology

from ..pll import Pll

COMPARISONS = "compare_constants.v"
"""Among `Family.models`: makes comparisons with constants of look-up tables, not of carry chains."""


@dataclass(frozen=True)
class Sram:
    """Large single-port memories beside the block RAMs.

    Parameters
    ----------
    cell : their name in Yosys.
    width, words : bits of a word, and words of one memory.
    """

    cell: str
    width: int
    words: int

    @property
    def bits(self) -> int:
        """Bits of one memory."""
        return self.width * self.words


@dataclass(frozen=True)
class Packer:
    """The tool that makes the bitstream of what nextpnr wrote.

    Parameters
    ----------
    tool : its name, without "yowasp-".
    reads, writes : endings of its files.
    """

    tool: str
    reads: str
    writes: str


@dataclass(frozen=True)
class Simulation:
    """Models of the family's cells for Verilator.

    Parameters
    ----------
    models : files in boards/models. They count where Yosys' library has the same cell.
    library : the library of cells, in the `share` folder of Yosys.
    """

    models: tuple[str, ...]
    library: str


@dataclass(frozen=True)
class Oscillator:
    """The pin that the oscillator of a board is on.

    Parameters
    ----------
    port : Amaranth's port of the pin.
    on_pll_pin : whether the pin leads straight to a PLL (`FpgaPart.pll_pins`).
    """

    port: Any
    on_pll_pin: bool


@dataclass(frozen=True)
class ClockNets:
    """Amaranth signals between the PLL of a board and its reset.

    Parameters
    ----------
    clock, locked : from the PLL: the core clock, and whether it is stable (asynchronous).
    reset : high until the clock has been stable long enough; synchronous to it.
    """

    clock: Any
    locked: Any
    reset: Any


@dataclass(frozen=True, eq=False, kw_only=True)
class Flow:
    """How bitstreams for a family are made.

    Parameters
    ----------
    drive_clock : adds the PLL to an Amaranth module, from the oscillator to the domain `sync` with its
        reset; its arguments are the module, the PLL's settings, an `Oscillator` and `ClockNets`.
    reset_by_gsr : whether `sync` is reset by the chip's global set/reset, without a signal in the design.
    synthesis_options : of the family's synthesis command in Yosys, for one core that does not learn.
    learning_options, fabric_options : the same for a core that learns, and for many cores; default:
        `synthesis_options`.
    after_synthesis : Yosys commands for the synthesised design.
    placer : the tool that places and routes, without "yowasp-".
    placement_options : of the placer.
    resources : the placer's names of the resources worth showing, and what people call them.
    flip_flop_cells : start of the names of flip-flops in Yosys, if the placer counts them only as parts
        of logic cells.
    packer : makes the bitstream.
    block_ram : type of the cells that a floor plan gives places to.
    simulation : models of the cells, if there are any.
    """

    drive_clock: Callable[[Any, Any, Oscillator, ClockNets], None]
    reset_by_gsr: bool = False
    synthesis_options: str = ""
    learning_options: str | None = None
    fabric_options: str | None = None
    after_synthesis: tuple[str, ...] = ()
    placer: str
    placement_options: str = ""
    resources: Mapping[str, str]
    flip_flop_cells: str = ""
    packer: Packer
    block_ram: str
    simulation: Simulation | None = None

    def options_for(self, *, learns: bool, many: bool) -> str:
        """Options of the synthesis of a core that learns or does not, or of many cores."""
        special = self.fabric_options if many else self.learning_options if learns else None
        return self.synthesis_options if special is None else special


@dataclass(frozen=True, eq=False, kw_only=True)
class Family:
    """An FPGA family.

    Parameters
    ----------
    name, title : short name for commands, full name for people.
    pll : class of the settings of its PLLs.
    synthesis : Yosys commands that synthesise the design at hand for an estimate; "{part}" stands for
        `FpgaPart.synthesis_options`.
    typical_part : what stands there when no part is named.
    cells : how many of each resource a cell takes: by resource, cells as regular expressions.  The
        resources are those of `spikeloom.boards.ResourceEstimate`.
    block_ram_shapes : shapes of a block RAM: bits per word, words.
    sram : large single-port memories, if parts of the family have them.
    technology, many_technology : how the gateware makes its memories, and in a chip of many cores.
    preparation : Yosys commands between reading a design and synthesis.
    models : files in boards/models that these commands read.
    flow : how bitstreams are made; None for a family that can only be estimated.
    why_no_flow : the reason, then.
    """

    name: str
    title: str
    pll: type[Pll] = field(repr=False)
    synthesis: str = field(repr=False)
    typical_part: str = field(default="", repr=False)
    cells: Mapping[str, Mapping[str, int]] = field(repr=False)
    block_ram_shapes: tuple[tuple[int, int], ...] = field(repr=False)
    sram: Sram | None = field(default=None, repr=False)
    technology: Technology = field(default_factory=Technology, repr=False)
    many_technology: Technology | None = field(default=None, repr=False)
    preparation: tuple[str, ...] = field(default=(), repr=False)
    models: tuple[str, ...] = field(default=(), repr=False)
    flow: Flow | None = field(default=None, repr=False)
    why_no_flow: str = field(default="", repr=False)

    def technology_for(self, cores: int) -> Technology:
        """How the gateware of a chip of so many cores makes its memories."""
        return self.many_technology if self.many_technology and cores > 1 else self.technology

    def required_flow(self) -> Flow:
        """How bitstreams are made; `InputError` for a family that can only be estimated."""
        if self.flow is None:
            raise InputError(
                f"{self.title} can only be estimated: {self.why_no_flow}. "
                "What a chip takes by synthesis alone: spikeloom build BOARD --estimate"
            )
        return self.flow
