"""Phase-locked loops: dividers for a wanted clock, checked against the data sheets' ranges.

The PLL of each family is in its file in `spikeloom.boards.families`; `spikeloom.boards.clocking` makes the
hardware.
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


def check_integer(name: str, value: int, low: int, high: int) -> None:
    """Raise `ConfigError` for a setting outside its range."""
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
