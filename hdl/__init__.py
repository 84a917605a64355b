"""The hardware, and the contract that it sets: configuration, formats, memory map, frames.

This package imports neither gateware nor tools; `spikeloom.hdl.core`, `.link` and `.top` do.
"""

from .config import ConfigError, CoreConfig, CoreLayout, Field
from .fabric_config import FabricConfig
from .image import NO_AXON, Image, ImageError
from .learning_config import LearningConfig
from .memory_map import MemoryMap

__all__ = [
    "NO_AXON",
    "ConfigError",
    "CoreConfig",
    "CoreLayout",
    "FabricConfig",
    "Field",
    "Image",
    "ImageError",
    "LearningConfig",
    "MemoryMap",
]
