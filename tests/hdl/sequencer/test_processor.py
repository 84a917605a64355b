"""The command processor: what each request answers."""

import numpy as np
import pytest
from gateware import Bench, quick
from hypothesis import given
from hypothesis import strategies as st
from processor_bench import CONFIG, play, processor, run
from surroundings import Surroundings

from spikeloom.bus.protocol import RunReply, encode_events, read_request, run_request, write_request
from spikeloom.hdl import CoreConfig, MemoryMap
from spikeloom.hdl.contract.commands import ADVANCE, BITMAP, END, MONITOR, Opcode, Status
from spikeloom.hdl.contract.memory_map import Region, Register

MAP = MemoryMap(CONFIG)
SIZES = [(1, 3), (3, 1), (15, 16), (16, 17), (17, 33), (40, 31)]
"""Neurons and axons: halfwords of bitmaps that are full and not, one and more."""


def words_of(halfwords):
    return np.ascontiguousarray(halfwords, dtype="<u2").view("<u4").tolist()


stalls = st.lists(st.booleans(), max_size=4)
words = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6)


@quick(15)
@given(
    values=words, stalls=stalls, address=st.sampled_from([0x4000_0000, 0x7FFF_FFFE, 0xA003_FFFE])
)
def test_write_and_read(values, stalls, address):
    async def program(board):
        await board.load(0x12345)
        board.memory = {address + k: 0 for k in range(len(values))}
        data = np.array(values, dtype=np.uint32)
        reply = await board.answer(write_request(address, data))
        assert reply.tolist() == [Opcode.WRITE, len(values), 0x2345, 1, Status.OK]
        assert list(board.memory.values()) == values
        reply = await board.answer(read_request(address, len(values)))
        assert reply[:2].tolist() == [Opcode.READ, len(values)]
        assert words_of(reply[2:-1]) == values
        assert reply[-1] == Status.OK
        assert await board.counter("stalls") == 0  # no run waits

    play(program, stalls)


def test_a_bad_address_reads_as_zero_is_not_written_and_spoils_nothing():
    async def program(board):
        first = Region.ROUTES.base + 100
        board.memory = {first: 1, first + 2: 3}
        reply = await board.answer(read_request(first, 3))
        assert words_of(reply[2:-1]) == [1, 0, 3]
        assert reply[-1] == Status.BAD_ADDRESS
        reply = await board.answer(write_request(first, np.array([7, 8, 9], dtype=np.uint32)))
        assert reply[-1] == Status.BAD_ADDRESS
        assert board.memory == {first: 7, first + 2: 9}
        reply = await board.answer(read_request(first + 2, 1))
        assert reply[-1] == Status.OK

    play(program)


def test_a_block_walks_along_synapse_rows():
    rows, per_row = 3, CONFIG.layout.words_per_row
    assert per_row == 3
    addresses = [MAP.synapse_row(axon) + k for axon in range(rows) for k in range(per_row)]

    async def program(board):
        board.memory = {address: n for n, address in enumerate(addresses)}
        reply = await board.answer(read_request(addresses[1], len(addresses) - 1))
        assert words_of(reply[2:-1]) == list(range(1, len(addresses)))
        assert reply[-1] == Status.OK

    play(program)


rasters = st.lists(st.sets(st.integers(0, CONFIG.axons - 1)), max_size=8)


@quick(25)
@given(inputs=rasters, outputs=rasters, start=st.sampled_from([0, 5]), stalls=stalls)
def test_run_brings_spikes_in_and_out_in_their_steps(inputs, outputs, start, stalls):
    raster = np.zeros((len(inputs), CONFIG.axons), dtype=bool)
    for t, axons in enumerate(inputs):
        raster[t, list(axons)] = True

    async def program(board):
        await board.load(start)
        board.spikes = {start + t: sorted(neurons) for t, neurons in enumerate(outputs)}
        reply = RunReply(start, len(inputs), CONFIG.neurons)
        reply.feed(await board.answer(run_request(start, raster)))
        assert reply.done
        assert (reply.status, reply.step) == (Status.OK, start + len(inputs))
        assert board.step == start + len(inputs)
        expected = [(start + t, axon) for t, axons in enumerate(inputs) for axon in sorted(axons)]
        assert board.arrived == expected
        for t in range(len(inputs)):
            fired = np.flatnonzero(reply.spikes[t]).tolist()
            assert fired == board.spikes.get(start + t, [])
        assert await board.counter("late") == 0

    play(program, stalls)


@st.composite
def traffic(draw):
    """A core, and rasters of any density that go in and come out."""
    neurons, axons = draw(st.sampled_from(SIZES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = draw(st.integers(1, 6))
    inputs, outputs = (
        rng.random((steps, n)) < rng.choice([0, 0.1, 0.4, 1], (steps, 1)) for n in (axons, neurons)
    )
    return CoreConfig(neurons=neurons, axons=axons), inputs, outputs


@quick(40)
@given(traffic=traffic(), stalls=stalls)
def test_any_density_goes_in_and_comes_out_as_the_host_would_say_it(traffic, stalls):
    config, inputs, outputs = traffic

    async def program(board):
        board.spikes = {t: np.flatnonzero(row).tolist() for t, row in enumerate(outputs)}
        reply = await board.answer(run_request(0, inputs))
        assert reply[4:-3].tolist() == encode_events(outputs).tolist()
        assert board.arrived == list(zip(*(k.tolist() for k in np.nonzero(inputs)), strict=True))
        assert await board.counter("late") == 0

    play(program, stalls, config)


@quick(15)
@given(data=st.data(), stalls=stalls)
def test_ids_and_bitmaps_may_be_mixed(data, stalls):
    """Bits beyond the last axon are axons that do not exist, as ids may be."""
    events, expected = [], []
    for t in range(3):
        for axons in data.draw(st.lists(st.sets(st.integers(0, 15)), max_size=3)):
            as_bits = data.draw(st.booleans())
            events += [BITMAP, sum(1 << k for k in axons)] if as_bits else sorted(axons)
            expected += [(t, k) for k in sorted(axons)]
        events.append(ADVANCE | 1)

    async def program(board):
        await board.answer(run(0, 0, *events))
        assert board.arrived == expected

    play(program, stalls)


# A full bitmap looks like END.
@pytest.mark.parametrize("events", [[3, ADVANCE | 2, 1], [BITMAP, END, ADVANCE | 1, 2]])
@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize(("loaded", "start"), [(0, 4), (0, 0), (1, 3), (1, 0x10004)])
def test_run_is_refused_without_image_or_at_another_step(loaded, start, steps, events):
    status = Status.WRONG_START if loaded else Status.NO_IMAGE

    async def program(board):
        await board.load(4)
        await board.set_register(Register.IMAGE, loaded << 20)
        reply = await board.answer(run(start, steps, *events))
        assert reply.tolist() == [Opcode.RUN, status, 4, 0, END, 4, 0, status]
        assert not board.started
        assert not board.arrived
        assert await board.counter("late") == 0
        await board.load()
        reply = await board.answer(run(4, 0, ADVANCE | 1))  # the next command is understood
        assert reply.tolist() == [Opcode.RUN, 0, 4, 0, ADVANCE | 1, END, 5, 0, 0]

    play(program)


def test_silent_steps_are_one_advance():
    async def program(board):
        board.spikes = {3: [17]}
        reply = await board.answer(run(0, 0, ADVANCE | 8))
        events = reply[4:-4].tolist()
        assert events == [ADVANCE | 3, 17, ADVANCE | 5]

    play(program)


def test_advances_are_split_before_they_overflow():
    few = 15
    dut = processor(max_advance=few)  # or it would take minutes

    async def testbench(ctx):
        board = Surroundings(ctx, dut)
        await board.load()
        board.spikes = {few + 1: [3]}
        reply = await board.answer(run(0, 3 * few))
        assert reply[4:-4].tolist() == [
            ADVANCE | few, ADVANCE | 1, 3, ADVANCE | few, ADVANCE | (few - 1),
        ]  # fmt: skip
        assert reply[-3] == 3 * few

    Bench(dut).run(testbench)


def test_a_new_connection_in_the_middle_of_a_step_leaves_no_spikes_behind():
    async def program(board):
        for wait in range(1, 180, 3):
            board.spikes = {board.step: list(range(2, 20))}
            board.ask(run(board.step, 1))
            for _ in range(wait):
                await board.cycle()
            await board.restart()
            board.replies, board.spikes = [], {}
            reply = await board.answer(run(await board.next_step(), 0, ADVANCE | 1))
            assert reply[4:-4].tolist() == [ADVANCE | 1]

    play(program)


@quick(10)
@given(stalls=stalls, count=st.integers(1, CONFIG.monitors))
def test_monitored_words_follow_every_step(stalls, count):
    async def program(board):
        for slot in range(CONFIG.monitors):
            await board.write(Region.MONITORS.base + slot, 0x6000_0000 + slot)
            board.memory[0x6000_0000 + slot] = 0xF0000000 + slot
        await board.set_register(Register.MONITOR_COUNT, count)
        board.spikes = {1: [4]}
        reply = await board.answer(run(0, 0, ADVANCE | 3))
        values = [half for slot in range(count) for half in (slot, 0xF000)]
        monitored = [MONITOR | count, *values]
        assert reply[4:-4].tolist() == [
            *monitored, ADVANCE | 1, 4, *monitored, ADVANCE | 1, *monitored, ADVANCE | 1,
        ]  # fmt: skip
        assert reply[-1] == Status.OK

    play(program, stalls)


def test_a_monitor_of_nothing_says_so_in_the_status():
    async def program(board):
        await board.write(Region.MONITORS.base, 0x6000_0000)
        await board.set_register(Register.MONITOR_COUNT, 1)
        reply = await board.answer(run(0, 0, ADVANCE | 1))
        assert reply[4:7].tolist() == [MONITOR | 1, 0, 0]
        assert reply[-1] == Status.BAD_ADDRESS

    play(program)


def test_after_an_unknown_opcode_everything_is_ignored():
    async def program(board):
        reply = await board.answer(np.array([0x1234, 5, 6], dtype="<u2").tobytes())
        assert reply.tolist() == [Opcode.PROTOCOL_ERROR, 0x1234]
        board.ask(read_request(0, 1))
        for _ in range(400):
            await board.cycle()
        assert not board.replies

    play(program)
