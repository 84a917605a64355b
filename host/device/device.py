"""The abstract device: what golden model, twin and board have in common.

Host code never knows which of them it drives.
"""

from __future__ import annotations

import abc
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.fields import STEP_NUMBERS

from ..design.state_formats import state_formats
from ..design.units import conversions, weights_in_units
from ..display.html import describe_run, never_raise, run_html
from ..display.spike_text import text_raster
from ..quantise.rounding import Floats
from . import storage as cells
from .array_view import ArrayView
from .named_views import NamedNumbers, NamedViews
from .storage import Cells

if TYPE_CHECKING:
    from ..design.design import Design
    from ..design.snapshot import Snapshot
    from .streaming import Part
    from .weight_stream import WeightFrame

SpikeInput = ArrayLike | dict[str, ArrayLike] | None
"""Spikes for a run: a (steps, axons) array of 0 and 1; or such arrays by input name; or None."""

SpikeStream = SpikeInput | Iterable[SpikeInput]
"""Spikes for a stream: those of a run, or an iterator of such, each the next steps of the input."""


@dataclass(repr=False)
class Run:
    """What a run gave.

    Attributes
    ----------
    start : number of the first step.
    spikes : (steps, N) bool, which neuron fired in which step (reported neurons only).
    monitored : by label, e.g. "v[3]": (steps,) int64, the value after each step.
    populations : neuron ranges by name.
    """

    start: int
    spikes: NDArray[np.bool_]
    monitored: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    populations: dict[str, slice] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Number of steps executed."""
        return len(self.spikes)

    @property
    def end(self) -> int:
        """Number of the step after the last one."""
        return (self.start + self.steps) % STEP_NUMBERS

    def __getitem__(self, population: str) -> NDArray[np.bool_]:
        """(steps, size) raster of one population."""
        return self.spikes[:, self.populations[population]]

    def text(self, *, width: int = 72, height: int = 32) -> str:
        """The raster as text to print, in so many characters and lines; see `text_raster`."""
        return text_raster(self.spikes, self.start, self.populations, width=width, height=height)

    def _describe(self) -> str:
        return describe_run(self)

    @never_raise
    def __repr__(self) -> str:
        return f"<{self._describe()}>"

    @never_raise
    def _repr_html_(self) -> str:
        return run_html(self, self._describe())


class Device(abc.ABC):
    """A loaded network that runs: golden model, twin or board.

    Everything takes effect between steps; what writes returns the step from which on it does.  Use
    it as a context manager, or call `close`.
    """

    design: Design
    _weights: ArrayView | None = None
    _delays: ArrayView | None = None
    _parameters: NamedViews | None = None
    _states: NamedViews | None = None
    _learning: NamedNumbers | None = None

    def turn(self) -> AbstractContextManager[object]:
        """Keep the device: no other thread's command comes in between.  May be nested."""
        lock: threading.RLock = vars(self).setdefault("_lock", threading.RLock())  # type: ignore[valid-type]
        return lock

    @abc.abstractmethod
    def load(self, design: Design | None = None) -> None:
        """Load the image of `design` (default: the one opened with); clears all state."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Clear state, pending spikes, step number and counters; keep weights and parameters."""

    @abc.abstractmethod
    def run(
        self, spikes: SpikeInput = None, steps: int | None = None, *, start: int | None = None
    ) -> Run:
        """Run `steps` steps (default: as many as `spikes` has) with these input spikes.

        With `start` it is refused (`BoardRefusedError`) unless that is the number of the next step:
        so nobody else's steps can come in between.
        """

    @abc.abstractmethod
    def run_live(
        self,
        spikes: SpikeInput = None,
        steps: int | None = None,
        *,
        tick_period_cycles: int | None = None,
        tick_seconds: float | None = None,
        start: int | None = None,
    ) -> Run:
        """Run in real time: a step begins at every tick.

        The device keeps its own pace: what could not be honoured is in its `counters`, "late",
        "overruns" and "stalls".

        Parameters
        ----------
        spikes, steps, start : as in `run`.
        tick_period_cycles, tick_seconds : time from tick to tick, in cycles of a board's clock, or
            in seconds.
        """

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
        from .streaming import stream

        return stream(
            self,
            spikes,
            steps,
            every=every,
            tick_period_cycles=tick_period_cycles,
            tick_seconds=tick_seconds,
        )

    @abc.abstractmethod
    def _tick_seconds(self, cycles: int | None, seconds: float | None) -> float:
        """The tick period that `run_live` keeps to when it is given these; `InputError`: none."""

    def _now(self) -> float:
        """Time in seconds that the ticks of a live run keep to."""
        return time.monotonic()

    # Views

    @property
    def weights(self) -> ArrayView:
        """The (A, N) weights, axon to neuron, like an array: reading reads, assigning writes."""
        if self._weights is None:
            self._weights = ArrayView(self._weight_cells())
        return self._weights

    @weights.setter
    def weights(self, values: ArrayLike | ArrayView) -> None:
        self.weights[...] = values

    @property
    def physical_weights(self) -> Floats:
        """The (A, N) weights in the network's own unit, as they are now; a copy."""
        return weights_in_units(self.design, self.read_weights())

    @property
    def delays(self) -> ArrayView:
        """The (A, N) delay fields of the synapses, like an array; `InputError` in a core without."""
        if self._delays is None:
            self._delays = ArrayView(self._delay_cells())
        return self._delays

    @delays.setter
    def delays(self, values: ArrayLike | ArrayView) -> None:
        self.delays[...] = values

    @property
    def parameters(self) -> NamedViews:
        """The (N,) parameters of the neurons by name: `parameters["v_threshold"][3] = 40`."""
        if self._parameters is None:
            fields = self.design.config.layout.parameters
            views = {f.name: ArrayView(self._parameter_cells(f.name)) for f in fields}
            self._parameters = NamedViews("parameter", views, lambda: conversions(self.design))
        return self._parameters

    @property
    def states(self) -> NamedViews:
        """The states by name, as they are between two steps: `states.v[3]`; see `read_state`."""
        if self._states is None:
            formats = state_formats(self.design.config)
            views = {name: ArrayView(self._state_cells(name)) for name in formats}
            self._states = NamedViews("state", views, lambda: conversions(self.design))
        return self._states

    @property
    def learning(self) -> NamedNumbers:
        """The parameters of the learning rule by name: `learning.enabled = 0`."""
        if self._learning is None:
            names = [f.name for f in self.design.config.layout.learning]
            self._learning = NamedNumbers(
                "learning parameter", names, self.read_learning, self.write_learning
            )
        return self._learning

    def _unreachable(self) -> str:
        """Why what shows itself should not ask the device for anything; "" when it may."""
        return ""

    def _weight_cells(self) -> Cells:
        return cells.weights_of(self)

    def _delay_cells(self) -> Cells:
        return cells.delays_of(self)

    def _parameter_cells(self, name: str) -> Cells:
        return cells.parameter_of(self, name)

    def _state_cells(self, name: str) -> Cells:
        return cells.state_of(self, name)

    # Reading and writing all of something

    @property
    @abc.abstractmethod
    def step(self) -> int:
        """Number of the next step."""

    @abc.abstractmethod
    def monitor(self, neurons: Sequence[int], state: str = "v") -> None:
        """Report `state` of these neurons after every step of later runs; [] ends it."""

    @abc.abstractmethod
    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights as the device holds them."""

    @abc.abstractmethod
    def write_weights(self, weights: ArrayLike) -> int:
        """Write (A, N) integer weights; raises `ImageError` when they do not fit."""

    @abc.abstractmethod
    def read_delays(self) -> NDArray[np.int64]:
        """(A, N) delay fields of the synapses, in steps; `InputError` in a core without."""

    @abc.abstractmethod
    def write_delays(self, delays: ArrayLike) -> int:
        """Write (A, N) delay fields; raises `ImageError` when they do not fit.

        What is under way already keeps its time.
        """

    @abc.abstractmethod
    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values of a parameter (equal ones when the core shares them)."""

    @abc.abstractmethod
    def write_parameter(self, name: str, values: ArrayLike) -> int:
        """Write a parameter, a scalar or (N,) integers; raises `ImageError` if it does not fit."""

    @abc.abstractmethod
    def read_state(self, name: str) -> NDArray[np.int64]:
        """Values of a state, after the last step.

        (N,) of neurons: "v", "i" (or "i_exc", "i_inh"), "ref", "th", and "y", "m", "up", "down" in
        cores that learn; (A,) of axons: "x"; (A, N) of synapses: "eligibility".  `InputError` lists
        the states that the core has.
        """

    @abc.abstractmethod
    def write_state(self, name: str, values: ArrayLike) -> int:
        """Overwrite a state: a scalar, or integers as `read_state` gives them.

        Raises `ImageError` for values that the core can not hold.
        """

    @abc.abstractmethod
    def read_arrivals(self) -> NDArray[np.bool_]:
        """(A,) bool, the axons that have a spike for the next step already."""

    @abc.abstractmethod
    def write_arrivals(self, arrivals: ArrayLike) -> int:
        """Overwrite which axons have a spike for the next step: (A,) flags, or one for all."""

    @abc.abstractmethod
    def read_later_arrivals(self) -> NDArray[np.bool_]:
        """(axonal_delay_slots − 1, A) bool, the same for the steps after the next one."""

    @abc.abstractmethod
    def write_later_arrivals(self, arrivals: ArrayLike) -> int:
        """Overwrite which axons have a spike for the steps after the next one: flags, as read."""

    @abc.abstractmethod
    def read_pending(self) -> NDArray[np.int64]:
        """(K, D, N) sums of weights under way, for the next step and the D − 1 after it.

        K counts the receptors, and the modulator as the last where there is one.  `InputError` in a
        core whose synapses have no delays.
        """

    @abc.abstractmethod
    def write_pending(self, sums: ArrayLike) -> int:
        """Overwrite what is under way: one number, or integers as `read_pending` gives them."""

    @abc.abstractmethod
    def write_step(self, step: int) -> None:
        """Let the next step have this number, 0…2^32 − 1."""

    @abc.abstractmethod
    def read_learning(self, name: str) -> int:
        """A parameter of the learning rule; `InputError` when the core has none of that name."""

    @abc.abstractmethod
    def write_learning(self, name: str, value: int) -> int:
        """Write a parameter of the learning rule; raises `ImageError` if it does not fit."""

    @abc.abstractmethod
    def read_plastic(self) -> NDArray[np.bool_]:
        """(A, N) bool, which synapses learn; `InputError` in a core without learning."""

    @abc.abstractmethod
    def write_plastic(self, plastic: ArrayLike) -> int:
        """Choose which synapses learn: (A, N) flags, or one for all."""

    def snapshot(self) -> Snapshot:
        """Everything that decides what comes next, as it is between two steps."""
        from ..design.snapshot import Snapshot

        return Snapshot.take(self)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot, which any device with the same design may have taken.

        Counters stay.  Raises `WrongBoardError` when it is of another configuration, `DesignError`
        when it is of another network; then nothing is changed.
        """
        from ..design.snapshot import as_snapshot

        as_snapshot(snapshot).restore(self)

    def watch_weights(
        self, spikes: SpikeInput = None, steps: int | None = None, *, every: int
    ) -> Iterator[WeightFrame]:
        """Run as `run` does, and yield the weights before the first step and after `every` steps."""
        from .weight_stream import watch_weights

        return watch_weights(self, spikes, steps, every=every)

    @abc.abstractmethod
    def counters(self) -> dict[str, int]:
        """Counters by name; the golden model has those that docs/semantics.md defines."""

    def close(self) -> None:
        """Let go of the device; closing twice does nothing."""
        return None

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
