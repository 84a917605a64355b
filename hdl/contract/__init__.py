"""What host, model and hardware agree on, as plain data: it needs neither gateware nor tools.

Configurations say what synthesis fixes (`CoreConfig`, `LearningConfig`, `FabricConfig`), and
`CoreLayout` every size that follows; an `Image` is what is loaded at run time; `MemoryMap` has every
address.  No address and no width is typed twice.

Constants and small functions are public in the module that they belong to:

- `errors`: the errors and warnings that users see.
- `fields`, `widths`: integer fields, and the arithmetic of sizes.
- `neurons`, `rules`: neuron models and learning rules, one record each, by name.
- `registry`: how records are found that are not SpikeLoom's own.
- `learning_config`: widths of what all learning rules have.
- `memory_map`: regions, registers, counters, bits of table entries.
- `frames`, `commands`: bytes and halfwords on the line.
- `line_rate`: the UART's divisor.
"""

from . import (
    commands,
    errors,
    fields,
    frames,
    learning_config,
    line_rate,
    memory_map,
    neurons,
    registry,
    rules,
    widths,
)
from .core_config import CoreConfig, CoreLayout, SynapseField
from .fabric_config import FabricConfig
from .fields import ConfigError, Field
from .image import NO_AXON, Image, ImageError
from .learning_config import LearningConfig
from .memory_map import MemoryMap
from .widths import Widths

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
    "SynapseField",
    "Widths",
    "commands",
    "errors",
    "fields",
    "frames",
    "learning_config",
    "line_rate",
    "memory_map",
    "neurons",
    "registry",
    "rules",
    "widths",
]
