"""Many equal cores on one chip: a mesh of `columns` × `rows`, and what follows from it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from .core_config import CoreConfig
from .fields import ConfigError
from .widths import clog2

MAX_SIDE = 8
_MAX_IDS = 1 << 14
CORE_ADDRESS_BITS = 22
"""Of an address below its region; those above name the core."""


@dataclass(frozen=True)
class FabricConfig:
    """A fabric as a user chooses it.  Validated at construction; `ConfigError` says what would work.

    Core `k` is in column `k mod columns`, row `k div columns`.

    Parameters
    ----------
    core : every core of it; needs `route_entries`.
    columns, rows : 1…8 each; one column or one row is a mesh too.
    """

    core: CoreConfig
    columns: int = 1
    rows: int = 1

    def __post_init__(self) -> None:
        for name in ("columns", "rows"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= MAX_SIDE:
                raise ConfigError(f"{name} is {value!r}; give an integer from 1 to {MAX_SIDE}")
        if not self.core.route_entries:
            raise ConfigError("the cores of a fabric need destinations; set route_entries")
        words = max(field.words_per_row for field in self.core.layout.synapse_fields.values())
        if clog2(self.core.axons) + clog2(words) > CORE_ADDRESS_BITS:
            raise ConfigError(
                f"the synapses of a core of {self.core.axons} axons and {self.core.neurons} neurons have "
                f"no address in a fabric; use at most {1 << CORE_ADDRESS_BITS - clog2(words)} axons"
            )
        for name in ("neurons", "axons"):
            ids = self.cores << clog2(getattr(self.core, name))
            if ids > _MAX_IDS:
                raise ConfigError(
                    f"{self.cores} cores of {getattr(self.core, name)} {name} make {ids} ids, "
                    f"{ids - _MAX_IDS} too many; use fewer cores, or smaller ones"
                )

    @property
    def cores(self) -> int:
        """Number of cores."""
        return self.columns * self.rows

    @property
    def neuron_bits(self) -> int:
        """An external neuron id is `core << neuron_bits | neuron`."""
        return clog2(self.core.neurons)

    @property
    def axon_bits(self) -> int:
        """An external axon id is `core << axon_bits | axon`."""
        return clog2(self.core.axons)

    @property
    def external(self) -> CoreConfig:
        """The core that the link sees: one with all external ids."""
        if self.cores == 1:
            return self.core
        return dataclasses.replace(
            self.core,
            neurons=self.cores << self.neuron_bits,
            axons=self.cores << self.axon_bits,
        )

    @classmethod
    def of(cls, config: CoreConfig | FabricConfig) -> FabricConfig | None:
        """The fabric on a chip of this configuration; None for a core that has no destinations."""
        if isinstance(config, FabricConfig):
            return config
        return cls(config) if config.route_entries else None

    def to_dict(self) -> dict[str, Any]:
        """All settings by name, as `from_dict` takes them."""
        return {"columns": self.columns, "rows": self.rows, "core": self.core.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FabricConfig:
        """Build from what `to_dict` gives; `ConfigError` for what no fabric can have."""
        unknown = sorted(set(values) - {"columns", "rows", "core"})
        if unknown or "core" not in values:
            raise ConfigError(
                f"unknown setting {', '.join(unknown)}; known are core, columns, rows"
                if unknown
                else "missing setting core"
            )
        return cls(**{**values, "core": CoreConfig.from_dict(values["core"])})

    @property
    def digest(self) -> int:
        """64-bit hash of the canonical form; the board carries it in its identity block."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "little")
