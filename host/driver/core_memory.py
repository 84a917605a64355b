"""The memories of a core on a board as a store, and whole images of it."""

from __future__ import annotations

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
from ..design.contents import ALL, Content, Rows, contents, find, of_kind
from ..display.progress import Advance, progress_bar

PIECE_WORDS = 4096
"""Words that one command moves, at most."""
_BAR_WORDS = 8192
_FIELDS = {"weights": "weight", "delays": "delay"}
"""What the memory map calls them, where it has another name."""
_FIELD_OF = {int(region): field for field, region in SYNAPSE_REGIONS.items()}


class CoreMemory:
    """What a core holds, over its bus; see `Store`.

    Parameters
    ----------
    bus, config : where the core is, and what it is.
    progress : bars for long transfers; None: when stderr is a terminal.
    """

    def __init__(
        self, bus: Bus | CoreBus, config: CoreConfig, progress: bool | None = None
    ) -> None:
        self.config = config
        self.contents = contents(config)
        self.map = MemoryMap(config)
        self._bus = bus
        self._progress = progress

    def write_image(self, image: Image) -> None:
        """Write everything that an image says."""
        self._write("load", self.map.image_blocks(image))

    def verify_image(self, image: Image) -> None:
        """Read the image back; `LinkError` says where the board holds something else."""
        for name, held, expected in self.read_image(image):
            wrong = np.argwhere(held != expected)
            if len(wrong):
                where = tuple(int(k) for k in wrong[0])
                raise LinkError(
                    f"{name}{list(where) if where else ''} reads back as {int(held[where])} instead "
                    f"of {int(expected[where])} ({len(wrong)} such values); load again, and if "
                    "it stays so, the bitstream misses its timing or the board is faulty"
                )

    def read_image(self, image: Image) -> Iterator[tuple[str, NDArray[Any], NDArray[Any]]]:
        """All that an image says: its name, as it reads back, and as the image has it."""
        routes = self.map.pack_routes(image)
        yield "routes", self._read(Region.ROUTES.base, len(routes)), routes
        for name, values in (image.parameters | image.learning).items():
            yield name, self.read(name), np.asarray(values)
        for name in of_kind(self.config, "synapses"):
            yield name, self.read(name), np.asarray(getattr(image, name))
        for name, address, tags in self._tags(image):
            yield name, _values(self._read(address, len(tags))), tags
        if len(image.destinations):
            table = self.map.pack_destinations(image)
            held = self._read(Region.ROUTES.base + DESTINATIONS, len(table))
            yield "destinations", held, table

    def _tags(self, image: Image) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
        """What the image says of axons and neurons: name, address and values."""
        fields = {f.name for f in self.map.layout.axon_fields}
        if "tag" in fields:
            yield "axon_tags", self.map.axon_field("tag"), image.axon_tags
            yield "neuron_tags", self.map.neuron_field("tag"), image.neuron_tags
        if "modulatory" in fields:
            at = self.map.axon_field("modulatory")
            yield "modulatory", at, image.modulatory.astype(np.int64)

    # The store.

    def read(self, name: str, rows: Rows = ALL) -> NDArray:
        """These rows of what has this name; see `Store`."""
        content = find(self.contents, name)
        if not content.shape:
            return _values(self._read(self.address(content), 1))[0:1].reshape(())
        begin, end = content.span(rows)
        if content.owner == "synapse":
            values = self._read_synapses(_FIELDS.get(name, name), begin, end)
        elif content.kind == "under way":
            values = self._read_under_way(content)[rows]
        elif content.equal:
            values = np.resize(_values(self._read(self.address(content), 1)), end - begin)
        else:
            values = _values(self._read(self.address(content, begin), end - begin))
        return values.astype(bool) if content.flags else values

    def write(self, name: str, values: ArrayLike, rows: Rows = ALL) -> int:
        """Overwrite these rows of what has this name; see `Store`."""
        content = find(self.contents, name)
        checked = content.check(values, rows)
        title = f"write {name}"
        if not content.shape:
            return self._write(title, [(self.address(content), _words(checked.reshape(1)))])
        begin, end = content.span(rows)
        if content.owner == "synapse":
            return self._write_synapses(title, _FIELDS.get(name, name), checked, begin)
        if content.kind == "under way":
            if begin > 0 or end < content.shape[0]:
                checked = _replaced(self.read(name), rows, checked)
            return self._write_under_way(title, content, checked)
        if content.equal:
            if not checked.size:
                return self._write(title, [])
            return self._write(title, [(self.address(content), _words(checked[:1]))])
        return self._write(title, [(self.address(content, begin), _words(checked))])

    def address(self, content: Content, index: int = 0) -> int:
        """Address of a parameter, or of a state of a neuron or axon."""
        name = content.name
        if content.kind == "learning parameter":
            return self.map.learning(name)
        if content.kind == "parameter":
            return self.map.parameter(name, 0 if content.equal else index)
        if not content.learns:
            return self.map.state(name, index)
        if content.owner == "axon":
            return self.map.axon_field(name, index)
        return self.map.neuron_field(name, index)

    def _read_under_way(self, content: Content) -> NDArray:
        if not content.flags:
            blocks = self._pending(content)
            return _values(self._read_all(blocks)).reshape(content.shape)
        count = self.map.layout.arrival_words
        words = self._read_all([(at, count) for at in self._arrivals(content)])
        rows = words.astype("<u4").view(np.uint8).reshape(-1, 4 * count)
        bits = np.unpackbits(rows, axis=1, bitorder="little")[:, : self.config.axons]
        return bits.reshape(content.shape)

    def _write_under_way(self, title: str, content: Content, values: NDArray) -> int:
        if not content.flags:
            rows = _words(values).reshape(-1, values.shape[-1])
            addresses = [address for address, _ in self._pending(content)]
            return self._write(title, list(zip(addresses, rows, strict=True)))
        addresses = self._arrivals(content)
        padded = np.zeros((len(addresses), 32 * self.map.layout.arrival_words), dtype=bool)
        padded[:, : self.config.axons] = values.reshape(-1, self.config.axons)
        words = np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)
        return self._write(title, list(zip(addresses, words, strict=True)))

    def _arrivals(self, content: Content) -> list[int]:
        """Addresses of the bitmaps of arrivals: for the next step, or for those after it."""
        later = range(1, self.config.axonal_delay_slots)
        return [self.map.arrivals(slot) for slot in ((0,) if content.name == "arrivals" else later)]

    def _pending(self, content: Content) -> list[tuple[int, int]]:
        """Blocks (address, words) of the sums under way."""
        rows = np.ndindex(content.shape[:2])
        return [(self.map.pending(k, slot), content.shape[2]) for k, slot in rows]

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
        words = self.map.pack_synapses(values.astype(np.int64), field).ravel()
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


def _words(values: NDArray) -> NDArray[np.uint32]:
    return values.astype(np.int64).astype(np.uint32)


def _replaced(values: NDArray, rows: Rows, new: NDArray) -> NDArray:
    values[rows] = new
    return values
