"""The abstract device as users hold it: views by name, streams and snapshots, on top of its interface.

Host code never knows which device it drives.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.fields import STEP_NUMBERS

from ..design.contents import Kind, find, of_kind
from ..design.input_raster import SampleInputs, SpikeInput, SpikeStream, sample_rasters
from ..design.snapshot import Snapshot, as_snapshot
from .array_view import ArrayView
from .interface import DeviceInterface
from .named_views import NamedNumbers, NamedViews
from .run import Part, Run
from .storage import Storage
from .streaming import stream
from .weight_stream import WeightFrame, watch_weights


class Device(DeviceInterface):
    """A loaded network that runs: golden model, twin or board.

    Everything takes effect between steps; what writes returns the step from which on it does.  Use
    it as a context manager, or call `close`.
    """

    _weights: ArrayView | None = None
    _delays: ArrayView | None = None
    _plastic: ArrayView | None = None
    _parameters: NamedViews | None = None
    _states: NamedViews | None = None
    _learning: NamedNumbers | None = None
    _last_run: str | None = None

    # Views

    @property
    def weights(self) -> ArrayView:
        """The (A, N) weights, axon to neuron, in the network's unit, like an array.

        Reading reads, assigning writes: `weights["eye", "cells"] = 0.3`.  `weights.raw` has integers.
        """
        if self._weights is None:
            self._weights = self._view("weights")
        return self._weights

    @weights.setter
    def weights(self, values: ArrayLike | ArrayView) -> None:
        self.weights[...] = values

    @property
    def delays(self) -> ArrayView:
        """The (A, N) times in seconds that each synapse adds to the delay of its axon, like an array.

        A spike of an input takes no step, one of a neuron at least one, before that is added.
        `InputError` in a core without delays.
        """
        if self._delays is None:
            self._delays = self._view("delays")
        return self._delays

    @delays.setter
    def delays(self, values: ArrayLike | ArrayView) -> None:
        self.delays[...] = values

    @property
    def plastic(self) -> ArrayView:
        """Which synapses learn, (A, N) of 0 and 1; `InputError` in a core without learning."""
        if self._plastic is None:
            self._plastic = self._view("plastic")
        return self._plastic

    @plastic.setter
    def plastic(self, values: ArrayLike | ArrayView) -> None:
        self.plastic[...] = values

    @property
    def parameters(self) -> NamedViews:
        """The (N,) parameters of the neurons by name, in the network's unit and in seconds.

        `parameters.v_threshold["cells"] = 0.9` writes; `parameters.raw` has integers.
        """
        if self._parameters is None:
            self._parameters = self._named("parameter")
        return self._parameters

    @property
    def states(self) -> NamedViews:
        """The states by name, as they are between two steps: `states.v["cells"]`.

        (N,) of neurons: "v", "i" (or "i_exc", "i_inh"), "ref", "th", and "y", "m", "up", "down" in
        cores that learn; (A,) of axons: "x"; (A, N) of synapses: "eligibility".  In the network's
        unit and in seconds; `states.raw` has integers.
        """
        if self._states is None:
            self._states = self._named("state")
        return self._states

    @property
    def learning(self) -> NamedNumbers:
        """The parameters of the learning rule by name: `learning.enabled = 0`, `learning.w_max = 0.5`.

        In the network's unit and in seconds where they have one; `learning.raw` has integers.
        """
        if self._learning is None:
            contents = of_kind(self.design.config, "learning parameter")
            self._learning = NamedNumbers("learning parameter", contents, self)
        return self._learning

    def _view(self, name: str) -> ArrayView:
        return ArrayView(Storage(self, find(self.store.contents, name)))

    def _named(self, kind: Kind) -> NamedViews:
        return NamedViews(kind, {k: self._view(k) for k in of_kind(self.design.config, kind)})

    def _finished(self, run: Run) -> Run:
        """Note what a run gave, for whoever looks at the device."""
        if run.steps:
            last = (run.start + run.steps - 1) % STEP_NUMBERS
            self._last_run = f"{int(run.spikes.sum())} spikes in steps {run.start}…{last}"
        return run

    # Running many samples

    def run_batch(self, samples: SampleInputs, steps: int | None = None) -> list[Run]:
        """Run each sample from a cleared state, and return what each gave.

        Afterwards the state is cleared again, and with it the counters; weights and parameters stay.
        A board runs the samples one after the other; the golden model side by side, unless it learns:
        then each sample begins with the weights that the one before has left.

        Parameters
        ----------
        samples : inputs as `run` takes them, one for each sample; or an array (samples, steps, A), or
            a dict of arrays (samples, steps, size) by input.
        steps : of each run, as in `run`.
        """
        rasters = sample_rasters(self.design, samples, steps)
        with self.exclusive():
            try:
                return self._run_batch(rasters)
            finally:
                self.reset()

    def _run_batch(self, rasters: list[NDArray[np.bool_]]) -> list[Run]:
        runs = []
        for raster in rasters:
            self.reset()
            runs.append(self.run(raster))
        return runs

    # Constant currents

    @contextlib.contextmanager
    def current(self, population: str, value: ArrayLike) -> Iterator[None]:
        """Add a constant current to the neurons of a population for as long as a `with` block lasts.

        >>> with device.current("cells", 0.1):
        ...     run = device.run(steps=100)

        It is the neurons' bias that is changed, and put back at the end.

        Parameters
        ----------
        population : by name.
        value : in the network's unit, added to the potential in each step: a number, or (size,).

        Raises
        ------
        InputError : the core's neurons have no bias; or what `parameters.bias` does not take.
        """
        if "bias" not in self.parameters:
            raise InputError(
                "the neurons of this core have no bias; compile the network with a bias other than 0 "
                "in one of them, LIF(…, bias=…), or drive them by an input that fires in every step: "
                "Regular(inf)"
            )
        bias = self.parameters.bias[population]
        before = np.asarray(bias.raw)
        try:
            bias[...] = np.asarray(bias) + _current(value)
            yield
        finally:
            bias.raw = before

    # Running part by part

    def stream(
        self,
        spikes: SpikeStream = None,
        steps: int | None = None,
        *,
        every: int | None = None,
        tick_period_cycles: int | None = None,
        tick_seconds: float | None = None,
    ) -> Iterator[Part]:
        """Run part by part, and yield what each part gave, while the network goes on.

        See `spikeloom.device.streaming.stream`.
        """
        return stream(
            self,
            spikes,
            steps,
            every=every,
            tick_period_cycles=tick_period_cycles,
            tick_seconds=tick_seconds,
        )

    def watch_weights(
        self, spikes: SpikeInput = None, steps: int | None = None, *, every: int
    ) -> Iterator[WeightFrame]:
        """Run as `run` does, and yield the weights before the first step and after `every` steps."""
        return watch_weights(self, spikes, steps, every=every)

    # Snapshots

    def snapshot(self) -> Snapshot:
        """Everything that decides what comes next, as it is between two steps."""
        design = self.design
        with self.exclusive():
            values = {name: self.read(name) for name in self.store.contents}
            return Snapshot(design.config, design.image.identity, self.step, values)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot, which any device with the same design may have taken.

        Counters stay.  Raises `WrongBoardError` when it is of another configuration, `DesignError`
        when it is of another network; then nothing is changed.  When it is cut short, restore again.
        """
        as_snapshot(snapshot).check_design(self.design)
        with self.exclusive():
            for name, values in snapshot.values.items():
                self.write(name, values)
            self.write_step(snapshot.step)


def _current(value: ArrayLike) -> NDArray[np.float64]:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"the current is {value!r}; give numbers in the network's unit") from None
