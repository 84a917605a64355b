"""Read-modify-write: one operation per cycle, whatever comes before it."""

import functools

import pytest
from amaranth.hdl import unsigned
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.memories.read_modify_write import ReadModifyWrite

WIDTH = 8
LATENCY = 2
MODIFY_BEFORE_TAKE = 3
TAKE_BEFORE_ANYTHING = 2
MASK = (1 << WIDTH) - 1


def combine(old, operand):
    """Depends on the order of operations."""
    return (old << 1) ^ old ^ operand


@functools.cache
def bench(depth, revisit):
    dut = ReadModifyWrite(
        depth, unsigned(WIDTH), lambda old, new: combine(old, new)[:WIDTH], revisit=revisit
    )
    return dut, Bench(dut)


def schedule(operations, depth, revisit):
    """Operations, one per cycle, at the least distances that are allowed; None is an idle cycle.

    Every word is taken first and last.
    """
    sweep = [("take", address, 0, 0) for address in range(depth)]
    due = {}
    timed = []
    settled = 0  # from this cycle on no modification is under way
    for kind, address, operand, holds in [*sweep, *operations, *sweep]:
        address %= depth
        modifies = kind == "modify"
        earliest = max(due.get((modifies, address), 0), 0 if modifies else settled)
        timed += [None] * (earliest - len(timed))
        now = len(timed)
        timed.append((kind, address, operand, 0 if modifies else holds))
        if modifies:
            due[True, address] = now + revisit
            settled = now + MODIFY_BEFORE_TAKE
        elif kind == "take":
            due[True, address] = due[False, address] = now + TAKE_BEFORE_ANYTHING
    return timed


operations = st.lists(
    st.tuples(
        st.sampled_from(["modify", "modify", "modify", "take", "keep"]),
        st.integers(0, 3),
        st.integers(0, MASK),
        st.sampled_from([0, 0, 1, 3]),
    ),
    max_size=40,
)


@pytest.mark.parametrize("revisit", [1, 2, 3, 4])
@pytest.mark.parametrize("depth", [1, 4])
@quick(20)
@given(operations=operations)
def test_does_what_a_plain_memory_does(depth, revisit, operations):
    dut, simulation = bench(depth, revisit)
    timed = schedule(operations, depth, revisit)

    async def testbench(ctx):
        words = [None] * depth  # unknown until taken
        flying = [None] * LATENCY  # operations whose words are on their way
        for operation in [*timed, *flying]:
            kind, address, _, holds = operation or ("idle", 0, 0, 0)
            ctx.set(dut.address, address)
            ctx.set(dut.modify, kind == "modify")
            ctx.set(dut.take, kind in ("take", "keep"))
            ctx.set(dut.keep, kind == "keep")
            arrived = flying[-1]
            ctx.set(dut.operand, arrived[2] if arrived else 0)
            for hold in [1] * holds + [0]:
                ctx.set(dut.hold, hold)
                assert ctx.get(dut.modified) == (arrived is not None and arrived[0] == "modify")
                if arrived and words[arrived[1]] is not None:
                    word = dut.old if arrived[0] == "modify" else dut.taken
                    assert ctx.get(word) == words[arrived[1]]
                if not hold and arrived and arrived[0] == "modify":
                    words[arrived[1]] = combine(words[arrived[1]], arrived[2]) & MASK
                await ctx.tick()
            if arrived and arrived[0] == "take":
                words[arrived[1]] = 0
            flying = [operation, *flying[:-1]]
        assert None not in words

    simulation.run(testbench)
