"""What a learning rule is: what it keeps and is told, and where its parts are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ..fields import Field, decay_field, unsigned_field
from ..registry import module_of, resolve
from ..widths import Widths

AMPLITUDE_BITS = 8


class RuleSettings(Protocol):
    """What a rule is told of its core: a `LearningConfig`."""

    @property
    def trace_bits(self) -> int:
        """Width of traces."""

    @property
    def fraction_bits(self) -> int:
        """F, binary digits of a weight change below the weight's own unit."""

    @property
    def rates(self) -> str:
        """Traces carry the amplitudes ("shift"), or amplitudes are parameters ("multiply")."""

    @property
    def eligibility_bits(self) -> int:
        """Width of eligibilities."""

    @property
    def modulator_bits(self) -> int:
        """Width of modulators."""


FieldMaker = Callable[[RuleSettings, Widths], tuple[Field, ...]]


@dataclass(frozen=True, kw_only=True, eq=False)
class RuleModel:
    """A learning rule: one record that names its parts.

    Each part is the thing itself, or "module:attribute", which is imported when it is needed.

    Attributes
    ----------
    name : by which `LearningConfig.rule` chooses it.
    parameters : run-time parameters, shared by the core, beside the common ones.
    axon_states, neuron_states : what each axon and each neuron keeps.
    golden : class (`sim.golden.learning.LearningRule`).
    gateware : class (`hdl.learning.Rule`).
    settings : settings of `LearningConfig` that the rule uses beside the common ones.
    eligibility : synapses have an eligibility.
    modulator : neurons have a modulator, and axons may be modulatory.
    sweeps : the rule visits all synapses every 2^sweep_log2 steps.
    scales : a sweep multiplies weights by a gain of the neuron, from the sum of its weights.
    """

    name: str
    parameters: FieldMaker
    axon_states: FieldMaker
    neuron_states: FieldMaker
    golden: type | str
    gateware: type | str
    settings: tuple[str, ...] = ()
    eligibility: bool = False
    modulator: bool = False
    sweeps: bool = False
    scales: bool = False

    @property
    def module(self) -> str:
        """Name of the module that has the golden class."""
        return module_of(self.golden)

    def part(self, name: str) -> Any:
        """The part "golden" or "gateware" itself."""
        return resolve(getattr(self, name))


# What several rules have.


def trace_x(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Axons have a trace x."""
    return (unsigned_field("x", c.trace_bits),)


def trace_y(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Neurons have a trace y."""
    return (unsigned_field("y", c.trace_bits),)


def nothing(c: RuleSettings, widths: Widths) -> tuple[Field, ...]:
    """Nothing to keep."""
    return ()


def trace_parameters(c: RuleSettings) -> tuple[Field, ...]:
    """Increments and decay constants of both traces."""
    return (
        unsigned_field("x_inc", c.trace_bits),
        decay_field("d_x"),
        unsigned_field("y_inc", c.trace_bits),
        decay_field("d_y"),
    )


def amplitudes() -> tuple[Field, ...]:
    """The amplitudes of potentiation and depression."""
    return (unsigned_field("a_plus", AMPLITUDE_BITS), unsigned_field("a_minus", AMPLITUDE_BITS))
