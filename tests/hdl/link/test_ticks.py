"""The pace of a run: ticks come exactly a period after one another."""

import itertools

import pytest
from gateware import Bench, idle, pulse

from spikeloom.hdl.link.ticks import Ticks


@pytest.mark.parametrize("period", [1, 2, 3, 4, 5, 20, 255, 0x10003])
def test_ticks_come_a_period_after_one_another(period):
    """During one long step each of them is an overrun."""
    dut = Ticks()

    async def testbench(ctx):
        ctx.set(dut.ticking, 1)
        ctx.set(dut.period, period)
        await pulse(ctx, dut.begin)
        await pulse(ctx, dut.start)
        found = []
        for cycle in range(3 * max(period, 2) + 4):
            if ctx.get(dut.overrun):
                found.append(cycle)
            await ctx.tick()
        assert len(found) >= 3
        gaps = {b - a for a, b in itertools.pairwise(found)}
        assert gaps == {max(period, 2)}

    Bench(dut).run(testbench)


@pytest.mark.parametrize("late", range(6))
def test_a_tick_between_steps_waits_and_one_during_a_step_does_not(late):
    dut, period = Ticks(), 10

    async def testbench(ctx):
        ctx.set(dut.ticking, 1)
        ctx.set(dut.period, period)
        await pulse(ctx, dut.begin)
        await idle(ctx, 2)
        assert not ctx.get(dut.due)
        await idle(ctx, period + late)
        assert ctx.get(dut.due)
        await pulse(ctx, dut.start)
        assert not ctx.get(dut.due)
        overruns = 0
        for _ in range(2 * period):
            overruns += ctx.get(dut.overrun)
            await ctx.tick()
        assert overruns == 2
        await pulse(ctx, dut.stepped)
        assert not ctx.get(dut.due)
        await idle(ctx, period)
        assert ctx.get(dut.due)
        ctx.set(dut.ticking, 0)
        assert ctx.get(dut.due)

    Bench(dut).run(testbench)
