"""Leaks and clamping against the golden model's, corner by corner."""

import functools

import numpy as np
import pytest
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from gateware import Bench, idle, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.primitives.arithmetic import LEAK_LATENCY, Decay, TowardZero, saturate
from spikeloom.sim.golden.arithmetic import cut, decay, toward_zero

WIDTHS = (8, 9, 12, 16, 23, 32)
DECAYS = (0, 1, 2, 1024, 2047, 2048, 2049, 4094, 4095, 4096)
SEED = 4096


def corners(bits):
    high = (1 << (bits - 1)) - 1
    return [-high - 1, -high, -2, -1, 0, 1, 2, high - 1, high, *(s * (high // 3) for s in (-1, 1))]


def stream(dut, pairs):
    """One (x, d) per cycle; returns y by pair."""
    found = []

    async def testbench(ctx):
        for cycle in range(len(pairs) + LEAK_LATENCY):
            x, d = pairs[min(cycle, len(pairs) - 1)]
            ctx.set(dut.x, x)
            ctx.set(dut.d, d)
            if cycle >= LEAK_LATENCY:
                found.append(ctx.get(dut.y))
            await ctx.tick()

    Bench(dut).run(testbench)
    return found


def pairs_of(bits, constants, greatest):
    """Every corner with every constant, and as many random pairs, shuffled: nothing may leak over."""
    rng = np.random.default_rng(SEED + bits)
    fixed = [(x, d) for x in corners(bits) for d in constants]
    x = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), 100) >> rng.integers(0, bits, 100)
    d = rng.integers(0, greatest, 100, endpoint=True) >> rng.integers(0, 4, 100)
    return rng.permutation([*fixed, *zip(x, d, strict=True)])


@pytest.mark.parametrize("bits", WIDTHS)
def test_decay(bits):
    pairs = pairs_of(bits, DECAYS, 4096)
    assert stream(Decay(bits), pairs.tolist()) == decay(*pairs.T).tolist()


@pytest.mark.parametrize("bits", WIDTHS)
def test_cut(bits):
    pairs = pairs_of(bits, DECAYS, 4096)
    assert stream(Decay(bits, cut=True), pairs.tolist()) == cut(*pairs.T).tolist()


@pytest.mark.parametrize("bits", WIDTHS)
def test_toward_zero(bits):
    high = (1 << (bits - 1)) - 1
    pairs = pairs_of(bits, (0, 1, 2, high // 3, high - 1, high), high)
    assert stream(TowardZero(bits), pairs.tolist()) == toward_zero(*pairs.T).tolist()


def test_decay_without_input_ends_at_zero():
    dut = Decay(8)

    async def testbench(ctx):
        ctx.set(dut.d, 1)
        for start in (-128, 127):
            x, seen = start, []
            while x and len(seen) <= 128:
                ctx.set(dut.x, x)
                await idle(ctx, LEAK_LATENCY)
                x = ctx.get(dut.y)
                seen.append(abs(x))
            assert seen == list(range(abs(start) - 1, -1, -1))

    Bench(dut).run(testbench)


class Saturation(wiring.Component):
    """`saturate` as a block."""

    def __init__(self, wide, bits):
        self.bits = bits
        super().__init__(
            {"x": In(signed(wide)), "y": Out(signed(bits)), "clamped": Out(1)},
        )

    def elaborate(self, platform):
        m = Module()
        tick = Signal()
        m.d.sync += tick.eq(~tick)  # the simulator's clock needs a register
        value, clamped = saturate(self.x, self.bits)
        m.d.comb += [self.y.eq(value), self.clamped.eq(clamped)]
        return m


@functools.cache
def saturation(wide, bits):
    dut = Saturation(wide, bits)
    return dut, Bench(dut)


@pytest.mark.parametrize(("wide", "bits"), [(6, 8), (8, 8), (9, 8), (11, 8), (40, 32)])
@quick(10)
@given(data=st.data())
def test_saturate(wide, bits, data):
    dut, simulation = saturation(wide, bits)
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    least, most = -(1 << (wide - 1)), (1 << (wide - 1)) - 1
    around = [v for bound in (low, 0, high) for v in range(bound - 2, bound + 3)]
    x = data.draw(st.lists(st.integers(least, most)))

    async def testbench(ctx):
        for value in [least, most, *(v for v in around if least <= v <= most), *x]:
            ctx.set(dut.x, value)
            assert ctx.get(dut.y) == min(max(value, low), high)
            assert ctx.get(dut.clamped) == (not low <= value <= high)

    simulation.run(testbench)
