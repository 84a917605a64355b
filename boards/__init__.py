"""Boards: definitions, bitstreams, resource estimates, and netlists for simulation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bitstream import build
    from .board_estimate import BoardEstimate, estimate_board
    from .chip_config import ChipConfig, core_of, fabric_of, with_core
    from .definition import BoardDefinition
    from .families import FpgaPart
    from .netlist import NetlistSources, netlist_sources
    from .registry import BOARDS, BoardLike, board_named, fabric_named, find_board, presets_of
    from .report import BuildReport
    from .resources import ResourceEstimate, synthesise, synthesise_parts
    from .tools import BuildError

_HOMES = {
    ".bitstream": ("build",),
    ".board_estimate": ("BoardEstimate", "estimate_board"),
    ".chip_config": ("ChipConfig", "core_of", "fabric_of", "with_core"),
    ".definition": ("BoardDefinition",),
    ".families": ("FpgaPart",),
    ".netlist": ("NetlistSources", "netlist_sources"),
    ".registry": (
        "BOARDS",
        "BoardLike",
        "board_named",
        "fabric_named",
        "find_board",
        "presets_of",
    ),
    ".report": ("BuildReport",),
    ".resources": ("ResourceEstimate", "synthesise", "synthesise_parts"),
    ".tools": ("BuildError",),
}
"""Names are imported when they are first used: definitions are read without gateware and tools."""

_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BOARDS",
    "BoardDefinition",
    "BoardEstimate",
    "BoardLike",
    "BuildError",
    "BuildReport",
    "ChipConfig",
    "FpgaPart",
    "NetlistSources",
    "ResourceEstimate",
    "board_named",
    "build",
    "core_of",
    "estimate_board",
    "fabric_named",
    "fabric_of",
    "find_board",
    "netlist_sources",
    "presets_of",
    "synthesise",
    "synthesise_parts",
    "with_core",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
