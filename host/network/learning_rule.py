"""What all learning rules have in common when they are described in physical units."""

from __future__ import annotations

import abc
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.hdl.contract.learning_config import SEED_BITS

from ..quantise.arrays import flag, real_number
from ..quantise.learning import (
    AMPLITUDE_MAX,
    TRACE_BITS,
    WINDOW_TOLERANCE,
    QuantisedLearning,
    Rounded,
    Units,
    best,
    fraction_for,
    smallest_fraction,
)

TRACE_HEADROOM = 8
"""All-to-all traces have room for so many spikes at once; beyond that they are clamped."""
_FORMAT = ("trace_bits", "fraction_bits", "eligibility_bits", "modulator_bits", "stochastic")
_SETTINGS = ("pairing", "bounds", "rates")
_NOT_NEGATIVE = ("a_", "tau", "window", "period", "scaling", "depression", "eligibility")


@dataclass(frozen=True, kw_only=True)
class LearningRule(abc.ABC):
    """What all rules have.  Validated at construction; raises `InputError`.

    Parameters
    ----------
    w_min, w_max : bounds of plastic weights.
    stochastic : round weight changes at random, so that small ones count on average; None: when
        rounding to nearest would distort them by more than 5 %.
    seed : of the random numbers, 0…2^31 − 1.
    trace_bits, fraction_bits : format, see `LearningConfig`; None: the smallest that is fine enough.
    """

    w_max: float
    w_min: float = 0.0
    stochastic: bool | None = None
    seed: int = 1
    trace_bits: int | None = None
    fraction_bits: int | None = None

    rule: ClassVar[str]
    modulated: ClassVar[bool] = False
    """The rule has modulators, and so synapses may be modulatory."""
    _any_time: ClassVar[tuple[str, ...]] = ()
    """Time constants that may be 0 and infinite."""

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, tuple):  # a table, which the rule has checked
                continue
            if f.name in (*_FORMAT, *_SETTINGS) or (value is None and f.default is None):
                continue
            if f.type == "bool":
                flag(f.name, value)
                continue
            give = "give a number" if value is None else "give a finite number"
            if not (isinstance(value, float) and value == math.inf and f.name in self._any_time):
                real_number(f.name, value, give)
            if value < 0 and f.name.startswith(_NOT_NEGATIVE):
                raise InputError(f"{f.name} is {value:g}; give a number of at least 0")
            if not value and f.name.startswith(("tau", "period")) and f.name not in self._any_time:
                raise InputError(f"{f.name} is {value:g}; give a finite number, and no time of 0")
        if not self.w_min < self.w_max:
            raise InputError(
                f"w_min is {self.w_min:g} and w_max {self.w_max:g}; give w_min less than w_max"
            )
        if type(self.seed) is not int or not 0 <= self.seed < 1 << SEED_BITS:
            raise InputError(f"seed is {self.seed!r}; give an integer from 0 to 2^{SEED_BITS} - 1")
        given = {name: getattr(self, name, None) for name in (*_FORMAT, *_SETTINGS)}
        if self.fraction_bits is None:
            given["fraction_bits"] = int(bool(self.stochastic))
        LearningConfig(rule=self.rule, **{k: v for k, v in given.items() if v is not None})

    @abc.abstractmethod
    def changes(self, units: Units) -> list[float]:
        """Sizes of the weight changes that the rule makes, in units of the integer weight."""

    def formats(self, units: Units) -> Iterator[dict[str, Any]]:
        """Settings of `LearningConfig` to try, cheap ones first; those that were given are kept.

        Here: of traces that carry the amplitudes.
        """
        return self.window_formats(units, self.changes(units))

    @abc.abstractmethod
    def round(self, out: Rounded) -> None:
        """Put each parameter of the rule into its field of the core, by the methods of `out`."""

    def smallest_change(self, *, stochastic: bool = False) -> float:
        """The smallest change of a weight at its peak, in the network's unit; 0 where none is known.

        It should be many units of a weight, but in a rule that was told to round at random, which
        is left out unless `stochastic` is set.
        """
        if self.stochastic and not stochastic:
            return 0.0
        in_network_units = Units(CoreConfig(neurons=1, axons=1), 1.0, 1.0, 1.0)
        return min((c for c in self.changes(in_network_units) if c), default=0.0)

    def quantise(self, units: Units, fixed: LearningConfig | None = None) -> QuantisedLearning:
        """Integers for a core, in the cheapest format that is fine enough, or in a `fixed` one.

        Raises `FitError` when a number is too small or too large for every format, or when `fixed`
        is another rule.
        """
        if fixed is not None and (wrong := self.misfit(fixed)):
            raise FitError(f"the core's learning is another one: {wrong}")
        configs = [fixed] if fixed is not None else self._configs(units)
        return best(
            (self._rounded(units, config) for config in configs),
            f"the unit of a weight is {1 / units.weight:.3g}, which the largest weight and w_max decide; "
            "give larger amplitudes, another scale, more weight bits, or stochastic rounding",
        )

    def misfit(self, core: LearningConfig) -> str:
        """What a core's learning lacks, or has otherwise, for this rule; empty when it fits."""
        wanted = {"rule": self.rule}
        wanted |= {name: getattr(self, name) for name in _SETTINGS if hasattr(self, name)}
        chosen = {name: getattr(self, name, None) for name in _FORMAT}
        wanted |= {name: value for name, value in chosen.items() if value is not None}
        return ", ".join(
            f"{name} is {getattr(core, name)!r}, the network needs {value!r}"
            for name, value in wanted.items()
            if getattr(core, name) != value
        )

    def _configs(self, units: Units) -> Iterator[LearningConfig]:
        settings = {name: getattr(self, name) for name in _SETTINGS if hasattr(self, name)}
        stochastic = self._is_stochastic(units)
        for chosen in self.formats(units):
            if stochastic and self.fraction_bits is None:
                chosen["fraction_bits"] = max(1, chosen["fraction_bits"])
            yield LearningConfig(rule=self.rule, stochastic=stochastic, **settings, **chosen)

    def _is_stochastic(self, units: Units) -> bool:
        if self.stochastic is not None:
            return self.stochastic
        smallest = min((c for c in self.changes(units) if c), default=math.inf)
        return WINDOW_TOLERANCE * smallest < 0.5 and self.fraction_bits != 0

    def _rounded(self, units: Units, config: LearningConfig) -> Rounded:
        out = Rounded(units, config, self)
        if config.stochastic:
            out.values["seed"] = self.seed
        for name in ("w_min", "w_max"):
            out.scaled(name, units.weight, judged=False)
        if out.values["w_min"] == out.values["w_max"]:
            out.lost.append(f"w_min and w_max both round to {out.values['w_max']}")
        self.round(out)
        if not config.stochastic and any(0 < c < 0.5 for c in self.changes(units)):
            smallest = min(c for c in self.changes(units) if c)
            out.lost.append(f"a change of {smallest:.2g} of the weight's unit always rounds to 0")
        return out

    def _widths(self) -> range:
        """Trace widths to try."""
        low, high = (self.trace_bits,) * 2 if self.trace_bits is not None else TRACE_BITS
        return range(low, high + 1)

    def headroom(self) -> int:
        """How many spikes at once a trace has room for."""
        return 1 if getattr(self, "pairing", "all") == "nearest" else TRACE_HEADROOM

    def window_formats(self, units: Units, amplitudes: list[float]) -> Iterator[dict[str, Any]]:
        """Formats for exponential windows with these peaks, in integers of what they change."""
        for bits in self._widths():
            limit = ((1 << bits) - 1) / self.headroom()
            if getattr(self, "rates", "shift") == "multiply":
                limit = AMPLITUDE_MAX * max(1, int(limit))
            fraction = self.fraction_bits
            if fraction is None:
                fraction = fraction_for(limit, amplitudes)
            if max(amplitudes) * 2**fraction <= limit or bits == self._widths()[-1]:
                yield {"trace_bits": bits, "fraction_bits": fraction}

    def _fraction(self, units: Units) -> int:
        """Fraction bits for 8-bit amplitudes."""
        if self.fraction_bits is not None:
            return self.fraction_bits
        return smallest_fraction(self.changes(units), int(self._is_stochastic(units)))
