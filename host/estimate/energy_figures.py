"""Published energies of operations and memory accesses, by FPGA family, each with its source.

Every figure is a range.  docs/explanation/energy.md explains them, and what they leave out.
"""

from __future__ import annotations

from dataclasses import dataclass

from spikeloom.hdl.contract.errors import InputError

HOROWITZ = "Horowitz 2014, Computing's energy problem, ISSCC, fig. 1.1.9 (45 nm, 0.9 V)"
KUON_ROSE = "Kuon and Rose 2007, Measuring the gap between FPGAs and ASICs, IEEE TCAD 26(2)"
TINYVISION = (
    "tinyVision.ai, ice40_power: currents of an iCE40 UP5K measured with a Joulescope JS110"
)
ECP5_SHEET = "Lattice FPGA-DS-02012, ECP5 family data sheet, static supply current, typical"
VIVADO = "AMD Vivado report_power, device static power of XC7A35T, typical process at 25 °C"

ADD_32_J = 0.1e-12
MULTIPLY_32_J = 3.1e-12
READ_64_J = 10e-12
"""Horowitz: an addition and a multiplication of 32 bits; 64 bits from 8 KB of SRAM."""
HOROWITZ_V = 0.9

GAP_LOW, GAP_HIGH = 12.0, 14.0
"""Kuon and Rose: dynamic power of logic in FPGAs, in terms of that in ASICs, in the paper of 2006 and
in that of 2007; hard blocks come close to ASICs."""

# tinyVision.ai, core rail, 12 MHz: amperes of designs that differ in one respect.
UP5K_V = 1.219
_CLOCK_HZ = 12e6
_HALTED, _COUNTER_28, _COUNTERS_224 = 92.1e-6, 613.5e-6, 641.3e-6
_COUNTER_24, _MULTIPLIER = 645e-6, 996e-6
_MULTIPLIER_CELLS = 208 - 28
_IDLE_CELLS = 228 - 32
UP5K_CELLS = 5280
ACTIVE_CELL_J = (_MULTIPLIER - _COUNTER_24) * UP5K_V / _CLOCK_HZ / _MULTIPLIER_CELLS
"""A logic cell of a multiplier that is busy in every cycle."""
QUIET_CELL_J = (_COUNTERS_224 - _COUNTER_28) * UP5K_V / _CLOCK_HZ / _IDLE_CELLS
"""A logic cell of counters, of which most do not change."""
CLOCK_TREE_J = (_COUNTER_28 - _HALTED) * UP5K_V / _CLOCK_HZ / UP5K_CELLS
"""The clock's wires in one cycle, for each cell of the part."""


@dataclass(frozen=True)
class Range:
    """Two bounds, shown together.

    A range is no number: it has no `float()`, and its parts are `low` and `high`.
    """

    low: float
    high: float

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, factor: float) -> Range:
        return Range(self.low * factor, self.high * factor)

    def text(self, unit: str) -> str:
        """Both bounds with a prefix: "1.2…3.4 µJ"."""
        for prefix, size in (("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9), ("p", 1e-12)):
            if self.high >= size or prefix == "p":
                low, high = (f"{bound / size:.3g}" for bound in (self.low, self.high))
                return f"{low}…{high} {prefix}{unit}"
        raise AssertionError


@dataclass(frozen=True)
class FamilyFigures:
    """An FPGA family's energies.

    Attributes
    ----------
    name, part : family, and the part whose static power it is.
    core_v : voltage of the core; dynamic energies go with its square.
    cells : logic cells of the part, which the clock's wires reach.
    clock_hz : of SpikeLoom's board with this part.
    static_w : power of the configured part that does nothing.
    static_source : where that is from.
    checked : whether the source of `static_w` was at hand when it was typed.
    """

    name: str
    part: str
    core_v: float
    cells: int
    clock_hz: float
    static_w: Range
    static_source: str
    checked: bool

    @property
    def logic_bit(self) -> Range:
        """One bit of an addition or comparison in look-up tables, in joules."""
        low = ADD_32_J / 32 * GAP_LOW * (self.core_v / HOROWITZ_V) ** 2
        return Range(low, max(low, ACTIVE_CELL_J * (self.core_v / UP5K_V) ** 2))

    @property
    def multiplier_bit(self) -> Range:
        """One bit times one bit of a multiplication, in a hard multiplier or in look-up tables."""
        return _hard_or_soft(MULTIPLY_32_J / 32**2, self.core_v)

    @property
    def memory_bit(self) -> Range:
        """One bit read from or written to a memory on the chip."""
        return _hard_or_soft(READ_64_J / 64, self.core_v)

    def cycle(self, flip_flops: float) -> Range:
        """One clock cycle of a chip with so many flip-flops: the clock's wires, and cells that rest."""
        scale = (self.core_v / UP5K_V) ** 2
        used = flip_flops * (CLOCK_TREE_J + QUIET_CELL_J)
        return Range(used, self.cells * CLOCK_TREE_J + flip_flops * ACTIVE_CELL_J / 2) * scale


def _hard_or_soft(joules: float, volts: float) -> Range:
    at = joules * (volts / HOROWITZ_V) ** 2
    return Range(at, at * GAP_HIGH)


FAMILIES = {
    figures.name: figures
    for figures in (
        FamilyFigures(
            "ice40", "iCE40UP5K", 1.2, UP5K_CELLS, 24e6,
            Range(85.6e-6 * UP5K_V, 188.3e-6 * UP5K_V), TINYVISION, True,
        ),
        FamilyFigures(
            "ecp5", "LFE5U-85F", 1.1, 83_640, 75e6,
            Range(0.5 * 0.212 * 1.1, 2 * 0.212 * 1.1), ECP5_SHEET, False,
        ),
        FamilyFigures(
            "xilinx", "XC7A35T", 1.0, 41_600, 100e6, Range(0.5 * 0.072, 2 * 0.072), VIVADO, False
        ),
    )
}  # fmt: skip


def figures_of(family: str) -> FamilyFigures:
    """Figures of a family; `InputError` names those that there are."""
    if family not in FAMILIES:
        raise InputError(f"there are no energies of {family!r}; known are {', '.join(FAMILIES)}")
    return FAMILIES[family]
