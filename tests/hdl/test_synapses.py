# amaranth: UnusedElaboratable=no
"""The synapse memory, and its logical words on the bus, whatever the lanes."""

import functools

import gateware
import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, MemoryMap
from spikeloom.hdl.core.synapse_access import SynapseAccess
from spikeloom.hdl.core.synapses import READ_LATENCY, SynapseMemory

AXONS = 3
SHAPES = [(1, 1, 2), (5, 2, 2), (9, 4, 3), (6, 1, 5), (8, 8, 8), (7, 4, 8), (3, 2, 16), (20, 4, 2)]
"""Neurons, lanes, bits of a weight."""


class Synapses(wiring.Component):
    """Memory and access, as a core connects them."""

    def __init__(self, config):
        self.access = SynapseAccess(config)
        self.memory = SynapseMemory(config)
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.access = access = self.access
        m.submodules.memory = memory = self.memory
        for name in ("read", "write", "address", "write_lane", "write_weight"):
            m.d.comb += getattr(memory, name).eq(getattr(access, name))
        m.d.comb += access.weights.eq(memory.weights)
        return m


@functools.cache
def bench(shape):
    neurons, lanes, bits = shape
    config = CoreConfig(neurons=neurons, axons=AXONS, lanes=lanes, weight_bits=bits)
    dut = Synapses(config)
    return config, dut.access, Bench(dut)


@pytest.mark.parametrize("shape", SHAPES)
@quick(6)
@given(
    seed=st.integers(0, 2**32),
    changes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 2**32 - 1)), max_size=4),
)
def test_words_read_back_as_the_memory_map_says(shape, seed, changes):
    config, dut, simulation = bench(shape)
    memory_map, words_per_row = MemoryMap(config), config.layout.words_per_row
    bound = 1 << (config.weight_bits - 1)
    rng = np.random.default_rng(seed)
    weights = rng.integers(-bound, bound, (AXONS, config.neurons))
    # Bits beyond a weight's width, and weights beyond the last neuron, come from nowhere.
    noise = rng.integers(0, 1 << 32, (AXONS, words_per_row), dtype=np.uint32)

    async def put(ctx, axon, word, data):
        await gateware.access(ctx, dut, dut.access_value, data, axon=axon, word=word)

    async def check(ctx, weights):
        for (axon, word), expected in np.ndenumerate(memory_map.pack_synapses(weights)):
            found = await gateware.access(ctx, dut, dut.access_value, axon=axon, word=word)
            assert found == int(expected)

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
        for cycle in range(AXONS + READ_LATENCY + 3):
            ctx.set(dut.read, cycle < AXONS)
            ctx.set(dut.address, cycle % AXONS)
            if cycle >= READ_LATENCY:
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
