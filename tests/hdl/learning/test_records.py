"""Records of axons and neurons: walks of steps against the golden rules, and the bus between them."""

import functools

import gateware
import numpy as np
import pytest
from amaranth.hdl import Elaboratable, Module
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.rules import RULES
from spikeloom.hdl.learning.lane_records import record_count, states_layout
from spikeloom.hdl.learning.records import Records
from spikeloom.hdl.memories import BlockMemory
from spikeloom.hdl.primitives.operations import soma_latency, take_latency
from spikeloom.hdl.primitives.pipeline import pipeline
from spikeloom.sim.cosim.cases import random_design

SIZES = [(5, 3), (3, 6), (1, 1)]
"""Neurons and axons."""


@functools.cache
def bench(rule, size):
    neurons, axons = size
    settings = {"fraction_bits": 3, "stochastic": True} if rule != "lag_table" else {}
    config = CoreConfig(
        neurons=neurons, axons=axons, lanes=1, learning=LearningConfig(rule=rule, **settings)
    )
    dut = Records(config, config.learning.format.part("gateware")(config))
    return config, dut, Bench(WithCopy(dut, config))


class WithCopy(Elaboratable):
    """Records, and the only lane's copy, which takes over what is written as late as it may."""

    def __init__(self, dut, config):
        self._dut, self._config = dut, config

    def elaborate(self, platform):
        m = Module()
        m.submodules.dut = dut = self._dut
        layout = states_layout(self._config)
        m.submodules.copy = copy = BlockMemory(layout.size, record_count(self._config))
        late = self._config.lanes + 1 - 1  # the memory itself takes a cycle
        port = dut.copies
        m.d.comb += [
            copy.read_address.eq(port.read_index),
            port.word.eq(copy.word),
            copy.write.eq(pipeline(m, port.write, late, "write")),
            copy.write_address.eq(pipeline(m, port.index, late, "index")),
            copy.write_word.eq(pipeline(m, port.states.as_value(), late, "states")),
        ]
        return m


async def write(ctx, dut, of_axon, field, values):
    for index, value in enumerate(np.asarray(values).tolist()):
        await gateware.access(
            ctx, dut.access, value & 0xFFFFFFFF, of_axon=of_axon, field=field, index=index
        )


async def read(ctx, dut, of_axon, field, count):
    words = [
        await gateware.access(ctx, dut.access, of_axon=of_axon, field=field, index=index)
        for index in range(count)
    ]
    return np.array(words, dtype=np.uint32).astype(np.int32)


async def walk(ctx, dut, config, spikes=None, potentials=None, modulation=None):
    """A walk over all records, with what the somas give meanwhile; returns the clamps."""
    late, neurons = take_latency(config, wire_stages=0) + 1, config.neurons
    clamps = cycle = 0
    ctx.set(dut.start, 1)
    while cycle == 0 or ctx.get(dut.busy):
        taken = cycle - 1 - late
        if modulation is not None and 0 <= taken < neurons:
            ctx.set(dut.modulation, int(modulation[taken]))
        done = taken - soma_latency(config)
        here = spikes is not None and 0 <= done < neurons
        ctx.set(dut.fired.spike, int(spikes[done]) if here else 0)
        if here:
            ctx.set(dut.fired.potential, int(potentials[done]))
        await ctx.tick()
        ctx.set(dut.start, 0)
        clamps += ctx.get(dut.clamps)
        cycle += 1
        assert cycle < gateware.TIMEOUT
    return clamps


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("rule", sorted(RULES))
@quick(8)
@given(seed=st.integers(0, 1 << 32))
def test_walks_do_what_the_golden_rule_does(rule, size, seed):
    config, dut, simulation = bench(rule, size)
    layout, rng = config.layout, np.random.default_rng(seed)
    image = random_design(config, rng).image
    tally = {"clamps": 0}
    golden = config.learning.format.part("golden")(config, 1, tally)
    golden.load(image, None)
    golden.reset()
    kinds = [
        (1, layout.axon_states, golden.axon_states, config.axons),
        (0, layout.neuron_states, golden.neuron_states, config.neurons),
    ]
    for _, fields, states, count in kinds:
        for f in fields:
            values = rng.integers(f.minimum, f.maximum, count, endpoint=True)
            states[f.name][0] = values >> rng.integers(0, f.bits)

    async def testbench(ctx):
        for name, value in image.learning.items():
            ctx.set(dut.parameters[name], value)
        ctx.set(dut.clear, 1)
        await walk(ctx, dut, config)
        ctx.set(dut.clear, 0)
        for of_axon, fields, states, _ in kinds:
            for k, f in enumerate(fields):
                await write(ctx, dut, of_axon, k, states[f.name][0])
        for step in range(3):
            arrived = rng.random(config.axons) < 0.5
            spikes = rng.random(config.neurons) < 0.5
            potentials = rng.integers(-300, 300, config.neurons)
            modulation = rng.integers(-60, 60, config.neurons)
            period = getattr(golden, "sweep_period", 1) if "sweep_log2" in image.learning else 1
            ctx.set(dut.first, step % period == 0)
            for axon in np.flatnonzero(arrived):
                ctx.set(dut.arrived_axon, int(axon))
                await gateware.pulse(ctx, dut.arrived)
            before = tally["clamps"]
            golden.axons, golden.fired = np.flatnonzero(arrived), np.flatnonzero(spikes)
            golden.update_axons(arrived[None])
            golden.update_neurons(step, spikes[None], potentials[None], modulation[None])
            clamps = await walk(ctx, dut, config, spikes, potentials, modulation)
            assert clamps == np.sum(tally["clamps"]) - np.sum(before)
            for of_axon, fields, _, count in kinds:
                states = golden.axon_states if of_axon else golden.neuron_states
                for k, f in enumerate(fields):
                    held = await read(ctx, dut, of_axon, k, count)
                    np.testing.assert_array_equal(held, states[f.name][0], f.name)

    simulation.run(testbench)


@pytest.mark.parametrize("rule", ["pair", "three_factor"])
def test_what_is_loaded_is_there_for_rows_and_columns(rule):
    config, dut, simulation = bench(rule, (3, 6))
    layout = config.layout
    axon_names = [f.name for f in layout.axon_fields]
    neuron_names = [f.name for f in layout.neuron_fields]
    axon_tags, neuron_tags = [5, 7, 11, 13, 17, 65535], [2, 3, 65534]
    modulatory = [1, 0, 1, 1, 0, 1]

    async def testbench(ctx):
        await write(ctx, dut, 1, axon_names.index("tag"), axon_tags)
        await write(ctx, dut, 0, neuron_names.index("tag"), neuron_tags)
        if "modulatory" in axon_names:
            await write(ctx, dut, 1, axon_names.index("modulatory"), modulatory)
        for of_axon, tags in ((1, axon_tags), (0, neuron_tags)):
            ctx.set(dut.tag_of_axon, of_axon)
            for index, tag in enumerate(tags):
                ctx.set(dut.tag_index, index)
                await gateware.idle(ctx, 2)
                assert ctx.get(dut.tag) == tag
                if of_axon and "modulatory" in axon_names:
                    assert ctx.get(dut.modulatory) == modulatory[index]
                ctx.set(dut.hold, 1)
                ctx.set(dut.tag_index, (index + 1) % len(tags))
                await gateware.idle(ctx, 3)
                assert ctx.get(dut.tag) == tag
                ctx.set(dut.hold, 0)

    simulation.run(testbench)
