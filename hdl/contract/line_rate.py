"""The rate of the line as the UART divides its clock: a phase is added up, a bit is a whole turn."""

from __future__ import annotations

PHASE_BITS = 20
FEWEST_CYCLES_PER_BIT = 4
PHASE_STEP_BITS = PHASE_BITS - FEWEST_CYCLES_PER_BIT.bit_length() + 2
"""The largest step is 2^PHASE_BITS / FEWEST_CYCLES_PER_BIT."""


def phase_step(clock_hz: float, baud: float) -> int:
    """Phase added in each clock cycle; a bit is 2^PHASE_BITS of phase."""
    if clock_hz < baud * FEWEST_CYCLES_PER_BIT:
        raise ValueError(
            f"{baud:.0f} baud at {clock_hz:.0f} Hz leaves {clock_hz / baud:.2f} clock cycles for a bit; "
            f"use at most {clock_hz / FEWEST_CYCLES_PER_BIT:.0f} baud"
        )
    return round(baud / clock_hz * (1 << PHASE_BITS))


def baud_error(clock_hz: float, baud: float) -> float:
    """Relative error of the baud rate that the fractional divisor makes."""
    return phase_step(clock_hz, baud) * clock_hz / (1 << PHASE_BITS) / baud - 1
