"""What synthesis fixes: the configuration of one core, and the sizes that follow from it.

`CoreConfig` holds only what a user chooses; `CoreLayout` only what is derived.  Both are plain
data: importing this module needs neither gateware nor tools.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .errors import shown
from .fields import DECAY_BITS, DECAY_ONE, ConfigError, Field, unsigned_field
from .learning_config import TAG_BITS, LearningConfig, common_parameters
from .neurons import NeuronModel, find_neuron, receptor_suffixes
from .toml_file import read_toml
from .widths import WORD_BITS, Widths, ceil_div, clog2

__all__ = [
    "DECAY_BITS", "DECAY_ONE", "DELAY_SLOTS", "LANES", "MAX_AXONS", "MAX_MONITORS", "MAX_NEURONS",
    "ConfigError",
    "CoreConfig", "CoreLayout", "Field", "LearningConfig", "SynapseField", "ceil_div", "clog2",
    "without_units",
]  # fmt: skip

LANES = (1, 2, 4, 8, 16, 32)
DELAY_SLOTS = (1, 2, 4, 8, 16, 32, 64)
MAX_NEURONS = 16384
MAX_AXONS = 16384
MAX_MONITORS = 64
MAX_ROUTE_ENTRIES = 1 << 16

_CHOICES = {
    "lanes": LANES,
    "parameters": ("shared", "per_neuron"),
    "delay_slots": DELAY_SLOTS,
    "axonal_delay_slots": DELAY_SLOTS,
}
RANGES = {
    "neurons": (1, MAX_NEURONS),
    "axons": (1, MAX_AXONS),
    "weight_bits": (2, 16),
    "weight_shift": (0, 15),
    "state_bits": (8, 32),
    "monitors": (0, MAX_MONITORS),
    "route_entries": (0, MAX_ROUTE_ENTRIES),
}
"""Least and most of whole numbers."""
_NEURON_OPTIONS = (
    "receptors", "synapse", "leak", "reset", "refractory_bits", "integrate_refractory", "bias",
    "adaptation", "floor", "readouts", "decay_rounding",
)  # fmt: skip
"""Settings of `CoreConfig` that the neuron model gives a meaning, or refuses."""
_OMITTED: dict[str, Any] = {
    "learning": None,
    "delay_slots": 1,
    "axonal_delay_slots": 1,
    "route_entries": 0,
    "neuron_model": "lif",
    "neuron_options": {},
    "floor": False,
    "readouts": False,
    "decay_rounding": "nearest",
}
"""Values with which a setting is left out of the canonical form: hardware that a core does not have does
not change its digest."""


def _checked(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """The values, if they name fields of a dataclass, and all that it requires."""
    settings = {f.name: f for f in dataclasses.fields(cls)}
    unknown = sorted(set(values) - set(settings))
    if unknown:
        raise ConfigError(f"unknown setting {', '.join(unknown)}; known are {', '.join(settings)}")
    required = [n for n, f in settings.items() if f.default is dataclasses.MISSING]
    missing = [n for n in required if n not in values]
    if missing:
        raise ConfigError(f"missing setting {', '.join(missing)}")
    return values


def without_units(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without `update_units = 1`, which has no effect; `ConfigError` for more units."""
    rest = {name: value for name, value in values.items() if name != "update_units"}
    units = values.get("update_units", 1)
    if type(units) is not int or units != 1:
        raise ConfigError(
            f"update_units is {shown(units)}; it was the number of neurons updated per clock cycle, and a "
            "core updates one: leave the setting out, and use several cores (a fabric) for more"
        )
    return rest


def _check_choice(name: str, given: Any, allowed: tuple[Any, ...] | range) -> None:
    """Raise `ConfigError` unless a value is one of those allowed, and of their type."""
    if type(given) is type(allowed[0]) and given in allowed:
        return
    if isinstance(allowed, range):
        advice = f"give an integer from {allowed[0]} to {allowed[-1]}"
    else:
        advice = f"choose one of {', '.join(repr(a) for a in allowed)}"
    raise ConfigError(f"{name} is {shown(given)}; {advice}")


def neuron_settings(options: dict[str, Any], base: CoreConfig | None = None) -> dict[str, Any]:
    """Options of a neuron model as settings of `CoreConfig`; `base` says those of its own not given."""
    own = {name: value for name, value in options.items() if name not in _NEURON_OPTIONS}
    settings = {name: value for name, value in options.items() if name in _NEURON_OPTIONS}
    kept = dict(base.neuron_options) if base else {}
    return {**settings, "neuron_options": {**kept, **own}} if own else settings


def _own_options(given: Any) -> dict[str, Any]:
    try:
        return dict(given)
    except (TypeError, ValueError):
        raise ConfigError(
            f"neuron_options is {given!r}; give a dict, or a [core.neuron_options] table"
        ) from None


@dataclass(frozen=True, kw_only=True)
class CoreConfig:
    """One core, as a user chooses it.  Validated at construction; `ConfigError` says what would work.

    Parameters
    ----------
    neurons, axons : number of neurons N and of axons A (inputs), before padding.
    lanes : P, synaptic operations per clock cycle; a power of two, at most 32 and at most `neurons`.
    weight_bits : width of a signed weight, 2…16.
    weight_shift : weights count in units of 2^weight_shift of the state's unit.
    state_bits : width of potentials, currents and thresholds, 8…32.
    neuron_model : name of the neuron model.  The next eight, `floor`, `readouts` and `decay_rounding`
        are its options, as far as it has them; here is what they mean to "lif".
    receptors : 1, or 2 for excitatory and inhibitory currents with a decay each.
    synapse : "exponential" or "delta".
    leak : "exponential", "linear" or "none".
    reset : to a "value" or by "subtract"-ing the threshold.
    refractory_bits : width of the refractory period in steps; 0 leaves the hardware out.
    integrate_refractory : the membrane integrates during the refractory period, without firing.
    bias : neurons have a constant input current.
    adaptation : the threshold is fixed ("none"), or has a part that adapts: "exponential" or "rate".
    neuron_options : options that only this neuron model has, a dict; kept as pairs in order.
    floor : potentials have a lower bound, `v_min`.
    readouts : single neurons may be without a threshold, and never fire.
    decay_rounding : currents and potentials decay to the "nearest" integer, or "toward_zero".
    parameters : "shared" by all neurons of the core, or "per_neuron".
    monitors : bus words reported after every step, at most (hardware slots).
    learning : the learning rule, or None.
    delay_slots : D, a power of two, at most 64: each synapse has a delay field of 0…D − 1 steps.  With
        1 there is none.
    axonal_delay_slots : a power of two, at most 64: a spike may take up to this − 1 steps longer.
    route_entries : 0: each neuron drives at most one axon, of its own core, without axonal delay.  Else
        the size of the table of destinations, of which each neuron may have any number.
    """

    neurons: int
    axons: int
    lanes: int = 1
    weight_bits: int = 8
    weight_shift: int = 0
    state_bits: int = 16
    receptors: int = 1
    synapse: str = "exponential"
    leak: str = "exponential"
    reset: str = "value"
    refractory_bits: int = 4
    integrate_refractory: bool = False
    bias: bool = True
    adaptation: str = "none"
    parameters: str = "shared"
    monitors: int = 8
    learning: LearningConfig | None = None
    delay_slots: int = 1
    axonal_delay_slots: int = 1
    route_entries: int = 0
    neuron_model: str = "lif"
    neuron_options: Any = ()
    floor: bool = False
    readouts: bool = False
    decay_rounding: str = "nearest"

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            _check_choice(name, getattr(self, name), allowed)
        for name, (low, high) in RANGES.items():
            _check_choice(name, getattr(self, name), range(low, high + 1))
        self._check_neuron_model()
        if self.lanes > self.neurons:
            fits = 1 << (self.neurons.bit_length() - 1)
            raise ConfigError(
                f"{self.lanes} lanes for {self.neurons} neurons; use at most {fits} lanes"
            )
        if self.learning is not None and not isinstance(self.learning, LearningConfig):
            raise ConfigError(
                f"learning is {shown(self.learning)}; give a LearningConfig, or a [core.learning] table"
            )
        if self.axonal_delay_slots > 1 and not self.route_entries:
            raise ConfigError(
                "axonal delays are in the table of destinations; give it route_entries"
            )

    def _check_neuron_model(self) -> None:
        """Check the options of the neuron model, and complete those of its own."""
        model = self.model
        given = _own_options(self.neuron_options)
        own = {k: v for k, v in model.options.items() if k not in _NEURON_OPTIONS}
        unknown = sorted(set(given) - set(own))
        if unknown:
            raise ConfigError(
                f"the neuron model {model.name!r} has no option {', '.join(unknown)} of its own; "
                f"it has {', '.join(own) or 'none'}"
            )
        given = {name: given.get(name, allowed[0]) for name, allowed in own.items()}
        object.__setattr__(self, "neuron_options", tuple(sorted(given.items())))
        for name in (*_NEURON_OPTIONS, *own):
            value = self.option(name)
            if name in model.options:
                _check_choice(name, value, model.options[name])
            elif value != (default := type(self).__dataclass_fields__[name].default):
                raise ConfigError(
                    f"the neuron model {model.name!r} has no option {name}; leave it at {default!r}"
                )
        model.check(self)
        model.fields(self)

    @property
    def model(self) -> NeuronModel:
        """The neuron model."""
        return find_neuron(self.neuron_model)

    def option(self, name: str) -> Any:
        """The value of an option of the neuron model, one of these settings or of its own."""
        own = dict(self.neuron_options)
        return own[name] if name in own else getattr(self, name)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CoreConfig:
        """Build from a mapping of field names to values; unknown names raise `ConfigError`.

        `update_units = 1` has no effect; older archives and TOML files have it.
        """
        values = _checked(cls, without_units(values))
        learning = values.get("learning")
        if isinstance(learning, dict):
            values = values | {"learning": LearningConfig(**_checked(LearningConfig, learning))}
        return cls(**values)

    @classmethod
    def from_toml(cls, source: str | Path) -> CoreConfig:
        """Read the `[core]` table of a TOML file (a path) or of TOML text (a string)."""
        table = read_toml(source)
        if not isinstance(table.get("core"), dict):
            raise ConfigError("the configuration has no [core] table")
        return cls.from_dict(table["core"])

    def to_dict(self) -> dict[str, Any]:
        """All settings by name, in declaration order, but those that leave hardware out (`_OMITTED`)."""
        values = dataclasses.asdict(self)
        values["neuron_options"] = dict(self.neuron_options)
        return {k: v for k, v in values.items() if k not in _OMITTED or v != _OMITTED[k]}

    def to_toml(self) -> str:
        """The `[core]` table that `from_toml` reads back to an equal configuration."""
        core = self.to_dict()
        tables = {k: core.pop(k) for k in ("learning", "neuron_options") if k in core}
        lines = ["[core]", *(f"{name} = {json.dumps(value)}" for name, value in core.items())]
        for table, values in tables.items():
            lines += ["", f"[core.{table}]"]
            lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        return "\n".join([*lines, ""])

    @property
    def digest(self) -> int:
        """64-bit hash of the canonical form; the board carries it in its identity block."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "little")

    @functools.cached_property
    def layout(self) -> CoreLayout:
        """The sizes that follow from this configuration."""
        return CoreLayout(self)


class SynapseField(NamedTuple):
    """What each synapse has, and how rows of it are packed into 32-bit bus words.

    `slot_bits` is the next power of two of `bits`; `per_word` slots make a bus word.
    """

    name: str
    bits: int
    signed: bool
    slot_bits: int
    per_word: int
    words_per_row: int


def _synapse_field(name: str, bits: int, signed: bool, neurons: int) -> SynapseField:
    slot = 1 << clog2(bits)
    per_word = WORD_BITS // slot
    return SynapseField(name, bits, signed, slot, per_word, ceil_div(neurons, per_word))


class CoreLayout:
    """Sizes derived from a `CoreConfig`; they are computed nowhere else.

    Neuron `j` is number `j mod P` of group `j div P`; a row has one synapse of each group in a lane.

    Attributes
    ----------
    groups : G = ceil(N / P), memory words per axon and lane.
    padded_neurons : G·P.
    arrival_words : ceil(A / 32), words of the arrival bitmap.
    accumulators : sums that each neuron has: the receptors', and the modulator's where there is one.
    accumulator_bits : width that no sum of weights overflows.
    synapse_fields : by name, "weight"; "delay" in cores with delays; "plastic" and "eligibility" in
        cores that learn.
    words_per_row : bus words in a row of weights.
    parameters, states : the `Field`s that each neuron has, in memory-map order.
    learning : the `Field`s that the core has once, to learn with.
    axon_states, neuron_states : `Field`s that each axon and each neuron has, to learn with.
    axon_fields, neuron_fields : the same, followed by what the image says of axons and neurons.
    axon_groups : H = ceil(A / P), words of a synapse column.
    """

    def __init__(self, config: CoreConfig) -> None:
        c = config
        self.groups = ceil_div(c.neurons, c.lanes)
        self.padded_neurons = self.groups * c.lanes
        self.arrival_words = ceil_div(c.axons, WORD_BITS)
        modulator = c.learning is not None and c.learning.format.modulator
        self.accumulators = c.receptors + modulator
        widths = Widths.of(c.weight_bits, c.state_bits, c.axons)
        self.accumulator_bits = widths.accumulator_bits
        weight = _synapse_field("weight", c.weight_bits, True, c.neurons)
        self.synapse_fields = {"weight": weight}
        self.words_per_row = weight.words_per_row
        if c.delay_slots > 1:
            self.synapse_fields["delay"] = _synapse_field(
                "delay", clog2(c.delay_slots), False, c.neurons
            )
        self.receptor_suffixes = receptor_suffixes(c.receptors)
        self.parameters, self.states = c.model.fields(c)
        self.axon_groups = ceil_div(c.axons, c.lanes)
        self.learning: tuple[Field, ...] = ()
        self.axon_states: tuple[Field, ...] = ()
        self.neuron_states: tuple[Field, ...] = ()
        tags: tuple[Field, ...] = ()
        modulatory: tuple[Field, ...] = ()
        if c.learning is not None:
            rule = c.learning.format
            self.synapse_fields["plastic"] = _synapse_field("plastic", 1, False, c.neurons)
            if rule.eligibility:
                self.synapse_fields["eligibility"] = _synapse_field(
                    "eligibility", c.learning.eligibility_bits, True, c.neurons
                )
            self.learning = (
                *common_parameters(c.learning, widths),
                *rule.parameters(c.learning, widths),
            )
            self.axon_states = rule.axon_states(c.learning, widths)
            self.neuron_states = rule.neuron_states(c.learning, widths)
            tags = (unsigned_field("tag", TAG_BITS),) if c.learning.stochastic else ()
            modulatory = (unsigned_field("modulatory", 1),) if rule.modulator else ()
        self.axon_fields = (*self.axon_states, *tags, *modulatory)
        self.neuron_fields = (*self.neuron_states, *tags)
