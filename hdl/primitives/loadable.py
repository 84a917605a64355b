"""A register that counts up, or takes a new value, in one look-up table for each bit."""

from __future__ import annotations

from amaranth.hdl import Mux, Signal, Value, ValueLike


def load_or_count(register: Signal, load: Value, data: ValueLike, count: ValueLike = 1) -> Value:
    """`data` where `load`, else `register + count`; `load` and `count` are one bit.

    A bit of iCE40's carry chain leaves its look-up table one input beside the two that are added and the
    carry.  With `load` as what is added, all four of data, load, register and carry are there; the sum
    with it is not used.
    """
    total = register + load.replicate(len(register)) + count
    return Mux(load, data, total[: len(register)])
