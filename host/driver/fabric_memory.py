"""The memories of many cores as one store: what a placed network holds, wherever its parts are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.memory_map import CORE_SHIFT

from ..bus.bus import Bus
from ..bus.core_bus import CoreBus
from ..design.contents import ALL, Content, Rows, contents, find
from ..design.design import Design
from ..design.placement import Placement
from ..device.storage import spans
from ..display.progress import progress_bar
from .core_memory import CoreMemory

Integers = NDArray[np.int64]

_BAR_SYNAPSES = 1 << 15
"""Transfers of all synapses show a bar when there are as many."""


@dataclass(frozen=True, eq=False)
class _Part:
    """A core's memory, and which neurons and axons of the network are there, at which slots."""

    memory: CoreMemory
    neurons: Integers
    neuron_slots: Integers
    axons: Integers
    axon_slots: Integers

    def ids(self, content: Content) -> tuple[Integers, Integers]:
        """The network's neurons or axons that are here, and their slots."""
        if content.owner == "neuron":
            return self.neurons, self.neuron_slots
        return self.axons, self.axon_slots

    def runs(self, content: Content, rows: Rows) -> Iterator[tuple[Integers, Rows]]:
        """The rows of a content that are here, by consecutive slots: indices in `rows`, and slots."""
        begin, end = content.span(rows)
        ids, slots = self.ids(content)
        chosen = (ids >= begin) & (ids < end)
        marks = np.zeros(int(slots.max(initial=-1)) + 1, dtype=bool)
        marks[slots[chosen]] = True
        at = np.zeros(len(marks), dtype=np.int64)
        at[slots] = ids
        for first, last in spans(marks):
            yield at[first:last] - begin, slice(first, last)


class FabricMemory:
    """What a placed network holds, wherever its parts are; see `Store`.

    Arrays are the network's.  Copies of an axon are written alike, and read where the first one is;
    what has no place on any core reads as 0.  Writing a synapse where its axon has no copy raises
    `InputError`.

    Parameters
    ----------
    bus, config, placement : where the fabric is, the network's core, and what is where.
    progress : bars for long transfers; None: when stderr is a terminal.
    """

    def __init__(
        self, bus: Bus, config: CoreConfig, placement: Placement, progress: bool | None = None
    ) -> None:
        self.config = config
        self._placement, self._bus, self._progress = placement, bus, progress
        self.contents = contents(config)
        self._fabric = fabric = placement.fabric
        self._parts = [
            _Part(
                CoreMemory(CoreBus(bus, k), fabric.core, progress=False),
                *placement.neurons_on(k),
                *placement.axons_on(k),
            )
            for k in range(fabric.cores)
        ]

    # Images.

    def write_image(self, image: Image) -> None:
        """Write everything that an image of the network says."""
        images = self._placement.core_images(image)
        with self._bus.transaction():
            for part, core_image in zip(self._each("load"), reversed(images), strict=True):
                part.memory.write_image(core_image)

    def verify_image(self, image: Image) -> None:
        """Read the image back; `LinkError` says where a core holds something else."""
        for memory, core_image in self._core_images(image):
            memory.verify_image(core_image)

    def read_image(self, image: Image) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
        """What the cores hold of an image of the network, core by core; see `CoreMemory`."""
        for memory, core_image in self._core_images(image):
            yield from memory.read_image(core_image)

    def _core_images(self, image: Image) -> Iterator[tuple[CoreMemory, Image]]:
        images = self._placement.core_images(image)
        with self._bus.transaction():
            for part, core_image in zip(self._each("verify"), reversed(images), strict=True):
                yield part.memory, core_image

    # The store.

    def read(self, name: str, rows: Rows = ALL) -> NDArray:
        """These rows of what has this name; see `Store`."""
        content = find(self.contents, name)
        if not content.shape:
            return self._parts[0].memory.read(name)
        dtype = np.bool_ if content.flags else np.int64
        by_rows = content.kind != "under way"
        values: NDArray = np.zeros(
            content.shape_of(rows) if by_rows else content.shape, dtype=dtype
        )
        with self._bus.transaction():
            for part in self._each(f"read {name}", content):
                if not by_rows:
                    ids, at_slots = part.ids(content)
                    values[..., ids] = part.memory.read(name)[..., at_slots]
                    continue
                for at, slots in part.runs(content, rows):
                    held = part.memory.read(name, slots)
                    if content.owner == "synapse":
                        values[np.ix_(at, part.neurons)] = held[:, part.neuron_slots]
                    else:
                        values[at] = held
        return values if by_rows else values[rows]

    def write(self, name: str, values: ArrayLike, rows: Rows = ALL) -> int:
        """Overwrite these rows of what has this name; see `Store`."""
        content = find(self.contents, name)
        checked = content.check(values, rows)
        if content.owner == "synapse" and name != "delays":
            needed = np.zeros(content.shape, dtype=bool)
            needed[rows] = checked != 0
            self._placement.check_synapses(name, needed)
        with self._bus.transaction():
            if content.kind == "under way" and content.shape_of(rows) != content.shape:
                whole = self.read(name)
                whole[rows] = checked
                checked, rows = whole, ALL
            steps = [
                step
                for part in self._each(f"write {name}", content)
                for step in self._write_part(part, content, checked, rows)
            ]
        return steps[-1] if steps else 0

    def _write_part(
        self, part: _Part, content: Content, values: NDArray, rows: Rows
    ) -> Iterator[int]:
        """Write what of these rows is on one core; gives the step from which on, at each write."""
        name, core = content.name, self._fabric.core
        if not content.shape or content.equal:
            if values.size:
                yield part.memory.write(name, values.flat[0])
        elif content.kind == "under way":
            ids, at_slots = part.ids(content)
            size = core.axons if content.owner == "axon" else core.neurons
            placed = np.zeros((*values.shape[:-1], size), dtype=values.dtype)
            placed[..., at_slots] = values[..., ids]
            yield part.memory.write(name, placed)
        else:
            for at, slots in part.runs(content, rows):
                placed = values[at]
                if content.owner == "synapse":
                    placed = np.zeros((len(at), core.neurons), dtype=values.dtype)
                    placed[:, part.neuron_slots] = values[np.ix_(at, part.neurons)]
                yield part.memory.write(name, placed, slots)

    def address(self, content: Content, index: int = 0) -> int:
        """Address of a neuron's or axon's state, of the first copy; `InputError` if there is none."""
        for core, part in enumerate(self._parts):
            ids, slots = part.ids(content)
            at = np.flatnonzero(ids == index)
            if len(at):
                return part.memory.address(content, int(slots[at[0]])) | core << CORE_SHIFT
        raise InputError(
            f"{content.owner} {index} has no synapses, so it is on no core, and has no "
            f"{content.name}; choose another one"
        )

    def _each(self, title: str, content: Content | None = None) -> Iterator[_Part]:
        """The parts, with a bar where there is much to move.

        The last first, so that the first copy of an axon is what is left of several.
        """
        core = self._fabric.core
        much = content is None or content.owner == "synapse"
        synapses = len(self._parts) * core.axons * core.neurons if much else 0
        show = self._progress if synapses >= _BAR_SYNAPSES else False
        with progress_bar(title, len(self._parts), show, self._bus.moved) as advance:
            for part in reversed(self._parts):
                yield part
                advance(1)


def memory_of(bus: Bus, design: Design, progress: bool | None) -> CoreMemory | FabricMemory:
    """The memories of a board for this design, on one core or on many."""
    if design.placement is None:
        return CoreMemory(bus, design.config, progress)
    return FabricMemory(bus, design.config, design.placement, progress)
