"""What synthesis fixes about learning: the rule of a core, its widths, and the fields that follow.

Plain data: gateware and golden model of a rule are registered under the same name
in `spikeloom.hdl.learning` and `spikeloom.sim.golden.learning`.  docs/reference/semantics.md has the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .fields import ConfigError, Field, decay_field, signed_field, unsigned_field
from .shown import shown
from .widths import Widths

AMPLITUDE_BITS = 8
SCALING_BITS = 8
"""Width of the factor by which a scaling sweep changes weights."""
SEED_BITS = 31
TAG_BITS = 16
SWEEP_LOG2_BITS = 4
SCALING_SHIFT_BITS = 5

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
    rule : name of a rule, see `RULES`.
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
        if not isinstance(self.rule, str) or self.rule not in RULES:
            raise ConfigError(
                f"learning rule is {shown(self.rule)}; choose one of {', '.join(RULES)}"
            )
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
            if name not in RULES[self.rule].settings and getattr(self, name) != default:
                raise ConfigError(
                    f"the rule {self.rule!r} has no setting {name}; leave it at {default!r}"
                )
        if self.bounds == "soft" and self.rates == "multiply":
            raise ConfigError('soft bounds need rates = "shift": the amplitude is in the traces')
        if self.stochastic and not self.fraction_bits:
            raise ConfigError("stochastic rounding needs fraction_bits of at least 1")

    @property
    def format(self) -> RuleFormat:
        """What the rule needs."""
        return RULES[self.rule]


FieldMaker = Callable[[LearningConfig, Widths], tuple[Field, ...]]


@dataclass(frozen=True)
class RuleFormat:
    """What a rule adds to a core.

    Attributes
    ----------
    parameters : run-time parameters, shared by the core, beside the common ones.
    axon_states, neuron_states : what each axon and each neuron keeps.
    settings : settings of `LearningConfig` that the rule uses beside the common ones.
    eligibility : synapses have an eligibility.
    modulator : neurons have a modulator, and axons may be modulatory.
    sweeps : the rule visits all synapses every 2^sweep_log2 steps.
    """

    parameters: FieldMaker
    axon_states: FieldMaker
    neuron_states: FieldMaker
    settings: tuple[str, ...] = ()
    eligibility: bool = False
    modulator: bool = False
    sweeps: bool = False


def common_parameters(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    """Parameters that every rule has."""
    fields = [unsigned_field("enabled", 1)]
    fields += [signed_field(name, widths.weight_bits) for name in ("w_min", "w_max")]
    if c.stochastic:
        fields.append(unsigned_field("seed", SEED_BITS))
    if c.format.sweeps:
        fields.append(unsigned_field("sweep_log2", SWEEP_LOG2_BITS))
    return tuple(fields)


def _amplitudes() -> list[Field]:
    return [unsigned_field(name, AMPLITUDE_BITS) for name in ("a_plus", "a_minus")]


def _traces(c: LearningConfig) -> list[Field]:
    fields = []
    for trace in "xy":
        fields += [unsigned_field(f"{trace}_inc", c.trace_bits), decay_field(f"d_{trace}")]
    return fields


def _pair(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    return (*_traces(c), *(_amplitudes() if c.rates == "multiply" else ()))


def _rectangular(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    windows = [unsigned_field(name, c.trace_bits) for name in ("x_window", "y_window")]
    return (*windows, *_amplitudes())


def _symmetric(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    offsets = [unsigned_field(name, c.trace_bits) for name in ("c_pre", "c_post")]
    return (
        *_traces(c),
        *offsets,
        signed_field("scaling_target", widths.accumulator_bits),
        unsigned_field("scaling_shift", SCALING_SHIFT_BITS),
    )


def _three_factor(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    return (
        *_traces(c),
        *(signed_field(name, c.eligibility_bits) for name in ("e_pre", "e_post")),
        *(decay_field(name) for name in ("d_e", "d_mod", "d_mod_first")),
        signed_field("m_spike", c.modulator_bits),
    )


def _sdsp(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    return (
        unsigned_field("y_inc", c.trace_bits),
        decay_field("d_y"),
        signed_field("theta_m", widths.state_bits),
        *(unsigned_field(name, c.trace_bits) for name in ("ca_1", "ca_2", "ca_3")),
        *_amplitudes(),
    )


def trace_x(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    """Axons have a trace x."""
    return (unsigned_field("x", c.trace_bits),)


def trace_y(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    """Neurons have a trace y."""
    return (unsigned_field("y", c.trace_bits),)


def _y_m(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    return (unsigned_field("y", c.trace_bits), signed_field("m", c.modulator_bits))


def _y_flags(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    return (
        unsigned_field("y", c.trace_bits), unsigned_field("up", 1), unsigned_field("down", 1),
    )  # fmt: skip


def nothing(c: LearningConfig, widths: Widths) -> tuple[Field, ...]:
    """Nothing to keep."""
    return ()


RULES: dict[str, RuleFormat] = {
    "pair": RuleFormat(_pair, trace_x, trace_y, ("pairing", "bounds", "rates")),
    "rectangular": RuleFormat(_rectangular, trace_x, trace_y),
    "symmetric": RuleFormat(_symmetric, trace_x, trace_y, ("pairing",), sweeps=True),
    "three_factor": RuleFormat(
        _three_factor,
        trace_x,
        _y_m,
        ("pairing", "eligibility_bits", "modulator_bits"),
        eligibility=True,
        modulator=True,
        sweeps=True,
    ),
    "sdsp": RuleFormat(_sdsp, nothing, _y_flags, ("pairing",)),
}
"""Formats by name of the rule; add your own before the first configuration that names it."""
