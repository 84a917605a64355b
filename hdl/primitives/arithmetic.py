"""The arithmetic of docs/reference/semantics.md, a register after every adder and product."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Signal, Value, ValueLike, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..contract.fields import DECAY_BITS, DECAY_ONE
from ..contract.widths import clog2

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

    Written as x + t with t = floor((2048 − [x < 0] − x·d) / 4096), which is the rounding to nearest with
    ties away from zero; t = 0 is replaced by one step toward zero when x ≠ 0 and d > 0.  To cut is to
    have 4095 where x < 0 and else 0 in place of 2048 − [x < 0]; then t is never 0 there.
    """

    def __init__(self, bits: int, *, cut: bool = False) -> None:
        self._cut = cut
        super().__init__({"x": In(signed(bits)), "d": In(DECAY_BITS), "y": Out(signed(bits))})

    def elaborate(self, platform: object) -> Module:
        """Operands; product; rounding; correction and sum."""
        m = Module()
        bits = self.x.shape().width
        x_0, d_0 = Signal.like(self.x), Signal.like(self.d)
        m.d.sync += [x_0.eq(self.x), d_0.eq(self.d)]
        product = Signal(signed(bits + DECAY_BITS))
        decays = Signal()
        x_1 = Signal.like(self.x)
        m.d.sync += [product.eq(x_0 * d_0), decays.eq(d_0 != 0), x_1.eq(x_0)]

        half = Signal(signed(DECAY_BITS))
        if self._cut:
            m.d.comb += half.eq(Mux(x_1[-1], DECAY_ONE - 1, 0))
        else:
            m.d.comb += half.eq(DECAY_ONE // 2 - x_1[-1])
        change = Signal(signed(bits + 1))
        x_2 = Signal.like(self.x)
        force = Signal()
        m.d.sync += [
            change.eq((half - product).shift_right(clog2(DECAY_ONE))),
            x_2.eq(x_1),
            force.eq(decays & (x_1 != 0)),
        ]

        one_toward_zero = Mux(x_2[-1], Const(1, signed(2)), Const(-1, signed(2)))
        m.d.sync += self.y.eq(x_2 + Mux(force & (change == 0), one_toward_zero, change))
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
