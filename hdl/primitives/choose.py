"""A choice of four in two look-up tables of four inputs for each bit."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Mux, Value, ValueLike


def choose(index: Value, values: Sequence[ValueLike], width: int) -> Value:
    """`values[index]` of four values; `index` has two bits.

    The first table gives one of two values or, for the other two, which of them it is to be.
    """
    low = index[0].replicate(width)
    first = Mux(index[1], low, Mux(index[0], values[1], values[0]))[:width]
    return Mux(index[1], (first & values[3]) | (~first & values[2]), first)[:width]
