"""Lanes and their conductor against NumPy: rows, takes, delays, touches, columns."""

import functools

import gateware
import numpy as np
import pytest
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st
from lanes_rig import Rig, clear, read, rows, settle, take, write

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.primitives.operations import RETURN_STAGES

SHAPES = [(1, 1, 1), (3, 5, 2), (5, 6, 4), (8, 7, 8), (6, 3, 1)]
"""Neurons, axons, lanes: one group and several, with padding and without."""
LEARNS = LearningConfig(rule="rectangular", trace_bits=3)
QUIET_CYCLES = 12


def make_config(shape, **settings):
    neurons, axons, lanes = shape
    sizes = {"neurons": neurons, "axons": axons, "lanes": lanes, "weight_bits": 3}
    return CoreConfig(**(sizes | {"state_bits": 8} | settings))


@functools.cache
def bench(config):
    rig = Rig(config)
    return rig, Bench(rig)


def random_weights(config, seed):
    rng = np.random.default_rng(seed)
    bound = 1 << (config.weight_bits - 1)
    return rng.integers(-bound, bound, (config.axons, config.neurons))


def sums_of(config, weights):
    """(accumulators, N) sums of these rows."""
    parts = [weights] if config.receptors == 1 else [weights.clip(0), weights.clip(max=0)]
    return np.array([part.sum(axis=0) for part in parts])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("receptors", [1, 2])
@quick(3)
@given(
    steps=st.lists(st.lists(st.integers(0, 7), max_size=8), min_size=1, max_size=3),
    gap=st.sampled_from([0, 0, 1, 4]),
    seed=st.integers(0, 99),
)
def test_rows_are_summed_and_taken_once(shape, receptors, steps, gap, seed):
    config = make_config(shape, receptors=receptors)
    rig, simulation = bench(config)
    weights = random_weights(config, seed)

    async def testbench(ctx):
        await clear(ctx, rig)
        await write(ctx, rig, "weight", weights)
        for axons in steps:
            axons = list(dict.fromkeys(axon % config.axons for axon in axons))
            await rows(ctx, rig, axons, gap=gap)
            expected = sums_of(config, weights[axons])
            np.testing.assert_array_equal(await take(ctx, rig), expected)
        assert not (await take(ctx, rig)).any()

    simulation.run(testbench)


@pytest.mark.parametrize("shape", SHAPES)
def test_extreme_weights_of_all_axons_do_not_overflow(shape):
    config = make_config(shape)
    rig, simulation = bench(config)

    async def testbench(ctx):
        await clear(ctx, rig)
        for extreme in (-4, 3):
            await write(ctx, rig, "weight", np.full((config.axons, config.neurons), extreme))
            await rows(ctx, rig, range(config.axons))
            assert (await take(ctx, rig) == config.axons * extreme).all()

    simulation.run(testbench)


@pytest.mark.parametrize(("groups", "lanes"), [(1, 1), (1, 4), (2, 2), (5, 1), (6, 2)])
def test_a_row_takes_a_cycle_for_each_group_unless_its_sums_are_on_their_way(groups, lanes):
    config = make_config((groups * lanes, 8, lanes))
    rig, simulation = bench(config)

    async def testbench(ctx):
        await clear(ctx, rig)
        await write(ctx, rig, "weight", random_weights(config, 1))
        first = await rows(ctx, rig, [0])
        await settle(ctx, rig)
        different = list(range(lanes))  # axons with different low bits
        assert await rows(ctx, rig, different) == first + groups * (lanes - 1)
        await settle(ctx, rig)
        same = await rows(ctx, rig, [0, lanes % 8])
        if groups > RETURN_STAGES:
            assert same - first == groups
        else:
            assert RETURN_STAGES + 1 <= same - first <= RETURN_STAGES + groups
        await take(ctx, rig)

    simulation.run(testbench)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("learning", [None, LEARNS])
def test_what_the_bus_writes_it_reads_and_nothing_else_changes(shape, learning):
    config = make_config(shape, delay_slots=4, learning=learning)
    rig, simulation = bench(config)
    rng = np.random.default_rng(3)
    size = (config.axons, config.neurons)
    held = {
        name: rng.integers(-(1 << f.bits - 1) if f.signed else 0, 1 << f.bits - f.signed, size)
        for name, f in config.layout.synapse_fields.items()
    }

    async def testbench(ctx):
        for name, values in held.items():
            await write(ctx, rig, name, values)
        again = [*held, *reversed(held)]
        for name in again:
            np.testing.assert_array_equal(await read(ctx, rig, name), held[name])

    simulation.run(testbench)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 4, 2), (5, 6, 4)])
@quick(3)
@given(
    axons=st.lists(st.integers(0, 5), max_size=6),
    ring=st.integers(0, 3),
    entry=st.integers(-20, 20),
    seed=st.integers(0, 99),
)
def test_a_sum_is_in_the_slot_of_its_delay_and_may_be_read_and_replaced(
    shape, axons, ring, entry, seed
):
    config = make_config(shape, delay_slots=4)
    rig, simulation = bench(config)
    weights = random_weights(config, seed)
    delays = np.random.default_rng(seed).integers(0, 4, weights.shape)
    axons = list(dict.fromkeys(axon % config.axons for axon in axons))
    expected = np.array([(weights * (delays == d))[axons].sum(axis=0) for d in range(4)])
    target = seed % 4, seed % config.neurons
    most = (1 << config.layout.accumulator_bits - 1) - 1
    entry = max(-most, min(entry, most))

    async def testbench(ctx):
        await clear(ctx, rig)
        await write(ctx, rig, "weight", weights)
        await write(ctx, rig, "delay", delays)
        ctx.set(rig.lanes.ring, ring)
        await rows(ctx, rig, axons)
        await settle(ctx, rig)
        access, entry_word = rig.sums.access, entry & 0xFFFFFFFF
        await gateware.access(ctx, access, entry_word, receptor=0, slot=target[0], neuron=target[1])
        expected[target] = entry
        for slot, neuron in np.ndindex(expected.shape):
            word = await gateware.access(ctx, access, receptor=0, slot=slot, neuron=neuron)
            assert word - (word >> 31 << 32) == expected[slot, neuron]
        for later in range(4):
            ctx.set(rig.lanes.ring, (ring + later) % 4)
            np.testing.assert_array_equal(await take(ctx, rig), expected[later : later + 1])

    simulation.run(testbench)


async def count(ctx, rig, cycles):
    """Updates and weight clamps in so many cycles."""
    counts = np.zeros(2, dtype=int)
    for _ in range(cycles):
        counts += ctx.get(rig.lanes.updates), ctx.get(rig.lanes.weight_clamps)
        await ctx.tick()
    return counts


@pytest.mark.parametrize("shape", SHAPES)
@quick(3)
@given(seed=st.integers(0, 99))
def test_rows_lower_and_columns_lift_plastic_weights_to_their_bounds(shape, seed):
    """Rule `rectangular`: by constants, where the other end's timer runs; others are not changed."""
    config = make_config(shape, learning=LEARNS)
    rig, simulation = bench(config)
    rng = np.random.default_rng(seed)
    low, high, down, up = -3, 2, int(rng.integers(0, 5)), int(rng.integers(0, 5))
    plastic = rng.random((config.axons, config.neurons)) < 0.7
    weights = np.where(plastic, rng.integers(low, high + 1, plastic.shape), 3)
    x, y = rng.integers(0, 2, config.axons), rng.integers(0, 2, config.neurons)

    async def testbench(ctx):
        lanes, conductor = rig.lanes, rig.conductor
        await clear(ctx, rig)
        await write(ctx, rig, "weight", weights)
        await write(ctx, rig, "plastic", plastic.astype(int))
        for name, value in {"w_min": low, "w_max": high, "a_minus": down, "a_plus": up}.items():
            ctx.set(lanes.parameters[name], value)
        ctx.set(lanes.records.write, 1)
        for k in range(max(config.axons, config.neurons)):
            ctx.set(lanes.records.index, k)
            ctx.set(lanes.records.states.axon.x, int(x[k]) if k < config.axons else 1)
            ctx.set(lanes.records.states.neuron.y, int(y[k]) if k < config.neurons else 1)
            await ctx.tick()
        ctx.set(lanes.records.write, 0)
        await settle(ctx, rig)

        ctx.set(conductor.learn, 1)
        held, whole = weights.copy(), 3 * QUIET_CYCLES + 2 * max(shape)
        axon, neuron = (int(rng.integers(n)) for n in (config.axons, config.neurons))
        changes = plastic[axon] & (y > 0)
        row = np.where(changes, np.maximum(held[axon] - down, low), held[axon])
        clamped = np.sum(changes & (held[axon] - down < low))
        expected = np.array([plastic[axon].sum(), clamped])
        await rows(ctx, rig, [axon], add=0)
        assert (await count(ctx, rig, whole)).tolist() == expected.tolist()
        held[axon] = row

        changes = plastic[:, neuron] & (x > 0)
        column = held[:, neuron]
        clamped = np.sum(changes & (column + up > high))
        expected = np.array([plastic[:, neuron].sum(), clamped])
        ctx.set(conductor.columns.payload.neuron, neuron)
        ctx.set(conductor.columns.valid, 1)
        await gateware.until(ctx, conductor.columns.ready)
        await ctx.tick()
        ctx.set(conductor.columns.valid, 0)
        assert (await count(ctx, rig, whole)).tolist() == expected.tolist()
        held[:, neuron] = np.where(changes, np.minimum(column + up, high), column)
        ctx.set(conductor.learn, 0)
        np.testing.assert_array_equal(await read(ctx, rig, "weight"), held)

    simulation.run(testbench)
