"""What this room offers, and the module each name lives in."""

from .bitstream import build as build
from .board_estimate import BoardEstimate as BoardEstimate
from .board_estimate import estimate_board as estimate_board
from .chip_config import ChipConfig as ChipConfig
from .chip_config import core_of as core_of
from .chip_config import fabric_of as fabric_of
from .chip_config import with_core as with_core
from .definition import BoardDefinition as BoardDefinition
from .families import FpgaPart as FpgaPart
from .netlist import NetlistSources as NetlistSources
from .netlist import netlist_sources as netlist_sources
from .registry import BOARDS as BOARDS
from .registry import BoardLike as BoardLike
from .registry import board_named as board_named
from .registry import fabric_named as fabric_named
from .registry import find_board as find_board
from .registry import presets_of as presets_of
from .report import BuildReport as BuildReport
from .resources import ResourceEstimate as ResourceEstimate
from .resources import synthesise as synthesise
from .resources import synthesise_parts as synthesise_parts
from .tools import BuildError as BuildError
