"""Selecting, counting and finding bits, and arithmetic by wiring alone (all combinational)."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Value

from ..contract.fields import Field
from ..contract.widths import WORD_BITS


def select(choices: list[Value], index: Value) -> Value:
    """choices[index], without a multiplexer when there is only one."""
    return choices[0] if len(choices) == 1 else Array(choices)[index]


def as_word(value: Value, field: Field) -> Value:
    """A field in a 32-bit bus word, sign-extended."""
    if not field.signed:
        return value
    return Cat(value, value[-1].replicate(WORD_BITS - len(value)))


def one_hot_index(bits: Value) -> Value:
    """Position of the only bit set."""
    width = len(bits)
    return Cat(
        Cat(bits[n] for n in range(width) if n >> k & 1).any()
        for k in range((width - 1).bit_length())
    )


def two_or_more(bits: Value) -> tuple[Value, Value]:
    """(any bit set, at least two bits set), as a tree: no carry chain."""
    if len(bits) == 1:
        return bits[0], Const(0, 1)
    half = len(bits) // 2
    any_low, two_low = two_or_more(bits[:half])
    any_high, two_high = two_or_more(bits[half:])
    return any_low | any_high, two_low | two_high | (any_low & any_high)


def population(bits: Value) -> Value:
    """How many bits are set, as a tree of additions."""
    if len(bits) == 1:
        return bits[0]
    half = len(bits) // 2
    return population(bits[:half]) + population(bits[half:])


def times_constant(value: Value, factor: int) -> Value:
    """value · factor as a sum of shifts, so that no multiplier is spent on an address."""
    shifts = [k for k in range(factor.bit_length()) if factor >> k & 1]
    total: Value = value.shift_left(shifts[0])
    for k in shifts[1:]:
        total = total + value.shift_left(k)
    return total
