"""The list of arrivals: each axon once, whatever order they come in, and whatever the bus writes."""

import functools

import pytest
from gateware import Bench, pulse, quick, until
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.arrival_list import ArrivalList
from spikeloom.hdl.memories import BLOCK_LATENCY

SETTLE = 3
"""Cycles from the last arrival until a scan may begin."""
SCAN_OVERHEAD = 5
SIZES = (1, 2, 5, 33)

spikes = st.lists(st.tuples(st.integers(0, 32), st.integers(0, 3)), max_size=40)
"""Axons, and the cycles before each; most lists have duplicates, many of them in a row."""


@functools.cache
def bench(axons):
    dut = ArrivalList(CoreConfig(neurons=1, axons=axons))
    return dut, Bench(dut)


async def clear(ctx, dut):
    await pulse(ctx, dut.clear)
    await until(ctx, ~dut.scanning)


async def arrive(ctx, dut, spikes):
    """Returns how many duplicates were counted."""
    duplicates = 0
    for axon, gap in [*spikes, *[(None, 0)] * SETTLE]:
        for arrives in [0] * gap + [axon is not None]:
            ctx.set(dut.arrive, arrives)
            ctx.set(dut.arrive_axon, axon or 0)
            duplicates += ctx.get(dut.duplicate)
            await ctx.tick()
    return duplicates


async def scan(ctx, dut, stalls=(False,)):
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
        assert cycles < 2000
    return axons, cycles


async def touch(ctx, dut, axon, value=None):
    """Write, or read, the bit of an axon; returns what it was."""
    ctx.set(dut.touch_axon, axon)
    ctx.set(dut.write, value is not None)
    ctx.set(dut.value, bool(value))
    await pulse(ctx, dut.touch)
    assert await until(ctx, dut.touched) == BLOCK_LATENCY
    ctx.set(dut.write, 0)
    return ctx.get(dut.arrived)


@pytest.mark.parametrize("size", SIZES)
@quick(10)
@given(first=spikes, second=spikes, stalls=st.lists(st.booleans(), min_size=1, max_size=7))
def test_each_axon_once_and_all_others_are_duplicates(size, first, second, stalls):
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        for spikes in (first, second):
            spikes = [(axon % size, gap) for axon, gap in spikes]
            expected = list(dict.fromkeys(axon for axon, _ in spikes))
            assert await arrive(ctx, dut, spikes) == len(spikes) - len(expected)
            axons, _ = await scan(ctx, dut, [*stalls, False])
            assert axons == expected

    simulation.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_a_scan_takes_a_cycle_for_each_axon(size):
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        for count in sorted({0, 1, size // 2, size}):
            await arrive(ctx, dut, [(axon, 0) for axon in range(count)])
            axons, cycles = await scan(ctx, dut)
            assert axons == list(range(count))
            assert cycles <= count + SCAN_OVERHEAD

    simulation.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_clear_drops_everything(size):
    dut, simulation = bench(size)

    async def testbench(ctx):
        await clear(ctx, dut)
        await arrive(ctx, dut, [(axon, 0) for axon in range(size)])
        await clear(ctx, dut)
        assert (await scan(ctx, dut))[0] == []
        assert await arrive(ctx, dut, [(size - 1, 0)]) == 0

    simulation.run(testbench)


@pytest.mark.parametrize("size", [1, 5])
@quick(10)
@given(
    before=spikes,
    writes=st.lists(st.tuples(st.integers(0, 32), st.booleans()), max_size=6),
    after=spikes,
)
def test_bits_are_read_and_written_between_spikes(size, before, writes, after):
    """What the bus wrote is in the next scan, together with the spikes around it, each once."""
    dut, simulation = bench(size)
    before, after = ([(a % size, gap) for a, gap in spikes] for spikes in (before, after))

    async def testbench(ctx):
        await clear(ctx, dut)
        await arrive(ctx, dut, before)
        there = {axon for axon, _ in before}
        for axon, value in writes:
            assert await touch(ctx, dut, axon % size) == (axon % size in there)
            await touch(ctx, dut, axon % size, value)
            (there.add if value else there.discard)(axon % size)
        new = {axon for axon, _ in after} - there
        assert await arrive(ctx, dut, after) == len(after) - len(new)
        axons, _ = await scan(ctx, dut)
        assert sorted(axons) == sorted(there | new)
        assert (await scan(ctx, dut))[0] == []

    simulation.run(testbench)
