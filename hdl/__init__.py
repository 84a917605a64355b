"""The hardware, and the contract that it sets: configuration, formats, memory map, frames.

This package imports neither gateware nor tools; `spikeloom.hdl.core`, `.link` and `.top` do.
"""

from .contract.core_config import ConfigError, CoreConfig, CoreLayout, Field
from .contract.fabric_config import FabricConfig
from .contract.image import NO_AXON, Image, ImageError
from .contract.learning_config import LearningConfig
from .contract.memory_map import MemoryMap

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
