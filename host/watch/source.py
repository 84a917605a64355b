"""A device that is stepped in parts, and what has happened on it lately."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import ceil_div
from spikeloom.hdl.contract.errors import InputError

from ..device.device import Device
from ..device.run import Run
from .history import SpikeHistory, Steps, ValueHistory, binned, broken_at_gaps
from .stimulus import Stimulus

MAX_SPIKES = 20_000
MAX_TRACES = 6
"""Neurons whose potentials can be followed at once."""
_TRACES = 3
BINS = 100
"""Points of a rate curve."""
ALL_NEURONS = "all neurons"
_THRESHOLD = "v_threshold"


@dataclass(frozen=True)
class Band:
    """Rows of the raster that belong together: an input, or a population.

    Attributes
    ----------
    columns : of the raster that has all axons, then all neurons.
    first : its first row.
    """

    name: str
    columns: range
    first: int
    is_input: bool

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.columns)


@dataclass(frozen=True, eq=False)
class Readings:
    """What was read back last.

    Attributes
    ----------
    counters : by name.
    per_step : by name, mean growth between the last two readings that had steps in between.
    thresholds : in the network's unit, by population (of its first neuron), or one for all.
    weights : (A, N) integers; None before the first reading.
    marked : those that changes are counted from.
    weights_step, marked_step : number of the next step at those times.
    """

    counters: dict[str, int] = field(default_factory=dict)
    per_step: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)
    weights: NDArray[np.int64] | None = None
    marked: NDArray[np.int64] | None = None
    weights_step: int = 0
    marked_step: int = 0


@dataclass(frozen=True, eq=False)
class View:
    """What there is to see at one moment.

    Attributes
    ----------
    step : number of the next step.
    spikes : (n,) steps, ascending, and (n,) rows, as `LiveSource.bands` has them.
    rates : (n,) steps in the middle of each bin, and (n, populations) rates in Hz; NaN in gaps.
    potentials : (n,) steps, and (n, monitored) in the network's unit; NaN in gaps.
    monitored : neurons whose potentials these are.
    thresholds : (n,) steps before which they were read, and levels from then on, (n, names of
        `Readings.thresholds`), in the network's unit.
    readings : what was read back.
    """

    step: int
    spikes: tuple[Steps, Steps]
    rates: tuple[NDArray[np.float64], NDArray[np.float64]]
    potentials: tuple[NDArray[np.float64], NDArray[np.float64]]
    monitored: tuple[int, ...]
    thresholds: tuple[Steps, NDArray[np.float64]]
    readings: Readings


class LiveSource:
    """Steps a device and keeps what the last `window` steps gave.

    `view` may be called from any thread; everything else belongs to the one thread that the device
    belongs to.

    Parameters
    ----------
    device : with a design loaded.
    stimulus : its input.
    window : steps to keep.
    neurons : whose potentials to follow, at most `MAX_TRACES`; None: some of each population.

    Attributes
    ----------
    bands : what the rows of the raster are.
    plastic : (A, N) bool, or None in a core without learning.
    """

    def __init__(
        self,
        device: Device,
        stimulus: Stimulus,
        *,
        window: int = 1000,
        neurons: Sequence[int] | None = None,
    ) -> None:
        if window < BINS:
            raise InputError(f"window is {window} steps; give at least {BINS}")
        self.design, self.stimulus = device.design, stimulus
        self.window, self.bin_steps = window, window // BINS
        config = self.design.config
        self._device, self._lock = device, threading.Lock()
        named = self.design.populations
        ranges = {name: range(*where.indices(config.neurons)) for name, where in named.items()}
        ranges = {name: where for name, where in ranges.items() if where}
        self.populations = ranges or {ALL_NEURONS: range(config.neurons)}
        self.bands = self._bands()
        self._columns = np.concatenate([np.array(band.columns) for band in self.bands])
        self._spikes = SpikeHistory(window, MAX_SPIKES)
        self._counts = ValueHistory(window, len(self.populations))
        self._levels = ValueHistory(window, len(self._threshold_ranges()))
        self._step = device.step
        self._readings = Readings()
        self.plastic = device.read("plastic") if config.learning is not None else None
        self.watch(self._some_neurons() if neurons is None else neurons)

    def _bands(self) -> list[Band]:
        bands: list[Band] = []
        axons, first = self.design.config.axons, 0
        for name, where in self.stimulus.inputs.items():
            bands.append(Band(name, where, first, True))
            first += len(where)
        for name, where in self.populations.items():
            columns = range(where.start + axons, where.stop + axons)
            bands.append(Band(name, columns, first, False))
            first += len(where)
        return bands

    def _some_neurons(self) -> list[int]:
        """Neurons of the first populations, far from each other, no more than there are slots."""
        count = min(_TRACES, self.design.config.monitors or _TRACES)
        ranges = list(self.populations.values())
        chosen = set()
        for k in range(count):
            turn, which = divmod(k, len(ranges))
            share = ceil_div(count - which, len(ranges))
            chosen.add(ranges[which][turn * len(ranges[which]) // share])
        return sorted(chosen)

    def watch(self, neurons: Sequence[int]) -> None:
        """Follow the potentials of other neurons.

        A core without monitors reports none: then they are read after each part.
        """
        chosen = tuple(dict.fromkeys(int(neuron) for neuron in neurons))
        if len(chosen) > MAX_TRACES:
            raise InputError(f"{len(chosen)} neurons to follow; choose at most {MAX_TRACES}")
        count = self.design.config.neurons
        for neuron in chosen:
            if not 0 <= neuron < count:
                raise InputError(f"no neuron {neuron} in this core; it has 0…{count - 1}")
        if self.design.config.monitors:
            self._device.monitor(chosen)
        with self._lock:
            self.monitored = chosen
            self._potentials = ValueHistory(self.window, len(chosen))

    def advance(self, steps: int) -> None:
        """Run so many steps, from wherever others have taken the device."""
        with self._device.exclusive():
            raster = self.stimulus.spikes(self._device.step, steps)
            run = self._device.run(raster)
            sampled = None if self.design.config.monitors else self._sample()
        with self._lock:
            self._record(raster, run, sampled)

    def _sample(self) -> NDArray[np.float64]:
        """(1, monitored) potentials after the last step, in the network's unit."""
        if not self.monitored:
            return np.zeros((1, 0))
        return self._device.states.v[list(self.monitored)][None]

    def _record(
        self, raster: NDArray[np.bool_], run: Run, sampled: NDArray[np.float64] | None
    ) -> None:
        self._follow(run.start)
        self._step = run.end
        steps = np.arange(run.start, self._step)
        both = np.concatenate([raster, run.spikes], axis=1)
        self._spikes.append(run.start, both[:, self._columns])
        sums = [run.spikes[:, list(where)].sum(axis=1) for where in self.populations.values()]
        self._counts.append(steps, np.stack(sums, axis=1))
        if sampled is not None:
            self._potentials.append(steps[-1:], sampled)
        elif self.monitored:
            values = [run.monitored[f"v[{neuron}]"] for neuron in self.monitored]
            self._potentials.append(steps, np.stack(values, axis=1))

    def _follow(self, step: int) -> None:
        """Go on from `step`, to which somebody else may have taken the device."""
        if step < self._step:
            for history in (self._spikes, self._counts, self._potentials, self._levels):
                history.clear()
        self._step = step

    def read_back(self, *, weights: bool = False) -> None:
        """Read counters and thresholds, and the weights too if wanted.

        If others have run steps, the potentials are read too; the spikes are theirs.
        """
        with self._device.exclusive():
            step, counters = self._device.step, self._device.counters()
            sampled = self._sample() if step > self._step else None
            held = self._device.parameters[_THRESHOLD] if self._threshold_ranges() else None
            limits = None if held is None else np.asarray(held)
            now = self._device.read("weights") if weights else None
        thresholds = {
            name: float(limits[where.start])
            for name, where in self._threshold_ranges().items()
            if limits is not None
        }
        new: dict[str, Any] = {"counters": counters, "thresholds": thresholds}
        if weights:
            new |= {"weights": now, "weights_step": step}
        before = self._readings
        if weights and before.marked is None:
            new |= {"marked": now, "marked_step": step}
        took = counters["steps"] - before.counters.get("steps", counters["steps"])
        if took > 0:
            new["per_step"] = {
                name: (value - before.counters.get(name, value)) / took
                for name, value in counters.items()
            }
        with self._lock:
            self._follow(step)
            if sampled is not None:
                self._potentials.append(np.array([step - 1]), sampled)
            self._levels.append(np.array([step]), np.array([list(thresholds.values())]))
            self._readings = dataclasses.replace(before, **new)

    def mark_weights(self) -> None:
        """Count changes of the weights from now on."""
        self._readings = dataclasses.replace(self._readings, marked=None)
        self.read_back(weights=True)

    def _threshold_ranges(self) -> dict[str, range]:
        if _THRESHOLD not in (f.name for f in self.design.config.layout.parameters):
            return {}
        if self.design.config.parameters == "per_neuron":
            return self.populations
        return {ALL_NEURONS: range(self.design.config.neurons)}

    def set_threshold(self, name: str, value: float) -> None:
        """Write the threshold of a population, in the network's unit, between two steps.

        `name` is a key of `Readings.thresholds`: with shared parameters there is one for all.
        Raises `InputError` for another name, and for a value that does not fit.
        """
        ranges = self._threshold_ranges()
        if name not in ranges:
            known = ", ".join(map(repr, ranges))
            raise InputError(f"{name!r} has no threshold of its own here; give one of {known}")
        where = slice(ranges[name].start, ranges[name].stop)
        threshold = self._device.parameters[_THRESHOLD][where]
        low, high = threshold.bounds
        if not low <= value <= high:
            raise InputError(f"a threshold of {name!r} is {value:g}; give {low:g} to {high:g}")
        threshold[...] = value
        self.read_back()

    def view(self) -> View:
        """What there is to see now."""
        with self._lock:
            width = self.bin_steps
            bins, means = binned(*self._counts.values(), width)
            sizes = np.array([len(where) for where in self.populations.values()])
            at, rates = broken_at_gaps(bins // width, means / sizes / self.design.dt)
            return View(
                step=self._step,
                spikes=self._spikes.events(),
                rates=((at + 0.5) * width, rates),
                potentials=broken_at_gaps(*self._potentials.values(), self.window // 4),
                monitored=self.monitored,
                thresholds=self._levels.values(),
                readings=self._readings,
            )
