"""What every device does: the golden model, the simulated twin and a board answer alike."""

from __future__ import annotations

import abc
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray

from ..design.contents import ALL, Rows, Store
from ..design.design import Design
from ..design.input_raster import SpikeInput
from .run import Run


class DeviceInterface(abc.ABC):
    """A loaded network that runs.  `Device` adds what is convenient on top of these calls.

    Everything takes effect between steps; what writes returns the step from which on it does.  Use
    it as a context manager, or call `close`.

    Attributes
    ----------
    design : the network.
    """

    design: Design

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep the device: no other thread's command comes in between.  May be nested."""
        lock: threading.RLock = vars(self).setdefault("_lock", threading.RLock())  # type: ignore[valid-type]
        return lock

    # Running

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

    @abc.abstractmethod
    def tick_period(self, cycles: int | None, seconds: float | None) -> float:
        """Seconds between the ticks of `run_live` when it is given these; `InputError`: none."""

    def now(self) -> float:
        """Time in seconds that the ticks of a live run keep to."""
        return time.monotonic()

    @abc.abstractmethod
    def monitor(self, neurons: Sequence[int] | str, state: str = "v") -> None:
        """Report `state` of these neurons, or this population, after every step of later runs.

        [] ends it.
        """

    # Contents

    @property
    @abc.abstractmethod
    def store(self) -> Store:
        """Where weights, parameters, states and what is under way are."""

    def read(self, name: str, rows: Rows = ALL) -> NDArray:
        """What has this name (`spikeloom.design.contents`), as it is between two steps.

        Parameters
        ----------
        name : "weights", "delays", "plastic", a parameter, a state, a parameter of the learning
            rule, "arrivals", "later_arrivals" or "pending".
        rows : consecutive indices along the first axis; default: all.

        Returns
        -------
        int64, or bool for flags; (A, N) of synapses, (N,) of neurons, (A,) of axons, () of the core.

        Raises
        ------
        InputError : the core has nothing of this name; the message lists what it has.
        """
        with self.exclusive():
            return self.store.read(name, rows)

    def write(self, name: str, values: ArrayLike, rows: Rows = ALL) -> int:
        """Overwrite what has this name, or some rows of it; see `read`.

        A scalar stands for all of them.  Returns the step from which on they are in effect.  Raises
        `ImageError`, before anything is written, for what the core cannot hold.
        """
        with self.exclusive():
            return self.store.write(name, values, rows)

    @property
    @abc.abstractmethod
    def step(self) -> int:
        """Number of the next step."""

    @abc.abstractmethod
    def write_step(self, step: int) -> None:
        """Let the next step have this number, 0…2^32 − 1."""

    @abc.abstractmethod
    def counters(self) -> dict[str, int]:
        """Counters by name; the golden model has those that docs/reference/semantics.md defines."""

    @abc.abstractmethod
    def info(self) -> dict[str, Any]:
        """Who the device is and what is on it, for people and for JSON.

        "port", "identity", "clock_hz", "image", "step", "tick_period", "monitor_count", "config" and
        "link"; None is what the golden model has nothing like.
        """

    # The end

    def unreachable(self) -> str:
        """Why what shows itself should not ask the device for anything; "" when it may."""
        return ""

    def close(self) -> None:
        """Let go of the device; closing twice does nothing."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
