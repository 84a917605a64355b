"""Where the neurons and axons of a network are on a fabric of many cores.

A network is described as one large core (docs/reference/semantics.md), whose results do not depend on the
placement.  Each neuron is on one core.  An axon has a copy on every core where it has a synapse;
copies hear the same spikes, so they have the same traces, and each has the synapses of its core.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.hdl.contract.core_config import MAX_AXONS
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fabric_config import FabricConfig

from ..quantise.rounding import Integers
from .archive import Arrays

Bools = NDArray[np.bool_]

MAY_DIFFER = frozenset({"neurons", "axons", "lanes", "route_entries", "parameters", "monitors"})
"""Settings in which a network's core and the cores that it is placed on need not be equal."""

COUNTED_BY_COPIES = frozenset({"synaptic_operations", "clamps", "duplicates"})
"""Counters of a board that depend on the placement: copies of an axon arrive, and clamp, each for itself."""


@dataclass(frozen=True, eq=False)
class Placement:
    """Neurons and axons of a network on the cores of a fabric.  Validated at construction.

    N and A are the network's numbers of neurons and axons.

    Parameters
    ----------
    fabric : what it is placed on.
    neuron_core, neuron_slot : (N,) core of each neuron, and its number there.
    copies : (copies, 3) network axon, core, and number of the axon there.  Kept sorted.

    Raises `InputError` for what such a fabric does not have, or has once only.
    """

    fabric: FabricConfig
    neuron_core: Integers
    neuron_slot: Integers
    copies: Integers

    def __post_init__(self) -> None:
        cores, core = self.fabric.cores, self.fabric.core
        for name, shape in (("neuron_core", (-1,)), ("neuron_slot", (-1,)), ("copies", (-1, 3))):
            given = np.asarray(getattr(self, name))
            if given.dtype.kind not in "iu" or given.ndim != len(shape):
                raise InputError(
                    f"{name} has dtype {given.dtype} and shape {given.shape}; give integers of "
                    f"{'(copies, 3)' if len(shape) > 1 else '(N,)'}"
                )
            array = np.array(given, dtype=np.int64).reshape(shape)
            if name == "copies":
                array = np.unique(array, axis=0)
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if len(self.neuron_core) != len(self.neuron_slot):
            raise InputError(
                f"{len(self.neuron_core)} neurons have a core, {len(self.neuron_slot)} a slot; "
                "give each neuron both"
            )
        axon, axon_core, slot = self.copies.T
        _check("neuron_core", self.neuron_core, cores, "cores")
        _check("neuron_slot", self.neuron_slot, core.neurons, "neurons on each core")
        _check("copies, axon", axon, MAX_AXONS, "ids of axons")
        _check("copies, core", axon_core, cores, "cores")
        _check("copies, slot", slot, core.axons, "axons on each core")
        _check_once("neurons", self.neuron_core * core.neurons + self.neuron_slot)
        _check_once("axons", axon_core * core.axons + slot)
        _check_once("copies of one axon", axon_core * MAX_AXONS + axon)

    @property
    def neuron_ids(self) -> Integers:
        """(N,) external id of each neuron: `core << neuron_bits | slot`."""
        return (self.neuron_core << self.fabric.neuron_bits) | self.neuron_slot

    @property
    def axon_ids(self) -> Integers:
        """(copies,) external id of each copy: `core << axon_bits | slot`."""
        return (self.copies[:, 1] << self.fabric.axon_bits) | self.copies[:, 2]

    def neurons_on(self, core: int) -> tuple[Integers, Integers]:
        """The network's neurons on a core, by slot, and their slots."""
        neurons = np.flatnonzero(self.neuron_core == core)
        neurons = neurons[np.argsort(self.neuron_slot[neurons])]
        return neurons, self.neuron_slot[neurons]

    def axons_on(self, core: int) -> tuple[Integers, Integers]:
        """The network's axons with a copy on a core, by slot, and the copies' slots."""
        here = self.copies[self.copies[:, 1] == core]
        here = here[np.argsort(here[:, 2])]
        return here[:, 0], here[:, 2]

    def check(self, config: CoreConfig) -> None:
        """Raise `InputError` unless a network for `config` can be on these cores."""
        ours, theirs = self.fabric.core.to_dict(), config.to_dict()
        different = [
            f"{name} = {ours.get(name)!r} instead of {theirs.get(name)!r}"
            for name in dict.fromkeys((*ours, *theirs))
            if name not in MAY_DIFFER and ours.get(name) != theirs.get(name)
        ]
        if different:
            raise InputError(
                f"the cores of the fabric are of another kind, with {', '.join(different)}; "
                "compile the network for this fabric"
            )
        if len(self.neuron_core) != config.neurons or self.copies[:, 0].max(initial=0) >= max(
            config.axons, 1
        ):
            raise InputError(
                f"the placement is of {len(self.neuron_core)} neurons, and of axons up to "
                f"{self.copies[:, 0].max(initial=0)}; the network has {config.neurons} neurons and "
                f"{config.axons} axons"
            )

    # Spikes.

    def to_external(self, raster: Bools) -> Bools:
        """(steps, A) spikes of network axons to (steps, external axons), all copies of them."""
        external = np.zeros((len(raster), self.fabric.external.axons), dtype=bool)
        external[:, self.axon_ids] = raster[:, self.copies[:, 0]]
        return external

    def to_network(self, spikes: Bools) -> Bools:
        """(steps, external neurons) spikes to (steps, N)."""
        return spikes[:, self.neuron_ids]

    # Images.

    def destinations(self, image: Image) -> list[Integers]:
        """For each core the (E, 4) destinations of its neurons, one for each copy of their axons."""
        neuron, _, axon, delay = network_destinations(image).T
        first = np.searchsorted(self.copies[:, 0], axon, side="left")
        count = np.searchsorted(self.copies[:, 0], axon, side="right") - first
        entry = np.repeat(np.arange(len(axon)), count)
        copy = np.arange(len(entry)) - np.repeat(np.cumsum(count) - count, count) + first[entry]
        slot, (_, core, there) = self.neuron_slot[neuron[entry]], self.copies[copy].T
        rows = np.stack([slot, core, there, delay[entry]], axis=1)
        home = self.neuron_core[neuron[entry]]
        return [rows[home == k] for k in range(self.fabric.cores)]

    def core_images(self, image: Image) -> list[Image]:
        """An image for each core.  What the network does not use of a core neither fires nor counts.

        Raises `InputError` for a synapse whose axon has no copy on its neuron's core, `ImageError`
        for more destinations than a core has, or different parameters where a core shares them.
        """
        self.check(image.config)
        self.check_synapses("synapses", (image.weights != 0) | image.plastic)
        return [
            self._core_image(image, core, rows)
            for core, rows in enumerate(self.destinations(image))
        ]

    def check_synapses(self, what: str, there: Bools) -> None:
        """Raise `InputError` unless all these synapses, (A, N) bool, have an axon on their core."""
        cells = self.copies_mask(there.shape[0])[:, self.neuron_core]
        missing = np.argwhere(there & ~cells)
        if len(missing):
            axon, neuron = missing[0]
            raise InputError(
                f"{what} from axon {axon} to neuron {neuron}: there is no copy of the axon on core "
                f"{self.neuron_core[neuron]} ({len(missing)} such synapses); compile the network "
                "with a plastic synapse or a weight other than 0 there"
            )

    def copies_mask(self, axons: int) -> Bools:
        """(A, cores) bool, where axons have a copy."""
        mask = np.zeros((axons, self.fabric.cores), dtype=bool)
        mask[self.copies[:, 0], self.copies[:, 1]] = True
        return mask

    def _core_image(self, image: Image, core: int, destinations: Integers) -> Image:
        c = self.fabric.core
        neurons, slots = self.neurons_on(core)
        axons, axon_slots = self.axons_on(core)
        cells, there = np.ix_(axons, neurons), np.ix_(axon_slots, slots)

        def synapses(values: NDArray[Any]) -> NDArray[Any]:
            placed = np.zeros((c.axons, c.neurons), dtype=values.dtype)
            placed[there] = values[cells]
            return placed

        def scatter(values: NDArray[Any], size: int, slots: Integers, rest: int) -> NDArray[Any]:
            placed = np.full(size, rest, dtype=values.dtype)
            placed[slots] = values
            return placed

        parameters = {}
        for f in c.layout.parameters:
            values = image.parameters[f.name]
            rest = int(values[0]) if c.parameters == "shared" else f.idle
            parameters[f.name] = scatter(values[neurons], c.neurons, slots, rest)
        assert image.report is not None
        return type(image)(
            c,
            synapses(image.weights),
            parameters,
            report=scatter(image.report[neurons], c.neurons, slots, 0),
            learning=image.learning,
            plastic=synapses(image.plastic),
            modulatory=scatter(image.modulatory[axons], c.axons, axon_slots, 0),
            axon_tags=scatter(image.axon_tags[axons], c.axons, axon_slots, 0),
            neuron_tags=scatter(image.neuron_tags[neurons], c.neurons, slots, 0),
            destinations=destinations,
            delays=synapses(image.delays),
        )

    # The archive.

    @property
    def identity(self) -> int:
        """32-bit check of the contents."""
        crc = self.fabric.digest & 0xFFFFFFFF
        for array in (self.neuron_core, self.neuron_slot, self.copies):
            crc = zlib.crc32(np.ascontiguousarray(array, dtype="<i8").tobytes(), crc)
        return crc

    def to_archive(self) -> tuple[dict[str, Any], Arrays]:
        """Metadata and arrays, for `from_archive`."""
        arrays = {
            name: np.asarray(getattr(self, name), dtype="<i4")
            for name in ("neuron_core", "neuron_slot", "copies")
        }
        return self.fabric.to_dict(), arrays

    @classmethod
    def from_archive(cls, metadata: dict[str, Any], arrays: Mapping[str, Any]) -> Placement:
        """Inverse of `to_archive`."""
        return cls(FabricConfig.from_dict(metadata), **arrays)


def network_destinations(image: Image) -> Integers:
    """(E, 4) destinations of a network's image, also of one with routes."""
    assert image.routes is not None
    if image.config.route_entries:
        return image.destinations
    neurons = np.flatnonzero(image.routes != NO_AXON)
    zeros = np.zeros_like(neurons)
    return np.stack([neurons, zeros, image.routes[neurons], zeros], axis=1)


def with_destinations(image: Image) -> Image:
    """The same image for a core with destinations, as a network on many cores has them."""
    rows = network_destinations(image)
    if image.config.route_entries:
        return image
    config = dataclasses.replace(image.config, route_entries=max(1, len(rows)))
    return dataclasses.replace(image, config=config, routes=None, destinations=rows)


def _check(name: str, values: Integers, count: int, what: str) -> None:
    outside = np.flatnonzero((values < 0) | (values >= count))
    if len(outside):
        raise InputError(
            f"{name}[{outside[0]}] is {values[outside[0]]}; there are {count} {what}, 0…{count - 1}"
        )


def _check_once(what: str, places: Integers) -> None:
    _, count = np.unique(places, return_counts=True)
    if np.any(count > 1):
        raise InputError(
            f"{int(np.sum(count > 1))} places hold several {what}; give each a core and slot of "
            "its own" + (", and one at most on each core" if what.startswith("copies") else "")
        )
