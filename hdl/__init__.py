"""The hardware, and the contract that it sets: configuration, formats, memory map, frames.

This package names the contract alone, which needs neither gateware nor tools: importing it loads no
gateware.  Its rooms, each on a floor above those it imports:

1. `contract`: plain data that every other part of SpikeLoom imports.
2. `primitives`: signatures, layouts and small parts of gateware that blocks share.
3. `learning` and `link`: learning rules in hardware; the serial link.
4. `core`: one core.
5. `fabric`: many cores, and the mesh between them.
6. `chip`: the whole chip, and its Verilog.
"""

from .contract import (
    NO_AXON,
    ConfigError,
    CoreConfig,
    CoreLayout,
    FabricConfig,
    Field,
    Image,
    ImageError,
    LearningConfig,
    MemoryMap,
)

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
