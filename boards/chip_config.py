"""What a chip of a board is to be: one core, or a fabric of equal ones."""

from __future__ import annotations

from dataclasses import replace

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fabric_config import MAX_SIDE

ChipConfig = CoreConfig | FabricConfig


def core_of(config: ChipConfig) -> CoreConfig:
    """The core, or every core of the fabric."""
    return config.core if isinstance(config, FabricConfig) else config


def cores_of(config: ChipConfig) -> int:
    """How many cores there are."""
    return config.cores if isinstance(config, FabricConfig) else 1


def with_core(config: ChipConfig, core: CoreConfig) -> ChipConfig:
    """The same chip with another core, or as many other cores."""
    return replace(config, core=core) if isinstance(config, FabricConfig) else core


def describe(config: ChipConfig) -> str:
    """The size, for people."""
    core = core_of(config)
    size = f"{core.neurons} neurons, {core.axons} axons"
    return f"{config.cores} cores of {size}" if isinstance(config, FabricConfig) else size


def fabric_of(core: CoreConfig, cores: int) -> FabricConfig:
    """A fabric of so many cores, as square as can be, and rather wide than high.

    Raises `InputError` where no mesh has exactly so many, and `ConfigError` where the core cannot be in
    such a fabric.
    """
    shapes = _shapes()
    if cores not in shapes:
        fewer = mesh_of_at_most(cores) or 1
        raise InputError(
            f"there is no mesh of {cores} cores with sides of 1…{MAX_SIDE}; try {fewer}"
        )
    columns, rows = shapes[cores]
    return FabricConfig(core, columns, rows)


def mesh_of_at_most(cores: int) -> int:
    """The largest number of cores that makes a mesh and is not above the given one; 0 if none is."""
    return max((n for n in _shapes() if n <= cores), default=0)


def _shapes() -> dict[int, tuple[int, int]]:
    """(columns, rows) of the most square mesh, by number of cores."""
    sides = range(1, MAX_SIDE + 1)
    # The last of those with equal numbers is the most square one.
    return {c * r: (c, r) for r in sides for c in sides if c >= r}
