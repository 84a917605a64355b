"""What a neuron model is: its options, its parameters and states, and where its parts are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..fields import ConfigError, Field, decay_field, signed_field
from ..registry import module_of, resolve

MAX_FIELDS = 16
"""Parameters, and states, that a neuron may have."""
MAX_CLAMPS = 7
"""Values of one neuron that may be clamped in a step."""


class NeuronSettings(Protocol):
    """What a model is told of the core that it is generated for: a `CoreConfig`."""

    @property
    def state_bits(self) -> int:
        """Width of potentials, currents and thresholds."""

    def option(self, name: str) -> Any:
        """The value of one of the model's options."""


FieldMaker = Callable[[NeuronSettings], tuple[Field, ...]]
Choices = tuple[Any, ...] | range


def any_combination(c: NeuronSettings) -> None:
    """Accept all options together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NeuronModel:
    """A neuron model: one record that names its parts.

    Each part is the thing itself, or "module:attribute", which is imported when it is needed.

    Attributes
    ----------
    name : by which `CoreConfig.neuron_model` chooses it.
    options : what is chosen when a core is generated: allowed values by name, a tuple or a range of
        integers.  Names of `CoreConfig` ("receptors", "reset", …) have its defaults; any other name
        is an option of the model's own, kept in `CoreConfig.neuron_options`, whose default is the
        first value.  What is not listed here is refused.
    parameters : the `Field`s that are loaded at run time, for a core's options.
    states : the `Field`s that each neuron keeps; among them a signed `v` of `state_bits`, the
        membrane potential.  All of them can be monitored.
    golden : function that computes one step (`sim.golden.neurons.Neurons`).
    soma : gateware class (`hdl.neurons.Soma`).
    neuron : class that users describe neurons with (`network.neuron.Neuron`), or None.
    check : raises `ConfigError` for options that exclude each other.
    """

    name: str
    parameters: FieldMaker
    states: FieldMaker
    golden: Callable[..., Any] | str
    soma: type | str
    neuron: type | str | None = None
    options: Mapping[str, Choices] = field(default_factory=dict)
    check: Callable[[NeuronSettings], None] = any_combination

    @property
    def module(self) -> str:
        """Name of the module that has the golden function."""
        return module_of(self.golden)

    def part(self, name: str) -> Any:
        """The part "golden", "soma" or "neuron" itself."""
        return resolve(getattr(self, name))

    def fields(self, c: NeuronSettings) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
        """Parameters and states, checked; `ConfigError` says what a core cannot do with."""
        parameters, states = self.parameters(c), self.states(c)
        for what, found in (("parameters", parameters), ("states", states)):
            if len(found) > MAX_FIELDS:
                raise ConfigError(
                    f"the neuron model {self.name!r} has {len(found)} {what}; "
                    f"a core holds at most {MAX_FIELDS}"
                )
        potential = next((f for f in states if f.name == "v"), None)
        if potential is None or not potential.signed or potential.bits != c.state_bits:
            raise ConfigError(
                f"the neuron model {self.name!r} has no potential: give it a state "
                'signed_field("v", c.state_bits)'
            )
        return parameters, states


def receptor_suffixes(receptors: int) -> tuple[str, ...]:
    """What the names of currents and of their decays end in, by receptor."""
    return ("",) if receptors == 1 else ("_exc", "_inh")


# What several models have.


def threshold_field(c: NeuronSettings) -> Field:
    """`v_threshold`: padding neurons have the largest one, which nothing reaches without input."""
    most = (1 << (c.state_bits - 1)) - 1
    return signed_field("v_threshold", c.state_bits, unit="potential", idle=most)


def current_parameters(c: NeuronSettings) -> tuple[Field, ...]:
    """Decay constants of the synaptic currents, where the option `synapse` is "exponential"."""
    if c.option("synapse") != "exponential":
        return ()
    return tuple(decay_field("d_syn" + s) for s in receptor_suffixes(c.option("receptors")))


def current_states(c: NeuronSettings) -> tuple[Field, ...]:
    """The synaptic currents, where the option `synapse` is "exponential"."""
    if c.option("synapse") != "exponential":
        return ()
    suffixes = receptor_suffixes(c.option("receptors"))
    return tuple(signed_field("i" + s, c.state_bits, unit="potential") for s in suffixes)
