"""One scenario for every device: it does what a user may do, and compares with the golden model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spikeloom.design.contents import contents, of_kind
from spikeloom.design.design import Design
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
            for name, values in golden.monitored.raw.items():
                compare(step, name, values[k], device.monitored.raw[name][k])

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
        for name, f in of_kind(self._config, "state").items():
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
        """Change weights and a parameter between two steps."""
        image = self._rewritten()
        weights = image.weights
        field = self._config.layout.parameters[
            int(self._rng.integers(len(self._config.layout.parameters)))
        ]
        values = random_parameter(self._config, field, self._rng)
        for device in (self._golden, self._board):
            device.write("weights", weights)
            if self._config.delay_slots > 1:
                device.write("delays", image.delays)
            device.write(field.name, values)
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
        self._golden = golden
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
        if self._config.delay_slots > 1:
            names.append("pending")
        for name in names:
            compare(step, name, golden.read(name), board.read(name))
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
