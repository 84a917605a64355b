"""What a core on a board holds, by name: weights, parameters, states, whole images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import CoreConfig, Field, Image, ImageError, MemoryMap
from spikeloom.hdl.memory_map import REGION_SHIFT, Region

from .bus import Bus
from .errors import InputError, LinkError
from .progress import progress_bar

PIECE_WORDS = 4096
"""Words that one command moves, at most."""
_BAR_WORDS = 8192


class CoreMemory:
    """Typed access to the memories of a core over its bus.

    A is the number of axons, N of neurons.  Names that the core does not have raise `InputError`,
    values that do not fit `ImageError`, before anything is sent.

    Parameters
    ----------
    bus, config : where the core is, and what it is.
    progress : bars for long transfers; None: when stderr is a terminal.
    """

    def __init__(self, bus: Bus, config: CoreConfig, progress: bool | None = None) -> None:
        self.config = config
        self.map = MemoryMap(config)
        self._bus = bus
        self._progress = progress

    def write_image(self, image: Image) -> None:
        """Write weights, parameters and routes."""
        self._write("load", self.map.image_blocks(image))

    def verify_image(self, image: Image) -> None:
        """Read the image back; `LinkError` says where the board holds something else."""
        routes = self.map.pack_routes(image).astype(np.int64)
        held = {"routes": self._read(Region.ROUTES.base, len(routes)).astype(np.int64)}
        held |= {name: self.read_parameter(name) for name in image.parameters}
        held["weights"] = self.read_weights()
        expected = {"routes": routes, **image.parameters, "weights": image.weights}
        for name, values in held.items():
            wrong = np.argwhere(values != expected[name])
            if len(wrong):
                where = tuple(int(k) for k in wrong[0])
                raise LinkError(
                    f"{name}{list(where)} reads back as {int(values[where])} instead of "
                    f"{int(expected[name][where])} ({len(wrong)} such values); load again, and if "
                    "it stays so, the bitstream misses its timing or the board is faulty"
                )

    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights."""
        words = self._read(
            self.map.synapse_row(0), self.config.axons * self.map.layout.words_per_row
        )
        return self.map.unpack_synapses(words)

    def write_weights(self, weights: ArrayLike) -> None:
        """Write (A, N) integer weights."""
        checked = Image(self.config, weights=np.asarray(weights)).weights
        words = self.map.pack_synapses(checked).ravel()
        self._write("write weights", [(self.map.synapse_row(0), words)])

    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values, equal ones when the core shares them."""
        find_field("parameter", name, self.config.layout.parameters)
        words = self._read(self.map.parameter(name), self.map.parameter_entries)
        return np.resize(_values(words), self.config.neurons)

    def write_parameter(self, name: str, values: ArrayLike) -> None:
        """Write a scalar or (N,) integers."""
        find_field("parameter", name, self.config.layout.parameters)
        weights = np.zeros((self.config.axons, self.config.neurons), dtype=np.int64)
        checked = Image(self.config, weights, {name: np.asarray(values)}).parameters[name]
        words = checked[: self.map.parameter_entries].astype(np.uint32)
        self._write(f"write {name}", [(self.map.parameter(name), words)])

    def read_state(self, name: str) -> NDArray[np.int64]:
        """(N,) values."""
        find_field("state", name, self.config.layout.states)
        return _values(self._read(self.map.state(name), self.config.neurons))

    def write_state(self, name: str, values: ArrayLike) -> None:
        """Overwrite a state: a scalar or (N,) integers."""
        field = find_field("state", name, self.config.layout.states)
        array, neurons = np.asarray(values), self.config.neurons
        if array.dtype.kind not in "iub" or array.shape not in ((), (neurons,)):
            raise ImageError(
                f"{name} has dtype {array.dtype} and shape {array.shape}; "
                f"give an integer, or ({neurons},) integers"
            )
        if np.any(array < field.minimum) or np.any(array > field.maximum):
            raise ImageError(
                f"{name} has values {array.min()}…{array.max()}; "
                f"the core holds {field.minimum}…{field.maximum}"
            )
        words = np.broadcast_to(array, (neurons,)).astype(np.int64).astype(np.uint32)
        self._write(f"write {name}", [(self.map.state(name), words)])

    def _pieces(self, address: int, count: int) -> Iterator[tuple[int, slice]]:
        """Commands that a block of words needs: address and part of the block."""
        if address >> REGION_SHIFT != Region.SYNAPSES:
            for begin in range(0, count, PIECE_WORDS):
                yield address + begin, slice(begin, min(begin + PIECE_WORDS, count))
            return
        # Addresses of synapse rows have gaps between them, blocks of words have not.
        row = self.map.layout.words_per_row
        rows = max(1, PIECE_WORDS // row)
        for axon in range(0, self.config.axons, rows):
            yield self.map.synapse_row(axon), slice(axon * row, min((axon + rows) * row, count))

    def _write(self, title: str, blocks: list[tuple[int, NDArray[np.uint32]]]) -> None:
        total = sum(len(words) for _, words in blocks)
        with progress_bar(title, total, self._show(total)) as advance:
            for address, words in blocks:
                for at, part in self._pieces(address, len(words)):
                    self._bus.write(at, words[part])
                    advance(part.stop - part.start)

    def _read(self, address: int, count: int) -> NDArray[np.uint32]:
        parts = []
        with progress_bar("read", count, self._show(count)) as advance:
            for at, part in self._pieces(address, count):
                parts.append(self._bus.read(at, part.stop - part.start))
                advance(part.stop - part.start)
        return np.concatenate(parts)

    def _show(self, words: int) -> bool | None:
        return self._progress if words >= _BAR_WORDS else False


def find_field(kind: str, name: str, fields: Iterable[Field]) -> Field:
    """Field by name; `InputError` lists the names that there are."""
    known = {field.name: field for field in fields}
    if name not in known:
        raise InputError(f"no {kind} {name!r} in this core; it has {', '.join(known)}")
    return known[name]


def _values(words: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Signed fields come sign-extended, and no unsigned one reaches bit 31."""
    return words.view(np.int32).astype(np.int64)
