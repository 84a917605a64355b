"""The numbers of a command: halves that are taken, and what is known of them."""

import functools

from gateware import Bench, quick
from hypothesis import example, given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.link.command_numbers import CommandNumbers

LATENCY = 2
KNOWN = 3
HALVES = 0xFFFF


@functools.cache
def bench():
    dut = CommandNumbers(CoreConfig(neurons=3, axons=3))
    return dut, Bench(dut)


async def pulse(ctx, flag, taken=0):
    dut, _ = bench()
    ctx.set(dut.taken, taken)
    ctx.set(flag, 1)
    await ctx.tick()
    ctx.set(flag, 0)


async def place(ctx, value):
    dut, _ = bench()
    await pulse(ctx, dut.clear)
    await ctx.tick()
    await pulse(ctx, dut.take_low, value & HALVES)
    await pulse(ctx, dut.take_high, value >> 16)
    await ctx.tick().repeat(KNOWN)


@quick(30)
@given(value=st.integers(0, (1 << 32) - 1))
@example(value=0xF0434000)
@example(value=0xFFFFFFFF)
@example(value=0)
def test_an_address_is_that_of_its_halves(value):
    """Also where the two halves together are more than one holds."""
    dut, simulation = bench()

    async def testbench(ctx):
        await place(ctx, value)
        assert ctx.get(dut.place) == value
        assert ctx.get(dut.no_place) == (value == 0)

    simulation.run(testbench)


@quick(20)
@given(value=st.integers(0, (1 << 32) - 2), steps=st.integers(1, 4))
@example(value=0xFFFF, steps=1)
@example(value=0x1_0000, steps=1)
def test_numbers_go_on_and_are_counted_down(value, steps):
    dut, simulation = bench()

    async def testbench(ctx):
        await place(ctx, value)
        for _ in range(steps):
            await pulse(ctx, dut.step_place)
            await ctx.tick().repeat(KNOWN)
        assert ctx.get(dut.place) == (value - steps) & 0xFFFFFFFF
        await place(ctx, value)
        await pulse(ctx, dut.onward)
        await ctx.tick().repeat(LATENCY)
        assert ctx.get(dut.place) == value + 1

    simulation.run(testbench)
