"""One scenario for every device: it does what a user may do, and compares with the golden model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spikeloom.design.design import Design
from spikeloom.design.state_formats import state_formats
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract.fields import STEP_NUMBERS
from spikeloom.hdl.contract.memory_map import COUNTERS

from .cases import random_design, random_parameter, random_raster

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

    def run(self) -> int:
        """Raise `Mismatch` at the first difference; returns the number of steps compared."""
        self._board.load(self._design)
        self._compare_image()
        self._compare_states()
        self._jump()
        for _ in range(SINGLE_STEPS):
            self._run(1)
            self._compare_states()
        self._watch()
        self._run(RUN_STEPS)
        self._compare_states()
        self._rewrite()
        self._run(RUN_STEPS)
        self._compare_states()
        self._overwrite_states()
        self._run(RUN_STEPS)
        self._compare_states()
        self._pause_learning()
        self._board.reset()
        self._golden.reset()
        self._compare_states()
        self._run(RUN_STEPS)
        self._compare_states()
        return self._steps

    def run_shortly(self) -> int:
        """As `run`, with fewer looks at the states, which take long on many cores."""
        self._board.load(self._design)
        self._run(RUN_STEPS)
        self._compare_states()
        self._watch()
        self._rewrite()
        self._run(RUN_STEPS)
        self._compare_states()
        return self._steps

    def _run(self, steps: int) -> None:
        self._steps += steps
        raster = random_raster(self._config, steps, self._rng)
        golden, device = self._golden.run(raster), self._board.run(raster)
        if device.steps != golden.steps:
            raise Mismatch(golden.start, "number of steps", (), golden.steps, device.steps)
        for k in range(steps):
            step = golden.start + k
            compare(step, "spike", golden.spikes[k].astype(int), device.spikes[k].astype(int))
            for name, values in golden.monitored.items():
                compare(step, name, values[k], device.monitored[name][k])

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
        for name, f in state_formats(self._config).items():
            if self._rng.random() < 0.5:
                continue
            low, high = f.field.minimum, f.field.maximum
            values = self._rng.integers(low, high, f.shape, endpoint=True)
            extreme = self._rng.choice([low, high], f.shape)
            values = np.where(self._rng.random(f.shape) < 0.5, values, extreme)
            for device in (self._golden, self._board):
                device.write_state(name, values)

    def _watch(self) -> None:
        """Monitor some states."""
        formats = state_formats(self._config)
        states = [name for name, f in formats.items() if f.owner != "synapse"]
        state = str(self._rng.choice(states))
        (size,) = formats[state].shape
        chosen = self._rng.permutation(size)[: self._config.monitors]
        for device in (self._golden, self._board):
            device.monitor([int(k) for k in chosen], state)

    def _pause_learning(self) -> None:
        """Run with learning off, then on again."""
        if self._config.learning is None:
            return
        for enabled in (0, 1):
            for device in (self._golden, self._board):
                device.write_learning("enabled", enabled)
            self._run(SINGLE_STEPS)
            self._compare_states()

    def _rewrite(self) -> None:
        """Change weights and a parameter between two steps."""
        image = self._rewritten()
        weights = image.weights
        field = self._config.layout.parameters[
            int(self._rng.integers(len(self._config.layout.parameters)))
        ]
        values = random_parameter(self._config, field, self._rng)
        for device in (self._golden, self._board):
            device.write_weights(weights)
            if self._config.delay_slots > 1:
                device.write_delays(image.delays)
            device.write_parameter(field.name, values)
            if self._config.learning is not None:
                device.write_plastic(image.plastic)
                for name, value in image.learning.items():
                    device.write_learning(name, value)
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
        self._golden = golden
        self._compare_states()

    def _compare_image(self) -> None:
        golden, board, step = self._golden, self._board, self._golden.step
        compare(step, "weight", golden.read_weights(), board.read_weights())
        if self._config.delay_slots > 1:
            compare(step, "delay", golden.read_delays(), board.read_delays())
        for field in self._config.layout.parameters:
            name = field.name
            compare(step, name, golden.read_parameter(name), board.read_parameter(name))
        if self._config.learning is not None:
            compare(step, "plastic", golden.read_plastic(), board.read_plastic())
            for field in self._config.layout.learning:
                found = golden.read_learning(field.name), board.read_learning(field.name)
                compare(step, field.name, *map(np.array, found))

    def _compare_states(self) -> None:
        golden, board, step = self._golden, self._board, self._golden.step - 1
        if board.step != golden.step:
            raise Mismatch(step, "number of the next step", (), golden.step, board.step)
        layout = self._config.layout
        names = [f.name for f in (*layout.states, *layout.neuron_states, *layout.axon_states)]
        if "eligibility" in layout.synapse_fields:
            names.append("eligibility")
        for name in names:
            compare(step, name, golden.read_state(name), board.read_state(name))
        if self._config.learning is not None:
            compare(step, "weight", golden.read_weights(), board.read_weights())
        if self._config.delay_slots > 1:
            compare(step, "pending", golden.read_pending(), board.read_pending())
        counters = golden.counters()
        if self._design.placement is not None:
            counters = {name: n for name, n in counters.items() if name not in _PLACED}
        self._compare_counters(step, counters, board.counters())

    @staticmethod
    def _compare_counters(step: int, golden: Mapping[str, int], device: Mapping[str, int]) -> None:
        for name, value in golden.items():
            wrapped = value % (1 << COUNTERS[name])
            if device[name] != wrapped:
                raise Mismatch(step, name, (), wrapped, device[name])
        for name, value in device.items():
            if name.startswith("link_") and value:
                raise Mismatch(step, name, (), 0, value)
