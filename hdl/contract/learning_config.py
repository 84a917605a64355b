"""What synthesis fixes about learning: the rule of a core, its widths, and what every rule has.

Plain data; docs/reference/semantics.md has the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import shown
from .fields import ConfigError, Field, signed_field, unsigned_field
from .rules import RuleModel, find_rule
from .widths import Widths

SCALING_BITS = 8
"""Width of the factor by which a scaling sweep changes weights."""
SEED_BITS = 31
TAG_BITS = 16
SWEEP_LOG2_BITS = 4

_RANGES = {
    "trace_bits": (2, 16),
    "fraction_bits": (0, 12),
    "eligibility_bits": (4, 16),
    "modulator_bits": (4, 16),
}
_CHOICES: dict[str, tuple[Any, ...]] = {
    "pairing": ("all", "nearest"),
    "bounds": ("hard", "soft"),
    "rates": ("shift", "multiply"),
    "stochastic": (False, True),
}


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """The learning rule of a core, as a user chooses it.  Raises `ConfigError`, which says what would work.

    Parameters
    ----------
    rule : name of a rule, see `rules.RULES`.
    trace_bits : width of traces, 2…16.
    fraction_bits : F, binary digits of a weight change below the weight's own unit, 0…12.
    stochastic : round weight changes at random, so that changes below one unit count on average.
    pairing : "all" to all, or "nearest" neighbour: a spike sets the trace instead of adding to it.
    bounds : "hard" (additive), or "soft" (multiplicative): changes shrink towards the bounds.
    rates : "shift": traces are scaled by the amplitude; "multiply": amplitudes are parameters.
    eligibility_bits, modulator_bits : widths, 4…16, of the three-factor rule's states.

    Settings that the rule does not use must keep their defaults.
    """

    rule: str
    trace_bits: int = 8
    fraction_bits: int = 0
    stochastic: bool = False
    pairing: str = "all"
    bounds: str = "hard"
    rates: str = "shift"
    eligibility_bits: int = 8
    modulator_bits: int = 8

    def __post_init__(self) -> None:
        rule = find_rule(self.rule)
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ConfigError(
                    f"learning.{name} is {shown(value)}; give an integer from {low} to {high}"
                )
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if type(value) is not type(allowed[0]) or value not in allowed:
                options = ", ".join(repr(a) for a in allowed)
                raise ConfigError(f"learning.{name} is {shown(value)}; choose one of {options}")
        for name in ("pairing", "bounds", "rates", "eligibility_bits", "modulator_bits"):
            default = type(self).__dataclass_fields__[name].default
            if name not in rule.settings and getattr(self, name) != default:
                raise ConfigError(
                    f"the rule {self.rule!r} has no setting {name}; leave it at {default!r}"
                )
        if self.bounds == "soft" and self.rates == "multiply":
            raise ConfigError('soft bounds need rates = "shift": the amplitude is in the traces')
        if self.stochastic and not self.fraction_bits:
            raise ConfigError("stochastic rounding needs fraction_bits of at least 1")

    @property
    def format(self) -> RuleModel:
        """The rule's record: what it needs, and its parts."""
        return find_rule(self.rule)


def common_parameters(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    """Parameters that every rule has."""
    fields = [unsigned_field("enabled", 1)]
    fields += [signed_field(name, widths.weight_bits) for name in ("w_min", "w_max")]
    if c.stochastic:
        fields.append(unsigned_field("seed", SEED_BITS))
    if c.format.sweeps:
        fields.append(unsigned_field("sweep_log2", SWEEP_LOG2_BITS))
    return tuple(fields)
