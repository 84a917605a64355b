"""Registers: what the memory map says of IDENTITY, CONTROL, COUNTERS and MONITORS."""

import pytest
from gateware import Bench
from processor_bench import BUILD, CLOCK_HZ, CONFIG, LINE, play, processor, run
from surroundings import CLEARING, Surroundings

from spikeloom.bus.protocol import join_words, read_request, write_request
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.commands import ADVANCE, Status
from spikeloom.hdl.contract.line_rate import PHASE_STEP_BITS
from spikeloom.hdl.contract.memory_map import (
    BUILD_WORDS,
    COUNTERS,
    LINK_VERSION,
    MAGIC,
    MAP_VERSION,
    RESET_ALL,
    RESET_STATE,
    Identity,
    Region,
    Register,
)


def control(register):
    return Region.CONTROL.base + register


def counter(name):
    return Region.COUNTERS.base + 2 * list(COUNTERS).index(name)


def test_identity():
    async def program(board):
        reply = await board.answer(read_request(0, Identity.BUILD + BUILD_WORDS))
        assert reply[-1] == Status.OK
        found = join_words(reply[2:-1]).tolist()
        assert found[Identity.MAGIC] == MAGIC
        assert found[Identity.LINK_VERSION] == LINK_VERSION
        assert found[Identity.MAP_VERSION] == MAP_VERSION
        digest = found[Identity.DIGEST_LOW] | found[Identity.DIGEST_HIGH] << 32
        assert digest == CONFIG.digest
        assert found[Identity.DIGEST_HIGH + 1 : Identity.BUILD] == [0, 0, 0]
        text = b"".join(word.to_bytes(4, "little") for word in found[Identity.BUILD :])
        assert text == BUILD.encode()[: 4 * BUILD_WORDS]

    play(program, loaded=False)


def test_control_registers_hold_what_is_written():
    async def program(board):
        for register, value in (
            (Register.IMAGE, 0xDEADBEEF),
            (Register.TICK_PERIOD, 0x12345),
            (Register.MONITOR_COUNT, CONFIG.monitors),
            (Register.STEP, 0xFFFFFFFF),
        ):
            assert await board.read(control(register)) == 0
            assert await board.write(control(register), value)
            assert await board.read(control(register)) == value
        assert await board.read(control(Register.CLOCK_HZ)) == CLOCK_HZ

    play(program, loaded=False)


def test_the_line_rate_falls_back():
    async def program(board):
        ctx, dut, line = board.ctx, board.dut, control(Register.LINE)
        largest = (1 << PHASE_STEP_BITS) - 1
        assert await board.read(line) == ctx.get(dut.line) == LINE
        for value in (largest - 1, 5):
            assert await board.write(line, value)
            assert await board.read(line) == ctx.get(dut.line) == value
        assert not await board.write(line, largest + 1)
        assert ctx.get(dut.line) == 5
        ctx.set(dut.line_fell, 1)
        await ctx.tick()
        ctx.set(dut.line_fell, 0)
        assert await board.read(line) == ctx.get(dut.line) == LINE

    play(program)


def test_while_the_line_rate_is_half_of_the_new_one_nobody_takes_it():
    async def program(board):
        ctx, dut = board.ctx, board.dut
        board.ask(write_request(control(Register.LINE), [0x5_4321]))
        before, changes = ctx.get(dut.line), 0
        while changes < 2:
            change = ctx.get(dut.line_changes)
            changes += change
            await board.cycle()
            assert change or ctx.get(dut.line) == before
            before = ctx.get(dut.line)
        await board.answer()
        assert before == ctx.get(dut.line) == 0x5_4321

    play(program)


def test_a_line_that_cannot_change():
    async def program(board):
        assert await board.read(control(Register.LINE)) == 0
        assert not await board.write(control(Register.LINE), 5)

    play_another(program, line=0)


def play_another(program, config=CONFIG, **options):
    dut = processor(config, **options)

    async def testbench(ctx):
        await program(Surroundings(ctx, dut))

    Bench(dut).run(testbench)


def test_monitor_slots():
    async def program(board):
        for slot in range(CONFIG.monitors):
            assert await board.write(Region.MONITORS.base + slot, 0x1000_0000 * slot + 7)
        for slot in range(CONFIG.monitors):
            assert await board.read(Region.MONITORS.base + slot) == 0x1000_0000 * slot + 7

    play(program)


@pytest.mark.parametrize(
    "address",
    [
        Identity.BUILD + BUILD_WORDS,
        1 << 20,
        Region.CONTROL.base + max(Register) + 1,
        Region.CONTROL.base + 0x100 + Register.IMAGE,
        Region.CONTROL.base + 0x10000 + Register.IMAGE,
        Region.CONTROL.base + 0x8000000 + Register.IMAGE,
        Region.COUNTERS.base + 2 * len(COUNTERS),
        Region.COUNTERS.base + 0x800,
        Region.MONITORS.base + CONFIG.monitors,
        Region.MONITORS.base + 0x40,
        Region.MONITORS.base + 0x10000,
    ],
)
def test_addresses_that_are_not_there(address):
    async def program(board):
        assert await board.access(address) == (0, True)
        assert not await board.write(address, 1)
        assert await board.read(control(Register.IMAGE)) == 0
        assert await board.read(Region.MONITORS.base) == 9

    async def prepared(board):
        await board.write(Region.MONITORS.base, 9)
        await program(board)

    play(prepared, loaded=False)


@pytest.mark.parametrize(
    ("address", "data"),
    [
        (Identity.MAGIC, 1),
        (control(Register.CLOCK_HZ), 1),
        (control(Register.MONITOR_COUNT), CONFIG.monitors + 1),
        (control(Register.MONITOR_COUNT), 0x10000),
        (control(Register.RESET), 0),
        (control(Register.RESET), 3),
        (control(Register.RESET), 0x10001),
        (counter("spikes"), 1),
    ],
)
def test_writes_that_are_refused_change_nothing(address, data):
    async def program(board):
        await board.answer(run(0, 0, ADVANCE | 2))
        before = await board.access(address)
        assert not await board.write(address, data)
        assert await board.access(address) == before
        assert await board.read(control(Register.STEP)) == 2
        assert not board.clears

    play(program)


@pytest.mark.parametrize("step", [0, 77, 0xFFFF, 2**32 - 1])
def test_steps_count_on_from_the_number_that_was_written(step):
    async def program(board):
        await board.answer(run(0, 0, ADVANCE | 2))
        await board.load(step)
        assert await board.write(control(Register.STEP), step)
        board.step = step
        assert await board.read(control(Register.STEP)) == step
        assert await board.counter("steps") == 2
        await board.answer(run(step, 0, ADVANCE | 1))
        assert await board.read(control(Register.STEP)) == (step + 1) % 2**32
        assert await board.counter("steps") == 3

    play(program)


@pytest.mark.parametrize("kind", [RESET_STATE, RESET_ALL])
def test_resets(kind):
    registers = {Register.IMAGE: 9, Register.TICK_PERIOD: 300, Register.MONITOR_COUNT: 2}

    async def program(board):
        ctx, dut = board.ctx, board.dut
        for register, value in registers.items():
            await board.set_register(register, value)
        await board.answer(run(0, 1, ADVANCE | 2, 3))
        for name in ("link_bad_frames", "connections", "spikes", "clamps"):
            ctx.set(dut.increments[name], 1)
        await ctx.tick()
        for name in ("link_bad_frames", "connections", "spikes", "clamps"):
            ctx.set(dut.increments[name], 0)
        commands = await board.counter("commands")

        assert await board.write(control(Register.RESET), kind)
        assert board.clears == 1
        assert not board.stepping  # the answer came when the core was clear
        assert await board.read(control(Register.STEP)) == 0
        for name in COUNTERS:
            expected = {"link_bad_frames": 1, "connections": 1, "commands": commands + 4}
            if name != "commands":
                assert await board.counter(name) == expected.get(name, 0)
        for register, value in registers.items():
            kept = value if kind == RESET_STATE else 0
            assert await board.read(control(register)) == kept
        await board.load()
        await board.answer(run(0, 0, ADVANCE | 1))
        assert await board.read(control(Register.STEP)) == 1

    play(program)


def test_a_reset_of_everything_ends_ticks_and_reports():
    async def program(board):
        await board.tick_every(100_000)
        await board.set_register(Register.MONITOR_COUNT, 1)
        await board.set_register(Register.RESET, RESET_ALL)
        await board.load()
        reply = await board.answer(run(0, 0, ADVANCE | 3))
        assert reply[4] == ADVANCE | 3
        assert board.now < 20_000

    play(program)


def test_a_reset_waits_for_the_step_under_way():
    async def program(board):
        board.ask(run(0, 1))
        while not board.stepping:
            await board.cycle()
        await board.restart()
        board.replies = []
        await board.set_register(Register.RESET, RESET_STATE)
        assert board.clears == 1
        assert board.now >= board.started[0] + 5000 + CLEARING
        assert await board.read(control(Register.STEP)) == 0

    play(program, step_cycles=5000)


@pytest.mark.parametrize("wait", [*range(0, 120, 7), 500, 1500])
def test_a_reset_that_is_cut_short_is_complete(wait):
    async def program(board):
        await board.answer(run(0, 0, ADVANCE | 2))
        board.ask(write_request(control(Register.RESET), [RESET_ALL]))
        await idle_cycles(board, wait)
        await board.restart()
        board.replies = []
        step = await board.read(control(Register.STEP))
        image = await board.read(control(Register.IMAGE))
        assert (step == 0) == (image == 0) == (await board.counter("steps") == 0)
        assert board.clears == (step == 0)

    play(program)


async def idle_cycles(board, cycles):
    for _ in range(cycles):
        await board.cycle()


def test_a_reset_of_the_chip_forgets_what_the_memory_holds():
    """As at power-up, where block RAM keeps its words."""

    async def program(board):
        for register in (
            Register.IMAGE,
            Register.STEP,
            Register.TICK_PERIOD,
            Register.MONITOR_COUNT,
        ):
            assert await board.read(control(register)) == 0
        for name in COUNTERS:
            if name != "commands":
                assert await board.counter(name) == 0

    play(program, loaded=False)  # the memory holds anything there


def test_a_core_without_monitors():
    async def program(board):
        assert await board.access(Region.MONITORS.base) == (0, True)
        assert not await board.write(Region.MONITORS.base, 1)
        assert not await board.write(control(Register.MONITOR_COUNT), 1)
        assert await board.write(control(Register.MONITOR_COUNT), 0)
        assert await board.read(control(Register.MONITOR_COUNT)) == 0

    play_another(program, CoreConfig(neurons=1, axons=1, monitors=0))


def test_a_core_with_the_most_monitors():
    config = CoreConfig(neurons=1, axons=1, monitors=64)

    async def program(board):
        await board.load()
        board.memory = {Region.ROUTES.base + k: 0x10000 * k + 3 for k in range(64)}
        for slot in range(64):
            assert await board.write(Region.MONITORS.base + slot, Region.ROUTES.base + slot)
        await board.set_register(Register.MONITOR_COUNT, 64)
        reply = await board.answer(run(0, 0, ADVANCE | 1))
        assert join_words(reply[5:133]).tolist() == list(board.memory.values())

    play_another(program, config)


def test_without_ticks_the_period_is_0():
    async def program(board):
        assert not await board.write(control(Register.TICK_PERIOD), 5)
        assert not await board.write(control(Register.TICK_PERIOD), 0x10000)
        assert await board.write(control(Register.TICK_PERIOD), 0)
        assert await board.read(control(Register.TICK_PERIOD)) == 0
        await board.load()
        await board.answer(run(0, 3))

    play_another(program, ticks=False)
