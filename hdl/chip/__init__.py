"""The whole chip: a core or a fabric behind the link, its registers and counters, and its Verilog."""

from .top import Chip, Top
from .verilog import TOP_NAME, generate, generate_chip

__all__ = ["TOP_NAME", "Chip", "Top", "generate", "generate_chip"]
