"""Counters of a board, and those that each core of a fabric has of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.memory_map import CORE_OVERRUNS, COUNTERS, Region

from .bus import Bus


def read_counters(bus: Bus) -> dict[str, int]:
    """All counters of the chip, by name."""
    words = bus.read(Region.COUNTERS.base, 2 * len(COUNTERS)).reshape(-1, 2)
    return {
        name: int(low) | int(high) << 32 for name, (low, high) in zip(COUNTERS, words, strict=True)
    }


def read_core_overruns(bus: Bus, chip: CoreConfig | FabricConfig) -> NDArray[np.int64]:
    """(cores,) overruns of each core; `InputError` for a chip with a single core."""
    fabric = FabricConfig.of(chip)
    if fabric is None:
        raise InputError(
            'this chip has a single core, whose overruns are counters()["overruns"]; '
            "place the design on many cores to have them by core"
        )
    return bus.read(Region.COUNTERS.base + CORE_OVERRUNS, fabric.cores).astype(np.int64)
