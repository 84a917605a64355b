"""What a core on a board holds, by name: weights, parameters, states, whole images."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Image, MemoryMap
from spikeloom.hdl.contract.errors import LinkError
from spikeloom.hdl.contract.memory_map import DESTINATIONS, REGION_SHIFT, SYNAPSE_REGIONS, Region

from ..bus.bus import Bus
from ..bus.core_bus import CoreBus
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
from ..device.storage import Cells
from ..display.progress import Advance, progress_bar

PIECE_WORDS = 4096
"""Words that one command moves, at most."""
_BAR_WORDS = 8192
_FIELD_OF = {int(region): field for field, region in SYNAPSE_REGIONS.items()}


class CoreMemory:
    """Typed access to the memories of a core over its bus.

    A is the number of axons, N of neurons.  Names that the core does not have raise `InputError`,
    values that do not fit `ImageError`, before anything is sent.  Writing returns the step from which
    on it is in effect.

    Parameters
    ----------
    bus, config : where the core is, and what it is.
    progress : bars for long transfers; None: when stderr is a terminal.
    """

    def __init__(
        self, bus: Bus | CoreBus, config: CoreConfig, progress: bool | None = None
    ) -> None:
        self.config = config
        self.map = MemoryMap(config)
        self._bus = bus
        self._progress = progress

    def write_image(self, image: Image) -> None:
        """Write everything that an image says."""
        self._write("load", self.map.image_blocks(image))

    def verify_image(self, image: Image) -> None:
        """Read the image back; `LinkError` says where the board holds something else."""
        routes = self.map.pack_routes(image).astype(np.int64)
        held: dict[str, NDArray[Any]] = {}
        held["routes"] = self._read(Region.ROUTES.base, len(routes)).astype(np.int64)
        expected: dict[str, NDArray[Any]] = {"routes": routes}
        for name, parameter in image.parameters.items():
            held[name], expected[name] = self.read_parameter(name), parameter
        held["weights"], expected["weights"] = self.read_weights(), image.weights
        if self.config.learning is not None:
            for name, value in image.learning.items():
                held[name], expected[name] = np.array([self.read_learning(name)]), np.array([value])
            held["plastic"], expected["plastic"] = self.read_plastic(), image.plastic
            for title, address, values in self._tags(image):
                held[title], expected[title] = _values(self._read(address, len(values))), values
        if self.config.delay_slots > 1:
            held["delays"], expected["delays"] = self.read_delays(), image.delays
        if len(image.destinations):
            table = self.map.pack_destinations(image)
            there = self._read(Region.ROUTES.base + DESTINATIONS, len(table))
            held["destinations"], expected["destinations"] = there, table
        for name, values in held.items():
            wrong = np.argwhere(values != expected[name])
            if len(wrong):
                where = tuple(int(k) for k in wrong[0])
                raise LinkError(
                    f"{name}{list(where)} reads back as {int(values[where])} instead of "
                    f"{int(expected[name][where])} ({len(wrong)} such values); load again, and if "
                    "it stays so, the bitstream misses its timing or the board is faulty"
                )

    def _tags(self, image: Image) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
        """What the image says of axons and neurons: name, address and values."""
        fields = {f.name for f in self.map.layout.axon_fields}
        if "tag" in fields:
            yield "axon_tags", self.map.axon_field("tag"), image.axon_tags
            yield "neuron_tags", self.map.neuron_field("tag"), image.neuron_tags
        if "modulatory" in fields:
            at = self.map.axon_field("modulatory")
            yield "modulatory", at, image.modulatory.astype(np.int64)

    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights."""
        return self._read_synapses("weight")

    def write_weights(self, weights: ArrayLike) -> int:
        """Write (A, N) integer weights."""
        checked = Image(self.config, weights=np.asarray(weights)).weights
        return self._write_synapses("write weights", "weight", checked)

    def read_weight_rows(self, begin: int, end: int) -> NDArray[np.int64]:
        """(end − begin, N) weights, of these axons."""
        return self._read_synapses("weight", begin, end)

    def write_weight_rows(self, begin: int, weights: NDArray[np.int64]) -> int:
        """Write (rows, N) weights that are known to fit, of the axons from `begin` on."""
        return self._write_synapses("write weights", "weight", weights, begin)

    def read_delays(self) -> NDArray[np.int64]:
        """(A, N) delay fields of the synapses."""
        check_delays(self.config)
        return self._read_synapses("delay")

    def write_delays(self, delays: ArrayLike) -> int:
        """Write (A, N) delay fields."""
        check_delays(self.config)
        weights = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        checked = Image(self.config, weights, delays=np.asarray(delays)).delays
        return self._write_synapses("write delays", "delay", checked)

    def read_plastic(self) -> NDArray[np.bool_]:
        """(A, N) bool, which synapses learn."""
        check_learns(self.config, "plastic synapses")
        return self._read_synapses("plastic").astype(bool)

    def write_plastic(self, plastic: ArrayLike) -> int:
        """Write (A, N) flags, or one for all."""
        check_learns(self.config, "plastic synapses")
        shape = (self.config.axons, self.config.neurons)
        flags = check_flags("plastic", plastic, shape)
        return self._write_synapses("write plastic", "plastic", flags.astype(np.int64))

    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values, equal ones when the core shares them."""
        find_field("parameter", name, self.config.layout.parameters)
        words = self._read(self.map.parameter(name), self.map.parameter_entries)
        return np.resize(_values(words), self.config.neurons)

    def write_parameter(self, name: str, values: ArrayLike) -> int:
        """Write a scalar or (N,) integers."""
        find_field("parameter", name, self.config.layout.parameters)
        weights = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        checked = Image(self.config, weights, {name: np.asarray(values)}).parameters[name]
        words = checked[: self.map.parameter_entries].astype(np.uint32)
        return self._write(f"write {name}", [(self.map.parameter(name), words)])

    def read_learning(self, name: str) -> int:
        """A parameter of the learning rule."""
        find_field("learning parameter", name, self.config.layout.learning)
        return int(_values(self._read(self.map.learning(name), 1))[0])

    def write_learning(self, name: str, value: int) -> int:
        """Write a parameter of the learning rule."""
        find_field("learning parameter", name, self.config.layout.learning)
        weights = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        checked = Image(self.config, weights, learning={name: value}).learning[name]
        words = np.array([checked]).astype(np.uint32)
        return self._write(f"write {name}", [(self.map.learning(name), words)])

    def read_state(self, name: str) -> NDArray[np.int64]:
        """(N,) values, or (A,) of axons, or (A, N) of synapses."""
        found = find_state(self.config, name)
        if found.owner == "synapse":
            return self._read_synapses(ELIGIBILITY)
        return _values(self._read(self.state_address(found), found.shape[0]))

    def write_state(self, name: str, values: ArrayLike) -> int:
        """Overwrite a state: a scalar, or integers as `read_state` gives them."""
        found = find_state(self.config, name)
        checked = check_state(found, values)
        if found.owner == "synapse":
            return self._write_synapses(f"write {name}", ELIGIBILITY, checked)
        return self.write_values(f"write {name}", self.state_address(found), checked)

    def read_values(self, address: int, count: int) -> NDArray[np.int64]:
        """(count,) consecutive values of parameters or states, of neurons or axons."""
        return _values(self._read(address, count))

    def write_values(self, title: str, address: int, values: NDArray[np.int64]) -> int:
        """Write consecutive values that are known to fit."""
        return self._write(title, [(address, values.astype(np.uint32))])

    def parameter_cells(self, found: Cells, name: str) -> Cells:
        """These cells of a parameter, read and written by ranges unless all neurons share one word."""
        if self.map.parameter_entries == 1:
            return found
        return self._word_cells(found, self.map.parameter(name))

    def state_cells(self, found: Cells, state: StateFormat) -> Cells:
        """These cells of a state, read and written by ranges."""
        if state.owner == "synapse":
            return found
        return self._word_cells(found, self.state_address(state))

    def _word_cells(self, found: Cells, address: int) -> Cells:
        """These cells, read and written as the words from `address` on."""

        def read(begin: int, end: int) -> NDArray[np.int64]:
            return self.read_values(address + begin, end - begin)

        def write(begin: int, values: NDArray[np.int64]) -> int:
            return self.write_values(f"write {found.title}", address + begin, values)

        return dataclasses.replace(found, read=read, write=write)

    def state_address(self, state: StateFormat, index: int = 0) -> int:
        """Address of a neuron's or axon's state."""
        name = state.field.name
        if not state.learns:
            return self.map.state(name, index)
        if state.owner == "axon":
            return self.map.axon_field(name, index)
        return self.map.neuron_field(name, index)

    def read_arrivals(self) -> NDArray[np.bool_]:
        """(A,) bool, the axons with a spike for the next step."""
        return self._read_arrivals(0, 1)[0]

    def write_arrivals(self, arrivals: ArrayLike) -> int:
        """Write (A,) flags, or one for all."""
        flags = check_flags("arrivals", arrivals, (self.config.axons,))
        return self._write_arrivals(0, flags[np.newaxis])

    def read_later_arrivals(self) -> NDArray[np.bool_]:
        """(axonal_delay_slots − 1, A) bool, the same for the steps after the next one."""
        return self._read_arrivals(1, self.config.axonal_delay_slots)

    def write_later_arrivals(self, arrivals: ArrayLike) -> int:
        """Write flags as they are read, or one for all."""
        shape = (self.config.axonal_delay_slots - 1, self.config.axons)
        return self._write_arrivals(1, check_flags("later arrivals", arrivals, shape))

    def _read_arrivals(self, begin: int, end: int) -> NDArray[np.bool_]:
        count = self.map.layout.arrival_words
        places = [(self.map.arrivals(slot), count) for slot in range(begin, end)]
        words = self._read_all(places).astype("<u4").view(np.uint8)
        words = words.reshape(end - begin, 4 * count)
        bits = np.unpackbits(words, axis=1, bitorder="little")
        return bits[:, : self.config.axons].astype(bool)

    def _write_arrivals(self, begin: int, flags: NDArray[np.bool_]) -> int:
        padded = np.zeros((len(flags), 32 * self.map.layout.arrival_words), dtype=bool)
        padded[:, : self.config.axons] = flags
        words = np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)
        blocks = [(self.map.arrivals(begin + k), row) for k, row in enumerate(words)]
        return self._write("write arrivals", blocks)

    def read_pending(self) -> NDArray[np.int64]:
        """(K, D, N) sums under way, for the next step and later ones."""
        shape = pending_format(self.config).shape
        rows = np.ndindex(shape[:2])
        places = [(self.map.pending(k, slot), shape[2]) for k, slot in rows]
        return _values(self._read_all(places)).reshape(shape)

    def write_pending(self, sums: ArrayLike) -> int:
        """Write one number, or integers as they are read."""
        checked = check_state(pending_format(self.config), sums)
        words = checked.astype(np.uint32)
        rows = np.ndindex(words.shape[:2])
        blocks = [(self.map.pending(k, slot), words[k, slot]) for k, slot in rows]
        return self._write("write pending", blocks)

    def _read_synapses(
        self, field: str, begin: int = 0, end: int | None = None
    ) -> NDArray[np.int64]:
        end = self.config.axons if end is None else end
        words = (end - begin) * self.map.layout.synapse_fields[field].words_per_row
        return self.map.unpack_synapses(
            self._read(self.map.synapse_row(begin, field), words), field
        )

    def _write_synapses(
        self, title: str, field: str, values: NDArray[np.int64], begin: int = 0
    ) -> int:
        words = self.map.pack_synapses(values, field).ravel()
        return self._write(title, [(self.map.synapse_row(begin, field), words)])

    def _pieces(self, address: int, count: int) -> Iterator[tuple[int, slice]]:
        """Commands that a block of words needs: address and part of the block."""
        field = _FIELD_OF.get(address >> REGION_SHIFT)
        if field is None:
            for begin in range(0, count, PIECE_WORDS):
                yield address + begin, slice(begin, min(begin + PIECE_WORDS, count))
            return
        # Addresses of synapse rows have gaps between them, blocks of words have not.
        row = self.map.layout.synapse_fields[field].words_per_row
        rows = max(1, PIECE_WORDS // row)
        stride = self.map.synapse_row(1, field) - self.map.synapse_row(0, field)
        for begin in range(0, count // row, rows):
            yield address + begin * stride, slice(begin * row, min((begin + rows) * row, count))

    def _write(self, title: str, blocks: list[tuple[int, NDArray[np.uint32]]]) -> int:
        """Write blocks; returns the step from which on they are in effect."""
        total, step = sum(len(words) for _, words in blocks), 0
        with self._bus.transaction(), self._bar(title, total) as advance:
            for address, words in blocks:
                for at, part in self._pieces(address, len(words)):
                    step = self._bus.write(at, words[part])
                    advance(part.stop - part.start)
        return step

    def _read(self, address: int, count: int) -> NDArray[np.uint32]:
        return self._read_all([(address, count)])

    def _read_all(self, places: list[tuple[int, int]]) -> NDArray[np.uint32]:
        """The words of several blocks (address, count), one after the other."""
        parts = [np.zeros(0, dtype=np.uint32)]
        total = sum(count for _, count in places)
        with self._bus.transaction(), self._bar("read", total) as advance:
            for address, count in places:
                for at, part in self._pieces(address, count):
                    parts.append(self._bus.read(at, part.stop - part.start))
                    advance(part.stop - part.start)
        return np.concatenate(parts)

    def _bar(self, title: str, words: int) -> AbstractContextManager[Advance]:
        show = self._progress if words >= _BAR_WORDS else False
        return progress_bar(title, words, show, self._bus.moved)


def _values(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Signed fields come sign-extended, and no unsigned one reaches bit 31."""
    return words.view(np.int32).astype(np.int64)
