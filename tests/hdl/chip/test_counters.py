"""The register memory: every increment counts once, at whatever moment it comes; other words stay."""

import functools

import pytest
from amaranth.hdl import Shape
from gateware import Bench, idle, pulse, quick, until
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.chip.counters import (
    LINK_COUNTERS,
    RARE,
    accumulator_bits,
    counter_increments,
)
from spikeloom.hdl.chip.register_memory import ROUND, RegisterMemory
from spikeloom.hdl.contract.memory_map import COUNTERS, KEPT_COUNTERS
from spikeloom.hdl.core.core import increments

CONFIGS = (
    CoreConfig(neurons=5, axons=3, lanes=2),
    CoreConfig(neurons=1500, axons=3, lanes=8),  # a register longer than a halfword
)
NAMES = list(COUNTERS)
WORDS = 16
SLOWEST = 2 * ROUND + 16
"""Cycles that an access takes at most."""


@functools.cache
def bench(config):
    layout = increments(config)
    dut = RegisterMemory(layout, words=WORDS)
    widths = {name: Shape.cast(layout.members.get(name, 1)).width for name in COUNTERS}
    return dut, Bench(dut), {name: (1 << width) - 1 for name, width in widths.items()}


async def access(ctx, dut, word, *, data=None, counter=False):
    ctx.set(dut.word, word)
    ctx.set(dut.is_counter, counter)
    ctx.set(dut.fresh, counter)
    ctx.set(dut.write, data is not None)
    ctx.set(dut.data, data or 0)
    ctx.set(dut.active, 1)
    waited = await until(ctx, dut.done)
    assert waited <= SLOWEST
    value = ctx.get(dut.value)
    ctx.set(dut.active, 0)
    await ctx.tick()
    return value, waited


async def read(ctx, dut, name):
    """A counter that stands still: its two words."""
    word = 2 * NAMES.index(name)
    low, _ = await access(ctx, dut, word, counter=True)
    high, _ = await access(ctx, dut, word + 1, counter=True)
    return low | (high & 0xFFFF) << 32


async def clear_counters(ctx, dut, which):
    if which == "clear":
        await until(ctx, dut.ends_round)
    await pulse(ctx, getattr(dut, which))


async def count(ctx, dut, amounts):
    for name, amount in amounts.items():
        ctx.set(dut.increments[name], amount)
    await ctx.tick()
    for name in amounts:
        ctx.set(dut.increments[name], 0)


bursts = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from([1, 2, 5, ROUND, 3 * ROUND]),
        st.sets(st.sampled_from(NAMES)),
    ),
    max_size=6,
)
"""Idle cycles, then cycles in which these counters get their largest increment (rare ones, now and then)."""


@pytest.mark.parametrize("config", CONFIGS)
@quick(12)
@given(before=bursts, after=bursts, clear=st.sampled_from(["clear", "clear_link"]))
def test_nothing_is_lost_and_clears_are_complete(config, before, after, clear):
    dut, simulation, largest = bench(config)

    async def play(ctx, bursts, expected):
        for gap, length, names in bursts:
            await idle(ctx, gap + max(RARE.values()))
            for cycle in range(length):
                counted = {n for n in names if cycle % RARE.get(n, 1) == 0}
                await count(ctx, dut, {name: largest[name] for name in counted})
                for name in counted:
                    expected[name] += largest[name]

    async def testbench(ctx):
        expected = dict.fromkeys(NAMES, 0)
        await play(ctx, before, expected)
        await idle(ctx, 2)
        await clear_counters(ctx, dut, clear)
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
    dut, simulation, _ = bench(CONFIGS[0])

    async def testbench(ctx):
        name = NAMES[delay % (len(NAMES) - len(RARE))]
        await idle(ctx, delay)
        ctx.set(dut.increments[name], 1)
        cycles = 10 + 3 * delay
        await idle(ctx, cycles)
        value, waited = await access(ctx, dut, 2 * NAMES.index(name), counter=True)
        # All that had come when it began, and nothing that came after `done`.
        assert cycles <= value <= cycles + waited
        ctx.set(dut.increments[name], 0)
        await ctx.tick()
        assert await read(ctx, dut, name) == cycles + waited + 1

    simulation.run(testbench)


@pytest.mark.parametrize("delay", range(0, ROUND, 3))
def test_a_clear_at_any_moment_leaves_nothing(delay):
    dut, simulation, largest = bench(CONFIGS[0])

    async def testbench(ctx):
        await count(ctx, dut, largest)
        await idle(ctx, ROUND + delay)
        await count(ctx, dut, largest)
        await idle(ctx, 2)
        await pulse(ctx, dut.clear_link)
        await clear_counters(ctx, dut, "clear")
        for name in NAMES:
            assert await read(ctx, dut, name) == (2 if name in KEPT_COUNTERS else 0)

    simulation.run(testbench)


@pytest.mark.parametrize("delay", range(ROUND - 8, ROUND + 1))
@pytest.mark.parametrize("clears", [("clear", "clear_link"), ("clear_link", "clear")])
def test_a_clear_after_another_loses_nothing_that_came_between(delay, clears):
    dut, simulation, largest = bench(CONFIGS[0])
    first, second = clears
    names = [n for n in NAMES if n not in RARE]

    async def testbench(ctx):
        await idle(ctx, ROUND + delay)
        await clear_counters(ctx, dut, first)
        for name in names:
            ctx.set(dut.increments[name], largest[name])
        await idle(ctx, delay)
        waited = await until(ctx, dut.ends_round) if second == "clear" else 0
        await pulse(ctx, getattr(dut, second))
        await idle(ctx, 2 * ROUND)
        for name in names:
            ctx.set(dut.increments[name], 0)
        cycles = 2 * ROUND + 1 + (delay + waited) * (first == "clear")
        for name in names:
            assert await read(ctx, dut, name) == cycles * largest[name], name

    simulation.run(testbench)


@pytest.mark.parametrize("name", ["spikes", "weight_updates", "late", "link_overflows"])
@pytest.mark.parametrize("bit", [16, 32, 48])
def test_carries_reach_the_highest_bit(name, bit):
    dut, simulation, _ = bench(CONFIGS[0])
    modulus, more = 1 << COUNTERS[name], 5
    # The lowest bits are the register's, which is 0.
    registers = 1 << max(
        accumulator_bits(counter_increments(increments(CONFIGS[0])), ROUND).values()
    )
    before = ((1 << bit) - registers) % modulus

    async def testbench(ctx):
        index = NAMES.index(name)
        await idle(ctx, ROUND)
        await access(ctx, dut, 2 * index, data=before & 0xFFFF_FFFF, counter=True)
        await access(ctx, dut, 2 * index + 1, data=before >> 32, counter=True)
        for _ in range(registers + more):
            await count(ctx, dut, {name: 1})
            await idle(ctx, RARE.get(name, 0))
        assert await read(ctx, dut, name) == (before + registers + more) % modulus

    simulation.run(testbench)


def test_words_beside_the_counters_stay():
    dut, simulation, largest = bench(CONFIGS[0])

    async def testbench(ctx):
        for word in range(WORDS):
            await access(ctx, dut, word, data=0x12340000 + 0x10001 * word)
        await count(ctx, dut, largest)
        await idle(ctx, 2 * ROUND)
        for word in range(WORDS):
            assert (await access(ctx, dut, word))[0] == 0x12340000 + 0x10001 * word
        ctx.set(dut.is_constant, 1)
        ctx.set(dut.constant, 0xABCD)
        assert (await access(ctx, dut, 3))[0] == 0xABCDABCD
        ctx.set(dut.is_constant, 0)
        assert (await access(ctx, dut, 3))[0] == 0x12370003

    simulation.run(testbench)
