"""Random numbers: the pipelined hash against the golden model's."""

import functools

import numpy as np
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from gateware import Bench, idle, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.learning.random_numbers import (
    HASH_LATENCY,
    KEY_LATENCY,
    POST,
    PRE,
    SWEEP,
    RowHash,
    synapse_random,
)
from spikeloom.sim.golden.learning.random_numbers import POST as GOLDEN_POST
from spikeloom.sim.golden.learning.random_numbers import PRE as GOLDEN_PRE
from spikeloom.sim.golden.learning.random_numbers import SWEEP as GOLDEN_SWEEP
from spikeloom.sim.golden.learning.random_numbers import random_numbers


class Hashed(wiring.Component):
    """A row's hash, and the random number of one synapse."""

    other: In(16)
    random: Out(16)

    def __init__(self):
        super().__init__()
        self.hash = RowHash()

    def elaborate(self, platform):
        m = Module()
        m.submodules.hash = self.hash
        wide = Signal(32)
        m.d.comb += [wide.eq(self.hash.hash), self.random.eq(synapse_random(wide, self.other))]
        return m


@functools.cache
def bench():
    dut = Hashed()
    return dut, Bench(dut)


tags = st.lists(st.integers(0, 0xFFFF) | st.sampled_from([0, 0xFFFF]), min_size=1, max_size=12)


def test_phases_have_the_numbers_of_the_golden_model():
    assert (PRE, POST, SWEEP) == (GOLDEN_PRE, GOLDEN_POST, GOLDEN_SWEEP)


@quick(20)
@given(
    seed=st.integers(0, (1 << 31) - 1),
    step=st.integers(0, (1 << 32) - 1) | st.sampled_from([0, (1 << 32) - 1]),
    phase=st.sampled_from([PRE, POST, SWEEP]),
    row=tags,
    others=tags,
    holds=st.lists(st.booleans(), max_size=5),
)
def test_random_numbers_are_the_golden_ones(seed, step, phase, row, others, holds):
    dut, simulation = bench()
    expected = random_numbers(seed, step, phase, np.array(row)[:, None], np.array(others)[None, :])
    holds = [*holds, False]

    async def testbench(ctx):
        unit = dut.hash
        ctx.set(unit.seed, seed)
        ctx.set(unit.step, step)
        ctx.set(unit.phase, phase)
        await idle(ctx, KEY_LATENCY)
        found, came, cycle = [], 0, 0
        while len(found) < len(row):
            hold = holds[cycle % len(holds)]
            ctx.set(unit.hold, hold)
            ctx.set(unit.tag, row[came] if came < len(row) and not hold else 0x5A5A)
            if not hold:
                if came >= HASH_LATENCY:
                    numbers = []
                    for other in others:
                        ctx.set(dut.other, other)
                        numbers.append(ctx.get(dut.random))
                    found.append(numbers)
                came += 1
            cycle += 1
            await ctx.tick()
        np.testing.assert_array_equal(found, expected)

    simulation.run(testbench)
