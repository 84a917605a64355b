"""Lattice ECP5."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from spikeloom.hdl import ConfigError
from spikeloom.hdl.contract.technology import Technology

from ..pll import MHZ, Pll, Span, check_integer
from .family import COMPARISONS, ClockNets, Family, Flow, Oscillator, Packer
from .part import BlockRamRow, FpgaPart


@dataclass(frozen=True, kw_only=True)
class Ecp5Pll(Pll):
    """ECP5's PLL with feedback from its first output: f_out = f_in·feedback / reference.

    The oscillator runs `output_divider` times as fast.  Ranges: ECP5 and ECP5-5G family data
    sheet FPGA-DS-02012, "sysCLOCK PLL timing"; formula: sysCLOCK PLL/DLL design and usage guide
    FPGA-TN-02200.
    """

    reference_divider: int
    feedback_divider: int
    output_divider: int

    INPUT = Span("the PLL input", 8 * MHZ, 400 * MHZ)
    PHASE_DETECTOR = Span("the PLL's phase detector", 10 * MHZ, 400 * MHZ)
    OSCILLATOR = Span("the PLL's oscillator", 400 * MHZ, 800 * MHZ)
    OUTPUT = Span("the PLL output", 3.125 * MHZ, 400 * MHZ)

    def __post_init__(self) -> None:
        for name in ("reference_divider", "feedback_divider", "output_divider"):
            check_integer(name, getattr(self, name), 1, 128)
        self._check_spans()

    @property
    def phase_detector_hz(self) -> Fraction:
        """f_in / reference."""
        return Fraction(self.input_hz, self.reference_divider)

    @property
    def oscillator_hz(self) -> Fraction:
        """f_out·output_divider."""
        return self.output_hz * self.output_divider

    @property
    def output_hz(self) -> Fraction:
        """f_pd·feedback."""
        return self.phase_detector_hz * self.feedback_divider

    @classmethod
    def _all(cls, input_hz: int) -> Iterable[Ecp5Pll]:
        for reference in range(1, 129):
            if input_hz < cls.PHASE_DETECTOR.low * reference:
                break
            for feedback in range(1, 129):
                fastest = cls.OSCILLATOR.high * reference // (input_hz * feedback)
                for output in range(max(1, int(fastest) // 2), min(128, int(fastest)) + 1):
                    try:
                        yield cls(
                            input_hz=input_hz,
                            reference_divider=reference,
                            feedback_divider=feedback,
                            output_divider=output,
                        )
                    except ConfigError:
                        continue


def _drive_clock(m: Any, pll: Ecp5Pll, oscillator: Oscillator, nets: ClockNets) -> None:
    """The chip is large and has no global network for a reset, so GSR resets all flip-flops.

    GSR is the global set/reset of the chip, which each flip-flop has besides its wires; it puts them into
    the state that they have after configuration.  It lasts while the PLL has no lock; then the clock of
    `sync` stands still until the reset ends, so it does not matter that GSR does not end everywhere at once.
    """
    # Descriptions of boards are read where nothing is built, without the gateware.
    from amaranth.hdl import ClockSignal, Instance
    from amaranth.lib import io

    m.submodules.clock_buffer = buffer = io.Buffer("i", oscillator.port)
    m.submodules.pll = _pll(pll, buffer.i, nets)
    m.submodules.reset = Instance("GSR", i_GSR=nets.locked)  # while it is 0
    m.submodules.running = Instance(
        "DCCA", i_CLKI=nets.clock, i_CE=~nets.reset, o_CLKO=ClockSignal("sync")
    )


def _pll(pll: Ecp5Pll, oscillator: Any, nets: ClockNets) -> Any:
    from amaranth.hdl import Const, Instance

    return Instance(
        "EHXPLLL",
        # Analogue settings as Project Trellis' ecppll sets them for every frequency.
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        a_FREQUENCY_PIN_CLKI=f"{pll.input_hz / 1e6:g}",
        a_FREQUENCY_PIN_CLKOP=f"{float(pll.output_hz) / 1e6:g}",
        p_PLLRST_ENA="DISABLED",
        p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED",
        p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA",
        p_OUTDIVIDER_MUXB="DIVB",
        p_OUTDIVIDER_MUXC="DIVC",
        p_OUTDIVIDER_MUXD="DIVD",
        p_CLKI_DIV=pll.reference_divider,
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOP_DIV=pll.output_divider,
        p_CLKOP_CPHASE=pll.output_divider // 2,
        p_CLKOP_FPHASE=0,
        p_FEEDBK_PATH="CLKOP",
        p_CLKFB_DIV=pll.feedback_divider,
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_CLKI=oscillator,
        i_CLKFB=nets.clock,
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(1),
        i_PHASESTEP=Const(1),
        i_PHASELOADREG=Const(1),
        i_PLLWAKESYNC=Const(0),
        i_ENCLKOP=Const(0),
        o_CLKOP=nets.clock,
        o_LOCK=nets.locked,
    )


TECHNOLOGY = Technology(block_ram="dp16kd", multiplier="mult18x18d", wire_stages=1)

FAMILY = Family(
    name="ecp5",
    title="ECP5",
    pll=Ecp5Pll,
    # Of some cores ABC9 makes what Yosys cannot put together again; of single wires it does not.
    synthesis="proc; flatten; opt_clean; splitnets; synth_ecp5",
    cells={
        # A carry cell takes two look-up tables, a 16 × 4 bit memory four.
        "luts": {r"LUT4": 1, r"CCU2C": 2, r"TRELLIS_DPR16X4": 4},
        "flip_flops": {r"TRELLIS_FF": 1},
        "block_rams": {r"DP16KD": 1, r"PDPW16KD": 1},
        "dsps": {r"MULT18X18D": 1},
    },
    preparation=(f"techmap -map {COMPARISONS}",),
    models=(COMPARISONS,),
    block_ram_shapes=((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    technology=TECHNOLOGY,
    # Of 16 cores each has 13 block RAMs: most of them hold weights.
    many_technology=replace(TECHNOLOGY, wire_stages=0, small_bits=2048, fewest_blocks=True),
    flow=Flow(
        drive_clock=_drive_clock,
        reset_by_gsr=True,
        # Optimising across flip-flops (-dff) takes ABC more than ten minutes with pipelines as long as these.
        synthesis_options="",
        # ABC fails to optimise across the flip-flops of a core that is synthesised by itself.  With
        # functions of five inputs as pairs of look-up tables, which go only side by side, 16 cores would
        # take no fewer of them.
        fabric_options="-nowidelut",
        # Synthesis finds GSR only where it stands, not in the cores that are synthesised by themselves.
        after_synthesis=('setparam -set GSR "ENABLED" t:TRELLIS_FF',),
        placer="nextpnr-ecp5",
        # The default, 10, makes less of the time that paths take: of one core it made 155, 156 and 111 MHz
        # with three seeds, 30 made 158, 144 and 72, and 60 made 160, 157 and 145.
        placement_options="--placer-heap-timingweight 60",
        resources={
            "TRELLIS_COMB": "LUTs",
            "TRELLIS_FF": "flip-flops",
            "TRELLIS_RAMW": "LUT RAM write ports",
            "DP16KD": "block RAM",
            "MULT18X18D": "DSP",
            "EHXPLLL": "PLL",
        },
        packer=Packer("ecppack", ".config", ".bit"),
        block_ram="DP16KD",
    ),
)

# In groups of four, every nine tiles, with the clock's columns in the middle.
_GROUPS = (*range(4, 59, 9), *range(69, 115, 9))

LFE5U_85F = FpgaPart(
    family=FAMILY,
    name="LFE5U-85F",
    package="CABGA381",
    luts=83640,
    flip_flops=83640,
    block_rams=208,
    block_ram_bits=18432,
    dsps=156,
    height=95,
    block_ram_rows=tuple(
        BlockRamRow(y, tuple(f"X{x + 2 * k}/Y{y}/EBR{k}" for x in _GROUPS for k in range(4)))
        for y in (22, 46, 70, 82)
    ),
)

LFE5U_25F = FpgaPart(
    family=FAMILY,
    name="LFE5U-25F",
    package="MG285",
    luts=24288,
    flip_flops=24288,
    block_rams=56,
    block_ram_bits=18432,
    dsps=28,
)
