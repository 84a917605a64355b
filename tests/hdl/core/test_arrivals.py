"""The arrival bitmap: a set of axons, whatever order they come in."""

import functools

import gateware
import pytest
from gateware import Bench, pulse, quick, until
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.arrivals import Arrivals

SETTLE = 3
"""Cycles from the last arrival until a scan may begin."""
SCAN_OVERHEAD = 8
SIZES = (1, 5, 32, 33, 70)

spikes = st.lists(st.tuples(st.integers(0, 69), st.integers(0, 2)), max_size=60)
"""Axons, and the cycles before each; most lists have duplicates, many of them in a row."""


@functools.cache
def bench(axons, slots=1):
    ring = {"route_entries": 1, "axonal_delay_slots": slots} if slots > 1 else {}
    dut = Arrivals(CoreConfig(neurons=1, axons=axons, **ring))
    return dut, Bench(dut)


async def clear(ctx, dut):
    await pulse(ctx, dut.clear)
    await until(ctx, ~dut.scanning)


async def arrive(ctx, dut, spikes):
    """Returns how many duplicates were counted."""
    duplicates = 0
    idle = [(None, 0)] * SETTLE
    for axon, gap in [*spikes, *idle]:
        for arrives in [0] * gap + [axon is not None]:
            ctx.set(dut.arrive, arrives)
            ctx.set(dut.arrive_axon, axon or 0)
            duplicates += ctx.get(dut.duplicate)
            await ctx.tick()
    return duplicates


async def scan(ctx, dut, stalls):
    """Returns the axons and the number of cycles; `stalls` repeats."""
    axons, cycles = [], 0
    ctx.set(dut.scan, 1)
    while ctx.get(dut.scanning):
        ready = not stalls[cycles % len(stalls)]
        ctx.set(dut.axons.ready, ready)
        if ready and ctx.get(dut.axons.valid):
            axons.append(ctx.get(dut.axons.payload))
        await ctx.tick()
        ctx.set(dut.scan, 0)
        cycles += 1
        assert cycles < 5000
    return axons, cycles


async def access(ctx, dut, word, data=None, slot=0):
    """Write, or read and return, a word of a bitmap."""
    return await gateware.access(ctx, dut.access, data, word=word, slot=slot)


@pytest.mark.parametrize("size", SIZES)
@quick(12)
@given(first=spikes, second=spikes, stalls=st.lists(st.booleans(), min_size=1, max_size=7))
def test_scan_gives_each_axon_once_in_order(size, first, second, stalls):
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        for spikes in (first, second):
            spikes = [(axon % size, gap) for axon, gap in spikes]
            expected = sorted({axon for axon, _ in spikes})
            assert await arrive(ctx, dut, spikes) == len(spikes) - len(expected)
            axons, _ = await scan(ctx, dut, [*stalls, False])
            assert axons == expected

    simulation.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_scan_takes_a_cycle_for_each_axon_and_each_word(size):
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        for count in sorted({0, 1, size // 2, size}):
            # From the top: the last word of the bitmap is the first one with spikes.
            expected = list(range(size - count, size))
            await arrive(ctx, dut, [(axon, 0) for axon in reversed(expected)])
            axons, cycles = await scan(ctx, dut, [False])
            assert axons == expected
            assert cycles <= count + (size + 31) // 32 + SCAN_OVERHEAD

    simulation.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_clear_drops_everything(size):
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        await arrive(ctx, dut, [(axon, 0) for axon in range(size)])
        ctx.set(dut.axons.ready, 1)
        ctx.set(dut.clear, 1)
        while ctx.get(dut.scanning):
            assert not ctx.get(dut.axons.valid)
            await ctx.tick()
            ctx.set(dut.clear, 0)
        axons, _ = await scan(ctx, dut, [False])
        assert axons == []

    simulation.run(testbench)


@quick(12)
@given(
    spikes=spikes,
    writes=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2**32 - 1)), max_size=6),
)
def test_bus_reads_and_replaces_words(spikes, writes):
    size = 96
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        await arrive(ctx, dut, spikes)
        words = [sum({1 << a % 32 for a, _ in spikes if a // 32 == k}) for k in range(3)]
        for word, data in writes:
            assert await access(ctx, dut, word) == words[word]
            await access(ctx, dut, word, data)
            words[word] = data
        for word, expected in enumerate(words):
            assert await access(ctx, dut, word) == expected
        axons, _ = await scan(ctx, dut, [False])
        assert axons == [a for a in range(size) if words[a // 32] >> a % 32 & 1]

    simulation.run(testbench)


def test_bits_of_axons_that_do_not_exist_are_not_stored():
    dut, simulation = bench(33)

    async def testbench(ctx):
        await clear(ctx, dut)
        for word, stored in ((0, 2**32 - 1), (1, 1)):
            await access(ctx, dut, word, 2**32 - 1)
            assert await access(ctx, dut, word) == stored
        axons, _ = await scan(ctx, dut, [False])
        assert axons == list(range(33))

    simulation.run(testbench)


@pytest.mark.parametrize("slots", [2, 4, 64])
@quick(6)
@given(
    steps=st.lists(
        st.lists(st.tuples(st.integers(0, 39), st.integers(0, 63)), max_size=12),
        min_size=2,
        max_size=8,
    ),
    write=st.tuples(st.integers(0, 63), st.integers(0, 2**32 - 1)),
)
def test_delayed_spikes_come_in_their_step(slots, steps, write):
    """Before each step spikes set out for it and for later ones; one word is written over the bus."""
    size = 40
    dut, simulation = bench(size, slots)

    async def testbench(ctx):
        await clear(ctx, dut)
        due = {}
        for t, spikes in enumerate(steps + [[]] * min(slots, 6)):
            duplicates = 0
            for axon, delay in spikes:
                there = due.setdefault(t + delay % slots, set())
                duplicates += axon in there
                there.add(axon)
                ctx.set(dut.arrive_delay, delay % slots)
                duplicates -= await arrive(ctx, dut, [(axon, 0)])
            assert duplicates == 0
            if t == 1:
                slot, bits = write[0] % slots, write[1]
                await access(ctx, dut, 0, bits, slot=slot)
                kept = {a for a in due.get(t + slot, set()) if a >= 32}
                due[t + slot] = kept | {a for a in range(32) if bits >> a & 1}
            for slot in range(min(slots, 4)):
                expected = sum(1 << a for a in due.get(t + slot, set()) if a < 32)
                assert await access(ctx, dut, 0, slot=slot) == expected
            axons, _ = await scan(ctx, dut, [False])
            assert axons == sorted(due.pop(t, set()))
        await clear(ctx, dut)
        for slot in range(slots):
            for word in range(2):
                assert await access(ctx, dut, word, slot=slot) == 0

    simulation.run(testbench)


def test_a_spike_after_a_write_is_a_duplicate_if_the_write_had_it():
    dut, simulation = bench(5)

    async def testbench(ctx):
        await clear(ctx, dut)
        await access(ctx, dut, 0, 0b01010)
        assert await arrive(ctx, dut, [(1, 0), (2, 0), (3, 0)]) == 2
        axons, _ = await scan(ctx, dut, [False])
        assert axons == [1, 2, 3]

    simulation.run(testbench)
