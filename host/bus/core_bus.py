"""The bus of one core in a fabric: the chip's bus, with the core's number in every address."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.memory_map import CORE_SHIFT

from .bus import Bus


class CoreBus:
    """What `CoreMemory` needs of a bus, for core number `core`; see `Bus`."""

    def __init__(self, bus: Bus, core: int) -> None:
        self._bus, self._base = bus, core << CORE_SHIFT

    def transaction(self) -> AbstractContextManager[None]:
        """Have the board alone for several calls; may be nested."""
        return self._bus.transaction()

    def moved(self) -> int:
        """Bytes that went over the line."""
        return self._bus.moved()

    def read(self, address: int, count: int) -> NDArray[np.uint32]:
        """(count,) consecutive words of the core."""
        return self._bus.read(address | self._base, count)

    def write(self, address: int, words: NDArray[np.uint32]) -> int:
        """Write (n,) consecutive words; returns the step from which on they are in effect."""
        return self._bus.write(address | self._base, words)
