"""Numbers that are exact: integers, or multiples of one power of two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ..quantise.rounding import Floats, Integers
from ..quantise.scales import MAX_WEIGHT_SHIFT

WEIGHT_BITS = 16
STATE_BITS = 32
"""What a core can have at most."""
_MANTISSA_BITS = 53
_SMALLEST = -1074
"""Exponent of the smallest floating-point number."""


def lowest_bits(values: Floats) -> Integers:
    """Exponent of the lowest bit that each finite number needs: 3 for 24, −2 for 0.75.

    Zeros need none: they give 1024, beyond all numbers.
    """
    fraction, exponent = np.frexp(values)
    whole = np.abs(fraction * 2.0**_MANTISSA_BITS).astype(np.int64)
    lowest = np.where(whole == 0, 1, whole & -whole)
    bits = exponent - _MANTISSA_BITS + np.rint(np.log2(lowest)).astype(np.int64)
    return np.asarray(np.where(whole == 0, 1024, np.maximum(bits, _SMALLEST)))


@dataclass
class Grid:
    """Finds the power of two of which all numbers are multiples, and the number that needs it."""

    _exponent: int = 1024
    _finest: str = ""
    _largest: float = 0.0

    def add(self, values: Floats, name: Callable[[int], str]) -> None:
        """Take in numbers; `name(k)` says what the k-th is: "the leak of neuron 3".

        Raises `ForeignNetworkError` for NaN and infinity.
        """
        flat = np.asarray(values, dtype=np.float64).ravel()
        for k in np.flatnonzero(~np.isfinite(flat))[:1]:
            raise ForeignNetworkError(f"{name(int(k))} is {flat[k]}; give a finite number")
        if not flat.size:
            return
        bits = lowest_bits(flat)
        k = int(np.argmin(bits))
        if bits[k] < self._exponent:
            self._exponent, self._finest = int(bits[k]), f"{name(k)}, {float(flat[k])!r},"
        self._largest = max(self._largest, float(np.abs(flat).max()))

    @property
    def exponent(self) -> int:
        """Of the unit; 0 as long as nothing but zeros was added."""
        return 0 if self._exponent == 1024 else self._exponent

    @property
    def unit(self) -> float:
        """The power of two of which all numbers are multiples."""
        return 2.0**self.exponent

    def check(self, bits: int, what: str) -> None:
        """Raise `ForeignNetworkError` unless signed integers of so many bits hold all, in units."""
        largest = self._largest / self.unit
        if largest > (1 << (bits - 1)) - 1:
            raise ForeignNetworkError(
                f"{self._finest} is a multiple of no power of two above {self.unit:g}, and in "
                f"such units the largest of {what} is {largest:.6g}; a core holds ±"
                f"{(1 << (bits - 1)) - 1} exactly. Use integers, or multiples of a power of two "
                "(0.5, 0.25, …): what has to be rounded is no exact import"
            )

    def check_beside(self, weights: Grid) -> None:
        """Raise `ForeignNetworkError` where weights are too large to be whole in these units."""
        most = ((1 << (WEIGHT_BITS - 1)) - 1) * 2.0**MAX_WEIGHT_SHIFT
        if weights._largest / self.unit > most:
            raise ForeignNetworkError(
                f"{self._finest} needs units of {self.unit:g}, of which the largest weight is "
                f"{weights._largest / self.unit:.6g}; beside it a core holds weights up to {most:g}"
            )


def common_unit(weights: Grid, potentials: Grid) -> float:
    """The unit of a network whose weights and potentials (all others, and weights) are these.

    Raises `ForeignNetworkError` for numbers that no core holds exactly side by side.
    """
    weights.check(WEIGHT_BITS, "weights and input values")
    potentials.check(STATE_BITS, "weights, leaks and potentials")
    potentials.check_beside(weights)
    return potentials.unit
