"""Options of `spikeloom.open`, checked before anything is compiled or opened."""

from __future__ import annotations

import numbers
from typing import Any

from spikeloom.hdl.contract.errors import InputError, shown
from spikeloom.hdl.contract.line_rate import FEWEST_CYCLES_PER_BIT

from .schemes import FAST, FLOAT, GOLDEN, NETLIST, TWIN

_SERIAL = (
    "bytesize", "parity", "stopbits", "xonxoff", "rtscts", "dsrdtr", "inter_byte_timeout", "exclusive",
)  # fmt: skip
_OPTIONS = {
    GOLDEN: (),
    FAST: (),
    FLOAT: (),
    TWIN: ("seed", "clock_hz"),
    NETLIST: ("seed",),
}
"""Options that models have beside those that all devices have."""
_WITHOUT_LINE = (GOLDEN, FAST, FLOAT)
_MOST_HZ = 1 << 31


def check_options(
    where: str | None, baud: int | None, line_rate: int | None, options: dict[str, Any]
) -> None:
    """Raise `InputError` for an option that the device does not have, or not with this value."""
    scheme = next((s for s in _OPTIONS if where is not None and where.startswith(s)), "")
    known = _OPTIONS.get(scheme, _SERIAL)
    for name in options:
        if name not in known:
            there = ", ".join(known) or "none of its own"
            raise InputError(f"{where or 'a port'} has no option {name!r}; it has {there}")
    if scheme in (*_WITHOUT_LINE, NETLIST) and baud is not None:
        what = "a model has no line" if scheme != NETLIST else "its rate is the board's"
        raise InputError(f"baud is {baud}; {what}: omit it")
    if scheme in _WITHOUT_LINE and line_rate is not None:
        raise InputError(f"line_rate is {line_rate}; a model has no line: omit it")
    clock = options.get("clock_hz")
    if "clock_hz" in options and not _is_count(clock, _MOST_HZ):
        raise InputError(f"clock_hz is {shown(clock)}; give hertz, at least 1")
    if "seed" in options and not _is_count(options["seed"], 1 << 64, least=0):
        raise InputError(f"seed is {shown(options['seed'])}; give an integer from 0 on")
    if scheme == TWIN and baud is not None:
        from spikeloom.sim.twin.build import CLOCK_HZ  # needs Verilator

        most = (clock or CLOCK_HZ) // FEWEST_CYCLES_PER_BIT
        if baud > most:
            raise InputError(f"baud is {baud}; at this clock the twin has at most {most}")


def _is_count(value: object, most: int, least: int = 1) -> bool:
    return (
        isinstance(value, numbers.Integral)
        and not isinstance(value, bool)
        and least <= int(value) <= most
    )
