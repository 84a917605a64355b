"""The update of all neurons: a walk of steps against the golden model, and the bus between them."""

import dataclasses
import functools

import gateware
import numpy as np
import pytest
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.neuron_update import NeuronUpdate, update_latency
from spikeloom.hdl.primitives.operations import take_latency
from spikeloom.sim import GoldenCore
from spikeloom.sim.cosim.cases import random_design

PLAIN = CoreConfig(neurons=5, axons=4, lanes=4)
CONFIGS = {
    "one neuron": dataclasses.replace(PLAIN, neurons=1, lanes=1),
    "shared parameters": dataclasses.replace(PLAIN, bias=True, refractory_bits=3),
    "own parameters": dataclasses.replace(
        PLAIN, parameters="per_neuron", receptors=2, adaptation="exponential", refractory_bits=2
    ),
    "one lane": dataclasses.replace(PLAIN, lanes=1, synapse="delta", reset="subtract"),
}


@functools.cache
def bench(name):
    dut = NeuronUpdate(CONFIGS[name])
    return dut, Bench(dut)


def sums_of(config, image):
    """(accumulators, N): what each neuron gets when every axon has a spike."""
    if config.receptors == 1:
        return [image.weights.sum(axis=0)]
    parts = np.maximum(image.weights, 0), np.minimum(image.weights, 0)
    return [part.sum(axis=0) for part in parts]


async def write_all(ctx, dut, state, fields, values):
    for k, f in enumerate(fields):
        for j, value in enumerate(values[f.name].tolist()):
            data = value & 0xFFFFFFFF
            await gateware.access(ctx, dut.access, data, state=state, field=k, neuron=j)


async def read_all(ctx, dut, state, fields, neurons):
    found = {}
    for k, f in enumerate(fields):
        words = [
            await gateware.access(ctx, dut.access, state=state, field=k, neuron=j)
            for j in range(neurons)
        ]
        found[f.name] = np.array(words, dtype=np.uint32).astype(np.int32)
    return found


async def walk(ctx, dut, config, sums):
    """All neurons in order; returns (neuron, spike, potential) of each that came out, and clamps."""
    fired, clamps, cycle = [], 0, 0
    late, latency = take_latency(config, wire_stages=0) + 1, update_latency(config)
    while cycle < config.neurons or ctx.get(dut.busy):
        ctx.set(dut.taking, cycle < config.neurons)
        j = min(max(cycle - late, 0), config.neurons - 1)
        for k, values in enumerate(sums):
            ctx.set(dut.sums[k], int(values[j]))
        if ctx.get(dut.fired.valid):
            neuron = ctx.get(dut.fired.neuron)
            assert cycle == neuron + latency
            fired.append((neuron, ctx.get(dut.fired.spike), ctx.get(dut.fired.potential)))
        await ctx.tick()
        clamps += ctx.get(dut.clamps)
        cycle += 1
        assert cycle < gateware.TIMEOUT
    return fired, clamps


@pytest.mark.parametrize("name", CONFIGS)
@quick(15)
@given(seed=st.integers(0, 1 << 32))
def test_walks_do_what_the_golden_model_does(name, seed):
    config, (dut, simulation) = CONFIGS[name], bench(name)
    layout, rng = config.layout, np.random.default_rng(seed)
    image = random_design(config, rng).image
    golden = GoldenCore(image)
    sums = sums_of(config, image)
    states = {
        f.name: rng.integers(f.minimum, f.maximum, config.neurons, endpoint=True)
        >> rng.integers(0, f.bits)
        for f in layout.states
    }

    async def testbench(ctx):
        if config.parameters == "per_neuron":
            await write_all(ctx, dut, 0, layout.parameters, image.parameters)
            held = await read_all(ctx, dut, 0, layout.parameters, config.neurons)
            for name, values in image.parameters.items():
                np.testing.assert_array_equal(held[name], values)
        else:
            for name, values in image.parameters.items():
                ctx.set(dut.parameters[name], int(values[0]))
        await write_all(ctx, dut, 1, layout.states, states)
        golden.states = {name: values[None].copy() for name, values in states.items()}
        for _ in range(3):
            before = golden.counters["clamps"][0]
            golden.inject(np.ones(config.axons, dtype=bool))
            spikes = golden.step()[0]
            fired, clamps = await walk(ctx, dut, config, sums)
            assert [neuron for neuron, _, _ in fired] == list(range(config.neurons))
            assert [spike for _, spike, _ in fired] == spikes.tolist()
            assert [v for _, _, v in fired] == golden.states["v"][0].tolist()
            assert clamps == golden.counters["clamps"][0] - before
            held = await read_all(ctx, dut, 1, layout.states, config.neurons)
            for state, values in golden.states.items():
                np.testing.assert_array_equal(held[state], values[0], state)

    simulation.run(testbench)


@pytest.mark.parametrize("name", CONFIGS)
def test_a_walk_that_clears_leaves_zeros_and_fires_nothing(name):
    config, (dut, simulation) = CONFIGS[name], bench(name)
    states = config.layout.states
    ones = {f.name: np.ones(config.neurons, dtype=np.int64) for f in states}

    async def testbench(ctx):
        await write_all(ctx, dut, 1, states, ones)
        ctx.set(dut.clear, 1)
        sums = np.ones((config.layout.accumulators, config.neurons), dtype=np.int64)
        fired, _ = await walk(ctx, dut, config, sums)
        assert fired == []
        ctx.set(dut.clear, 0)
        held = await read_all(ctx, dut, 1, states, config.neurons)
        assert not any(values.any() for values in held.values())

    simulation.run(testbench)
