"""The golden model as a device: what a board would answer, without a board."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.sim import GoldenCore

from .design import Design
from .device import Device, Run, SpikeInput
from .errors import InputError, WrongBoardError
from .rasters import input_raster


class GoldenDevice(Device):
    """A `GoldenCore` behind the interface that boards have; the design is loaded from the start.

    For many samples at once, or every state after every step, use `GoldenCore` itself.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self._core = GoldenCore(design.image)
        self._monitored: dict[str, list[int]] = {}

    def load(self, design: Design | None = None) -> None:
        """Load the image of `design` (default: the one loaded last); clears all state.

        Like a board, the device stays what it is: a design for another configuration raises
        `WrongBoardError`.
        """
        design = design or self.design
        ours, theirs = self._core.config.to_dict(), design.config.to_dict()
        different = [
            f"{name} = {theirs[name]!r} (here {value!r})"
            for name, value in ours.items()
            if theirs[name] != value
        ]
        if different:
            raise WrongBoardError(
                f"the design is for another core, with {', '.join(different)}; "
                "open a device with this design instead"
            )
        self.design = design
        self._core.image = design.image
        self._core.reset()

    def reset(self) -> None:
        """Clear state, pending spikes, step number and counters; keep weights and parameters."""
        self._core.reset()

    def run(self, spikes: SpikeInput = None, steps: int | None = None) -> Run:
        """Run `steps` steps with these input spikes, as `input_raster` takes them."""
        raster = input_raster(self.design, spikes, steps)
        start = self._core.step_number
        fired = np.zeros((len(raster), self._core.config.neurons), dtype=bool)
        watched = {
            f"{state}[{neuron}]": (state, neuron, np.zeros(len(raster), dtype=np.int64))
            for state, neurons in self._monitored.items()
            for neuron in neurons
        }
        for t, axons in enumerate(raster):
            self._core.inject(axons)
            fired[t] = self._core.step()[0]
            for state, neuron, values in watched.values():
                values[t] = self._core.states[state][0, neuron]
        report = self._core.image.report
        assert report is not None
        return Run(
            start=start,
            spikes=fired & report,
            monitored={label: values for label, (_, _, values) in watched.items()},
            populations=self.design.populations,
        )

    @property
    def step(self) -> int:
        """Number of the next step."""
        return self._core.step_number

    def monitor(self, neurons: Sequence[int], state: str = "v") -> None:
        """Report `state` of these neurons after every step of later runs; [] ends it.

        Each state has its own neurons, so "v" and "i" can be watched together.  As on a board,
        `config.monitors` limits how many values are reported.
        """
        _check_name("state", state, self._core.states)
        count = self._core.config.neurons
        try:
            chosen = list(dict.fromkeys(operator.index(neuron) for neuron in neurons))
        except TypeError:
            raise InputError(f"neurons is {neurons!r}; give a list of integers") from None
        for neuron in chosen:
            if not 0 <= neuron < count:
                raise InputError(f"no neuron {neuron} in this core; it has 0…{count - 1}")
        monitored = {**self._monitored, state: chosen}
        total, slots = sum(map(len, monitored.values())), self._core.config.monitors
        if total > slots:
            raise InputError(
                f"{total} values to monitor, but the core has {slots} slots; "
                "choose fewer neurons, or configure more monitors"
            )
        self._monitored = monitored

    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights in use."""
        return self._core.image.weights.copy()

    def write_weights(self, weights: ArrayLike) -> None:
        """Write (A, N) integer weights; raises `ImageError` when they do not fit."""
        self._core.image = dataclasses.replace(self._core.image, weights=np.asarray(weights))

    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values of a parameter (equal ones when the core shares them)."""
        _check_name("parameter", name, self._core.image.parameters)
        return self._core.image.parameters[name].copy()

    def write_parameter(self, name: str, values: ArrayLike) -> None:
        """Write a parameter, a scalar or (N,) integers; raises `ImageError` if it does not fit."""
        image = self._core.image
        _check_name("parameter", name, image.parameters)
        parameters = {**image.parameters, name: np.asarray(values)}
        self._core.image = dataclasses.replace(image, parameters=parameters)

    def read_state(self, name: str) -> NDArray[np.int64]:
        """(N,) values of a state: "v", "i" (or "i_exc", "i_inh"), "ref"."""
        return self._core.state(name)[0]

    def counters(self) -> dict[str, int]:
        """Counters that docs/semantics.md defines, by name; they do not wrap."""
        return {name: int(values[0]) for name, values in self._core.counters.items()}


def _check_name(kind: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise InputError(f"no {kind} {name!r} in this core; it has {', '.join(known)}")
