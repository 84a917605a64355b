"""Boards: definitions, bitstreams, resource estimates, and netlists for simulation.

`spikeloom.boards.build.build` makes a bitstream, `spikeloom.boards.resources.synthesise` an
estimate, `spikeloom.boards.netlist.netlist_sources` a netlist; importing this package alone needs
neither gateware nor tools.
"""

from .definition import BoardDefinition, FpgaPart
from .registry import BOARDS, board_named

__all__ = ["BOARDS", "BoardDefinition", "FpgaPart", "board_named"]
