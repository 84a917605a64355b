"""The gateware of one core: `core.py` puts the blocks together, the other files are the blocks."""

from .core import Core, increments

__all__ = ["Core", "increments"]
