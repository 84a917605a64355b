"""Phase-locked loops: dividers for a wanted clock, checked against the data sheets' ranges.

Plain data; `spikeloom.boards.clocking` makes the hardware.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self

from spikeloom.hdl import ConfigError

MHZ = 1_000_000


@dataclass(frozen=True)
class Span:
    """Frequencies that a part of a PLL works at, in Hz, both ends included."""

    name: str
    low: float
    high: float

    def check(self, hz: Fraction) -> None:
        """Raise `ConfigError` for a frequency outside."""
        if not self.low <= hz <= self.high:
            raise ConfigError(
                f"{self.name} would run at {float(hz) / MHZ:g} MHz; "
                f"it works from {self.low / MHZ:g} to {self.high / MHZ:g} MHz"
            )


def _check_integer(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}; give an integer from {low} to {high}")


@dataclass(frozen=True, kw_only=True)
class Pll:
    """What all PLLs have in common: an input, and three frequencies that must be in range."""

    input_hz: int

    INPUT: ClassVar[Span]
    PHASE_DETECTOR: ClassVar[Span]
    OSCILLATOR: ClassVar[Span]
    OUTPUT: ClassVar[Span]

    @property
    def phase_detector_hz(self) -> Fraction:
        """Frequency at the phase detector."""
        raise NotImplementedError

    @property
    def oscillator_hz(self) -> Fraction:
        """Frequency of the voltage-controlled oscillator."""
        raise NotImplementedError

    @property
    def output_hz(self) -> Fraction:
        """Frequency of the output."""
        raise NotImplementedError

    def _check_spans(self) -> None:
        self.INPUT.check(Fraction(self.input_hz))
        self.PHASE_DETECTOR.check(self.phase_detector_hz)
        self.OSCILLATOR.check(self.oscillator_hz)
        self.OUTPUT.check(self.output_hz)

    @classmethod
    def _all(cls, input_hz: int) -> Iterable[Self]:
        """Every valid setting for this input."""
        raise NotImplementedError

    @classmethod
    def for_clock(cls, input_hz: int, output_hz: int) -> Self:
        """Settings that make exactly `output_hz`; the fastest phase detector, then oscillator.

        A fast phase detector corrects often, which keeps the jitter low.  Raises `ConfigError`
        with the nearest possible frequencies when there are none.
        """
        cls.INPUT.check(Fraction(input_hz))
        settings = list(cls._all(input_hz))
        exact = [p for p in settings if p.output_hz == output_hz]
        if exact:
            return max(exact, key=lambda p: (p.phase_detector_hz, p.oscillator_hz))
        below = max((p.output_hz for p in settings if p.output_hz < output_hz), default=None)
        above = min((p.output_hz for p in settings if p.output_hz > output_hz), default=None)
        nearest = " or ".join(f"{float(f) / MHZ:g} MHz" for f in (below, above) if f is not None)
        raise ConfigError(
            f"no PLL setting makes {output_hz / MHZ:g} MHz of {input_hz / MHZ:g} MHz; use {nearest}"
        )


@dataclass(frozen=True, kw_only=True)
class Ice40Pll(Pll):
    """iCE40's PLL with simple feedback: f_out = f_in·(divf + 1) / ((divr + 1)·2^divq).

    Ranges: iCE40 UltraPlus family data sheet FPGA-DS-02008, "sysCLOCK PLL timing"; formula and
    filter ranges: iCE40 sysCLOCK PLL design and usage guide FPGA-TN-02052.
    """

    divr: int
    divf: int
    divq: int

    INPUT = Span("the PLL input", 10 * MHZ, 133 * MHZ)
    PHASE_DETECTOR = Span("the PLL's phase detector", 10 * MHZ, 133 * MHZ)
    OSCILLATOR = Span("the PLL's oscillator", 533 * MHZ, 1066 * MHZ)
    OUTPUT = Span("the PLL output", 16 * MHZ, 275 * MHZ)

    def __post_init__(self) -> None:
        _check_integer("divr", self.divr, 0, 15)
        _check_integer("divf", self.divf, 0, 127)
        _check_integer("divq", self.divq, 1, 6)
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
            _check_integer(name, getattr(self, name), 1, 128)
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
