"""The whole core against the golden model: any order of spikes, any contents at power-up."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from core_driver import Driver, simulate, states_of
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, MemoryMap
from spikeloom.hdl.contract.memory_map import Region
from spikeloom.hdl.core import Core
from spikeloom.sim import GoldenCore
from spikeloom.sim.cosim.cases import random_config, random_design

CONSTANT = 40
"""Clock cycles of a step beside those that depend on sizes and spikes: less than this, and the lanes.

The pipelines' depth; three of them are for spikes that come right before the step.
"""
DELAYS = 3
"""Clock cycles more in a core with delays."""


def least_cycles(config, arrived, spikes):
    """What a step costs, but for a constant."""
    return arrived * config.layout.groups + max(config.neurons, spikes)


def most_cycles(config, arrived, spikes):
    """What a step costs at most: rows of few words may wait for each other's sums."""
    rows = arrived * max(config.layout.groups, 8 if config.layout.groups <= 4 else 0)
    constant = CONSTANT + config.lanes + DELAYS * (config.delay_slots > 1)
    scan = 36 * config.layout.arrival_words if config.axonal_delay_slots > 1 else 0
    return rows + max(config.neurons, spikes) + constant + scan


def small_config(rng):
    """Any options, few neurons, and few synapses to load where they learn."""
    lanes, groups = int(rng.choice([1, 2, 4])), int(rng.integers(1, 5))
    config = random_config(rng)
    return replace(
        config,
        neurons=lanes * groups + int(rng.integers(0, lanes)),
        axons=int(rng.choice([1, 5, 34 if config.learning is None else 9], p=[0.2, 0.6, 0.2])),
        lanes=lanes,
        delay_slots=min(8, config.delay_slots),
    )


@pytest.mark.parametrize("seed", range(10))
def test_agrees_with_the_golden_model(seed):
    rng = np.random.default_rng(seed)
    config = small_config(rng)
    image = random_design(config, rng).image
    golden = GoldenCore(image)
    stalls = [[False], [False], rng.random(7) < 0.7]

    async def program(driver):
        await driver.load(image)
        cycles = 0
        for t in range(9):
            # Some twice, some that do not exist.
            axons = rng.integers(0, config.axons + 2, rng.integers(0, 2 * config.axons)).tolist()
            golden.inject_ids(axons)
            arrived = int(golden.arrivals.sum())
            spikes = golden.step()[0]
            stall = stalls[t % 3]
            reported = await driver.step(axons, [*stall, False], gap=int(rng.integers(0, 3)))
            assert sorted(reported) == np.flatnonzero(spikes & image.report).tolist()
            cycles, before = driver.counts["cycles"], cycles
            if any(stall):
                assert await driver.states() == states_of(golden)
            elif config.learning is None:
                least = least_cycles(config, arrived, spikes.sum())
                assert least <= cycles - before < most_cycles(config, arrived, spikes.sum())
        await driver.compare(golden)

    simulate(config, program, seed)


ORDER = CoreConfig(
    neurons=6, axons=7, lanes=2, receptors=2, weight_bits=5, state_bits=8, parameters="per_neuron"
)


@functools.cache
def order_bench():
    core = Core(ORDER)
    return core, Bench(core)


@quick(6)
@given(
    spikes=st.lists(st.integers(0, ORDER.axons - 1), max_size=14),
    gap=st.integers(0, 4),
    data=st.data(),
)
def test_the_order_of_arrival_changes_nothing(spikes, gap, data):
    core, simulation = order_bench()
    image = random_design(ORDER, np.random.default_rng(5)).image
    outcomes = []
    orders = sorted(spikes), data.draw(st.permutations(spikes))

    async def testbench(ctx):
        driver = Driver(ctx, core, ORDER)
        await driver.power_up()
        await driver.load(image)
        for order in orders:
            driver.counts["duplicates"] = 0
            reported = await driver.step(order, gap=gap)
            reported += await driver.step([])
            outcomes.append((reported, await driver.states(), driver.counts["duplicates"]))
            await driver.clear()

    simulation.run(testbench)
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_memories_hold_at_power_up_all_state_is_zero(seed):
    config = CoreConfig(neurons=7, axons=40, lanes=2, refractory_bits=4, parameters="per_neuron")
    image = random_design(config, np.random.default_rng(seed)).image

    async def program(driver):
        nothing = {field.name: [0] * config.neurons for field in config.layout.states}
        assert await driver.states() == nothing
        for word in range(config.layout.arrival_words):
            assert await driver.read(Region.ARRIVALS.base + word) == 0
        await driver.load(image)
        golden = GoldenCore(image)
        for _ in range(2):  # accumulators were cleared as well
            spikes = golden.step()[0]
            assert await driver.step([]) == np.flatnonzero(spikes & image.report).tolist()
            assert await driver.states() == states_of(golden)
        assert driver.counts["synaptic_operations"] == golden.counters["synaptic_operations"][0]

    simulate(config, program, seed)


def test_clear_keeps_what_was_loaded_and_nothing_else():
    config = CoreConfig(neurons=3, axons=5, lanes=1, parameters="per_neuron")
    image = random_design(config, np.random.default_rng(9)).image

    async def program(driver):
        await driver.load(image)
        first = await driver.step([0, 1, 4]), await driver.states()
        await driver.access(Region.ARRIVALS.base, 0b11)
        await driver.clear()
        assert await driver.read(Region.ARRIVALS.base) == 0
        assert not any(map(any, (await driver.states()).values()))
        assert (await driver.step([0, 1, 4]), await driver.states()) == first

    simulate(config, program)


def test_spikes_wait_while_a_step_is_under_way():
    config = CoreConfig(neurons=2, axons=3, lanes=1)
    image = random_design(config, np.random.default_rng(1)).image

    async def program(driver):
        ctx, core = driver.ctx, driver.core
        await driver.load(image)
        ctx.set(core.reported.ready, 1)
        ctx.set(core.start, 1)
        ctx.set(core.arriving.payload, 2)
        ctx.set(core.arriving.valid, 1)
        while True:
            assert ctx.get(core.arriving.ready) == (ctx.get(core.ready) and not ctx.get(core.start))
            if ctx.get(core.arriving.ready):
                break
            await ctx.tick()
            ctx.set(core.start, 0)
        await ctx.tick()
        ctx.set(core.arriving.valid, 0)
        await ctx.tick().repeat(4)
        assert await driver.read(Region.ARRIVALS.base) >> 2 == 1

    simulate(config, program)


def mapped_addresses(config):
    """Every address that the core has, from the text of the memory map."""
    memory_map, layout = MemoryMap(config), config.layout
    found = {Region.ROUTES.base + j for j in range(config.neurons)}
    for field in layout.parameters:
        found |= {memory_map.parameter(field.name, j) for j in range(memory_map.parameter_entries)}
    for field in layout.states:
        found |= {memory_map.state(field.name, j) for j in range(config.neurons)}
    found |= {Region.ARRIVALS.base + k for k in range(layout.arrival_words)}
    for axon in range(config.axons):
        found |= {memory_map.synapse_row(axon) + k for k in range(layout.words_per_row)}
    return found


@pytest.mark.parametrize(
    "config",
    [
        CoreConfig(neurons=1, axons=1, refractory_bits=0, leak="none", bias=False),
        CoreConfig(neurons=9, axons=33, lanes=2, weight_bits=8, parameters="per_neuron"),
        CoreConfig(neurons=8, axons=3, lanes=8, weight_bits=16, receptors=2),
    ],
)
def test_exactly_the_mapped_addresses_answer(config):
    mapped = mapped_addresses(config)
    rng = np.random.default_rng(2)
    near = {a + d for a in mapped for d in (-1, 1)} | {
        a | 1 << b for a in mapped for b in range(28)
    }
    far = rng.integers(Region.ROUTES.base, 1 << 32, 30).tolist()
    probes = sorted(rng.choice(sorted(near - mapped), 60).tolist()) + far
    probes = [a for a in probes if a >= Region.ROUTES.base]

    async def program(driver):
        words = {}
        for address in mapped:  # what was written is there, cut to its width
            _, error = await driver.access(address, 0xFFFFFFFF)
            assert not error
            words[address] = await driver.read(address)
            assert words[address]
        for address in probes:
            for data in (None, 0):
                assert (await driver.access(address, data))[1] == (address not in mapped)
            if address in mapped:
                await driver.access(address, words[address])
        for address, word in words.items():
            assert await driver.read(address) == word

    simulate(config, program)
