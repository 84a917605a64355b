"""Learning rules as a user describes them: times in seconds, weights in the network's own unit.

`Network(learning=PairSTDP(…))` and `network.connect(…, plastic=True)` use them; `compile` turns them
into `CoreConfig.learning` and `Image.learning`.  docs/reference/semantics.md defines what a core does with
the integers.  Everything that these choose (`fraction_bits`, trace widths, stochastic rounding) can be
given instead; what was realised is in the design's report.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.learning_config import SCALING_BITS

from ..quantise.learning import (
    ELIGIBILITY_BITS,
    MODULATOR_BITS,
    TRACE_BITS,
    WINDOW_TOLERANCE,
    Rounded,
    Units,
    fraction_for,
)
from .learning_rule import LearningRule

__all__ = [
    "SDSP", "LearningRule", "PairSTDP", "RectangularSTDP", "SymmetricSTDP", "ThreeFactor",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PairSTDP(LearningRule):
    """Pair STDP with exponential windows (Morrison, Diesmann and Gerstner 2008, section 4.1).

    A spike of the source `d` seconds before one of the target (0 included) changes the weight by
    a_plus·exp(−d/tau_plus), one after it by −a_minus·exp(−d/tau_minus).

    Parameters
    ----------
    tau_plus, tau_minus : seconds.
    a_plus, a_minus : in the unit of weights; with soft bounds relative to w_max − w and to w − w_min
        (van Rossum, Bi and Turrigiano 2000).  Defaults: a hundredth of w_max − w_min, or 0.01 with soft
        bounds; and 1.05 times a_plus (Song, Miller and Abbott 2000).
    pairing, bounds, rates : see `LearningConfig`.  With rates="multiply" the amplitudes are
        parameters of their own, which may be changed while running.
    """

    tau_plus: float = 0.02
    tau_minus: float = 0.02
    a_plus: float = None  # type: ignore[assignment]
    a_minus: float = None  # type: ignore[assignment]
    pairing: str = "all"
    bounds: str = "hard"
    rates: str = "shift"

    rule: ClassVar[str] = "pair"

    def __post_init__(self) -> None:
        # What is no number is left for the checks to name.
        with contextlib.suppress(TypeError):
            if self.a_plus is None:
                span = 1.0 if self.bounds == "soft" else self.w_max - self.w_min
                object.__setattr__(self, "a_plus", 0.01 * span)
            if self.a_minus is None:
                object.__setattr__(self, "a_minus", 1.05 * self.a_plus)
        super().__post_init__()

    def _gain(self, units: Units) -> float:
        """Integers of the weight, or of its distance to a bound, for an amplitude of 1."""
        return 1.0 if self.bounds == "soft" else units.weight

    def changes(self, units: Units) -> list[float]:
        """The amplitudes, in units of the integer weight."""
        span = self.w_max - self.w_min if self.bounds == "soft" else 1.0
        return [a * span * units.weight for a in (self.a_plus, self.a_minus)]

    def formats(self, units: Units) -> Iterator[dict[str, Any]]:
        """Settings to try, cheap ones first."""
        amplitudes = [a * self._gain(units) for a in (self.a_plus, self.a_minus)]
        return self.window_formats(units, amplitudes)

    def round(self, out: Rounded) -> None:
        """Both windows; amplitudes of their own where the core multiplies."""
        unit = self._gain(out.units) * 2**out.config.fraction_bits
        plus, minus, steps = "", "", None
        if self.rates == "multiply":
            plus, minus = "a_plus", "a_minus"
            steps = max(1, ((1 << out.config.trace_bits) - 1) // self.headroom())
        out.window(
            "a_plus", "tau_plus", "x_inc", "d_x", unit,
            label="window_plus", steps_of=steps, factor=plus,
        )  # fmt: skip
        out.window(
            "a_minus", "tau_minus", "y_inc", "d_y", unit,
            label="window_minus", late=True, steps_of=steps, factor=minus,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RectangularSTDP(LearningRule):
    """STDP with rectangular windows, as NeuroCoreX specifies it.

    A spike of the source less than `window_plus` seconds before one of the target (or in the same
    step) adds a_plus, one up to `window_minus` seconds after it subtracts a_minus.  Windows are
    whole steps.
    """

    window_plus: float
    window_minus: float
    a_plus: float
    a_minus: float

    rule: ClassVar[str] = "rectangular"

    def changes(self, units: Units) -> list[float]:
        """The amplitudes, in units of the integer weight."""
        return [a * units.weight for a in (self.a_plus, self.a_minus)]

    def formats(self, units: Units) -> Iterator[dict[str, Any]]:
        """Settings to try, cheap ones first."""
        longest = max(self.window_plus, self.window_minus) / units.dt
        least, most = TRACE_BITS
        bits = self.trace_bits or min(max(round(longest).bit_length(), least), most)
        yield {"trace_bits": bits, "fraction_bits": self._fraction(units)}

    def round(self, out: Rounded) -> None:
        """Both windows in steps, and their amplitudes."""
        self._round_window(out, "window_plus", "x_window", "a_plus")
        self._round_window(out, "window_minus", "y_window", "a_minus")

    @staticmethod
    def _round_window(out: Rounded, window: str, field: str, amplitude: str) -> None:
        seconds, dt = out.asked(window), out.units.dt
        steps, clipped = out.put(field, seconds / dt)
        out.note(window, "s", seconds, steps * dt, clipped)
        if out.asked(amplitude) and seconds and not steps:
            out.lost.append(f"{window} = {seconds:g} s is less than half a step")
        out.scaled(amplitude, out.units.weight * 2**out.config.fraction_bits)


@dataclass(frozen=True, kw_only=True)
class SymmetricSTDP(LearningRule):
    """Symmetric STDP with synaptic scaling (Hao et al. 2020).

    Every pair of spikes adds a·exp(−|Δt|/tau), in either order; every spike of source or target
    subtracts `depression`.  With `total`, the sum of each neuron's plastic weights is drawn
    towards it once in `scaling_period` seconds, by the part `scaling_rate` of the difference.

    A dynamic threshold is the neuron's: `LIF(threshold_increment=…, tau_threshold=…)`.
    """

    tau: float
    a_plus: float
    depression: float = 0.0
    total: float | None = None
    scaling_period: float | None = None
    scaling_rate: float = 1.0
    pairing: str = "all"

    rule: ClassVar[str] = "symmetric"

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.total is None) != (self.scaling_period is None):
            raise InputError("scaling needs total and scaling_period; give both, or none")
        if not self.scaling_rate or (self.total or 1.0) <= 0:
            raise InputError("total and scaling_rate are not positive; give positive numbers")

    def changes(self, units: Units) -> list[float]:
        """The amplitudes, in units of the integer weight."""
        return [a * units.weight for a in (self.a_plus, self.depression)]

    def round(self, out: Rounded) -> None:
        """One window in both directions, what lone spikes subtract, and the scaling."""
        fraction, units = out.config.fraction_bits, out.units
        unit = units.weight * 2**fraction
        out.window("a_plus", "tau", "x_inc", "d_x", unit, label="window_plus", tau_label="tau_plus")
        kept = len(out.deviations)
        out.window("a_plus", "tau", "y_inc", "d_y", unit, label="window_plus", late=True)
        del out.deviations[kept:]  # the other half of the same window
        out.scaled("depression", unit, "c_pre")
        out.values["c_post"] = out.values["c_pre"]
        if self.total is None or self.scaling_period is None:
            # The largest target and shift: the factor is 0, and the sweep changes nothing.
            out.put("scaling_target", math.inf)
            out.put("scaling_shift", math.inf)
            out.put("sweep_log2", math.inf)
            return
        target, clipped = out.put("scaling_target", self.total * units.weight)
        out.note("total", "", self.total, target / units.weight, clipped)
        strength = math.log2(max(1, target) / self.scaling_rate)
        shift, clipped = out.put("scaling_shift", strength - fraction)
        out.note("scaling_rate", "", self.scaling_rate, target / 2 ** (fraction + shift), clipped)
        if not target:
            out.lost.append(f"total = {self.total:g} rounds to 0")
            return
        # With fewer digits one sweep could take a weight to 0, and beyond.
        out.judge(2.0 ** (SCALING_BITS - fraction), 1.0)
        # The factor is an integer: a smaller difference than this is not seen.
        residual = 2**shift / target
        out.note("total, left alone within", "of it", 0.0, residual)
        out.judge(residual, WINDOW_TOLERANCE)
        out.sweep("scaling_period")


@dataclass(frozen=True, kw_only=True)
class ThreeFactor(LearningRule):
    """Eligibility, modulated (Frémaux and Gerstner 2016): R-STDP, or the delta rule.

    A spike of the source adds e_pre to the eligibility of its synapses, one of the target e_post;
    pairs of spikes add a_plus·exp(−d/tau_plus), or −a_minus·exp(−d/tau_minus), as in `PairSTDP`.
    Once in each `period` the weight changes by rate·modulator·eligibility, and the eligibility
    decays.  A neuron's modulator is the sum of the weights of modulatory spikes
    (`connect(…, modulatory=True)`) and of `spike_modulation` for each of its own spikes; it decays.

    Parameters
    ----------
    rate : relative to modulator (in the unit of weights) and eligibility (in that of e_pre, a_plus).
    period : seconds between changes of the weights; 2^n steps.
    tau_eligibility : seconds; inf: it never decays, 0: it begins anew in each period.
    tau_modulator : seconds.
    new_error : the modulator begins anew in each period.
    e_pre, e_post, a_plus, a_minus : changes of the eligibility, in a unit of their own.
    eligibility_room : how many contributions an eligibility can sum up without being clamped.
    eligibility_bits, modulator_bits : formats, see `LearningConfig`.
    """

    rate: float
    period: float
    tau_eligibility: float
    tau_modulator: float = math.inf
    new_error: bool = False
    spike_modulation: float = 0.0
    e_pre: float = 0.0
    e_post: float = 0.0
    a_plus: float = 0.0
    a_minus: float = 0.0
    tau_plus: float = 0.02
    tau_minus: float = 0.02
    pairing: str = "all"
    eligibility_room: float = 8.0
    eligibility_bits: int | None = None
    modulator_bits: int | None = None

    rule: ClassVar[str] = "three_factor"
    modulated: ClassVar[bool] = True
    _any_time: ClassVar[tuple[str, ...]] = ("tau_eligibility", "tau_modulator")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rate <= 0:
            raise InputError(f"rate is {self.rate:g}; give a positive number")
        if not any(self._contributions()):
            raise InputError("nothing makes a synapse eligible; give e_pre, e_post or a_plus")
        if self.eligibility_room < 1:
            raise InputError(f"eligibility_room is {self.eligibility_room:g}; give at least 1")

    def _contributions(self) -> list[float]:
        return [abs(e) for e in (self.e_pre, self.e_post, self.a_plus, self.a_minus)]

    def changes(self, units: Units) -> list[float]:
        """None that is known: the products of modulators and eligibilities are rounded at random."""
        return []

    def _is_stochastic(self, units: Units) -> bool:
        # A product of two small numbers is mostly below the weight's unit.
        return self.fraction_bits != 0 if self.stochastic is None else self.stochastic

    def formats(self, units: Units) -> Iterator[dict[str, Any]]:
        """Settings to try, cheap ones first."""
        least, most = MODULATOR_BITS
        modulator = self.modulator_bits or min(max(units.core.weight_bits + 2, least), most)
        low, high = (self.eligibility_bits,) * 2 if self.eligibility_bits else ELIGIBILITY_BITS
        for bits in range(low, high + 1):
            limit = ((1 << (bits - 1)) - 1) / max(1.0, self.eligibility_room)
            fraction = self.fraction_bits
            if fraction is None:
                fraction = fraction_for(limit, [e * self.rate for e in self._contributions()])
            trace = max(self.a_plus, self.a_minus) * self.rate * 2**fraction * self.headroom()
            yield {
                "trace_bits": self.trace_bits or _clip(round(trace).bit_length(), TRACE_BITS),
                "fraction_bits": fraction,
                "eligibility_bits": bits,
                "modulator_bits": modulator,
            }

    def round(self, out: Rounded) -> None:
        """What makes a synapse eligible, how that decays, and the modulator."""
        unit, dt = self.rate * 2**out.config.fraction_bits, out.units.dt
        out.scaled("e_pre", unit)
        out.scaled("e_post", unit)
        out.window("a_plus", "tau_plus", "x_inc", "d_x", unit, label="window_plus")
        out.window("a_minus", "tau_minus", "y_inc", "d_y", unit, label="window_minus", late=True)
        period = out.sweep("period")
        largest = max(abs(out.values[name]) for name in ("e_pre", "e_post", "x_inc", "y_inc"))
        out.decay("tau_eligibility", "d_e", period, largest)
        out.scaled("spike_modulation", out.units.weight, "m_spike")
        largest = max(abs(out.values["m_spike"]), out.units.modulation)
        d_mod = out.decay("tau_modulator", "d_mod", dt, largest)
        out.put("d_mod_first", math.inf if self.new_error else d_mod)


@dataclass(frozen=True, kw_only=True)
class SDSP(LearningRule):
    """Spike-driven synaptic plasticity (Brader, Senn and Fusi 2007; Frenkel et al. 2019).

    A spike of the source adds a_plus where the target's potential is at least theta_m and its
    calcium from ca_1 to below ca_3, and subtracts a_minus where the potential is less and the
    calcium from ca_1 to below ca_2.

    Parameters
    ----------
    theta_m : in the unit of potentials, as thresholds are.
    tau_calcium : seconds.
    ca_1, ca_2, ca_3 : in spikes: a spike adds 1 to the calcium, which decays.
    """

    theta_m: float
    tau_calcium: float
    ca_1: float
    ca_2: float
    ca_3: float
    a_plus: float
    a_minus: float
    pairing: str = "all"

    rule: ClassVar[str] = "sdsp"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.ca_1 <= min(self.ca_2, self.ca_3):
            raise InputError("give 0 ≤ ca_1 ≤ ca_2 and ca_1 ≤ ca_3, in spikes")

    def changes(self, units: Units) -> list[float]:
        """The amplitudes, in units of the integer weight."""
        return [a * units.weight for a in (self.a_plus, self.a_minus)]

    def formats(self, units: Units) -> Iterator[dict[str, Any]]:
        """Settings to try, cheap ones first."""
        for bits in self._widths():
            yield {"trace_bits": bits, "fraction_bits": self._fraction(units)}

    def round(self, out: Rounded) -> None:
        """The calcium trace and its thresholds, the potential's threshold, the amplitudes."""
        room = max(self.headroom(), self.ca_2, self.ca_3)
        spike = max(1, int(((1 << out.config.trace_bits) - 1) / room))
        d = out.decay("tau_calcium", "d_y", out.units.dt)
        out.put("y_inc", spike)
        out.judge_curve("calcium", spike, d, self.tau_calcium, 1.0, 1.0 / spike)
        for name in ("ca_1", "ca_2", "ca_3"):
            out.scaled(name, spike)
        state, rest = out.units.state, out.units.rest
        value, clipped = out.put("theta_m", (self.theta_m - rest) * state)
        out.note("theta_m", "", self.theta_m, value / state + rest, clipped)
        unit = out.units.weight * 2**out.config.fraction_bits
        for name in ("a_plus", "a_minus"):
            out.scaled(name, unit)


def _clip(value: int, bounds: tuple[int, int]) -> int:
    return min(max(value, bounds[0]), bounds[1])
