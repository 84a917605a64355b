"""Random traffic on a link, of which everything is compared with the golden model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import Field, MemoryMap
from spikeloom.hdl.contract.memory_map import COUNTERS, Region, Register

from ..bus.bus import Bus
from ..design.contents import contents, of_kind
from ..device.golden import GoldenDevice
from ..driver.board import Board

_DENSITIES = (0.0, 0.02, 0.2, 0.7)
_EVENT_BYTES, _WORD_BYTES = 2, 4


class Mismatch(Exception):  # noqa: N818 (it is the finding, not a failure of the program)
    """What came over the link is not what the golden model says."""


class Traffic:
    """Does whatever a user may do, at random, on a board and on the golden model beside it.

    Every command changes what the later ones find: one that was lost, or executed twice, shows.

    Parameters
    ----------
    board : opened with a design, which is loaded here.
    seed : chooses the commands, their sizes and what they write.
    largest : bytes that one command sends or brings, about, at most.
    sent : how many commands were sent until now.
    """

    def __init__(self, board: Board, seed: int, largest: int, sent: Callable[[], int]) -> None:
        self._sent = sent
        self._actions = 0
        self._largest = largest
        self._watched = 0
        self._board = board
        self._bus = Bus(board.link)
        self._config = board.design.config
        self._map = MemoryMap(self._config)
        self._rng = np.random.default_rng(seed)
        self._golden = GoldenDevice(board.design)
        ones = np.full((self._config.axons, self._config.neurons), -1, dtype=np.int64)
        self._synapse_bits = self._map.pack_synapses(ones).ravel()
        board.load()
        self._not_by_us = board.counters()["commands"] - sent()

    def exchange(self, *, more_out: bool, more_in: bool) -> None:
        """One random action, with much in a direction of which `more` is wanted.

        Raises `Mismatch` when the answer is not what the golden model says.
        """
        actions = [self._run, self._write_parameter, self._read_parameter]
        actions += [self._write_potentials, self._read_state]
        if more_out:
            actions += 3 * [self._write_weights]
        if more_in:
            actions += 3 * [self._read_weights]
        actions += 3 * [self._run] + [self._watch]
        if self._rng.random() < 0.02:
            actions = [self._reset]
        self._actions += 1
        actions[self._rng.integers(len(actions))]()

    def check(self) -> None:
        """Compare weights, parameters, states, counters and step number."""
        golden, board = self._golden, self._board
        step = self._bus.read_word(Region.CONTROL.base + Register.STEP)
        self._compare("the number of the next step", np.array(golden.step), np.array(step))
        for name, content in contents(self._config).items():
            if name == "weights" or content.kind in ("parameter", "state"):
                self._compare(name, golden.read(name), board.read(name))
        counted = board.counters()
        executed = (self._not_by_us + self._sent()) % (1 << COUNTERS["commands"])
        self._compare("the counter commands", np.array(executed), np.array(counted["commands"]))
        for name, value in golden.counters().items():
            expected = np.array(value % (1 << COUNTERS[name]))
            self._compare(f"the counter {name}", expected, np.array(counted[name]))

    def _compare(self, what: str, golden: NDArray[np.generic], board: NDArray[np.generic]) -> None:
        different = np.argwhere(golden != board)
        if len(different):
            where = tuple(int(k) for k in different[0])
            raise Mismatch(
                f"after {self._actions} actions: {what}{list(where) if where else ''} is "
                f"{int(golden[where])} in the golden model, {int(board[where])} on the board "
                f"({len(different)} such values)"
            )

    def _size(self, most: int) -> int:
        """1…most, every order of magnitude as often."""
        return max(1, int(most ** self._rng.random()))

    def _block(self) -> tuple[int, slice]:
        """A random part of the weights: its address, and which words of all rows it is."""
        row = self._map.layout.words_per_row
        total = self._config.axons * row
        count = self._size(min(total, max(1, self._largest // _WORD_BYTES)))
        first = int(self._rng.integers(total - count, endpoint=True))
        return self._map.synapse_row(first // row) + first % row, slice(first, first + count)

    def _write_weights(self) -> None:
        address, block = self._block()
        bound = 1 << (self._config.weight_bits - 1)
        shape = (self._config.axons, self._config.neurons)
        fresh = self._map.pack_synapses(self._rng.integers(-bound, bound, shape)).ravel()
        words = self._map.pack_synapses(self._golden.read("weights")).ravel()
        words[block] = fresh[block]
        step = self._bus.write(address, words[block])
        self._golden.write("weights", self._map.unpack_synapses(words))
        self._compare("the step of a write", np.array(self._golden.step), np.array(step))

    def _read_weights(self) -> None:
        address, block = self._block()
        expected = self._map.pack_synapses(self._golden.read("weights")).ravel()[block]
        found = self._bus.read(address, block.stop - block.start)
        self._compare("words of weights", expected, found & self._synapse_bits[block])

    def _values(self, field: Field, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Random values, of every order of magnitude that the field has."""
        values = self._rng.integers(field.minimum, field.maximum, shape, endpoint=True)
        shifted: NDArray[np.int64] = values >> self._rng.integers(field.bits)
        return shifted

    def _write_parameter(self) -> None:
        fields = self._config.layout.parameters
        field = fields[self._rng.integers(len(fields))]
        shared = self._config.parameters == "shared"
        values = np.resize(
            self._values(field, () if shared else (self._config.neurons,)), self._config.neurons
        )
        if field.name == "v_threshold":
            values = np.where(values < 0, ~values, values)  # who always fires remembers nothing
        for device in (self._board, self._golden):
            device.write(field.name, values)

    def _read_parameter(self) -> None:
        fields = self._config.layout.parameters
        name = fields[self._rng.integers(len(fields))].name
        self._compare(name, self._golden.read(name), self._board.read(name))

    def _write_potentials(self) -> None:
        (field,) = (f for f in self._config.layout.states if f.name == "v")
        values = self._values(field, (self._config.neurons,))
        for device in (self._board, self._golden):
            device.write("v", values)

    def _read_state(self) -> None:
        names = list(of_kind(self._config, "state"))
        name = names[self._rng.integers(len(names))]
        self._compare(name, self._golden.read(name), self._board.read(name))

    def _watch(self) -> None:
        count = int(self._rng.integers(min(self._config.monitors, self._config.neurons) + 1))
        neurons = self._rng.permutation(self._config.neurons)[:count]
        for device in (self._board, self._golden):
            device.monitor(neurons.tolist())
        self._watched = count

    def _run(self) -> None:
        density = float(self._rng.choice(_DENSITIES))
        bytes_in = _EVENT_BYTES * (1 + density * self._config.axons)
        bytes_out = _EVENT_BYTES * 2 + _WORD_BYTES * self._watched
        steps = self._size(max(1, int(self._largest / max(bytes_in, bytes_out))))
        raster = self._rng.random((steps, self._config.axons)) < density
        expected, found = self._golden.run(raster), self._board.run(raster)
        self._compare("spikes", expected.spikes, found.spikes)
        for name, values in expected.monitored.raw.items():
            self._compare(name, values, found.monitored.raw[name])
        self._read_state()

    def _reset(self) -> None:
        self.check()  # of counters, as long as they are there
        for device in (self._board, self._golden):
            device.reset()
