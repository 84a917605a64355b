# amaranth: UnusedElaboratable=no
"""The synapse memory, and its logical words on the bus, whatever the lanes."""

import functools

import gateware
import numpy as np
import pytest
from amaranth.hdl import Elaboratable, Module, unsigned
from amaranth.lib import memory
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, MemoryMap
from spikeloom.hdl.core import synapses
from spikeloom.hdl.core.static_synapses import StaticSynapses
from spikeloom.hdl.core.synapses import SynapseMemory
from spikeloom.hdl.primitives.latencies import SYNAPSE_LATENCY

AXONS = 3
SHAPES = [(1, 1, 2), (5, 2, 2), (9, 4, 3), (6, 1, 5), (8, 8, 8), (7, 4, 8), (3, 2, 16), (20, 4, 2)]
"""Neurons, lanes, bits of a weight."""


class Spram(Elaboratable):
    """SB_SPRAM256KA as its data sheet has it, but for its size: in the place of an `Instance`."""

    def __init__(self, kind, **ports):
        assert kind == "SB_SPRAM256KA"
        self.ports = ports

    def elaborate(self, platform):
        m = Module()
        p = self.ports
        m.submodules.words = words = memory.Memory(shape=unsigned(16), depth=128, init=[])
        read, write = words.read_port(), words.write_port(granularity=4)
        writes = p["i_CHIPSELECT"] & p["i_WREN"]
        m.d.comb += [
            read.addr.eq(p["i_ADDRESS"]),
            read.en.eq(p["i_CHIPSELECT"] & ~p["i_WREN"]),
            p["o_DATAOUT"].eq(read.data),
            write.addr.eq(p["i_ADDRESS"]),
            write.data.eq(p["i_DATAIN"]),
            write.en.eq(writes.replicate(4) & p["i_MASKWREN"]),
        ]
        return m


@functools.cache
def bench(shape):
    neurons, lanes, bits = shape
    config = CoreConfig(neurons=neurons, axons=AXONS, lanes=lanes, weight_bits=bits)
    dut = StaticSynapses(config)
    return config, dut.access, Bench(dut)


@pytest.mark.parametrize("shape", SHAPES)
@quick(6)
@given(
    seed=st.integers(0, 2**32),
    changes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2**32 - 1)), max_size=4),
)
def test_words_read_back_as_the_memory_map_says(shape, seed, changes):
    config, access, simulation = bench(shape)
    memory_map, words_per_row = MemoryMap(config), config.layout.words_per_row
    bound = 1 << (config.weight_bits - 1)
    rng = np.random.default_rng(seed)
    weights = rng.integers(-bound, bound, (AXONS, config.neurons))
    # Bits beyond a weight's width, and weights beyond the last neuron, come from nowhere.
    noise = rng.integers(0, 1 << 32, (AXONS, words_per_row), dtype=np.uint32)

    async def put(ctx, axon, word, data):
        await gateware.access(ctx, access, data, axon=axon, word=word)

    async def check(ctx, weights):
        for (axon, word), expected in np.ndenumerate(memory_map.pack_synapses(weights)):
            value = await gateware.access(ctx, access, axon=axon, word=word)
            assert value == int(expected)

    async def testbench(ctx):
        used = memory_map.pack_synapses(np.full(weights.shape, -1)).astype(np.uint32)
        for (axon, word), packed in np.ndenumerate(memory_map.pack_synapses(weights)):
            unused = int(noise[axon, word]) & ~int(used[axon, word])
            await put(ctx, axon, word, int(packed) | unused)
        await check(ctx, weights)
        now = weights.copy()
        for place, data in changes:
            axon, word = divmod(place % (AXONS * words_per_row), words_per_row)
            await put(ctx, axon, word, data)
            first = word * config.layout.synapse_fields["weight"].per_word
            for k in range(config.layout.synapse_fields["weight"].per_word):
                field = data >> k * config.layout.synapse_fields["weight"].slot_bits & (
                    2 * bound - 1
                )
                if first + k < config.neurons:
                    now[axon, first + k] = field - 2 * bound * (field >= bound)
        await check(ctx, now)

    simulation.run(testbench)


@pytest.mark.parametrize("storage", ["block", "spram"])
@pytest.mark.parametrize("shape", [(1, 1, 2, 2), (9, 4, 8, 16), (5, 2, 3, 64), (8, 8, 4, 4)])
def test_weights_and_delays_leave_each_other_alone(shape, storage, monkeypatch):
    neurons, lanes, bits, slots = shape
    monkeypatch.setattr(synapses, "Instance", Spram)
    config = CoreConfig(
        neurons=neurons, axons=AXONS, lanes=lanes, weight_bits=bits, delay_slots=slots
    )
    memory_map, rng = MemoryMap(config), np.random.default_rng(1)
    dut = StaticSynapses(config, storage=storage)
    bounds = {"weight": (-(1 << (bits - 1)), 1 << (bits - 1)), "delay": (0, slots)}
    places = [
        (name, axon, word)
        for name in bounds
        for axon in range(AXONS)
        for word in range(config.layout.synapse_fields[name].words_per_row)
    ]

    async def testbench(ctx):
        access = dut.access
        for _ in range(2):  # what is there is overwritten
            values = {k: rng.integers(*b, (AXONS, neurons)) for k, b in bounds.items()}
            packed = {k: memory_map.pack_synapses(v, k) for k, v in values.items()}
            for k in rng.permutation(len(places)):
                name, axon, word = places[k]
                where = {"axon": axon, "word": word, "field": name == "delay"}
                data = int(packed[name][axon, word])
                await gateware.access(ctx, access, data, **where)
            for name, axon, word in places:
                where = {"axon": axon, "word": word, "field": name == "delay"}
                value = await gateware.access(ctx, access, **where)
                assert value == int(packed[name][axon, word])

    Bench(dut).run(testbench)


def test_a_word_stays_until_the_next_read():
    config = CoreConfig(neurons=4, axons=AXONS, lanes=4, weight_bits=8)
    dut = SynapseMemory(config)

    async def testbench(ctx):
        for axon in range(AXONS):
            ctx.set(dut.address, axon)
            for lane in range(4):
                ctx.set(dut.write_lane, lane)
                ctx.set(dut.write_weight, 10 * axon - lane)
                await gateware.pulse(ctx, dut.write)
        # Three reads in a row, then none: words come in order, and the last one stays.
        seen = []
        for cycle in range(AXONS + SYNAPSE_LATENCY + 3):
            ctx.set(dut.read, cycle < AXONS)
            ctx.set(dut.address, cycle % AXONS)
            if cycle >= SYNAPSE_LATENCY:
                seen.append([ctx.get(dut.weights[lane]) for lane in range(4)])
            await ctx.tick()
        words = [[10 * axon - lane for lane in range(4)] for axon in range(AXONS)]
        assert seen == [*words, *[words[-1]] * 3]

    Bench(dut).run(testbench)


def test_storage_that_does_not_exist_is_refused():
    config = CoreConfig(neurons=4, axons=4)
    with pytest.raises(ValueError, match="choose one of block, spram"):
        SynapseMemory(config, storage="flash")
    large = CoreConfig(neurons=1024, axons=1024, lanes=8, weight_bits=8)
    with pytest.raises(ValueError, match="need 32 SPRAM blocks; there are 4"):
        SynapseMemory(large, storage="spram")
