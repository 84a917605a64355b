"""FPGA families: a file for each, with its record (`FAMILY`), its PLL, and its parts.

A new file in this folder is a new family; nothing else has to name it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from spikeloom.hdl.contract.errors import InputError

from .family import ClockNets, Family, Flow, Oscillator, Packer, Simulation, Sram
from .part import BlockRamRow, FpgaPart

__all__ = [
    "BlockRamRow",
    "ClockNets",
    "Family",
    "Flow",
    "FpgaPart",
    "Oscillator",
    "Packer",
    "Simulation",
    "Sram",
    "families",
    "family_named",
]

_FORMS = {"family", "part"}
"""Modules that say what families and parts are."""


@cache
def families() -> dict[str, Family]:
    """All families, by name."""
    names = sorted(module.name for module in iter_modules(__path__))
    modules = (import_module(f".{name}", __name__) for name in names if name not in _FORMS)
    return {module.FAMILY.name: module.FAMILY for module in modules}


def family_named(name: str) -> Family:
    """Look a family up; `InputError` names those that there are."""
    known = families()
    if name not in known:
        raise InputError(f"there is no family {name!r}; known are {', '.join(known)}")
    return known[name]
