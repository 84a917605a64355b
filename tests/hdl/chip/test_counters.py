"""Counters: every increment counts once, at whatever moment it comes."""

import functools

import pytest
from amaranth.hdl import Shape
from gateware import Bench, idle, pulse, quick, until
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.chip.counters import LINK_COUNTERS, Counters
from spikeloom.hdl.contract.memory_map import COUNTERS, KEPT_COUNTERS
from spikeloom.hdl.core.core import increments

CONFIG = CoreConfig(neurons=5, axons=3, lanes=2)
ROUND = 4 * len(COUNTERS)
NAMES = list(COUNTERS)
WIDTHS = {name: Shape.cast(increments(CONFIG).members.get(name, 1)).width for name in COUNTERS}
LARGEST = {name: (1 << width) - 1 for name, width in WIDTHS.items()}


@functools.cache
def bench():
    dut = Counters(increments(CONFIG))
    return dut, Bench(dut)


async def read(ctx, dut, name):
    ctx.set(dut.index, NAMES.index(name))
    ctx.set(dut.read, 1)
    waited = await until(ctx, dut.done)
    assert waited <= 2 * ROUND
    value = ctx.get(dut.value)
    ctx.set(dut.read, 0)
    await ctx.tick()
    return value


async def count(ctx, dut, amounts):
    for name, amount in amounts.items():
        ctx.set(dut.increments[name], amount)
    await ctx.tick()
    for name in amounts:
        ctx.set(dut.increments[name], 0)


bursts = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 5), st.sets(st.sampled_from(NAMES))), max_size=30
)
"""Idle cycles, then cycles in which these counters get their largest increment."""


@quick(12)
@given(before=bursts, after=bursts, clear=st.sampled_from(["clear", "clear_link"]))
def test_nothing_is_lost_and_clears_are_complete(before, after, clear):
    dut, simulation = bench()

    async def play(ctx, bursts, expected):
        for gap, length, names in bursts:
            await idle(ctx, gap)
            for _ in range(length):
                await count(ctx, dut, {name: LARGEST[name] for name in names})
                for name in names:
                    expected[name] += LARGEST[name]

    async def testbench(ctx):
        expected = dict.fromkeys(NAMES, 0)
        await play(ctx, before, expected)
        await idle(ctx, 2)
        await pulse(ctx, getattr(dut, clear))
        for name in NAMES:
            if name in KEPT_COUNTERS:
                continue
            if (name in LINK_COUNTERS) == (clear == "clear_link"):
                expected[name] = 0
        await play(ctx, after, expected)
        assert {name: await read(ctx, dut, name) for name in NAMES} == expected

    simulation.run(testbench)


@pytest.mark.parametrize("delay", range(0, ROUND, 5))
def test_every_cycle_counts_while_a_counter_is_read(delay):
    dut, simulation = bench()

    async def testbench(ctx):
        name = NAMES[delay % len(NAMES)]
        await idle(ctx, delay)
        ctx.set(dut.increments[name], 1)
        cycles = 10 + 3 * delay
        await idle(ctx, cycles)
        ctx.set(dut.index, NAMES.index(name))
        ctx.set(dut.read, 1)
        waited = await until(ctx, dut.done)
        # All that had come when `read` rose, and nothing that came after `done`.
        assert cycles <= ctx.get(dut.value) <= cycles + waited
        ctx.set(dut.read, 0)
        ctx.set(dut.increments[name], 0)
        await ctx.tick()
        assert await read(ctx, dut, name) == cycles + waited

    simulation.run(testbench)


@pytest.mark.parametrize("delay", range(0, ROUND, 3))
def test_a_clear_at_any_moment_leaves_nothing(delay):
    dut, simulation = bench()

    async def testbench(ctx):
        await count(ctx, dut, LARGEST)
        await idle(ctx, ROUND + delay)
        await count(ctx, dut, LARGEST)
        await idle(ctx, 2)
        await pulse(ctx, dut.clear)
        await pulse(ctx, dut.clear_link)
        for name in NAMES:
            assert await read(ctx, dut, name) == (2 if name in KEPT_COUNTERS else 0)

    simulation.run(testbench)
