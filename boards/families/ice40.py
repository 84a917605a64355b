"""Lattice iCE40: UltraPlus, and LP/HX."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from spikeloom.hdl import ConfigError

from ..pll import MHZ, Pll, Span, check_integer
from .family import COMPARISONS, ClockNets, Family, Flow, Oscillator, Packer, Simulation, Sram
from .part import FpgaPart


@dataclass(frozen=True, kw_only=True)
class Ice40Pll(Pll):
    """iCE40's PLL with simple feedback: f_out = f_in·(divf + 1) / ((divr + 1)·2^divq).

    Ranges: iCE40 UltraPlus family data sheet FPGA-DS-02008, "sysCLOCK PLL timing" (that of LP/HX,
    FPGA-DS-02029, has the same ones); formula and filter ranges: iCE40 sysCLOCK PLL design and usage
    guide FPGA-TN-02052.
    """

    divr: int
    divf: int
    divq: int

    INPUT = Span("the PLL input", 10 * MHZ, 133 * MHZ)
    PHASE_DETECTOR = Span("the PLL's phase detector", 10 * MHZ, 133 * MHZ)
    OSCILLATOR = Span("the PLL's oscillator", 533 * MHZ, 1066 * MHZ)
    OUTPUT = Span("the PLL output", 16 * MHZ, 275 * MHZ)

    def __post_init__(self) -> None:
        check_integer("divr", self.divr, 0, 15)
        check_integer("divf", self.divf, 0, 127)
        check_integer("divq", self.divq, 1, 6)
        self._check_spans()

    @property
    def phase_detector_hz(self) -> Fraction:
        """f_in / (divr + 1)."""
        return Fraction(self.input_hz, self.divr + 1)

    @property
    def oscillator_hz(self) -> Fraction:
        """f_pd·(divf + 1)."""
        return self.phase_detector_hz * (self.divf + 1)

    @property
    def output_hz(self) -> Fraction:
        """f_vco / 2^divq."""
        return self.oscillator_hz / (1 << self.divq)

    @property
    def filter_range(self) -> int:
        """Setting of the loop filter, which follows from the phase detector's frequency."""
        limits = (17, 26, 44, 66, 101)
        return 1 + sum(self.phase_detector_hz >= limit * MHZ for limit in limits)

    @classmethod
    def _all(cls, input_hz: int) -> Iterable[Ice40Pll]:
        for divr in range(16):
            for divf in range(128):
                for divq in range(1, 7):
                    try:
                        yield cls(input_hz=input_hz, divr=divr, divf=divf, divq=divq)
                    except ConfigError:
                        continue


def _drive_clock(m: Any, pll: Ice40Pll, oscillator: Oscillator, nets: ClockNets) -> None:
    """The PLL drives the global network of the clock; the reset is a signal to all flip-flops."""
    # Descriptions of boards are read where nothing is built, without the gateware.
    from amaranth.hdl import ClockSignal, Const, Instance, ResetSignal
    from amaranth.lib import io

    if oscillator.on_pll_pin:
        # The PAD variant: nothing else can use that pin then.
        variant, source = "SB_PLL40_PAD", {"i_PACKAGEPIN": oscillator.port.io}
    else:
        m.submodules.clock_buffer = buffer = io.Buffer("i", oscillator.port)
        variant, source = "SB_PLL40_CORE", {"i_REFERENCECLK": buffer.i}
    m.submodules.pll = Instance(
        variant,
        p_FEEDBACK_PATH="SIMPLE",
        p_PLLOUT_SELECT="GENCLK",
        p_DIVR=Const(pll.divr, 4),
        p_DIVF=Const(pll.divf, 7),
        p_DIVQ=Const(pll.divq, 3),
        p_FILTER_RANGE=Const(pll.filter_range, 3),
        **source,
        i_RESETB=Const(1),
        i_BYPASS=Const(0),
        o_PLLOUTGLOBAL=nets.clock,
        o_LOCK=nets.locked,
    )
    m.d.comb += [ClockSignal("sync").eq(nets.clock), ResetSignal("sync").eq(nets.reset)]


OPTIONS = "-abc9 -dffe_min_ce_use 4"
"""Fewer flip-flops are given no enable of their own: eight cells share one, and few sets of eight fit."""
LONGEST_PATH_PS = 40_000
"""Of look-up tables alone, as ABC may make it."""

FAMILY = Family(
    name="ice40",
    title="iCE40",
    pll=Ice40Pll,
    synthesis=f"synth_ice40 {{part}} {OPTIONS}",
    typical_part="-device u -dsp",
    cells={
        "luts": {r"SB_LUT4": 1},
        "flip_flops": {r"SB_DFF\w*": 1},
        "block_rams": {r"SB_RAM40_4K\w*": 1},
        "srams": {r"SB_SPRAM256KA": 1},
        "dsps": {r"SB_MAC16": 1},
    },
    block_ram_shapes=((16, 256), (8, 512), (4, 1024), (2, 2048)),
    sram=Sram("SB_SPRAM256KA", width=16, words=16384),
    preparation=(
        f"techmap -map {COMPARISONS}",
        # Even the smallest memory takes more cells, of which there are few, than block RAMs.
        'setattr -set ram_style "block" m:*',
        # Cells are short, time is not: ABC's slowest script, and no path shorter than it has to be.
        "scratchpad -copy abc9.script.flow3 abc9.script",
        f"scratchpad -set abc9.D {LONGEST_PATH_PS}",
    ),
    models=(COMPARISONS,),
    flow=Flow(
        drive_clock=_drive_clock,
        synthesis_options=OPTIONS,
        placer="nextpnr-ice40",
        resources={
            "ICESTORM_LC": "logic cells",
            "ICESTORM_RAM": "block RAM",
            "ICESTORM_SPRAM": "SPRAM",
            "ICESTORM_DSP": "DSP",
            "ICESTORM_PLL": "PLL",
        },
        flip_flop_cells="SB_DFF",
        packer=Packer("icepack", ".asc", ".bin"),
        block_ram="SB_RAM40_4K",
        simulation=Simulation(("ice40_pll.v", "ice40_io.v"), "ice40/cells_sim.v"),
    ),
)

UP5K = FpgaPart(
    family=FAMILY,
    name="iCE40UP5K",
    package="SG48",
    luts=5280,
    flip_flops=5280,
    block_rams=30,
    block_ram_bits=4096,
    dsps=8,
    srams=4,
    synthesis_options="-device u -dsp",
    pll_pins=("35",),
)

HX8K = FpgaPart(
    family=FAMILY,
    name="iCE40HX8K",
    package="CT256",
    luts=7680,
    flip_flops=7680,
    block_rams=32,
    block_ram_bits=4096,
    dsps=0,
    synthesis_options="-device hx",
    pll_pins=("R9", "F7"),
)
"""`pll_pins` of both: Project IceStorm, `pllinfo_db` and `pinloc_db` of icebox.py."""
