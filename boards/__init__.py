"""Boards: definitions, bitstreams, resource estimates, and netlists for simulation."""

from .build import build
from .chip_config import ChipConfig, core_of, fabric_of, with_core
from .definition import BoardDefinition, FpgaPart
from .netlist import NetlistSources, netlist_sources
from .registry import BOARDS, board_named, fabric_named
from .report import BuildReport
from .resources import ResourceEstimate, synthesise, synthesise_parts
from .tools import BuildError

__all__ = [
    "BOARDS",
    "BoardDefinition",
    "BuildError",
    "BuildReport",
    "ChipConfig",
    "FpgaPart",
    "NetlistSources",
    "ResourceEstimate",
    "board_named",
    "build",
    "core_of",
    "fabric_named",
    "fabric_of",
    "netlist_sources",
    "synthesise",
    "synthesise_parts",
    "with_core",
]
