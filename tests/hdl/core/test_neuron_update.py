"""The updater: every neuron once per walk, padding never; states and parameters over the bus."""

import dataclasses

import gateware
import numpy as np
import pytest
from gateware import Bench, pulse

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.core.neuron_update import NeuronUpdate
from spikeloom.hdl.primitives.latencies import TAKE_LATENCY, soma_latency
from spikeloom.sim import GoldenCore
from spikeloom.sim.cosim.cases import random_config, random_design

AXONS = 5
OVERHEAD = 6
"""Cycles of a walk beside those for words and the soma's latency, at most."""
SHAPES = [(1, 1, 1), (5, 1, 1), (4, 4, 4), (7, 4, 1), (9, 4, 2), (13, 4, 4), (3, 2, 2), (8, 8, 2)]
"""Neurons, lanes, update units."""


def make_config(rng, neurons, lanes, units, **fixed):
    shape = {"neurons": neurons, "lanes": lanes, "update_units": units, "axons": AXONS}
    config = random_config(rng)
    slots = min(config.delay_slots, 4)
    return dataclasses.replace(config, **shape, learning=None, delay_slots=slots, **fixed)


async def read(ctx, dut, field, neuron, *, state):
    """A field of a neuron as the bus shows it, as a signed number."""
    word = await gateware.access(ctx, dut.access, state=state, field=field, neuron=neuron)
    return word - (word >> 31 << 32)


async def write(ctx, dut, field, neuron, value, *, state):
    await gateware.access(
        ctx, dut.access, value & 0xFFFFFFFF, state=state, field=field, neuron=neuron
    )


async def walk(ctx, dut, config, sums, begin):
    """One walk; `sums` (receptors, N) are handed over as the integrator does.

    Returns who fired, by padded neuron, the number of clamps and the number of cycles.
    """
    lanes, units = config.lanes, config.update_units
    word_mask = (1 << units) - 1
    fired = np.zeros(config.layout.padded_neurons, dtype=int)
    taken = np.zeros((config.delay_slots, config.layout.padded_neurons), dtype=int)
    taken_words = [(0, 0)] * TAKE_LATENCY
    clamps = cycles = 0
    ctx.set(begin, 1)
    while ctx.get(dut.busy):
        word = dut.take.walk
        lanes_taken = word_mask << units * ctx.get(word.part)
        taken_words.append((lanes_taken, ctx.get(word.group)) if ctx.get(word.active) else (0, 0))
        mask, group = taken_words[-1]
        slot = ctx.get(word.slot)
        taken[slot, group * lanes : (group + 1) * lanes] += mask >> np.arange(lanes) & 1
        mask, group = taken_words[-1 - TAKE_LATENCY]
        for lane in range(lanes):
            neuron = group * lanes + lane
            for receptor in range(config.receptors):
                right = mask >> lane & 1 and neuron < config.neurons
                value = int(sums[receptor][neuron]) if right else -1  # what is not taken
                ctx.set(dut.take.sums[receptor][lane], value)
        if ctx.get(dut.fired.valid):
            word, mask = ctx.get(dut.fired.word), ctx.get(dut.fired.mask)
            fired[word * units : (word + 1) * units] += mask >> np.arange(units) & 1
        clamps += ctx.get(dut.clamps)
        cycles += 1
        await ctx.tick()
        ctx.set(begin, 0)
    walked = config.delay_slots if begin is dut.clear else 1
    assert (taken[:walked] == 1).all()
    assert not taken[walked:].any()
    clamps += ctx.get(dut.clamps)
    return fired, clamps, cycles


def sums_of(config, image, active):
    rows = image.weights[active] * (image.delays[active] == 0)
    parts = [rows] if config.receptors == 1 else [np.maximum(rows, 0), np.minimum(rows, 0)]
    return [part.sum(axis=0) for part in parts]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("parameters", ["shared", "per_neuron"])
def test_walks_over_all_neurons(shape, parameters):
    rng = np.random.default_rng(SHAPES.index(shape))
    config = make_config(rng, *shape, parameters=parameters)
    layout = config.layout
    image = random_design(config, rng).image
    fields = {f.name: f for f in layout.parameters}
    everyone = {
        "v_threshold": fields["v_threshold"].minimum,
        "th_inc": 0,
        "refractory": 0,
        "readout": 0,
    }
    firing = dataclasses.replace(
        image,
        parameters={
            name: np.full(config.neurons, everyone.get(name, values))
            for name, values in image.parameters.items()
        },
    )
    entries = 1 if parameters == "shared" else config.neurons
    dut = NeuronUpdate(config)

    async def check_step(ctx, golden):
        active = rng.random(AXONS) < 0.7
        golden.inject(active)
        before = golden.counters["clamps"][0]
        spikes = golden.step()[0]
        golden.arrivals[:] = False  # routes are another block's
        golden.pending = 0  # and rings the integrator's
        sums = sums_of(config, image, active)
        fired, clamps, cycles = await walk(ctx, dut, config, sums, dut.start)
        assert fired[: config.neurons].tolist() == spikes.tolist()
        assert not fired[config.neurons :].any()
        assert clamps == golden.counters["clamps"][0] - before
        assert cycles <= layout.update_words + soma_latency(config) + OVERHEAD
        for k, field in enumerate(layout.states):
            found = [await read(ctx, dut, k, j, state=1) for j in range(config.neurons)]
            assert found == golden.states[field.name][0].tolist(), field.name
        return spikes

    async def testbench(ctx):
        nothing = np.zeros((config.receptors, config.neurons))
        for loaded in (image, firing):
            fired, clamps, _ = await walk(ctx, dut, config, nothing, dut.clear)
            assert not fired.any()
            assert not clamps
            for k, field in enumerate(layout.parameters):
                for j in range(entries):
                    value = int(loaded.parameters[field.name][j])
                    await write(ctx, dut, k, j, value, state=0)
            golden = GoldenCore(loaded)
            for _ in range(3):
                spikes = await check_step(ctx, golden)
                # If everyone fires, padding would, if it could.
                assert spikes.all() or loaded is image

    Bench(dut).run(testbench)


@pytest.mark.parametrize("shape", SHAPES)
def test_bus_writes_one_field_and_leaves_the_others(shape):
    rng = np.random.default_rng(3)
    config = make_config(
        rng, *shape, parameters="per_neuron", synapse="exponential", refractory_bits=3
    )
    layout = config.layout
    tables = {1: layout.states, 0: layout.parameters}
    dut = NeuronUpdate(config)

    async def testbench(ctx):
        values = {
            (state, k, j): int(rng.integers(field.minimum, field.maximum, endpoint=True))
            for state, fields in tables.items()
            for k, field in enumerate(fields)
            for j in range(config.neurons)
        }
        for where in rng.permutation(list(values)).tolist():
            state, k, j = where
            await write(ctx, dut, k, j, values[state, k, j], state=state)
        for (state, k, j), value in values.items():
            assert await read(ctx, dut, k, j, state=state) == value

    Bench(dut).run(testbench)


def test_clear_sets_every_state_to_zero_and_keeps_parameters():
    config = CoreConfig(neurons=6, axons=AXONS, lanes=4, update_units=2, parameters="per_neuron")
    dut = NeuronUpdate(config)

    async def testbench(ctx):
        for j in range(config.neurons):
            await write(ctx, dut, 0, j, 100 + j, state=1)
            await write(ctx, dut, 0, j, -50 - j, state=0)
        await pulse(ctx, dut.clear)
        await gateware.until(ctx, ~dut.busy)
        for j in range(config.neurons):
            for k in range(len(config.layout.states)):
                assert await read(ctx, dut, k, j, state=1) == 0
            assert await read(ctx, dut, 0, j, state=0) == -50 - j

    Bench(dut).run(testbench)
