"""The golden model as a device: what a board would answer, without a board."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import BoardRefusedError, InputError, WrongBoardError
from spikeloom.sim import GoldenCore

from ..design.design import Design
from ..design.input_raster import input_raster
from ..design.state_formats import (
    StateFormat,
    check_delays,
    check_flags,
    check_learns,
    check_state,
    check_step,
    find_field,
    find_state,
    pending_format,
)
from ..display.html import describe_config, describe_names, device_html, never_raise
from .device import Device, Run, SpikeInput
from .monitors import Monitors


class GoldenDevice(Device):
    """A `GoldenCore` behind the interface that boards have; the design is loaded from the start.

    For many samples at once, or every state after every step, use `GoldenCore` itself.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._core = GoldenCore(design.image)
        self._monitors = Monitors()
        self._overruns = 0

    def load(self, design: Design | None = None) -> None:
        """Load the image of `design` (default: the one loaded last); clears all state.

        Like a board, the device stays what it is: a design for another configuration raises
        `WrongBoardError`.
        """
        design = design or self.design
        ours, theirs = self._core.config.to_dict(), design.config.to_dict()
        different = [
            f"{name} = {theirs.get(name)!r} (here {ours.get(name)!r})"
            for name in ours | theirs
            if theirs.get(name) != ours.get(name)
        ]
        if different:
            raise WrongBoardError(
                f"the design is for another core, with {', '.join(different)}; "
                "open a device with this design instead"
            )
        self.design = design
        self._core.image = design.image
        self.reset()

    def reset(self) -> None:
        """Clear state, pending spikes, step number and counters; keep weights and parameters."""
        with self.turn():
            self._core.reset()
            self._overruns = 0

    def run(
        self, spikes: SpikeInput = None, steps: int | None = None, *, start: int | None = None
    ) -> Run:
        """Run `steps` steps with these input spikes, as `input_raster` takes them.

        With `start` it is refused (`BoardRefusedError`) unless that is the number of the next step.
        """
        raster = input_raster(self.design, spikes, steps)
        with self.turn():
            self._check_start(start)
            return self._run(raster, raster)

    def run_live(
        self,
        spikes: SpikeInput = None,
        steps: int | None = None,
        *,
        tick_period_cycles: int | None = None,
        tick_seconds: float | None = None,
        start: int | None = None,
    ) -> Run:
        """Run in real time, a step at every tick of this machine's clock: `tick_seconds`.

        A tick that comes before the step is done counts as overrun, as on a board.
        """
        period = self._tick_seconds(tick_period_cycles, tick_seconds)
        raster = input_raster(self.design, spikes, steps)
        with self.turn():
            self._check_start(start)
            return self._run(raster, self._ticking(raster, period))

    def _tick_seconds(self, cycles: int | None, seconds: float | None) -> float:
        if cycles is not None:
            raise InputError("the golden model has no clock to count cycles of; give tick_seconds")
        if seconds is None or not 0 < seconds < float("inf"):
            raise InputError(f"tick_seconds is {seconds!r}; give a time above 0")
        return float(seconds)

    def _ticking(self, raster: NDArray[np.bool_], period: float) -> Iterator[NDArray[np.bool_]]:
        """The rows of a raster, each at its tick."""
        tick = time.monotonic()
        for row in raster:
            tick += period
            time.sleep(max(0.0, tick - time.monotonic()))
            yield row
            overrun = int(max(0.0, time.monotonic() - tick) / period)
            self._overruns += overrun
            tick += overrun * period

    def _check_start(self, start: int | None) -> None:
        if start is not None and start != self.step:
            raise BoardRefusedError(
                f"the run was to begin at step {start}, but the next step is {self.step}; "
                "something else drives the device too: reset() it, or run() again to go on from there"
            )

    def _run(self, raster: NDArray[np.bool_], rows: Iterable[NDArray[np.bool_]]) -> Run:
        """Run the steps of a raster when its rows come."""
        start = self._core.step_number
        fired = np.zeros((len(raster), self._core.config.neurons), dtype=bool)
        monitors = self._monitors
        values = {label: np.zeros(len(raster), dtype=np.int64) for label in monitors.labels}
        for t, axons in enumerate(rows):
            self._core.inject(axons)
            fired[t] = self._core.step()[0]
            for (state, neuron), column in zip(monitors.watched, values.values(), strict=True):
                column[t] = self._values(state)[neuron]
        report = self._core.image.report
        assert report is not None
        return Run(
            start=start,
            spikes=fired & report,
            monitored=values,
            populations=self.design.populations,
        )

    @property
    def step(self) -> int:
        """Number of the next step."""
        return self._core.step_number

    def monitor(self, neurons: Sequence[int], state: str = "v") -> None:
        """Report `state` of these neurons after every step of later runs; [] ends it.

        Each state has its own neurons, so "v" and "i" can be watched together.  Of a state of axons
        ("x") give axons.  As on a board, `config.monitors` limits how many values are reported.
        """
        self._monitors.choose(self._core.config, neurons, state)

    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights in use."""
        return self._core.image.weights.copy()

    def write_weights(self, weights: ArrayLike) -> int:
        """Write (A, N) integer weights; raises `ImageError` when they do not fit."""
        self._core.image = dataclasses.replace(self._core.image, weights=np.asarray(weights))
        return self.step

    def read_delays(self) -> NDArray[np.int64]:
        """(A, N) delay fields of the synapses, in steps; `InputError` in a core without."""
        check_delays(self._core.config)
        return self._core.image.delays.copy()

    def write_delays(self, delays: ArrayLike) -> int:
        """Write (A, N) delay fields; raises `ImageError` when they do not fit."""
        check_delays(self._core.config)
        self._core.image = dataclasses.replace(self._core.image, delays=np.asarray(delays))
        return self.step

    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values of a parameter (equal ones when the core shares them)."""
        find_field("parameter", name, self._core.config.layout.parameters)
        return self._core.image.parameters[name].copy()

    def write_parameter(self, name: str, values: ArrayLike) -> int:
        """Write a parameter, a scalar or (N,) integers; raises `ImageError` if it does not fit."""
        image = self._core.image
        find_field("parameter", name, image.config.layout.parameters)
        parameters = {**image.parameters, name: np.asarray(values)}
        self._core.image = dataclasses.replace(image, parameters=parameters)
        return self.step

    def read_state(self, name: str) -> NDArray[np.int64]:
        """Values of a state: (N,) of neurons, (A,) of axons, (A, N) of synapses; see `Device`."""
        find_state(self._core.config, name)
        return self._values(name).copy()

    def write_state(self, name: str, values: ArrayLike) -> int:
        """Overwrite a state: a scalar, or integers as `read_state` gives them."""
        checked = check_state(find_state(self._core.config, name), values)
        self._values(name)[:] = checked
        return self.step

    def _values(self, name: str) -> NDArray[np.int64]:
        """The golden model's own array of a state, by name."""
        return self._array(find_state(self._core.config, name))

    def _array(self, state: StateFormat) -> NDArray[np.int64]:
        """The golden model's own array of a state."""
        if not state.learns:
            return self._core.states[state.field.name][0]
        if state.owner == "synapse":
            assert self._core.eligibility is not None
            return self._core.eligibility
        held = self._core.axon_states if state.owner == "axon" else self._core.neuron_states
        return held[state.field.name][0]

    def read_arrivals(self) -> NDArray[np.bool_]:
        """(A,) bool, the axons that have a spike for the next step already."""
        return self._core.arrivals[0].copy()

    def write_arrivals(self, arrivals: ArrayLike) -> int:
        """Overwrite which axons have a spike for the next step: (A,) flags, or one for all."""
        flags = check_flags("arrivals", arrivals, (self._core.config.axons,))
        self._core.arrivals = flags[np.newaxis]
        return self.step

    def read_later_arrivals(self) -> NDArray[np.bool_]:
        """(axonal_delay_slots − 1, A) bool, the same for the steps after the next one."""
        return self._core.later_arrivals[0].copy()

    def write_later_arrivals(self, arrivals: ArrayLike) -> int:
        """Overwrite which axons have a spike for the steps after the next one: flags, as read."""
        shape = self._core.later_arrivals.shape[1:]
        self._core.later_arrivals = check_flags("later arrivals", arrivals, shape)[np.newaxis]
        return self.step

    def read_pending(self) -> NDArray[np.int64]:
        """(K, D, N) sums of weights under way, for the next step and the D − 1 after it."""
        check_delays(self._core.config)
        return self._core.pending[0].copy()

    def write_pending(self, sums: ArrayLike) -> int:
        """Overwrite what is under way: one number, or integers as `read_pending` gives them."""
        self._core.pending = check_state(pending_format(self._core.config), sums)[np.newaxis]
        return self.step

    def write_step(self, step: int) -> None:
        """Let the next step have this number, 0…2^32 − 1."""
        self._core.step_number = check_step(step)

    def read_learning(self, name: str) -> int:
        """A parameter of the learning rule; `InputError` when the core has none of that name."""
        find_field("learning parameter", name, self._core.config.layout.learning)
        return self._core.image.learning[name]

    def write_learning(self, name: str, value: int) -> int:
        """Write a parameter of the learning rule; raises `ImageError` if it does not fit."""
        image = self._core.image
        find_field("learning parameter", name, image.config.layout.learning)
        self._core.image = dataclasses.replace(image, learning={**image.learning, name: value})
        return self.step

    def read_plastic(self) -> NDArray[np.bool_]:
        """(A, N) bool, which synapses learn; `InputError` in a core without learning."""
        check_learns(self._core.config, "plastic synapses")
        return self._core.image.plastic.copy()

    def write_plastic(self, plastic: ArrayLike) -> int:
        """Choose which synapses learn: (A, N) flags, or one for all."""
        image = self._core.image
        check_learns(image.config, "plastic synapses")
        flags = check_flags("plastic", plastic, image.weights.shape)
        self._core.image = dataclasses.replace(image, plastic=flags)
        return self.step

    def counters(self) -> dict[str, int]:
        """Counters that docs/semantics.md defines, by name; they do not wrap."""
        counted = {name: int(values[0]) for name, values in self._core.counters.items()}
        return counted | {"overruns": self._overruns}

    def _describe(self) -> str:
        names = describe_names(self.design)
        return (
            f"golden model{f' of {names}' if names else ''}: {describe_config(self._core.config)}; "
            f"next step {self.step}"
        )

    @never_raise
    def __repr__(self) -> str:
        return f"<{self._describe()}>"

    @never_raise
    def _repr_html_(self) -> str:
        counted = {name: str(value) for name, value in self.counters().items()}
        return device_html(self._describe(), list(counted.items()))
