"""The arithmetic of docs/reference/semantics.md, a register after every adder and product."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Shape, Signal, Value, ValueLike, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.fields import DECAY_BITS, DECAY_ONE
from ..contract.widths import clog2
from .multiplier import PRODUCT_LATENCY, Multiplier
from .pipeline import pipeline
from .sum_adder import Subtractor

LEAK_LATENCY = 4
"""Cycles through `Decay` and `TowardZero` alike."""


def saturate(value: Value, bits: int) -> tuple[Value, Value]:
    """(`sat(value)` in `bits` signed bits, 1 if that changed it)."""
    sign = value[-1]
    overflow = (
        Const(0)
        if len(value) <= bits
        else (value[bits - 1 : -1] ^ sign.replicate(len(value) - bits)).any()
    )
    bound = (Const(1 << (bits - 1), bits) ^ (~sign).replicate(bits)).as_signed()
    return Mux(overflow, bound, value[:bits].as_signed()), overflow


class Decay(wiring.Component):
    """`y = decay(x, d)`, or `cut(x, d)`, `LEAK_LATENCY` cycles later, one per cycle.

    With `q = floor(x·d / 4096)` and `f = x·d mod 4096` it is x − q − up, one subtraction whose borrow is
    `up`.  To round to nearest, ties away from zero, but by at least 1 toward zero: for x < 0, up says
    that f ≥ 2048 and q ≠ −1; else that f > 2048, or q = 0 and f ≠ 0.  To cut: that x ≥ 0 and f ≠ 0.
    """

    def __init__(self, bits: int, *, cut: bool = False, unsigned: bool = False) -> None:
        self._cut, self._unsigned = cut, unsigned
        shape = Shape(bits, signed=not unsigned)
        super().__init__({"x": In(shape), "d": In(DECAY_BITS), "y": Out(shape)})

    def elaborate(self, platform: object) -> Module:
        """Operands; product; what is taken away, and tests of it; difference."""
        m = Module()
        bits = self.x.shape().width
        m.submodules.multiplier = multiplier = Multiplier(self.x.shape(), self.d.shape())
        product, x_1 = multiplier.product, pipeline(m, self.x, PRODUCT_LATENCY, "x")
        m.d.comb += [multiplier.a.eq(self.x), multiplier.b.eq(self.d)]

        fraction_bits = clog2(DECAY_ONE)
        fraction, whole = product[:fraction_bits], product[fraction_bits:][:bits]
        half, rest, some, every = (Signal(name=n) for n in ("half", "rest", "some", "every"))
        x_2, taken = Signal.like(self.x), Signal(bits)
        m.d.sync += [x_2.eq(x_1), taken.eq(whole), half.eq(fraction[-1])]
        m.d.sync += [rest.eq(fraction[:-1].any()), some.eq(whole.any()), every.eq(whole.all())]
        negative = Const(0) if self._unsigned else x_2[-1]
        if self._cut:
            up: Value = ~negative & (half | rest)
        else:
            up = Mux(negative, half & ~every, (half & rest) | (~some & (half | rest)))
        m.submodules.difference = difference = Subtractor(
            self.x.shape(), taken.shape(), self.y.shape()
        )
        m.d.comb += [
            difference.a.eq(x_2),
            difference.b.eq(taken),
            difference.borrow.eq(up),
            self.y.eq(difference.difference),
        ]
        return m


class TowardZero(wiring.Component):
    """`y = toward_zero(x, c)`, the linear leak, `LEAK_LATENCY` cycles later, one per cycle."""

    def __init__(self, bits: int) -> None:
        super().__init__({"x": In(signed(bits)), "d": In(bits - 1), "y": Out(signed(bits))})

    def elaborate(self, platform: object) -> Module:
        """Operands; signed step; sum; stop at zero."""
        m = Module()
        bits = self.x.shape().width
        x_0, d_0 = Signal.like(self.x), Signal.like(self.d)
        m.d.sync += [x_0.eq(self.x), d_0.eq(self.d)]
        step, x_1 = Signal(signed(bits)), Signal.like(self.x)
        m.d.sync += [step.eq(Mux(x_0[-1], d_0, -d_0)), x_1.eq(x_0)]
        moved, negative = Signal(signed(bits + 1)), Signal()
        m.d.sync += [moved.eq(x_1 + step), negative.eq(x_1[-1])]
        crossed = moved[-1] ^ negative
        m.d.sync += self.y.eq(Mux(crossed, 0, moved))
        return m


def load_or_count(register: Signal, load: Value, data: ValueLike, count: ValueLike = 1) -> Value:
    """`data` where `load`, else `register + count`; `load` and `count` are one bit.

    A bit of iCE40's carry chain leaves its look-up table one input beside the two that are added and the
    carry.  With `load` as what is added, all four of data, load, register and carry are there; the sum
    with it is not used.
    """
    total = register + load.replicate(len(register)) + count
    return Mux(load, data, total[: len(register)])
