"""The abstract device: what golden model, twin and board have in common.

Host code never knows which of them it drives.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from .design import Design

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
        """(N,) values of a state: "v", "i" (or "i_exc", "i_inh"), "ref"."""

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
