"""One scenario for every device: it does what a user may do, and compares with the golden model."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spikeloom.bus.bus import Bus
from spikeloom.design.contents import contents, of_kind
from spikeloom.design.design import Design
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.driver.cycle_bounds import run_cycles, sweeps
from spikeloom.hdl import NO_AXON, CoreConfig, Image, MemoryMap
from spikeloom.hdl.contract.commands import MAX_ID
from spikeloom.hdl.contract.errors import BoardRefusedError
from spikeloom.hdl.contract.fields import STEP_NUMBERS
from spikeloom.hdl.contract.memory_map import (
    CORE_SHIFT,
    COUNTERS,
    REGION_SHIFT,
    ROUTE_AXON_MASK,
    ROUTE_DRIVES,
    Region,
)

from .cases import random_design, random_parameter, random_raster
from .probes import addresses_beyond

SINGLE_STEPS = 4
RUN_STEPS = 16
_PLACED = ("duplicates", "synaptic_operations", "spikes", "clamps")
"""Counters that depend on the placement: copies of axons and neurons that fill a core count too."""


class Mismatch(AssertionError):  # noqa: N818 (it is the finding, not a failure of the program)
    """The first place where device and golden model differ.

    Attributes
    ----------
    step : number of the step after which they differ.
    what : state, "spike", "weight", a parameter or a counter.
    where : index of the neuron (or axon and neuron), empty for counters.
    """

    def __init__(self, step: int, what: str, where: tuple[int, ...], golden: int, device: int):
        self.step, self.what, self.where = step, what, where
        self.golden, self.device = golden, device
        index = f"[{', '.join(map(str, where))}]" if where else ""
        super().__init__(
            f"step {step}: {what}{index} is {golden} in the model, {device} on the device"
        )


def compare(step: int, what: str, golden: NDArray[np.generic], device: NDArray[np.generic]) -> None:
    """Raise `Mismatch` for the first element that differs."""
    different = np.argwhere(golden != device)
    if len(different):
        where = tuple(int(k) for k in different[0])
        raise Mismatch(step, what, where, int(golden[where]), int(device[where]))


class Scenario:
    """Runs one random case on a board and compares everything that can be read.

    Parameters
    ----------
    board : opened for the configuration of the case.
    seed : of network, spike train and everything else that is random.
    design : the network, in place of a random one.
    """

    def __init__(
        self, board: Board, config: CoreConfig, seed: int, *, design: Design | None = None
    ) -> None:
        self._board = board
        self._rng = np.random.default_rng(seed)
        self._design = design or random_design(config, self._rng)
        self._config = config
        self._golden = GoldenDevice(self._design)
        self._steps = 0
        self._unknown = 0
        """Spikes for axons that do not exist, which the model is not given."""
        self._astray: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        """Neurons that drive such axons on the board, and none in the model."""
        self._most_cycles: float = 0
        """Of all steps since the counters began."""

    def run(self) -> int:
        """Raise `Mismatch` at the first difference; returns the number of steps compared."""
        self._load()
        self._probe()
        self._lead_astray()
        self._compare_states()
        self._jump()
        for _ in range(SINGLE_STEPS):
            self._run(1)
            self._compare_states()
        self._send_unknown()
        self._compare_states()
        self._watch()
        self._run(RUN_STEPS)
        self._compare_states()
        self._rewrite()
        self._overwrite_states()
        self._run(RUN_STEPS)
        self._compare_states()
        for _ in range(SINGLE_STEPS):
            self._overwrite_states()
            self._run(1)
        self._run(RUN_STEPS)
        self._compare_states()
        self._pause_learning()
        self._board.reset()
        self._golden.reset()
        self._unknown, self._most_cycles = 0, 0
        self._compare_states()
        self._run(RUN_STEPS)
        self._compare_states()
        return self._steps

    def run_shortly(self) -> int:
        """As `run`, with fewer looks at the states, which take long on many cores."""
        self._load()
        self._run(RUN_STEPS)
        self._compare_states()
        self._watch()
        self._rewrite()
        self._run(RUN_STEPS)
        self._compare_states()
        return self._steps

    def run_briefly(self) -> int:
        """One run of a network, and one look at everything that it changed."""
        self._board.load(self._design)
        self._jump()
        self._run(RUN_STEPS)
        self._compare_states()
        return self._steps

    def _load(self) -> None:
        """Load the network, and read back all that it is, routes and tags too."""
        self._board.load(self._design)
        for name, held, expected in self._board.store.read_image(self._design.image):
            compare(0, name, expected, held)

    def _probe(self) -> None:
        """Read or write what is not there: it is refused, and nothing else changes."""
        placement, bus = self._design.placement, Bus(self._board.link)
        config, bits, base = self._config, REGION_SHIFT, 0
        if placement is not None:
            config, bits = placement.fabric.core, CORE_SHIFT
            base = int(self._rng.integers(placement.fabric.cores)) << CORE_SHIFT
        for address in addresses_beyond(config, bits, self._rng):
            with contextlib.suppress(BoardRefusedError):
                if self._rng.random() < 0.5:
                    bus.read_word(base + address)
                else:
                    bus.write_word(base + address, int(self._rng.integers(1 << 32)))
                raise Mismatch(0, "address that is not there", (base + address,), 0, 1)

    def _lead_astray(self) -> None:
        """Give some neurons that drive nothing a route to an axon that does not exist."""
        config, image = self._config, self._design.image
        if self._design.placement is not None or config.route_entries:
            return
        assert image.routes is not None
        assert image.report is not None
        # The others' spikes are not shown, and could not be counted.
        able = np.flatnonzero((image.routes == NO_AXON) & image.report)
        self._astray = able[self._rng.random(len(able)) < 0.5]
        words, bus = MemoryMap(config).pack_routes(image), Bus(self._board.link)
        for neuron in self._astray.tolist():
            one_bit = 1 << int(
                self._rng.integers(config.axons.bit_length(), ROUTE_AXON_MASK.bit_length())
            )
            any_bits = int(self._rng.integers(config.axons, ROUTE_AXON_MASK, endpoint=True))
            axon = int(self._rng.choice([config.axons, one_bit, any_bits]))
            word, address = int(words[neuron]) | ROUTE_DRIVES | axon, Region.ROUTES.base + neuron
            bus.write_word(address, word)
            if (held := bus.read_word(address)) != word:
                raise Mismatch(0, "route", (neuron,), word, held)

    def _send_unknown(self) -> None:
        """A step with spikes for axons that do not exist, too."""
        if self._design.placement is not None:
            return
        axons, step = self._config.axons, self._golden.step
        raster = np.zeros((1, MAX_ID + 1), dtype=bool)
        raster[:, :axons] = random_raster(self._config, 1, self._rng)
        beyond = [axons, *(1 << self._rng.integers(axons.bit_length(), MAX_ID.bit_length(), 3))]
        raster[0, beyond] = True
        self._unknown += int(raster[0, axons:].sum())
        self._allow(raster[:, :axons])
        golden = self._golden.run(raster[:, :axons])
        self._unknown += int(golden.spikes[:, self._astray].sum())
        device = Bus(self._board.link).run(step, raster, self._config.neurons)
        self._steps += 1
        compare(step, "spike", golden.spikes[0].astype(int), device.spikes[0].astype(int))

    def _run(self, steps: int) -> None:
        self._steps += steps
        raster = random_raster(self._config, steps, self._rng)
        self._allow(raster)
        golden, device = self._golden.run(raster), self._board.run(raster)
        self._unknown += int(golden.spikes[:, self._astray].sum())
        if device.steps != golden.steps:
            raise Mismatch(golden.start, "number of steps", (), golden.steps, device.steps)
        for k in range(steps):
            step = golden.start + k
            compare(step, "spike", golden.spikes[k].astype(int), device.spikes[k].astype(int))
            for name, values in golden.monitored.raw.items():
                compare(step, name, values[k], device.monitored.raw[name][k])

    def _allow(self, raster: NDArray[np.bool_]) -> None:
        """Clock cycles for a run that comes next."""
        golden = self._golden
        sweep = int(golden.read("sweep_log2")) if sweeps(self._config) else None
        self._most_cycles += int(run_cycles(self._design, raster, golden.step, sweep).sum())

    def _jump(self) -> None:
        """Go on from another number of step, of any size; every third time it soon begins anew."""
        kind, near = self._rng.random(), int(self._rng.integers(1, RUN_STEPS))
        if kind < 1 / 3:
            return
        step = STEP_NUMBERS - near if kind > 2 / 3 else int(self._rng.integers(STEP_NUMBERS))
        for device in (self._golden, self._board):
            device.write_step(step)

    def _overwrite_states(self) -> None:
        """Write some states between two steps: the least, the largest, or any values."""
        states = of_kind(self._config, "state") | of_kind(self._config, "under way")
        for name, f in states.items():
            if self._rng.random() < 0.5:
                continue
            low, high = f.low, f.high
            values = self._rng.integers(low, high, f.shape, endpoint=True)
            extreme = self._rng.choice([low, high], f.shape)
            values = np.where(self._rng.random(f.shape) < 0.5, values, extreme)
            for device in (self._golden, self._board):
                device.write(name, values)

    def _watch(self) -> None:
        """Monitor some states."""
        states = of_kind(self._config, "state")
        names = [name for name, content in states.items() if content.owner != "synapse"]
        state = str(self._rng.choice(names))
        (size,) = states[state].shape
        chosen = self._rng.permutation(size)[: self._config.monitors]
        for device in (self._golden, self._board):
            device.monitor([int(k) for k in chosen], state)

    def _pause_learning(self) -> None:
        """Run with learning off, then on again."""
        if self._config.learning is None:
            return
        for enabled in (0, 1):
            for device in (self._golden, self._board):
                device.write("enabled", enabled)
            self._run(SINGLE_STEPS)
            self._compare_states()

    def _rewrite(self) -> None:
        """Change weights and some parameters between two steps."""
        image = self._rewritten()
        weights = image.weights
        parameters = {
            f.name: random_parameter(self._config, f, self._rng)
            for f in self._config.layout.parameters
            if self._rng.random() < 0.5
        }
        for device in (self._golden, self._board):
            device.write("weights", weights)
            if self._config.delay_slots > 1:
                device.write("delays", image.delays)
            for name, values in parameters.items():
                device.write(name, values)
            if self._config.learning is not None:
                device.write("plastic", image.plastic)
                for name, value in image.learning.items():
                    device.write(name, value)
        self._compare_image()

    def _rewritten(self) -> Image:
        """Another image; in a placed network its synapses are where the axons have a copy."""
        placement = self._design.placement
        if placement is None:
            return random_design(self._config, self._rng).image
        plain = replace(self._config, route_entries=0, axonal_delay_slots=1)
        image = random_design(plain, self._rng).image
        heard = placement.copies_mask(self._config.axons)[:, placement.neuron_core]
        return replace(
            image,
            weights=image.weights * heard,
            plastic=image.plastic & heard,
            delays=image.delays * heard,
        )

    def compare_with(self, golden: GoldenDevice) -> None:
        """Raise `Mismatch` if a state, a weight or a counter of the board differs from this model's."""
        self._golden, self._most_cycles = golden, math.inf
        self._compare_states()

    def _compare_image(self) -> None:
        golden, board, step = self._golden, self._board, self._golden.step
        for name, content in contents(self._config).items():
            if content.kind in ("synapses", "parameter", "learning parameter"):
                compare(step, name, golden.read(name), board.read(name))

    def _compare_states(self) -> None:
        golden, board, step = self._golden, self._board, self._golden.step - 1
        if board.step != golden.step:
            raise Mismatch(step, "number of the next step", (), golden.step, board.step)
        names = list(of_kind(self._config, "state"))
        if self._config.learning is not None:
            names.append("weights")
        names += of_kind(self._config, "under way")
        for name in names:
            compare(step, name, self._heard(name, golden.read(name)), board.read(name))
        counters, counted = dict(golden.counters()), board.counters()
        counters["unknown"] += self._unknown
        self._compare_cycles(step, counters, counted["cycles"])
        if self._design.placement is not None:
            counters = {name: n for name, n in counters.items() if name not in _PLACED}
        self._compare_counters(step, counters, counted)

    def _compare_cycles(self, step: int, golden: Mapping[str, int], cycles: int) -> None:
        """Steps take no fewer cycles than their rows and neurons, and no more than a host allows."""
        config, placement = self._config, self._design.placement
        least = golden["steps"]
        if placement is None:
            rows = golden["synaptic_operations"] // config.neurons
            least = rows * config.layout.groups + golden["steps"] * config.neurons
        if not least <= cycles <= self._most_cycles:
            raise Mismatch(step, "cycles", (), least, cycles)

    def _heard(self, name: str, values: NDArray[np.generic]) -> NDArray[np.generic]:
        """What a board has of axons in a placed network: nothing of those without a copy."""
        placement = self._design.placement
        if placement is None or contents(self._config)[name].owner != "axon":
            return values
        return values * placement.copies_mask(self._config.axons).any(axis=1)

    @staticmethod
    def _compare_counters(step: int, golden: Mapping[str, int], device: Mapping[str, int]) -> None:
        for name, value in golden.items():
            wrapped = value % (1 << COUNTERS[name])
            if device[name] != wrapped:
                raise Mismatch(step, name, (), wrapped, device[name])
        for name, value in device.items():
            if name.startswith("link_") and value:
                raise Mismatch(step, name, (), 0, value)
