"""Test equipment: a board with a fabric of golden cores, which exchange packets."""

from __future__ import annotations

import numpy as np
from fake_board import FakeBoard
from fake_core import FakeCore
from placed_cores import PlacedCores

from spikeloom.hdl import FabricConfig
from spikeloom.hdl.contract.memory_map import CORE_BITS, CORE_OVERRUNS, CORE_SHIFT, Identity, Region

CHIP = (Region.IDENTITY, Region.CONTROL, Region.COUNTERS, Region.MONITORS)
"""Regions that cores do not have of their own."""
_CORE_MASK = ((1 << CORE_BITS) - 1) << CORE_SHIFT


class FakeFabricBoard(FakeBoard):
    """As `FakeBoard`, with a core for each number in the addresses."""

    def __init__(self, fabric: FabricConfig, **options: object) -> None:
        super().__init__(fabric.external, **options)
        base = Region.IDENTITY.base
        self.identity[base + Identity.DIGEST_LOW] = fabric.digest & 0xFFFFFFFF
        self.identity[base + Identity.DIGEST_HIGH] = fabric.digest >> 32
        self.parts = [FakeCore(fabric.core, "part") for _ in range(fabric.cores)]
        self._mapped = {at: w for at, w in self._mapped.items() if at >> 28 in CHIP}
        self.overruns = [0] * fabric.cores
        first = Region.COUNTERS.base + CORE_OVERRUNS
        self._mapped |= {first + k: False for k in range(fabric.cores)}
        for k, part in enumerate(self.parts):
            there = {at: w for at, w in part._mapped.items() if at >> 28 not in CHIP}
            self._mapped |= {at | k << CORE_SHIFT: w for at, w in there.items()}
        self.core = PlacedCores(fabric, [part.held_image() for part in self.parts])
        for part, golden in zip(self.parts, self.core.cores, strict=True):
            part.core = golden

    def _part(self, address: int) -> tuple[FakeCore, int]:
        return self.parts[(address & _CORE_MASK) >> CORE_SHIFT], address & ~_CORE_MASK

    def _following(self, address: int) -> int:
        if address >> 28 in CHIP:
            return address + 1
        part, local = self._part(address)
        return part._following(local) | (address & _CORE_MASK)

    def _get(self, address: int) -> int:
        core = address - Region.COUNTERS.base - CORE_OVERRUNS
        if 0 <= core < len(self.overruns):
            return self.overruns[core]
        if address >> 28 in CHIP:
            return super()._get(address)
        part, local = self._part(address)
        return part._get(local)

    def _set(self, address: int, value: int) -> None:
        if address >> 28 in CHIP:
            super()._set(address, value)
        else:
            part, local = self._part(address)
            part._set(local, value)

    def _rebuild(self) -> None:
        for k, part in enumerate(self.parts):
            self.core.replace(k, part.held_image())

    def _keep(self) -> None:
        for part in self.parts:
            part._keep()

    def _fired(self) -> np.ndarray:
        reports = [part.held_image().report for part in self.parts]
        return self.core.step() & self.core.join(reports)
