"""The golden model as a device: what a board would answer, without a board."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import Image
from spikeloom.hdl.contract.errors import (
    BoardRefusedError,
    InputError,
    LinkError,
    WrongBoardError,
)
from spikeloom.hdl.contract.memory_map import COUNTERS
from spikeloom.sim.golden import GoldenCore

from ..design.contents import check_step
from ..design.design import Design, as_design, describe_config, describe_names
from ..design.input_raster import SpikeInput, input_raster
from ..design.run_limits import check_seconds
from ..display.html import device_html, never_raise
from .clamps import warns_of_clamps
from .device import Device
from .golden_store import GoldenStore
from .monitors import Monitors
from .run import Run

if TYPE_CHECKING:
    from spikeloom.sim.fast import FastCore  # needs Numba


class GoldenDevice(Device):
    """A `GoldenCore` behind the interface that boards have; the design is loaded from the start.

    For every state of many samples after every step, use `GoldenCore` itself.

    Attributes
    ----------
    scheme : by which `spikeloom.open` opens it.
    title : what it is called in messages.
    """

    scheme = "golden:"
    title = "golden model"

    def __init__(self, design: Design) -> None:
        self.design = as_design(design)
        self._core = self._make_core(design.image)
        self._store = GoldenStore(self._core)
        self._monitors = Monitors()
        self._overruns = 0
        self._closed = False

    def _make_core(self, image: Image, batch: int = 1) -> GoldenCore | FastCore:
        return GoldenCore(image, batch)

    def exclusive(self) -> AbstractContextManager[object]:
        """As every device; after `close` a `LinkError`, as a board's."""
        if self._closed:
            raise LinkError(f"the {self.title} was closed; open it anew: spikeloom.open(…)")
        return super().exclusive()

    def close(self) -> None:
        """Let go of the model; closing twice does nothing, and nothing else works afterwards."""
        self._closed = True

    def unreachable(self) -> str:
        """As every device."""
        return "closed" if self._closed else ""

    def load(self, design: Design | None = None) -> None:
        """Load the image of `design` (default: the one loaded last); clears all state.

        Like a board, the device stays what it is: a design for another configuration raises
        `WrongBoardError`.
        """
        design = as_design(self.design if design is None else design)
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
        with self.exclusive():
            self.design = design
            self._core.image = design.image
            self.reset()

    def reset(self) -> None:
        """Clear state, pending spikes, step number and counters; keep weights and parameters."""
        with self.exclusive():
            self._core.reset()
            self._overruns = 0

    @warns_of_clamps
    def run(
        self, spikes: SpikeInput = None, steps: int | None = None, *, start: int | None = None
    ) -> Run:
        """Run `steps` steps with these input spikes, as `input_raster` takes them.

        With `start` it is refused (`BoardRefusedError`) unless that is the number of the next step.
        """
        raster = input_raster(self.design, spikes, steps)
        with self.exclusive():
            self._check_start(start)
            return self._finished(self._run(raster, raster))

    @warns_of_clamps
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
        period = self.tick_period(tick_period_cycles, tick_seconds)
        raster = input_raster(self.design, spikes, steps)
        with self.exclusive():
            self._check_start(start)
            return self._finished(self._run(raster, self._ticking(raster, period)))

    def tick_period(self, cycles: int | None, seconds: float | None) -> float:
        """As every device."""
        if cycles is not None:
            raise InputError(f"the {self.title} has no clock to count cycles of; give tick_seconds")
        return check_seconds("tick_seconds", seconds)

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
        if start is not None and check_step(start, "start") != self.step:
            raise BoardRefusedError(
                f"the run was to begin at step {start}, but the next step is {self.step}; "
                "something else drives the device too: reset() it, or run() again to go on from there"
            )

    def _run(self, raster: NDArray[np.bool_], rows: Iterable[NDArray[np.bool_]]) -> Run:
        """Run the steps of a raster when its rows come."""
        start, before = self._core.step_number, self._counted()
        fired = np.zeros((len(raster), self._core.config.neurons), dtype=bool)
        monitors = self._monitors
        values = {label: np.zeros(len(raster), dtype=np.int64) for label in monitors.labels}
        watched = [(self._store.contents[state], neuron) for state, neuron in monitors.watched]
        for t, axons in enumerate(rows):
            self._core.inject(axons)
            fired[t] = self._core.step()[0]
            for (state, neuron), column in zip(watched, values.values(), strict=True):
                column[t] = self._store.array(state)[neuron]
        report = self._core.image.report
        assert report is not None
        return Run.of(self.design, start, fired & report, values, self._counted_since(before))

    def _counted(self) -> dict[str, int]:
        """What the model has counted."""
        return {name: int(values[0]) for name, values in self._core.counters.items()}

    def _counted_since(self, before: dict[str, int]) -> dict[str, int]:
        return {name: value - before[name] for name, value in self._counted().items()}

    def _run_batch(self, rasters: list[NDArray[np.bool_]]) -> list[Run]:
        image = self._core.image
        together = len({len(raster) for raster in rasters}) == 1
        if not together or image.learning.get("enabled"):
            return super()._run_batch(rasters)
        core, watched = self._make_core(image, len(rasters)), self._monitors.watched
        steps, count = len(rasters[0]), len(rasters)
        fired = np.zeros((count, steps, core.config.neurons), dtype=bool)
        values = np.zeros((len(watched), count, steps), dtype=np.int64)
        for t in range(steps):
            core.inject(np.stack([raster[t] for raster in rasters]))
            fired[:, t] = core.step()
            states = core.states | core.axon_states | core.neuron_states
            for k, (state, neuron) in enumerate(watched):
                values[k, :, t] = states[state][:, neuron]
        labels = self._monitors.labels
        return [
            Run.of(
                self.design,
                0,
                fired[sample] & image.report,
                {label: values[k, sample] for k, label in enumerate(labels)},
                {name: int(counts[sample]) for name, counts in core.counters.items()},
            )
            for sample in range(count)
        ]

    @property
    def step(self) -> int:
        """Number of the next step."""
        with self.exclusive():
            return self._core.step_number

    def monitor(self, neurons: Sequence[int] | str, state: str = "v") -> None:
        """Report `state` of these neurons after every step of later runs; [] ends it.

        Each state has its own neurons, so "v" and "i" can be watched together.  Of a state of axons
        ("x") give axons.  The name of a population stands for its neurons.  As on a board,
        `config.monitors` limits how many values are reported.
        """
        with self.exclusive():
            self._monitors.choose(self.design, neurons, state)

    @property
    def store(self) -> GoldenStore:
        """The arrays of the golden model."""
        return self._store

    def write_step(self, step: int) -> None:
        """Let the next step have this number, 0…2^32 − 1."""
        with self.exclusive():
            self._core.step_number = check_step(step)

    def counters(self) -> dict[str, int]:
        """Counters that docs/reference/semantics.md defines, by name; they do not wrap.

        "cycles", "stalls" and those of the link are a board's alone: stalls depend on its line, and a
        step's cycles are known only to within the depth of the pipelines.  Asking for one of them
        is an `InputError` that says so.
        """
        with self.exclusive():
            return _Counters(self._counted() | {"overruns": self._overruns}, self.title)

    def info(self) -> dict[str, Any]:
        """As every device."""
        with self.exclusive():
            return GoldenInfo(
                port=self.scheme,
                identity={"digest": f"{self._core.config.digest:016x}", "build": self.title},
                clock_hz=None,
                image=self.design.identity,
                step=self.step,
                tick_period=0,
                monitor_count=len(self._monitors.labels),
                config=self._core.config.to_dict(),
                link={},
                text=self._describe(),
            )

    def _describe(self) -> str:
        names = describe_names(self.design)
        of = f" of {names}" if names else ""
        state = "closed" if self._closed else f"next step {self._core.step_number}"
        last = f"; last run: {self._last_run}" if self._last_run else ""
        return f"{self.title}{of}: {describe_config(self._core.config)}; {state}{last}"

    @never_raise
    def __repr__(self) -> str:
        return f"<{self._describe()}>"

    @never_raise
    def _repr_html_(self) -> str:
        counted = {} if self._closed else self.counters()
        return device_html(self._describe(), [(name, str(n)) for name, n in counted.items()])


class GoldenInfo(dict[str, Any]):
    """What the golden model is, shown as a paragraph; see `DeviceInterface.info`."""

    def __init__(self, *, text: str, **values: Any) -> None:
        super().__init__(values)
        self.text = text

    @never_raise
    def __repr__(self) -> str:
        return self.text

    @never_raise
    def _repr_html_(self) -> str:
        return device_html(self.text, [])


class _Counters(dict[str, int]):
    """Counters of the model, which say of a board's others why there are none."""

    def __init__(self, values: dict[str, int], title: str) -> None:
        super().__init__(values)
        self._title = title

    def __missing__(self, name: str) -> int:
        why = (
            f"the {self._title} has no clock and no link" if name in COUNTERS else "no such counter"
        )
        raise InputError(f"{name!r} is not counted here: {why}; it has {', '.join(self)}")
