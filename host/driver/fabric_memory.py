"""What a placed network holds, by name, wherever its parts are: the memories of many cores as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.memory_map import CORE_SHIFT

from ..bus.bus import Bus
from ..bus.core_bus import CoreBus
from ..design.design import Design
from ..design.placement import Placement
from ..design.state_formats import (
    ELIGIBILITY,
    StateFormat,
    check_delays,
    check_flags,
    check_learns,
    check_state,
    find_field,
    find_state,
    pending_format,
)
from ..device.storage import Cells, spans
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

    @property
    def cells(self) -> tuple[NDArray[np.intp], ...]:
        """Index of the core's synapses in the network's (A, N)."""
        return np.ix_(self.axons, self.neurons)

    @property
    def there(self) -> tuple[NDArray[np.intp], ...]:
        """Index of the same in the core's."""
        return np.ix_(self.axon_slots, self.neuron_slots)

    def ids(self, owner: str) -> tuple[Integers, Integers]:
        """The network's neurons or axons that are here, and their slots."""
        if owner == "axon":
            return self.axons, self.axon_slots
        return self.neurons, self.neuron_slots


class FabricMemory:
    """Typed access to a placed network: `CoreMemory` for many cores.

    A is the network's number of axons, N of neurons: arrays are the network's.  Copies of an axon are
    written alike, and read where the first one is; what has no place on any core reads as 0.
    Writing a synapse where its axon has no copy raises `InputError`.

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
        fabric = placement.fabric
        self._parts = [
            _Part(
                CoreMemory(CoreBus(bus, k), fabric.core, progress=False),
                *placement.neurons_on(k),
                *placement.axons_on(k),
            )
            for k in range(fabric.cores)
        ]
        self._core = fabric.core

    # Images.

    def write_image(self, image: Image) -> None:
        """Write everything that an image of the network says."""
        images = self._placement.core_images(image)
        with self._bus.transaction():
            for part, core_image in zip(self._each("load"), images, strict=True):
                part.memory.write_image(core_image)

    def verify_image(self, image: Image) -> None:
        """Read the image back; `LinkError` says where a core holds something else."""
        images = self._placement.core_images(image)
        with self._bus.transaction():
            for part, core_image in zip(self._each("verify"), images, strict=True):
                part.memory.verify_image(core_image)

    # Synapses.

    def read_weights(self) -> Integers:
        """(A, N) weights."""
        return self._gather_synapses("read weights", lambda memory: memory.read_weights())

    def write_weights(self, weights: ArrayLike) -> int:
        """Write (A, N) integer weights."""
        checked = Image(self.config, weights=np.asarray(weights)).weights
        return self._scatter_synapses("weights", checked, CoreMemory.write_weights)

    def read_weight_rows(self, begin: int, end: int) -> Integers:
        """(end − begin, N) weights, of these axons."""
        weights = np.zeros((end - begin, self.config.neurons), dtype=np.int64)
        with self._bus.transaction():
            for part in self._parts:
                for axons, first, last in _runs(*part.ids("axon"), begin, end):
                    rows = part.memory.read_weight_rows(first, last)
                    weights[np.ix_(axons - begin, part.neurons)] = rows[:, part.neuron_slots]
        return weights

    def write_weight_rows(self, begin: int, weights: Integers) -> int:
        """Write (rows, N) weights that are known to fit, of the axons from `begin` on."""
        there = np.zeros((self.config.axons, self.config.neurons), dtype=bool)
        there[begin : begin + len(weights)] = weights != 0
        self._placement.check_synapses("weights", there)
        step = 0
        with self._bus.transaction():
            for part in self._parts:
                for axons, first, _ in _runs(*part.ids("axon"), begin, begin + len(weights)):
                    rows = np.zeros((len(axons), self._core.neurons), dtype=np.int64)
                    rows[:, part.neuron_slots] = weights[np.ix_(axons - begin, part.neurons)]
                    step = part.memory.write_weight_rows(first, rows)
        return step

    def read_delays(self) -> Integers:
        """(A, N) delay fields of the synapses."""
        check_delays(self.config)
        return self._gather_synapses("read delays", lambda memory: memory.read_delays())

    def write_delays(self, delays: ArrayLike) -> int:
        """Write (A, N) delay fields; those of synapses that are nowhere are left out."""
        check_delays(self.config)
        weights = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        checked = Image(self.config, weights, delays=np.asarray(delays)).delays
        return self._place_synapses("delays", checked, CoreMemory.write_delays)

    def read_plastic(self) -> NDArray[np.bool_]:
        """(A, N) bool, which synapses learn."""
        check_learns(self.config, "plastic synapses")
        found = self._gather_synapses("read plastic", lambda memory: memory.read_plastic())
        return found.astype(bool)

    def write_plastic(self, plastic: ArrayLike) -> int:
        """Write (A, N) flags, or one for all."""
        check_learns(self.config, "plastic synapses")
        flags = check_flags("plastic", plastic, (self.config.axons, self.config.neurons))
        return self._scatter_synapses("plastic", flags, CoreMemory.write_plastic)

    def _gather_synapses(self, title: str, read: Callable[[CoreMemory], NDArray]) -> Integers:
        found = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        with self._bus.transaction():
            for part in self._each(title):
                found[part.cells] = read(part.memory)[part.there]
        return found

    def _scatter_synapses(
        self, what: str, values: NDArray, write: Callable[[CoreMemory, NDArray], int]
    ) -> int:
        self._placement.check_synapses(what, values != 0)
        return self._place_synapses(what, values, write)

    def _place_synapses(
        self, what: str, values: NDArray, write: Callable[[CoreMemory, NDArray], int]
    ) -> int:
        step = 0
        with self._bus.transaction():
            for part in self._each(f"write {what}"):
                placed = np.zeros((self._core.axons, self._core.neurons), dtype=values.dtype)
                placed[part.there] = values[part.cells]
                step = write(part.memory, placed)
        return step

    # Parameters.

    def read_parameter(self, name: str) -> Integers:
        """(N,) values, equal ones when the cores share them."""
        find_field("parameter", name, self.config.layout.parameters)
        return self._gather("neuron", self.config.neurons, lambda m: m.read_parameter(name))

    def write_parameter(self, name: str, values: ArrayLike) -> int:
        """Write a scalar or (N,) integers."""
        field = find_field("parameter", name, self.config.layout.parameters)
        weights = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        checked = Image(self.config, weights, {name: np.asarray(values)}).parameters[name]
        idle = field.maximum if name == "v_threshold" else 0
        rest = int(checked[0]) if self._core.parameters == "shared" else idle
        return self._scatter("neuron", checked, lambda m, v: m.write_parameter(name, v), rest)

    def read_learning(self, name: str) -> int:
        """A parameter of the learning rule."""
        return self._parts[0].memory.read_learning(name)

    def write_learning(self, name: str, value: int) -> int:
        """Write a parameter of the learning rule."""
        step = 0
        with self._bus.transaction():
            for part in self._parts:
                step = part.memory.write_learning(name, value)
        return step

    # States.

    def read_state(self, name: str) -> Integers:
        """(N,) values, or (A,) of axons, or (A, N) of synapses."""
        found = find_state(self.config, name)
        if found.owner == "synapse":
            return self._gather_synapses(f"read {name}", lambda m: m.read_state(ELIGIBILITY))
        return self._gather(found.owner, found.shape[0], lambda m: m.read_state(name))

    def write_state(self, name: str, values: ArrayLike) -> int:
        """Overwrite a state: a scalar, or integers as `read_state` gives them."""
        found = find_state(self.config, name)
        checked = check_state(found, values)
        if found.owner == "synapse":
            return self._scatter_synapses(name, checked, lambda m, v: m.write_state(name, v))
        return self._scatter(found.owner, checked, lambda m, v: m.write_state(name, v))

    def read_arrivals(self) -> NDArray[np.bool_]:
        """(A,) bool, the axons with a spike for the next step."""
        return self._gather("axon", self.config.axons, lambda m: m.read_arrivals()).astype(bool)

    def write_arrivals(self, arrivals: ArrayLike) -> int:
        """Write (A,) flags, or one for all."""
        flags = check_flags("arrivals", arrivals, (self.config.axons,))
        return self._scatter("axon", flags, CoreMemory.write_arrivals)

    def read_later_arrivals(self) -> NDArray[np.bool_]:
        """(axonal_delay_slots − 1, A) bool, the same for the steps after the next one."""
        shape = (self.config.axonal_delay_slots - 1, self.config.axons)
        return self._gather("axon", shape, lambda m: m.read_later_arrivals()).astype(bool)

    def write_later_arrivals(self, arrivals: ArrayLike) -> int:
        """Write flags as they are read, or one for all."""
        shape = (self.config.axonal_delay_slots - 1, self.config.axons)
        flags = check_flags("later arrivals", arrivals, shape)
        return self._scatter("axon", flags, CoreMemory.write_later_arrivals)

    def read_pending(self) -> Integers:
        """(K, D, N) sums under way, for the next step and later ones."""
        shape = pending_format(self.config).shape
        return self._gather("neuron", shape, lambda m: m.read_pending())

    def write_pending(self, sums: ArrayLike) -> int:
        """Write one number, or integers as they are read."""
        checked = check_state(pending_format(self.config), sums)
        return self._scatter("neuron", checked, CoreMemory.write_pending)

    def _gather(
        self,
        owner: str,
        shape: int | tuple[int, ...],
        read: Callable[[CoreMemory], NDArray],
    ) -> Integers:
        """Values whose last axis is of neurons or axons."""
        found = np.zeros(shape, dtype=np.int64)
        with self._bus.transaction():
            for part in reversed(self._parts):  # so that the first copy of an axon is left
                ids, slots = part.ids(owner)
                if len(ids):
                    found[..., ids] = read(part.memory)[..., slots]
        return found

    def _scatter(
        self,
        owner: str,
        values: NDArray,
        write: Callable[[CoreMemory, NDArray], int],
        rest: int = 0,
    ) -> int:
        size = self._core.axons if owner == "axon" else self._core.neurons
        step = 0
        with self._bus.transaction():
            for part in self._parts:
                ids, slots = part.ids(owner)
                placed = np.full((*values.shape[:-1], size), rest, dtype=values.dtype)
                placed[..., slots] = values[..., ids]
                step = write(part.memory, placed)
        return step

    # Single values.

    def state_address(self, state: StateFormat, index: int = 0) -> int:
        """Address of a neuron's or axon's state, of the first copy; `InputError` if there is none."""
        for core, part in enumerate(self._parts):
            ids, slots = part.ids(state.owner)
            at = np.flatnonzero(ids == index)
            if len(at):
                local = find_state(self._core, state.field.name)
                return part.memory.state_address(local, int(slots[at[0]])) | core << CORE_SHIFT
        raise InputError(
            f"{state.owner} {index} has no synapses, so it is on no core, and has no "
            f"{state.field.name}; choose another one"
        )

    def parameter_cells(self, found: Cells, name: str) -> Cells:
        """These cells of a parameter, read and written by ranges where cores do not share it."""
        if self._core.parameters == "shared":
            return found
        return self._word_cells(
            found, "neuron", lambda memory, first: memory.map.parameter(name, first)
        )

    def state_cells(self, found: Cells, state: StateFormat) -> Cells:
        """These cells of a state, read and written by ranges."""
        if state.owner == "synapse":
            return found
        local = find_state(self._core, state.field.name)
        return self._word_cells(
            found, state.owner, lambda memory, first: memory.state_address(local, first)
        )

    def _word_cells(
        self, found: Cells, owner: str, address: Callable[[CoreMemory, int], int]
    ) -> Cells:
        def read(begin: int, end: int) -> Integers:
            values = np.zeros(end - begin, dtype=np.int64)
            with self._bus.transaction():
                for part in reversed(self._parts):
                    for ids, first, last in _runs(*part.ids(owner), begin, end):
                        at = address(part.memory, first)
                        values[ids - begin] = part.memory.read_values(at, last - first)
            return values

        def write(begin: int, values: Integers) -> int:
            step = 0
            with self._bus.transaction():
                for part in self._parts:
                    for ids, first, _ in _runs(*part.ids(owner), begin, begin + len(values)):
                        at, chosen = address(part.memory, first), values[ids - begin]
                        step = part.memory.write_values(f"write {found.title}", at, chosen)
            return step

        return dataclasses.replace(found, read=read, write=write)

    def _each(self, title: str) -> Iterator[_Part]:
        """The parts, with a bar where there is much to move."""
        synapses = len(self._parts) * self._core.axons * self._core.neurons
        show = self._progress if synapses >= _BAR_SYNAPSES else False
        with progress_bar(title, len(self._parts), show, self._bus.moved) as advance:
            for part in self._parts:
                yield part
                advance(1)


def memory_of(bus: Bus, design: Design, progress: bool | None) -> CoreMemory | FabricMemory:
    """The memories of a board for this design, on one core or on many."""
    if design.placement is None:
        return CoreMemory(bus, design.config, progress)
    return FabricMemory(bus, design.config, design.placement, progress)


def _runs(
    ids: Integers, slots: Integers, begin: int, end: int
) -> Iterator[tuple[Integers, int, int]]:
    """The ids from `begin` to before `end`, by ranges of consecutive slots: ids, first slot, last + 1."""
    chosen = (ids >= begin) & (ids < end)
    marks = np.zeros(int(slots.max(initial=-1)) + 1, dtype=bool)
    marks[slots[chosen]] = True
    at = np.zeros(len(marks), dtype=np.int64)
    at[slots] = ids
    for first, last in spans(marks):
        yield at[first:last], first, last
