"""From a learning rule in physical units to integers: formats, increments, and what they realise."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.core_config import DECAY_ONE
from spikeloom.hdl.contract.errors import FitError

from .rounding import (
    ParameterDeviation,
    decay_constant,
    decayed,
    fading_time_constant,
    longest_time_constant,
)

WINDOW_TOLERANCE = 0.05
"""A format is fine enough when no point of a learning window is off by more of its peak."""
AMPLITUDE_TOLERANCE = 0.01
"""The same for a single amplitude, relative to itself."""
MAX_FRACTION_BITS = 12
TRACE_BITS = (2, 16)
ELIGIBILITY_BITS = (4, 16)
MODULATOR_BITS = (4, 16)
AMPLITUDE_MAX = 255

_WINDOW_TAUS = 5
_WINDOW_STEPS = 2000
"""Windows are looked at for so many time constants, and steps, at most."""


@dataclass(frozen=True)
class Units:
    """What a core's integers stand for.

    Attributes
    ----------
    core : formats of weights, states and sums; its `learning` is not looked at.
    dt : length of a time step in seconds.
    weight, state : integer units of weights and of potentials for one unit of the network.
    modulation : the largest weight of a modulatory synapse, in integer units; 0 without any.
    rest : what the network calls the potential at rest.
    """

    core: CoreConfig
    dt: float
    weight: float
    state: float
    modulation: int = 0
    rest: float = 0.0


@dataclass(frozen=True)
class QuantisedLearning:
    """A learning rule as a core holds it.

    Attributes
    ----------
    config : `CoreConfig.learning`.
    parameters : `Image.learning`.
    deviations : what was asked for, and what the integers give.
    """

    config: LearningConfig
    parameters: dict[str, int]
    deviations: tuple[ParameterDeviation, ...]


class Rounded:
    """Parameters of one format as they are rounded, and how far off that is.

    Attributes
    ----------
    config : the format.
    rule : the rule as the user describes it; parameters are named as there, `field` is the core's name.
    values : integers by field.
    error : the worst deviation in multiples of its tolerance.
    lost : what cannot be held at all: reasons, for a `FitError`.
    """

    def __init__(self, units: Units, config: LearningConfig, rule: object) -> None:
        layout = dataclasses.replace(units.core, learning=config).layout
        self.units, self.config, self.rule = units, config, rule
        self._fields = {f.name: f for f in layout.learning}
        self.values = {"enabled": 1}
        self.deviations: list[ParameterDeviation] = []
        self.error = 0.0
        self.lost: list[str] = []

    def asked(self, name: str) -> float:
        """A parameter of the rule."""
        value: float = getattr(self.rule, name)
        return value

    def put(self, field: str, exact: float) -> tuple[int, int]:
        """Round into a field of the core; returns the integer and whether it was clipped."""
        f = self._fields[field]
        value = round(min(max(exact, f.minimum), f.maximum))
        self.values[field] = value
        return value, int(not f.minimum - 0.5 <= exact < f.maximum + 0.5)

    def scaled(self, name: str, factor: float, field: str = "", *, judged: bool = True) -> None:
        """Put a parameter into a field, in units of 1/`factor`, and note what that gives."""
        asked = self.asked(name)
        value, clipped = self.put(field or name, asked * factor)
        self.note(name, "", asked, value / factor, clipped)
        if judged and asked:
            self.judge(abs(value / factor / asked - 1), AMPLITUDE_TOLERANCE)
            if not value:
                self.lost.append(f"{name} = {asked:g} rounds to 0")

    def note(self, name: str, unit: str, asked: float, got: float, clipped: int = 0) -> None:
        """Add a line to the report, unless it says that 0 is 0."""
        if asked != got or asked:
            self.deviations.append(ParameterDeviation(name, unit, asked, float(got), clipped))

    def decay(self, name: str, field: str, dt: float, start: int = 0, *, label: str = "") -> int:
        """Put a time constant; noted is the one with which a value of `start`, if given, fades.

        `label` is its name in the report.
        """
        tau = self.asked(name)
        d = int(decay_constant(np.array(tau), dt))
        clipped = int(math.isfinite(tau) and tau > longest_time_constant(dt))
        self.values[field] = d
        self.note(
            label or name,
            "s",
            tau,
            float(fading_time_constant(np.array(start), np.array(d), dt)),
            clipped,
        )
        return d

    def sweep(self, name: str) -> float:
        """Put the time between sweeps; returns what it is."""
        period, dt = self.asked(name), self.units.dt
        log2, clipped = self.put("sweep_log2", math.log2(max(period / dt, 1e-9)))
        realised = 2**log2 * dt
        self.note(name, "s", period, realised, clipped)
        return realised

    def window(
        self,
        amplitude: str,
        tau: str,
        increment: str,
        decay: str,
        unit: float,
        *,
        label: str,
        late: bool = False,
        steps_of: float | None = None,
        factor: str = "",
        tau_label: str = "",
    ) -> None:
        """Put an exponential window amplitude·exp(−|Δt|/tau) as a trace, and judge all of it.

        Parameters
        ----------
        amplitude, tau : names of the rule's parameters.
        increment, decay : fields of the trace.
        unit : integers that stand for a weight change of 1.
        label : of the window in the report.
        late : the window begins at Δt of one step, where the trace is not decayed yet.
        steps_of : increment of the trace; default: the amplitude in those units.
        factor : field of the amplitude, when the core multiplies the trace by one.
        tau_label : of the time constant in the report.
        """
        height, seconds = self.asked(amplitude), self.asked(tau)
        if not height:
            self.values |= {increment: 0, decay: DECAY_ONE}
            if factor:
                self.values[factor] = 0
            return
        dt = self.units.dt
        first = math.exp(-dt / seconds) if late else 1.0
        exact = height * unit * first
        inc, clipped = self.put(increment, exact if steps_of is None else steps_of)
        gain = 1.0
        if factor:
            value, clipped = self.put(factor, exact / inc)
            gain = value
        if not inc * gain:
            self.lost.append(f"{amplitude} = {height:g} rounds to 0")
            return
        self.note(amplitude, "", height, inc * gain / unit / first, clipped)
        d = self.decay(tau, decay, dt, label=tau_label)
        self.judge_curve(label, inc, d, seconds, height * first, gain / unit)

    def judge_curve(self, name: str, x: int, d: int, tau: float, peak: float, value: float) -> None:
        """Note and judge the worst point of a trace that starts at `x` and stands for peak·exp(−t/tau).

        `value` is what 1 of the trace stands for.
        """
        dt = self.units.dt
        steps = min(_WINDOW_STEPS, math.ceil(_WINDOW_TAUS * tau / dt))
        realised = np.array(decay_curve(x, d, steps)) * value
        asked = peak * np.exp(-np.arange(len(realised)) * dt / tau)
        worst = int(np.argmax(np.abs(realised - asked)))
        error = float(realised[worst] - asked[worst]) / peak
        self.note(f"{name}, worst point", "of its peak", 0.0, error)
        self.judge(abs(error), WINDOW_TOLERANCE)

    def judge(self, error: float, tolerance: float) -> None:
        """Take an error into account, in multiples of what is tolerable."""
        self.error = max(self.error, float(error) / tolerance)


def best(attempts: Iterable[Rounded], advice: str) -> QuantisedLearning:
    """The first attempt that is fine enough, else the best; `FitError` when none can be held."""
    chosen: Rounded | None = None
    reasons: list[str] = []
    for attempt in attempts:
        reasons = attempt.lost or reasons
        if attempt.lost:
            continue
        if chosen is None or attempt.error < chosen.error:
            chosen = attempt
        if attempt.error <= 1:
            break
    if chosen is None:
        raise FitError(f"the learning rule does not fit: {', '.join(reasons)}; {advice}")
    return QuantisedLearning(chosen.config, chosen.values, tuple(chosen.deviations))


def decay_curve(x: int, d: int, steps: int) -> list[int]:
    """A trace of `x`, decayed 0…`steps` times (docs/reference/semantics.md, "Numbers")."""
    left, decay = np.array(x), np.array(d)
    curve = [x]
    for _ in range(steps):
        left = decayed(left, decay)
        curve.append(int(left))
    return curve


def fraction_for(limit: float, amplitudes: Sequence[float]) -> int:
    """The most fraction bits with which no amplitude exceeds `limit`, 0…12."""
    largest = max(amplitudes, default=0.0)
    if not largest:
        return 0
    return int(min(max(math.floor(math.log2(limit / largest)), 0), MAX_FRACTION_BITS))


def smallest_fraction(amplitudes: Sequence[float], least: int) -> int:
    """The fewest fraction bits that hold 8-bit amplitudes (in weight units) finely, or the most."""
    most = max(least, fraction_for(AMPLITUDE_MAX, amplitudes))
    for bits in range(least, most):
        exact = [a * 2.0**bits for a in amplitudes if a]
        if all(abs(round(e) / e - 1) <= AMPLITUDE_TOLERANCE for e in exact):
            return bits
    return most
