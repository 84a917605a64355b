"""Integer fields: the name, width and range of one number that a core holds."""

from __future__ import annotations

from typing import NamedTuple

from .errors import InputError

DECAY_ONE = 4096
"""Decay constants count in units of 1/DECAY_ONE (docs/reference/semantics.md)."""

DECAY_BITS = DECAY_ONE.bit_length()

STEP_NUMBERS = 1 << 32
"""Steps are numbered modulo STEP_NUMBERS (docs/reference/semantics.md)."""


class ConfigError(InputError):
    """A configuration that no core can have; the message says what would work."""


class Field(NamedTuple):
    """One integer, of each neuron, axon, or of the core.

    Attributes
    ----------
    name, bits, signed, maximum : how it is called and held.
    unit : what it counts: "potential", units of the state; "decay", a decay constant; "steps"; or
        "", a number without a unit.
    idle : its value where nothing else was given, and for neurons that only fill a core.
    """

    name: str
    bits: int
    signed: bool
    maximum: int
    unit: str = ""
    idle: int = 0

    @property
    def minimum(self) -> int:
        """Least value that the field holds."""
        return -(1 << (self.bits - 1)) if self.signed else 0


def signed_field(name: str, bits: int, *, unit: str = "", idle: int = 0) -> Field:
    """A two's complement number."""
    return Field(name, bits, True, (1 << (bits - 1)) - 1, unit, idle)


def unsigned_field(name: str, bits: int, *, unit: str = "", idle: int = 0) -> Field:
    """A number from 0."""
    return Field(name, bits, False, (1 << bits) - 1, unit, idle)


def decay_field(name: str) -> Field:
    """A decay constant, 0…DECAY_ONE."""
    return Field(name, DECAY_BITS, False, DECAY_ONE, "decay")
