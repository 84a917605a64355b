"""Records by lane: reads and masked writes of an array, and a read pipeline that can be frozen."""

import functools

import numpy as np
import pytest
from amaranth.lib import data
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.learning.lane_memory import LaneMemory
from spikeloom.hdl.primitives.latencies import RECORD_LATENCY

DEPTH = 5
LAYOUT = data.StructLayout({"x": 7, "tag": 4})


@functools.cache
def bench(lanes):
    dut = LaneMemory(LAYOUT, lanes, DEPTH)
    return dut, Bench(dut)


@pytest.mark.parametrize("lanes", [1, 4])
@quick(10)
@given(
    writes=st.lists(st.tuples(st.integers(0, DEPTH - 1), st.integers(0, 15)), max_size=15),
    holds=st.lists(st.booleans(), max_size=5),
)
def test_masked_writes_and_reads_that_wait(lanes, writes, holds):
    dut, simulation = bench(lanes)
    values = np.zeros((DEPTH, lanes), dtype=int)
    holds = [*holds, False]
    everything = [(k, (1 << lanes) - 1) for k in range(DEPTH)]

    async def testbench(ctx):
        for number, (address, mask) in enumerate(everything + writes):
            ctx.set(dut.write_address, address)
            ctx.set(dut.write, mask & ((1 << lanes) - 1))
            for k in range(lanes):
                ctx.set(dut.write_words[k].as_value(), 40 * number + k)
                if mask >> k & 1:
                    values[address, k] = 40 * number + k
            await ctx.tick()
        ctx.set(dut.write, 0)
        found, moved, cycle = [], 0, 0
        while len(found) < DEPTH:
            hold = holds[cycle % len(holds)]
            ctx.set(dut.hold, hold)
            ctx.set(dut.read_address, moved % DEPTH if not hold else 0)
            if not hold:
                if moved >= RECORD_LATENCY:
                    found.append([ctx.get(dut.words[k].as_value()) for k in range(lanes)])
                moved += 1
            cycle += 1
            await ctx.tick()
        np.testing.assert_array_equal(found, values)

    simulation.run(testbench)
