"""What synthesis fixes: the configuration of one core, and the sizes that follow from it.

`CoreConfig` holds only what a user chooses; `CoreLayout` only what is derived.  Both are plain
data: importing this module needs neither gateware nor tools.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

DECAY_ONE = 4096
"""Decay constants count in units of 1/DECAY_ONE (docs/semantics.md)."""

DECAY_BITS = DECAY_ONE.bit_length()
LANES = (1, 2, 4, 8, 16, 32)
MAX_NEURONS = 16384
MAX_AXONS = 16384
MAX_MONITORS = 64

_CHOICES = {
    "lanes": LANES,
    "update_units": LANES,
    "receptors": (1, 2),
    "synapse": ("exponential", "delta"),
    "leak": ("exponential", "linear", "none"),
    "reset": ("value", "subtract"),
    "integrate_refractory": (False, True),
    "bias": (False, True),
    "parameters": ("shared", "per_neuron"),
}
_RANGES = {
    "neurons": (1, MAX_NEURONS),
    "axons": (1, MAX_AXONS),
    "weight_bits": (2, 16),
    "weight_shift": (0, 15),
    "state_bits": (8, 32),
    "refractory_bits": (0, 8),
    "monitors": (0, MAX_MONITORS),
}


class ConfigError(ValueError):
    """A configuration that no core can have; the message says what would work."""


def clog2(n: int) -> int:
    """Bits that number `n` things: ceil(log2(n)), and 0 for n = 1."""
    return (n - 1).bit_length()


def ceil_div(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


class Field(NamedTuple):
    """One integer that each neuron has: its name, width in bits and signedness."""

    name: str
    bits: int
    signed: bool
    maximum: int

    @property
    def minimum(self) -> int:
        """Least value that the field holds."""
        return -(1 << (self.bits - 1)) if self.signed else 0


def _signed(name: str, bits: int) -> Field:
    return Field(name, bits, True, (1 << (bits - 1)) - 1)


def _unsigned(name: str, bits: int) -> Field:
    return Field(name, bits, False, (1 << bits) - 1)


def _decay(name: str) -> Field:
    return Field(name, DECAY_BITS, False, DECAY_ONE)


@dataclass(frozen=True, kw_only=True)
class CoreConfig:
    """One core, as a user chooses it.  Validated at construction; `ConfigError` says what would work.

    Parameters
    ----------
    neurons, axons : number of neurons N and of axons A (inputs), before padding.
    lanes : P, synaptic operations per clock cycle; a power of two, at most 32 and at most `neurons`.
    update_units : U, neurons updated per clock cycle; a power of two, at most `lanes`.
    weight_bits : width of a signed weight, 2…16.
    weight_shift : weights count in units of 2^weight_shift of the state's unit.
    state_bits : width of potentials, currents and thresholds, 8…32.
    receptors : 1, or 2 for excitatory and inhibitory currents with a decay each.
    synapse : "exponential" or "delta".
    leak : "exponential", "linear" or "none".
    reset : to a "value" or by "subtract"-ing the threshold.
    refractory_bits : width of the refractory period in steps; 0 leaves the hardware out.
    integrate_refractory : the membrane integrates during the refractory period, without firing.
    bias : neurons have a constant input current.
    parameters : "shared" by all neurons of the core, or "per_neuron".
    monitors : bus words reported after every step, at most (hardware slots).
    """

    neurons: int
    axons: int
    lanes: int = 1
    update_units: int = 1
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
    parameters: str = "shared"
    monitors: int = 8

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            given = getattr(self, name)
            if given not in allowed or type(given) is not type(allowed[0]):
                options = ", ".join(repr(a) for a in allowed)
                raise ConfigError(f"{name} is {given!r}; choose one of {options}")
        for name, (low, high) in _RANGES.items():
            given = getattr(self, name)
            if type(given) is not int or not low <= given <= high:
                raise ConfigError(f"{name} is {given!r}; give an integer from {low} to {high}")
        if self.lanes > self.neurons:
            fits = 1 << (self.neurons.bit_length() - 1)
            raise ConfigError(
                f"{self.lanes} lanes for {self.neurons} neurons; use at most {fits} lanes"
            )
        if self.update_units > self.lanes:
            raise ConfigError(
                f"{self.update_units} update units for {self.lanes} lanes; "
                f"use at most {self.lanes} update units"
            )
        if self.integrate_refractory and not self.refractory_bits:
            raise ConfigError(
                "integrate_refractory needs a refractory period; set refractory_bits to 1…8"
            )

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> CoreConfig:
        """Build from a mapping of field names to values; unknown names raise `ConfigError`."""
        known = {f.name: f for f in dataclasses.fields(cls)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError(f"unknown setting {', '.join(unknown)}; known are {', '.join(known)}")
        required = [n for n, f in known.items() if f.default is dataclasses.MISSING]
        missing = [n for n in required if n not in values]
        if missing:
            raise ConfigError(f"missing setting {', '.join(missing)}")
        return cls(**values)

    @classmethod
    def from_toml(cls, source: str | Path) -> CoreConfig:
        """Read the `[core]` table of a TOML file (a path) or of TOML text (a string)."""
        try:
            text = source.read_text() if isinstance(source, Path) else source
            table = tomllib.loads(text)
        except OSError as error:
            raise ConfigError(f"cannot read {source}: {error.strerror}") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"not TOML: {error}") from None
        if not isinstance(table.get("core"), dict):
            raise ConfigError("the configuration has no [core] table")
        return cls.from_dict(table["core"])

    def to_dict(self) -> dict[str, Any]:
        """All settings by name, in declaration order."""
        return dataclasses.asdict(self)

    def to_toml(self) -> str:
        """The `[core]` table that `from_toml` reads back to an equal configuration."""
        lines = [f"{name} = {json.dumps(value)}" for name, value in self.to_dict().items()]
        return "\n".join(["[core]", *lines, ""])

    @property
    def digest(self) -> int:
        """64-bit hash of the canonical form; the board carries it in its identity block."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return int.from_bytes(hashlib.sha256(canonical.encode()).digest()[:8], "little")

    @property
    def layout(self) -> CoreLayout:
        """The sizes that follow from this configuration."""
        return CoreLayout(self)


class CoreLayout:
    """Sizes derived from a `CoreConfig`; the one place where they are computed.

    Neuron `j` lives in lane `j mod P`, group `j div P`; for updates in unit `j mod U`, word
    `j div U`.

    Attributes
    ----------
    groups : G = ceil(N / P), memory words per axon and lane.
    padded_neurons : G·P.
    update_words : ceil(G·P / U), words of each update unit's state memory.
    arrival_words : ceil(A / 32), words of the arrival bitmap.
    accumulator_bits : width that no sum of weights overflows.
    weight_slot_bits : bits that a weight takes in a bus word: the next power of two.
    weights_per_word, words_per_row : weights in a bus word, bus words in a synapse row.
    parameters, states : the `Field`s that each neuron has, in memory-map order.
    """

    def __init__(self, config: CoreConfig) -> None:
        c = config
        self.groups = ceil_div(c.neurons, c.lanes)
        self.padded_neurons = self.groups * c.lanes
        self.update_words = self.padded_neurons // c.update_units
        self.arrival_words = ceil_div(c.axons, 32)
        self.accumulator_bits = c.weight_bits + clog2(c.axons)
        self.weight_slot_bits = 1 << clog2(c.weight_bits)
        self.weights_per_word = 32 // self.weight_slot_bits
        self.words_per_row = ceil_div(c.neurons, self.weights_per_word)
        self.receptor_suffixes = ("",) if c.receptors == 1 else ("_exc", "_inh")
        self.parameters = self._parameters(c)
        self.states = self._states(c)

    def _parameters(self, c: CoreConfig) -> tuple[Field, ...]:
        fields = [_signed("v_threshold", c.state_bits)]
        if c.reset == "value":
            fields.append(_signed("v_reset", c.state_bits))
        if c.bias:
            fields.append(_signed("bias", c.state_bits))
        if c.leak == "exponential":
            fields.append(_decay("d_mem"))
        elif c.leak == "linear":
            fields.append(_unsigned("leak", c.state_bits - 1))
        if c.synapse == "exponential":
            fields += [_decay("d_syn" + s) for s in self.receptor_suffixes]
        if c.refractory_bits:
            fields.append(_unsigned("refractory", c.refractory_bits))
        return tuple(fields)

    def _states(self, c: CoreConfig) -> tuple[Field, ...]:
        fields = [_signed("v", c.state_bits)]
        if c.synapse == "exponential":
            fields += [_signed("i" + s, c.state_bits) for s in self.receptor_suffixes]
        if c.refractory_bits:
            fields.append(_unsigned("ref", c.refractory_bits))
        return tuple(fields)
