"""Widths of a core's numbers, on which learning rules depend, and the arithmetic of sizes."""

from __future__ import annotations

from dataclasses import dataclass

WORD_BITS = 32
"""Bits of a bus word, and axons in a word of the arrival bitmap."""


def clog2(n: int) -> int:
    """Bits that number `n` things: ceil(log2(n)), and 0 for n = 1."""
    return (n - 1).bit_length()


def ceil_div(a: int, b: int) -> int:
    """a / b, rounded up."""
    return -(-a // b)


@dataclass(frozen=True)
class Widths:
    """Widths of the numbers in a core, in bits.

    Parameters
    ----------
    weight_bits : of a weight.
    state_bits : of a potential, current or threshold.
    accumulator_bits : of a sum of weights, so that no sum overflows.
    """

    weight_bits: int
    state_bits: int
    accumulator_bits: int

    @classmethod
    def of(cls, weight_bits: int, state_bits: int, axons: int) -> Widths:
        """The widths of a core whose neurons each have one synapse from each of `axons` axons."""
        return cls(weight_bits, state_bits, weight_bits + clog2(axons))
