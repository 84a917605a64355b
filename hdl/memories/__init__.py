"""Memories of a core: block RAM with an output register, and one that modifies a word per cycle."""

from .block import BLOCK_LATENCY, BlockMemory
from .read_modify_write import ReadModifyWrite
from .spram import FieldPort, SpramBank
from .twin import TwinMemory

__all__ = [
    "BLOCK_LATENCY",
    "BlockMemory",
    "FieldPort",
    "ReadModifyWrite",
    "SpramBank",
    "TwinMemory",
]
