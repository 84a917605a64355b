"""Pipeline registers: a value some clock cycles later."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value


def pipeline(m: Module, value: Value, cycles: int, name: str) -> Value:
    """`value` as it was `cycles` clock cycles ago."""
    for k in range(cycles):
        register = Signal(value.shape(), name=f"{name}_{k}")
        m.d.sync += register.eq(value)
        value = register
    return value
