"""Boards: definitions, bitstreams, resource estimates, and netlists for simulation."""

from .build import build
from .definition import BoardDefinition, FpgaPart
from .netlist import NetlistSources, netlist_sources
from .registry import BOARDS, board_named
from .report import BuildReport
from .resources import ResourceEstimate, synthesise
from .tools import BuildError

__all__ = [
    "BOARDS",
    "BoardDefinition",
    "BuildError",
    "BuildReport",
    "FpgaPart",
    "NetlistSources",
    "ResourceEstimate",
    "board_named",
    "build",
    "netlist_sources",
    "synthesise",
]
