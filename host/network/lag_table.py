"""The STDP of SuperNeuroMAT as a user describes it: a change of the weight for each lag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from spikeloom.hdl.contract.errors import InputError

from ..quantise.arrays import real_array
from ..quantise.learning import (
    AMPLITUDE_TOLERANCE,
    MAX_FRACTION_BITS,
    TRACE_BITS,
    Rounded,
    Units,
)
from .learning_rule import LearningRule


@dataclass(frozen=True, kw_only=True)
class LagTableSTDP(LearningRule):
    """STDP by a table of lags (Date et al. 2023, SuperNeuroMAT).

    A spike of the target adds `plus[k]` for each spike of the source that arrived `k` steps before,
    which from neuron to neuron was fired `k + 1` steps before.  In every step all synapses that
    learn sink by the sum of `minus`, of which the first steps after a reset know as many entries as
    there are steps before them.

    Parameters
    ----------
    plus, minus : 1…16 numbers of at least 0, in the unit of weights; the shorter one is filled
        with 0.
    stochastic : round changes at random; by default to the nearest.
    """

    plus: Sequence[float]
    minus: Sequence[float] = ()
    stochastic: bool | None = False

    rule: ClassVar[str] = "lag_table"

    def __post_init__(self) -> None:
        for name in ("plus", "minus"):
            table = real_array(name, list(getattr(self, name)))
            if table.ndim != 1 or not all(0 <= value < float("inf") for value in table):
                raise InputError(f"{name} is {getattr(self, name)!r}; give numbers of at least 0")
            object.__setattr__(self, name, tuple(float(value) for value in table))
        _low, high = TRACE_BITS
        if not 1 <= self.lags <= (self.trace_bits or high):
            raise InputError(
                f"plus and minus have {self.lags} lags; a core holds 1…{self.trace_bits or high}"
            )
        super().__post_init__()

    @property
    def lags(self) -> int:
        """Entries of the longer table."""
        return max(len(self.plus), len(self.minus))

    def changes(self, units: Units) -> list[float]:
        """All entries, in units of the integer weight."""
        return [value * units.weight for value in (*self.plus, *self.minus)]

    def smallest_change(self, *, stochastic: bool = False) -> float:
        """None is to be finer than the table says."""
        return 0.0

    def formats(self, units: Units) -> Iterator[dict[str, Any]]:
        """A register as long as the tables; digits below the weight's unit for random rounding alone."""
        bits = self.trace_bits or max(TRACE_BITS[0], self.lags)
        fractions: Sequence[int] = range(1, MAX_FRACTION_BITS + 1) if self.stochastic else (0,)
        if self.fraction_bits is not None:
            fractions = (self.fraction_bits,)
        for fraction in fractions:
            yield {"trace_bits": bits, "fraction_bits": fraction}

    def round(self, out: Rounded) -> None:
        """Each entry; what a sweep takes is the sum of them, in every step."""
        out.put("sweep_log2", 0)
        unit = out.units.weight * 2**out.config.fraction_bits
        for side, table in (("plus", self.plus), ("minus", self.minus)):
            for lag in range(out.config.trace_bits):
                asked = table[lag] if lag < len(table) else 0.0
                value, clipped = out.put(f"{side}_{lag}", asked * unit)
                out.note(f"{side}[{lag}]", "", asked, value / unit, clipped)
                if asked:
                    out.judge(abs(value / unit / asked - 1), AMPLITUDE_TOLERANCE)
