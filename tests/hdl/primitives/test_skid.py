"""The skid register: order kept, nothing lost or invented, whatever stalls."""

import functools

from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.primitives.skid import Skid

PATIENCE = 60
"""Cycles after which nothing stalls any more."""

patterns = st.lists(st.booleans(), min_size=1, max_size=7)


@functools.cache
def bench():
    dut = Skid(range(256))
    return dut, Bench(dut)


def pass_on(payloads, offers, takes):
    """(what came out, cycles it took); `offers` and `takes` say when, cyclically, after which always."""
    dut, simulation = bench()
    found = []
    cycles = 0

    async def testbench(ctx):
        nonlocal cycles
        left, offered = list(payloads), False
        while len(found) < len(payloads) and cycles < PATIENCE + 60:
            # What is offered stays until it is taken.
            offered = bool(left) and (offered or offers[cycles % len(offers)] or cycles > PATIENCE)
            ctx.set(dut.input.valid, offered)
            ctx.set(dut.input.payload, left[0] if offered else 0xEE)
            take = takes[cycles % len(takes)] or cycles > PATIENCE
            ready = ctx.get(dut.input.ready)
            ctx.set(dut.output.ready, take)
            assert ctx.get(dut.input.ready) == ready  # a register
            if take and ctx.get(dut.output.valid):
                found.append(ctx.get(dut.output.payload))
            if offered and ready:
                left.pop(0)
                offered = False
            cycles += 1
            await ctx.tick()
        ctx.set(dut.input.valid, 0)
        ctx.set(dut.output.ready, 1)
        for _ in range(3):
            assert not ctx.get(dut.output.valid)
            await ctx.tick()

    simulation.run(testbench)
    return found, cycles


@quick(25)
@given(payloads=st.lists(st.integers(0, 255), max_size=20), offers=patterns, takes=patterns)
def test_order_is_kept_and_nothing_is_lost(payloads, offers, takes):
    assert pass_on(payloads, offers, takes)[0] == payloads


def test_one_payload_per_cycle():
    payloads = list(range(20))
    assert pass_on(payloads, [True], [True]) == (payloads, len(payloads) + 1)


@quick(15)
@given(takes=patterns)
def test_it_stalls_only_as_long_as_its_output(takes):
    """With always something to pass on, each cycle in which the output is taken takes one."""
    payloads = list(range(12))
    found, cycles = pass_on(payloads, [True], takes)
    taken = [takes[k % len(takes)] or k > PATIENCE for k in range(1, cycles)]
    assert found == payloads
    assert sum(taken) == len(payloads)
