"""Current sources: constant within a time step, and added to the bias of the cells."""

from __future__ import annotations

from typing import Any

import neo
import numpy as np
import quantities as pq
from numpy.typing import NDArray
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import build_translations, electrodes

from . import simulator
from .refusals import ParameterError

Floats = NDArray[np.float64]
_FAR = 1 << 60
"""A step that is never reached."""


class CurrentSource:
    """What all current sources have.

    Attributes
    ----------
    targets : (population, cell) of each cell that it is injected into.
    """

    default_parameters: dict[str, Any]

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._native: dict[str, Any] = {}
        self.targets: list[tuple[Any, int]] = []
        self._recorded = False
        self._log: list[Floats] = []
        space = ParameterSpace(self.default_parameters, self.get_schema(), shape=(1,))  # type: ignore[attr-defined]
        space.update(**parameters)
        self.set_native_parameters(self.translate(space))  # type: ignore[attr-defined]
        simulator.state.current_sources.append(self)

    def set_native_parameters(self, parameters: Any) -> None:
        """Set parameters, in PyNN's units; from now on."""
        parameters.evaluate(simplify=True)
        # A `Sequence` would be one value, whose elements PyNN does not index.
        given = {name: getattr(value, "value", value) for name, value in parameters.items()}
        self._native = self._checked(self._native | given)

    def get_native_parameters(self) -> Any:
        """The parameters, in PyNN's units."""
        return ParameterSpace(self._native)

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        return values

    def inject_into(self, cells: Any) -> None:
        """Inject the current into a population, a view, an assembly, or a list of cells."""
        for cell in cells:
            if not cell.celltype.injectable:
                raise TypeError("Can't inject current into a spike source.")
            self.targets.append((cell.parent, cell.parent.id_to_index(cell)))
        if simulator.state.session is not None:
            simulator.state.session.network_changed(only_currents=True)

    def record(self) -> None:
        """Record the current, for `get_data`."""
        self._recorded = True

    def restart(self) -> None:
        """Begin a new segment."""
        self._log = []

    def _steps(self, name: str) -> int:
        """The step that begins at a time of the source."""
        return min(round(float(self._native[name]) / simulator.state.dt), _FAR)

    def current_at(self, step: int) -> float:
        """The current in nA in the step that begins at `step`·h."""
        raise NotImplementedError

    def next_change(self, step: int) -> int:
        """The first step after this one at whose beginning the current may change."""
        raise NotImplementedError

    def keep(self, first: int, stop: int) -> None:
        """Keep the current of these steps, which are done."""
        if self._recorded:
            self._log.append(np.array([self.current_at(k) for k in range(first, stop)]))

    def _get_data(self) -> tuple[Floats, Floats]:
        now = simulator.state.step
        values = np.concatenate([*self._log, [self.current_at(now)]])
        first = now - len(values) + 1
        return np.arange(first, now + 1) * simulator.state.dt, values

    def get_data(self) -> neo.AnalogSignal:
        """The recorded current, as a Neo signal."""
        times, values = self._get_data()
        return neo.AnalogSignal(
            values, units="nA", t_start=times[0] * pq.ms, sampling_period=simulator.state.dt * pq.ms
        )


def _same(model: Any) -> Any:
    return build_translations(*((name, name) for name in model.default_parameters))


class _Pulse(CurrentSource):
    """A current between `start` and `stop`."""

    def current_at(self, step: int) -> float:
        """As every source."""
        return self._inside(step) if self._steps("start") <= step < self._steps("stop") else 0.0

    def _inside(self, step: int) -> float:
        raise NotImplementedError

    def next_change(self, step: int) -> int:
        """At the ends."""
        later = [k for k in (self._steps("start"), self._steps("stop")) if k > step]
        return min(later, default=_FAR)


class DCSource(_Pulse, electrodes.DCSource):
    """A constant current from `start` to `stop`, in ms."""

    translations = _same(electrodes.DCSource)

    def _inside(self, step: int) -> float:
        return float(self._native["amplitude"])


class _Changing(_Pulse):
    """A current that changes in every step."""

    def next_change(self, step: int) -> int:
        """In the next step, while it flows."""
        inside = self._steps("start") <= step < self._steps("stop")
        return step + 1 if inside else super().next_change(step)


class ACSource(_Changing, electrodes.ACSource):
    """A sine from `start` to `stop`, whose phase holds at `start`."""

    translations = _same(electrodes.ACSource)

    def _inside(self, step: int) -> float:
        p = self._native
        since = (step - self._steps("start")) * simulator.state.dt
        angle = 2 * np.pi * p["frequency"] * since / 1000.0 + np.pi * p["phase"] / 180.0
        return float(p["offset"] + p["amplitude"] * np.sin(angle))


class NoisyCurrentSource(_Changing, electrodes.NoisyCurrentSource):
    """Gaussian noise, drawn anew every `dt` ms."""

    translations = _same(electrodes.NoisyCurrentSource)

    def __init__(self, rng: Any = None, **parameters: Any) -> None:
        own = [simulator.state.seed, 1, len(simulator.state.current_sources)]
        self._draw, self._given = np.random.default_rng(own), rng
        self._drawn: dict[int, float] = {}
        super().__init__(**parameters)

    def restart(self) -> None:
        """Begin a new segment, with other random numbers."""
        super().restart()
        self._drawn.clear()

    def _inside(self, step: int) -> float:
        every = max(1, round(float(self._native["dt"]) / simulator.state.dt))
        number = (step - self._steps("start")) // every
        for missing in range(len(self._drawn), number + 1):
            self._drawn[missing] = self._normal()
        return float(self._native["mean"] + self._native["stdev"] * self._drawn[number])

    def _normal(self) -> float:
        if self._given is None:
            return float(self._draw.normal())
        return float(self._given.next(1, "normal", {"mu": 0.0, "sigma": 1.0})[0])


class StepCurrentSource(CurrentSource, electrodes.StepCurrentSource):
    """A current that changes at given times, in ms."""

    translations = _same(electrodes.StepCurrentSource)

    def _checked(self, values: dict[str, Any]) -> dict[str, Any]:
        times, amplitudes = (_array(values[name]) for name in ("times", "amplitudes"))
        if len(times) != len(amplitudes):
            raise ParameterError(
                f"{len(times)} times and {len(amplitudes)} amplitudes; give as many of each"
            )
        if np.any(times < 0) or np.any(np.diff(times) < 0):
            raise ParameterError(
                "times are negative or not in order; give ms from 0 on, increasing"
            )
        # Of several changes in one step the last one stays.
        at = np.rint(times / simulator.state.dt).astype(np.int64)
        last = np.append(at[1:] != at[:-1], True)[: len(at)]
        return {"times": at[last] * simulator.state.dt, "amplitudes": amplitudes[last]}

    def _changes(self) -> NDArray[np.int64]:
        return np.rint(_array(self._native["times"]) / simulator.state.dt).astype(np.int64)

    def current_at(self, step: int) -> float:
        """As every source."""
        done = int(np.searchsorted(self._changes(), step, side="right"))
        return float(_array(self._native["amplitudes"])[done - 1]) if done else 0.0

    def next_change(self, step: int) -> int:
        """At the next of its times."""
        later = self._changes()[self._changes() > step]
        return int(later[0]) if len(later) else _FAR


def _array(values: Any) -> Floats:
    return np.atleast_1d(np.asarray(getattr(values, "value", values), dtype=float))
