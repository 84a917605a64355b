"""Xilinx 7 series: estimated by synthesis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from spikeloom.hdl import ConfigError
from spikeloom.hdl.contract.technology import Technology

from ..pll import MHZ, Pll, Span, check_integer
from .family import COMPARISONS, Family
from .part import FpgaPart


@dataclass(frozen=True, kw_only=True)
class XilinxPll(Pll):
    """PLLE2 of 7 series with whole dividers: f_out = f_in·multiply / (divide·output_divider).

    Ranges: Artix-7 data sheet DS181, "PLL specification", speed grade -1; formula: 7 series clocking
    resources UG472.
    """

    divide: int
    multiply: int
    output_divider: int

    INPUT = Span("the PLL input", 19 * MHZ, 800 * MHZ)
    PHASE_DETECTOR = Span("the PLL's phase detector", 19 * MHZ, 450 * MHZ)
    OSCILLATOR = Span("the PLL's oscillator", 800 * MHZ, 1600 * MHZ)
    OUTPUT = Span("the PLL output", 6.25 * MHZ, 800 * MHZ)

    def __post_init__(self) -> None:
        check_integer("divide", self.divide, 1, 56)
        check_integer("multiply", self.multiply, 2, 64)
        check_integer("output_divider", self.output_divider, 1, 128)
        self._check_spans()

    @property
    def phase_detector_hz(self) -> Fraction:
        """f_in / divide."""
        return Fraction(self.input_hz, self.divide)

    @property
    def oscillator_hz(self) -> Fraction:
        """f_pd·multiply."""
        return self.phase_detector_hz * self.multiply

    @property
    def output_hz(self) -> Fraction:
        """f_vco / output_divider."""
        return self.oscillator_hz / self.output_divider

    @classmethod
    def _all(cls, input_hz: int) -> Iterable[XilinxPll]:
        for divide in range(1, min(56, int(input_hz // cls.PHASE_DETECTOR.low)) + 1):
            for multiply in range(2, 65):
                if not cls.OSCILLATOR.low <= input_hz * multiply / divide <= cls.OSCILLATOR.high:
                    continue
                for output in range(1, 129):
                    try:
                        yield cls(
                            input_hz=input_hz,
                            divide=divide,
                            multiply=multiply,
                            output_divider=output,
                        )
                    except ConfigError:
                        continue


FAMILY = Family(
    name="xilinx",
    title="Xilinx 7 series",
    pll=XilinxPll,
    synthesis="synth_xilinx -family xc7 -flatten -noiopad -noclkbuf",
    cells={
        "luts": {
            r"LUT[1-6]": 1,
            r"SRL(16E|C32E)": 1,
            r"RAM(32|64)X1S": 1,
            r"RAM(32|64)X1D": 2,
            r"RAM(32|64)M": 4,
        },
        "flip_flops": {r"FD[RSCP]E": 1},
        # In units of 18 kbit.
        "block_rams": {r"RAMB18E1": 1, r"RAMB36E1": 2},
        "dsps": {r"DSP48E1": 1},
    },
    block_ram_shapes=((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    technology=Technology(adder="dsp48e1"),
    models=(COMPARISONS,),
    preparation=(f"techmap -map {COMPARISONS}",),
    why_no_flow="its bitstreams need Vivado, which does not come from pip and is not driven here",
)

ARTIX_35T = FpgaPart(
    family=FAMILY,
    name="XC7A35T",
    package="CSG324",
    luts=20800,
    flip_flops=41600,
    block_rams=100,
    block_ram_bits=18432,
    dsps=90,
)
