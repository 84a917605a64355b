"""The transposable synapse memory: rows and columns of one array, for any number of lanes."""

import functools

import numpy as np
import pytest
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.learning.synapse_memory import TransposableMemory
from spikeloom.hdl.primitives.latencies import TRANSPOSABLE_LATENCY
from spikeloom.hdl.primitives.layouts import row_stride

NEURONS, AXONS = 11, 10
"""A multiple of no number of lanes but one and two."""
SETTLED = 2
"""Cycles until a write may be read."""


@functools.cache
def bench(lanes):
    learning = LearningConfig(rule="three_factor", eligibility_bits=6)
    config = CoreConfig(neurons=NEURONS, axons=AXONS, lanes=lanes, weight_bits=5, learning=learning)
    dut = TransposableMemory(config)
    return config, dut, Bench(dut)


class Synapses:
    """A NumPy array beside the memory: (padded axons, padded neurons) numbers of all fields' bits."""

    def __init__(self, config, dut):
        layout = config.layout
        self.lanes, self.height = config.lanes, layout.axon_groups
        self.shape = (row_stride(config), layout.padded_neurons)
        self.dut, self.values = dut, np.zeros(self.shape, dtype=int)

    def where(self, column, index, part):
        """(word, low, the synapses' indices) of part `part` of a column or row."""
        side = slice(part * self.lanes, (part + 1) * self.lanes)
        low = index % self.lanes
        if column:
            return (index // self.lanes) * self.height + part, low, (side, index)
        return part * self.height + index // self.lanes, low, (index, side)

    def parts(self, column):
        return self.shape[not column] // self.lanes

    async def write(self, ctx, column, index, part, mask, numbers):
        word, low, place = self.where(column, index, part)
        self._set(ctx, "write", column, word, low)
        ctx.set(self.dut.write, sum(bit << k for k, bit in enumerate(mask)))
        for k, number in enumerate(numbers):
            ctx.set(self.dut.write_words[k].as_value(), number)
        self.values[place] = np.where(mask, numbers, self.values[place])
        await ctx.tick()
        ctx.set(self.dut.write, 0)

    def _set(self, ctx, kind, column, word, low):
        ctx.set(getattr(self.dut, f"{kind}_column"), column)
        ctx.set(getattr(self.dut, f"{kind}_word"), word)
        ctx.set(getattr(self.dut, f"{kind}_low"), low)

    async def read_all(self, ctx, column):
        """All words of all rows or columns, one per cycle, without gaps."""
        order = [(k, p) for k in range(self.shape[column]) for p in range(self.parts(column))]
        found = np.zeros(self.shape, dtype=int)
        for cycle in range(len(order) + TRANSPOSABLE_LATENCY):
            if cycle < len(order):
                word, low, _ = self.where(column, *order[cycle])
                self._set(ctx, "read", column, word, low)
            if cycle >= TRANSPOSABLE_LATENCY:
                place = self.where(column, *order[cycle - TRANSPOSABLE_LATENCY])[2]
                words = [ctx.get(self.dut.words[k].as_value()) for k in range(self.lanes)]
                found[place] = words
            await ctx.tick()
        return found


async def fill(ctx, synapses, rng):
    for index in range(synapses.shape[0]):
        for part in range(synapses.parts(0)):
            numbers = rng.integers(0, 1 << 12, synapses.lanes).tolist()
            await synapses.write(ctx, 0, index, part, [True] * synapses.lanes, numbers)


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
@quick(5)
@given(data=st.data(), seed=st.integers(0, 99))
def test_any_writes_of_rows_and_columns_are_those_of_an_array(lanes, data, seed):
    config, dut, simulation = bench(lanes)
    synapses = Synapses(config, dut)
    assert dut.words[0].shape().size == 12

    async def testbench(ctx):
        await fill(ctx, synapses, np.random.default_rng(seed))
        for _ in range(data.draw(st.integers(1, 12))):
            column = data.draw(st.integers(0, 1))
            index = data.draw(st.integers(0, synapses.shape[column] - 1))
            part = data.draw(st.integers(0, synapses.parts(column) - 1))
            mask = data.draw(st.lists(st.booleans(), min_size=lanes, max_size=lanes))
            number = data.draw(st.integers(0, (1 << 12) - lanes))
            numbers = [number + k for k in range(lanes)]
            await synapses.write(ctx, column, index, part, mask, numbers)
        for _ in range(SETTLED - 1):
            await ctx.tick()
        for column in (0, 1):
            np.testing.assert_array_equal(await synapses.read_all(ctx, column), synapses.values)

    simulation.run(testbench)


@pytest.mark.parametrize("lanes", [1, 4])
def test_reads_and_writes_in_one_cycle_do_not_meet(lanes):
    """While columns are read one part per cycle, each is written back, as passes do it."""
    config, dut, simulation = bench(lanes)
    synapses = Synapses(config, dut)

    async def testbench(ctx):
        await fill(ctx, synapses, np.random.default_rng(3))
        for _ in range(SETTLED):
            await ctx.tick()
        before = synapses.values.copy()
        order = [(j, p) for j in range(synapses.shape[1]) for p in range(synapses.parts(1))]
        for cycle in range(len(order) + TRANSPOSABLE_LATENCY):
            ctx.set(dut.write, 0)
            if cycle < len(order):
                word, low, _ = synapses.where(1, *order[cycle])
                synapses._set(ctx, "read", 1, word, low)
            if cycle >= TRANSPOSABLE_LATENCY:
                word, low, place = synapses.where(1, *order[cycle - TRANSPOSABLE_LATENCY])
                synapses._set(ctx, "write", 1, word, low)
                ctx.set(dut.write, (1 << lanes) - 1)
                for k in range(lanes):
                    old = ctx.get(dut.words[k].as_value())
                    assert old == before[place][k]
                    ctx.set(dut.write_words[k].as_value(), old ^ 0xFFF)
            await ctx.tick()
        ctx.set(dut.write, 0)
        for _ in range(SETTLED):
            await ctx.tick()
        np.testing.assert_array_equal(await synapses.read_all(ctx, 0), before ^ 0xFFF)

    simulation.run(testbench)
