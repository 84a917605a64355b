"""Routes: every spike to its axon and to the host, however slowly the host takes them."""

import functools

import gateware
import numpy as np
import pytest
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.memory_map import ROUTE_DRIVES, ROUTE_REPORTS
from spikeloom.hdl.core.route_table import RouteTable

AXONS = 5
SIZES = [1, 2, 5, 13]
"""Neurons."""


@functools.cache
def bench(neurons):
    config = CoreConfig(neurons=neurons, axons=AXONS)
    dut = RouteTable(config)
    return config, dut, Bench(dut)


async def load(ctx, dut, words):
    for neuron, word in enumerate(words):
        await gateware.access(ctx, dut.access, word, neuron=neuron)


async def step(ctx, dut, config, fired, stalls, held=(False,)):
    """Spikes of one step, neuron after neuron; returns what came out, by kind, and stalled cycles.

    The host stalls `reported`, and learning holds `spikes` back.
    """
    neurons = config.neurons
    await gateware.pulse(ctx, dut.restart)
    out = {"arrive": [], "reported": [], "spikes": [], "spike": 0, "unknown": 0, "stalled": 0}
    cycle = 0
    while cycle <= neurons or ctx.get(dut.busy):
        ctx.set(dut.fired.valid, cycle < neurons)
        ctx.set(dut.fired.neuron, min(cycle, neurons - 1))
        ctx.set(dut.fired.spike, cycle < neurons and fired[cycle])
        ready = not stalls[cycle % len(stalls)]
        ctx.set(dut.reported.ready, ready)
        takes = not held[cycle % len(held)]
        ctx.set(dut.spikes.ready, takes)
        if takes and ctx.get(dut.spikes.valid):
            out["spikes"].append(ctx.get(dut.spikes.payload))
        if ready and ctx.get(dut.reported.valid):
            out["reported"].append(ctx.get(dut.reported.payload))
        if ctx.get(dut.arrive):
            out["arrive"].append(ctx.get(dut.arrive_axon))
        for name in ("spike", "unknown", "stalled"):
            out[name] += ctx.get(getattr(dut, name))
        await ctx.tick()
        cycle += 1
        assert cycle < gateware.TIMEOUT
    return out, cycle


@pytest.mark.parametrize("size", SIZES)
@quick(15)
@given(
    # Axons from AXONS on do not exist.
    entries=st.lists(
        st.tuples(st.booleans(), st.booleans(), st.integers(0, AXONS + 2)), min_size=13, max_size=13
    ),
    steps=st.lists(st.lists(st.booleans(), min_size=13, max_size=13), min_size=1, max_size=2),
    stalls=st.lists(st.booleans(), max_size=5),
    held=st.lists(st.booleans(), max_size=5),
)
def test_no_spike_is_lost(size, entries, steps, stalls, held):
    config, dut, simulation = bench(size)
    entries = entries[: config.neurons]
    table = [
        drives * ROUTE_DRIVES | reports * ROUTE_REPORTS | axon for drives, reports, axon in entries
    ]

    async def testbench(ctx):
        await load(ctx, dut, table)
        for fired in steps:
            spikes = np.flatnonzero(fired[: config.neurons]).tolist()
            out, _ = await step(
                ctx, dut, config, fired[: config.neurons], [*stalls, False], [*held, False]
            )
            driven = [entries[j][2] for j in spikes if entries[j][0]]
            assert out["spike"] == len(spikes)
            assert out["spikes"] == spikes
            assert out["reported"] == [j for j in spikes if entries[j][1]]
            assert out["arrive"] == [axon for axon in driven if axon < AXONS]
            assert out["unknown"] == sum(axon >= AXONS for axon in driven)
            assert not out["stalled"] or any(stalls)

    simulation.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_one_spike_per_cycle(size):
    config, dut, simulation = bench(size)

    async def testbench(ctx):
        await load(ctx, dut, [ROUTE_DRIVES | ROUTE_REPORTS] * config.neurons)
        out, cycles = await step(ctx, dut, config, [True] * config.neurons, [False])
        assert out["spike"] == config.neurons
        assert cycles <= config.neurons + 12
        assert out["stalled"] == 0

    simulation.run(testbench)


def test_stalls_count_the_cycles_in_which_the_host_does_not_take():
    config, dut, simulation = bench(13)

    async def testbench(ctx):
        await load(ctx, dut, [ROUTE_REPORTS] * config.neurons)
        one = [True] + [False] * (config.neurons - 1)
        out, _ = await step(ctx, dut, config, one, [True] * 30 + [False])
        assert out["reported"] == [0]
        assert 20 < out["stalled"] < 30

    simulation.run(testbench)


def test_bus_reads_back_what_it_wrote():
    _, dut, simulation = bench(13)
    words = [d * ROUTE_DRIVES | r * ROUTE_REPORTS | 0xF00F for d in (0, 1) for r in (0, 1)]

    async def testbench(ctx):
        await load(ctx, dut, words)
        for neuron, word in enumerate(words):
            assert await gateware.access(ctx, dut.access, neuron=neuron) == word

    simulation.run(testbench)
