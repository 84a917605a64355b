"""Integration: sums of weights, whatever the order, at P synapses per clock cycle."""

import functools

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from gateware import Bench, idle, quick, until
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.integrator import Integrator
from spikeloom.hdl.core.synapses import SynapseMemory
from spikeloom.hdl.primitives.latencies import TAKE_LATENCY

AXONS = 8
WEIGHT_BITS = 2
LEAST, MOST = -2, 1
LATENCY = 8
"""Cycles from the last axon to `idle`, at most."""


class Integration(wiring.Component):
    """Integrator and synapse memory, and a way to fill the memory."""

    def __init__(self, config):
        self.integrator = Integrator(config)
        self.synapses = SynapseMemory(config)
        self.filling = wiring.Signature({"on": wiring.In(1), "address": wiring.In(16)}).create()
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.integrator = integrator = self.integrator
        m.submodules.synapses = synapses = self.synapses
        m.d.comb += [
            synapses.read.eq(integrator.synapses.active),
            synapses.address.eq(integrator.synapses.address),
            integrator.synapses.weights.eq(synapses.weights),
        ]
        with m.If(self.filling.on):
            m.d.comb += synapses.address.eq(self.filling.address)
        return m


def make_config(groups, lanes, receptors, units=1):
    return CoreConfig(
        neurons=groups * lanes,
        axons=AXONS,
        lanes=lanes,
        update_units=units,
        weight_bits=WEIGHT_BITS,
        receptors=receptors,
    )


@functools.cache
def bench(config):
    dut = Integration(config)
    return dut, Bench(dut)


def random_weights(config, seed):
    return np.random.default_rng(seed).integers(LEAST, MOST + 1, (config.axons, config.neurons))


async def prepare(ctx, dut, config, weights):
    """Fill the synapse memory; take all accumulators, whose contents are random."""
    synapses, lanes = dut.synapses, config.lanes
    ctx.set(dut.filling.on, 1)
    for axon, neuron in np.ndindex(weights.shape):
        ctx.set(dut.filling.address, neuron // lanes * config.axons + axon)
        ctx.set(synapses.write, 1)
        ctx.set(synapses.write_lane, neuron % lanes)
        ctx.set(synapses.write_weight, int(weights[axon, neuron]))
        await ctx.tick()
    ctx.set(synapses.write, 0)
    ctx.set(dut.filling.on, 0)
    for part in range(lanes // config.update_units):
        await take(ctx, dut, config, part)


async def integrate(ctx, dut, axons, gaps):
    """Offer the axons, each after some idle cycles; returns the cycles until all is idle."""
    stream, cycles = dut.integrator.rows, 0
    for axon, gap in zip(axons, gaps, strict=True):
        await idle(ctx, gap)
        ctx.set(stream.payload.axon, axon)
        ctx.set(stream.valid, 1)
        cycles += gap + 1 + await until(ctx, stream.ready)
        await ctx.tick()
        ctx.set(stream.valid, 0)
    return cycles + await until(ctx, dut.integrator.idle)


async def take(ctx, dut, config, part=0):
    """Take the accumulators of a part of each group; returns those of all lanes as (receptors, N)."""
    take, lanes, groups = dut.integrator.take, config.lanes, config.layout.groups
    sums = np.zeros((config.receptors, config.neurons), dtype=int)
    for cycle in range(groups + TAKE_LATENCY):
        ctx.set(take.walk.active, cycle < groups)
        ctx.set(take.walk.part, part)
        ctx.set(take.walk.group, min(cycle, groups - 1))
        group = cycle - TAKE_LATENCY
        if group >= 0:
            for receptor, lane in np.ndindex(config.receptors, lanes):
                found = ctx.get(take.sums[receptor][lane])
                sums[receptor, group * lanes + lane] = found
        await ctx.tick()
    ctx.set(take.walk.active, 0)
    return sums


def expected_sums(config, weights, axons):
    rows = weights[axons]
    parts = [rows] if config.receptors == 1 else [np.maximum(rows, 0), np.minimum(rows, 0)]
    return np.array([part.sum(axis=0) for part in parts])


shapes = pytest.mark.parametrize(
    ("groups", "lanes"), [(1, 1), (2, 1), (3, 1), (4, 1), (1, 4), (2, 2), (3, 2), (4, 2), (5, 1)]
)


@shapes
@pytest.mark.parametrize("receptors", [1, 2])
@quick(6)
@given(
    steps=st.lists(
        st.permutations(range(AXONS)).flatmap(
            lambda order: st.integers(0, AXONS).map(lambda count: order[:count])
        ),
        min_size=1,
        max_size=3,
    ),
    gaps=st.lists(st.sampled_from([0, 0, 0, 1, 2, 5]), min_size=AXONS, max_size=AXONS),
    seed=st.integers(0, 2**32),
)
def test_sums_do_not_depend_on_order_or_gaps(groups, lanes, receptors, steps, gaps, seed):
    config = make_config(groups, lanes, receptors, lanes)
    dut, simulation = bench(config)
    weights = random_weights(config, seed)

    async def testbench(ctx):
        await prepare(ctx, dut, config, weights)
        for axons in steps:  # each step begins from accumulators that the last one left clear
            await integrate(ctx, dut, axons, gaps[: len(axons)])
            sums = await take(ctx, dut, config)
            np.testing.assert_array_equal(sums, expected_sums(config, weights, axons))

    simulation.run(testbench)


@shapes
def test_extreme_weights_of_all_axons_do_not_overflow(groups, lanes):
    config = make_config(groups, lanes, 1, lanes)
    dut, simulation = bench(config)

    async def testbench(ctx):
        for extreme in (LEAST, MOST):
            await prepare(ctx, dut, config, np.full((AXONS, config.neurons), extreme))
            await integrate(ctx, dut, range(AXONS), [0] * AXONS)
            sums = await take(ctx, dut, config)
            assert (sums == AXONS * extreme).all()

    simulation.run(testbench)


@shapes
def test_an_axon_takes_as_many_cycles_as_there_are_groups(groups, lanes):
    config = make_config(groups, lanes, 1, lanes)
    dut, simulation = bench(config)

    async def testbench(ctx):
        await prepare(ctx, dut, config, random_weights(config, 1))
        taken = [await integrate(ctx, dut, [0] * n, [0] * n) for n in (1, 2, 3, 10)]
        assert np.diff(taken).tolist() == [groups, groups, 7 * groups]
        assert taken[0] <= 1 + groups + LATENCY

    simulation.run(testbench)


def test_take_leaves_the_lanes_of_other_parts():
    config = make_config(2, 4, 1, 2)
    dut, simulation = bench(config)
    weights = random_weights(config, 7)
    parts = np.arange(config.neurons) % config.lanes // config.update_units

    async def testbench(ctx):
        await prepare(ctx, dut, config, weights)
        await integrate(ctx, dut, range(AXONS), [0] * AXONS)
        whole = expected_sums(config, weights, list(range(AXONS)))
        for part, left in ((0, whole), (1, whole), (0, whole * 0), (1, whole * 0)):
            sums = await take(ctx, dut, config, part)
            np.testing.assert_array_equal(sums[:, parts == part], left[:, parts == part])

    simulation.run(testbench)
