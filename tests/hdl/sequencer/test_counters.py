"""Counters: every increment counts once, at whatever moment it comes."""

import functools
import itertools

import pytest
from amaranth.hdl import Shape
from gateware import Bench, pulse, quick, until
from hypothesis import given
from hypothesis import strategies as st
from processor_bench import processor
from surroundings import Surroundings

from spikeloom.bus.protocol import join_words, read_request
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.memory_map import COUNTERS, RESET_STATE, Region, Register
from spikeloom.hdl.sequencer import ROUND
from spikeloom.hdl.sequencer.counters import (
    LINK_COUNTERS,
    PROGRAMMED,
    RARE,
    VISITED,
    accumulator_bits,
    visits,
)

CONFIGS = (
    CoreConfig(neurons=5, axons=3, lanes=2),
    CoreConfig(neurons=4096, axons=3, lanes=32),  # a register longer than a halfword
)
OWN = ("late", "overruns")
"""Of the processor itself: what else counts them is not used."""
NAMES = [n for n in VISITED if n not in OWN]
CORE = [n for n in NAMES if n not in LINK_COUNTERS and n != "connections"]


@functools.cache
def bench(config):
    dut = processor(config)
    widths = {n: Shape.cast(m.shape).width for n, m in dut.increments.shape()}
    return dut, Bench(dut), {name: (1 << width) - 1 for name, width in widths.items()}


def play(config, program):
    dut, simulation, largest = bench(config)

    async def testbench(ctx):
        board = Surroundings(ctx, dut)
        await board.load()
        await program(board, largest)

    simulation.run(testbench)


async def read_all(board):
    """All counters that stand still, by one command."""
    reply = await board.answer(read_request(Region.COUNTERS.base, 2 * len(COUNTERS)))
    low, high = join_words(reply[2:-1]).astype(object).reshape(-1, 2).T
    found = dict(zip(COUNTERS, (low | high << 32).tolist(), strict=True))
    return {name: found[name] for name in NAMES}


async def count(board, amounts):
    for name, amount in amounts.items():
        board.ctx.set(board.dut.increments[name], amount)
    await board.cycle()
    for name in amounts:
        board.ctx.set(board.dut.increments[name], 0)


async def idle(board, cycles):
    for _ in range(cycles):
        await board.cycle()


bursts = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from([1, 2, 5, ROUND, 3 * ROUND]),
        st.sets(st.sampled_from(NAMES)),
    ),
    max_size=6,
)
"""Idle cycles, then cycles in which these counters get their largest increment (rare ones, now and then)."""


@pytest.mark.parametrize("config", CONFIGS)
@quick(4)
@given(before=bursts, after=bursts, clear=st.sampled_from(["reset", "link_opened"]))
def test_nothing_is_lost_and_clears_are_complete(config, before, after, clear):
    rare = RARE | {"synaptic_operations": config.layout.groups}  # rows come so far apart

    async def play_bursts(board, bursts, expected, largest):
        for gap, length, names in bursts:
            await idle(board, gap + max(RARE.values()))
            for cycle in range(length):
                counted = {n for n in names if cycle % rare.get(n, 1) == 0}
                await count(board, {name: largest[name] for name in counted})
                for name in counted:
                    expected[name] += largest[name]

    async def program(board, largest):
        expected = dict.fromkeys(NAMES, 0)
        await play_bursts(board, before, expected, largest)
        await idle(board, 2)
        if clear == "reset":
            await board.set_register(Register.RESET, RESET_STATE)
        else:
            await pulse(board.ctx, board.dut.link_opened)
        for name in CORE if clear == "reset" else LINK_COUNTERS:
            expected[name] = 0
        await play_bursts(board, after, expected, largest)
        assert await read_all(board) == expected

    play(config, program)


@pytest.mark.parametrize("delay", range(0, ROUND, 17))
def test_every_cycle_counts_while_a_counter_is_read(delay):
    name = CORE[delay % len(CORE)]
    address = Region.COUNTERS.base + 2 * list(COUNTERS).index(name)

    async def program(board, largest):
        await idle(board, delay)
        board.ctx.set(board.dut.increments[name], 1)
        cycles = 10 + 3 * delay
        await idle(board, cycles)
        begin = board.now
        value = await board.read(address)
        # All that had come when it began, and nothing that came after it was answered.
        assert cycles <= value <= cycles + board.now - begin
        board.ctx.set(board.dut.increments[name], 0)
        cycles += board.now - begin
        assert (await read_all(board))[name] == cycles

    play(CONFIGS[0], program)


@pytest.mark.parametrize("delay", range(0, ROUND + 40, 13))
def test_a_connection_at_any_moment_clears_what_came_before_it_and_nothing_else(delay):
    async def program(board, largest):
        await idle(board, delay)
        await count(board, dict.fromkeys(NAMES, 1))
        await idle(board, 2)
        await pulse(board.ctx, board.dut.link_opened)
        await idle(board, RARE["link_bad_frames"] - 1)
        await count(board, {"link_bad_frames": 1})
        expected = {n: 0 if n in LINK_COUNTERS else 1 for n in NAMES} | {"link_bad_frames": 1}
        assert await read_all(board) == expected

    play(CONFIGS[0], program)


@pytest.mark.parametrize("name", ["spikes", "weight_updates", "unknown"])
@pytest.mark.parametrize("bit", [16, 32, 48])
def test_carries_reach_the_highest_bit(name, bit):
    """The data memory, where tests can write it, is just below the carry."""
    modulus, more = 1 << COUNTERS[name], 5
    before = ((1 << bit) - 1) % modulus
    dut, simulation, _ = bench(CONFIGS[0])
    first = 4 * list(COUNTERS).index(name)

    async def testbench(ctx):
        board = Surroundings(ctx, dut)
        await board.load()
        await until(ctx, dut.beat)  # or a visit could be about to write
        await ctx.tick()
        for half in range(3 if modulus > 1 << 32 else 2):
            ctx.set(dut._machine.store.data[first + half], before >> 16 * half & 0xFFFF)
        for _ in range(1 + more):
            await count(board, {name: 1})
        assert (await read_all(board))[name] == (before + 1 + more) % modulus

    simulation.run(testbench)


@pytest.mark.parametrize("delay", range(0, ROUND, 16))
def test_the_two_halves_of_a_word_are_of_one_moment(delay):
    dut, simulation, _ = bench(CONFIGS[0])

    async def testbench(ctx):
        board = Surroundings(ctx, dut)
        await board.load()
        first = 4 * list(COUNTERS).index(VISITED[3])
        ctx.set(dut._machine.store.data[first], 0xFFFF - 4 * ROUND)
        await idle(board, delay)
        ctx.set(dut.increments[VISITED[3]], 1)
        for _ in range(4):
            value = await board.read(Region.COUNTERS.base + first // 2)
            assert abs(value - 0x10000) < 40 * ROUND

    simulation.run(testbench)


def test_a_round_takes_as_long_as_it_says():
    async def program(board, largest):
        beats = []
        for _ in range(5 * ROUND):
            if board.ctx.get(board.dut.beat):
                beats.append(board.now)
            await board.cycle()
        assert {b - a for a, b in itertools.pairwise(beats)} == {ROUND}

    play(CONFIGS[0], program)


def test_registers_hold_what_comes_in_a_round():
    for config in CONFIGS:
        dut, _, largest = bench(config)
        bits = accumulator_bits(dut.increments.shape(), ROUND)
        for name in VISITED:
            times = -(-ROUND // RARE.get(name, 1))
            assert min(largest[name] * times, (1 << COUNTERS[name]) - 1) < 1 << bits[name]
        assert {n for n, _ in visits(bits)} == set(COUNTERS) - set(PROGRAMMED)


def test_what_came_before_the_address_is_in_the_value():
    """At whatever moment of a round the read comes."""
    name = VISITED[0]
    address = Region.COUNTERS.base + 2 * list(COUNTERS).index(name)

    async def program(board, largest):
        for number, offset in enumerate(range(0, ROUND, 5)):
            while not board.ctx.get(board.dut.beat):
                await board.cycle()
            await idle(board, offset)
            board.ask(read_request(address, 1))
            while board._requests:
                await board.cycle()
            await count(board, {name: 1})
            reply = await board.answer()
            assert join_words(reply[2:-1]).tolist() == [number + 1]

    play(CONFIGS[0], program)
