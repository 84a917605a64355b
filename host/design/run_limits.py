"""How long one run may be, and what a time is."""

from __future__ import annotations

import math
import operator

from spikeloom.hdl.contract.errors import InputError, shown

MAX_CELLS = 1 << 28
"""Steps times axons and neurons of one run: as many bytes, for its input and its spikes."""

MAX_SECONDS = 1e6
"""Eleven days."""


def check_length(steps: int, axons: int, neurons: int) -> None:
    """Raise `InputError` for a run whose input and spikes do not fit in memory."""
    longest = MAX_CELLS // (axons + neurons)
    if steps > longest:
        raise InputError(
            f"{steps} steps of {axons} axons and {neurons} neurons are too many for one run; give at "
            f"most {longest}, or take longer ones part by part: device.stream(steps={steps})"
        )


def check_seconds(name: str, value: object) -> float:
    """A time above 0, in seconds."""
    if not isinstance(value, bool):
        try:
            seconds = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            seconds = math.nan
        if not isinstance(value, str | bytes) and 0 < seconds <= MAX_SECONDS:
            return seconds
    raise InputError(
        f"{name} is {shown(value)}; give a time above 0, in seconds, of at most {MAX_SECONDS:g}"
    )


def check_cycles(name: str, value: object) -> int:
    """A whole number of clock cycles."""
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"{name} is {shown(value)}; give a whole number") from None
