"""The abstract device: what golden model, twin and board have in common.

Host code never knows which of them it drives.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from .design import Design
    from .snapshot import Snapshot
    from .watching import WeightFrame

SpikeInput = ArrayLike | dict[str, ArrayLike] | None
"""Spikes for a run: a (steps, axons) array of 0 and 1; or such arrays by input name; or None."""


@dataclass
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

    def __getitem__(self, population: str) -> NDArray[np.bool_]:
        """(steps, size) raster of one population."""
        return self.spikes[:, self.populations[population]]


class Device(abc.ABC):
    """A loaded network that runs: golden model, twin or board.

    Everything takes effect between steps.  Use it as a context manager, or call `close`.
    """

    design: Design

    @abc.abstractmethod
    def load(self, design: Design | None = None) -> None:
        """Load the image of `design` (default: the one opened with); clears all state."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Clear state, pending spikes, step number and counters; keep weights and parameters."""

    @abc.abstractmethod
    def run(self, spikes: SpikeInput = None, steps: int | None = None) -> Run:
        """Run `steps` steps (default: as many as `spikes` has) with these input spikes."""

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
    def write_weights(self, weights: ArrayLike) -> None:
        """Write (A, N) integer weights; raises `ImageError` when they do not fit."""

    @abc.abstractmethod
    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values of a parameter (equal ones when the core shares them)."""

    @abc.abstractmethod
    def write_parameter(self, name: str, values: ArrayLike) -> None:
        """Write a parameter, a scalar or (N,) integers; raises `ImageError` if it does not fit."""

    @abc.abstractmethod
    def read_state(self, name: str) -> NDArray[np.int64]:
        """Values of a state, after the last step.

        (N,) of neurons: "v", "i" (or "i_exc", "i_inh"), "ref", "th", and "y", "m", "up", "down" in
        cores that learn; (A,) of axons: "x"; (A, N) of synapses: "eligibility".  `InputError` lists
        the states that the core has.
        """

    @abc.abstractmethod
    def write_state(self, name: str, values: ArrayLike) -> None:
        """Overwrite a state: a scalar, or integers as `read_state` gives them.

        Raises `ImageError` for values that the core can not hold.
        """

    @abc.abstractmethod
    def read_arrivals(self) -> NDArray[np.bool_]:
        """(A,) bool, the axons that have a spike for the next step already."""

    @abc.abstractmethod
    def write_arrivals(self, arrivals: ArrayLike) -> None:
        """Overwrite which axons have a spike for the next step: (A,) flags, or one for all."""

    @abc.abstractmethod
    def write_step(self, step: int) -> None:
        """Let the next step have this number, 0…2^32 − 1."""

    @abc.abstractmethod
    def read_learning(self, name: str) -> int:
        """A parameter of the learning rule; `InputError` when the core has none of that name."""

    @abc.abstractmethod
    def write_learning(self, name: str, value: int) -> None:
        """Write a parameter of the learning rule; raises `ImageError` if it does not fit."""

    @abc.abstractmethod
    def read_plastic(self) -> NDArray[np.bool_]:
        """(A, N) bool, which synapses learn; `InputError` in a core without learning."""

    @abc.abstractmethod
    def write_plastic(self, plastic: ArrayLike) -> None:
        """Choose which synapses learn: (A, N) flags, or one for all."""

    def snapshot(self) -> Snapshot:
        """Everything that decides what comes next, as it is between two steps."""
        from .snapshot import Snapshot

        return Snapshot.take(self)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot, which any device with the same design may have taken.

        Counters stay.  Raises `WrongBoardError` when it is of another configuration, `DesignError`
        when it is of another network; then nothing is changed.
        """
        snapshot.restore(self)

    def watch_weights(
        self, spikes: SpikeInput = None, steps: int | None = None, *, every: int
    ) -> Iterator[WeightFrame]:
        """Run as `run` does, and yield the weights before the first step and after `every` steps."""
        from .watching import watch_weights

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
