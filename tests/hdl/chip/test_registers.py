"""Registers: what the memory map says of IDENTITY, CONTROL, COUNTERS and MONITORS."""

import functools

import pytest
from gateware import Bench, idle, pulse, until

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.chip.counters import RARE
from spikeloom.hdl.chip.registers import Registers
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
    MemoryMap,
    Region,
    Register,
)
from spikeloom.hdl.core.core import increments

CONFIG = CoreConfig(neurons=4, axons=4, monitors=3)
LINE = 0x1234
CLOCK_HZ = 25_000_000
BUILD = "a build of 40 characters, all told, here"
CLEARING = 20
"""Cycles for which the core that is imitated is not ready after a clear."""


@functools.cache
def bench():
    dut = Registers(CONFIG, increments(CONFIG), clock_hz=CLOCK_HZ, build=BUILD, line=LINE)
    return dut, Bench(dut)


class Bus:
    """The initiator, and a core that is ready."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut
        ctx.set(dut.ready, 1)

    async def access(self, address, data=None):
        """(value, error); plays the core's part in a reset."""
        ctx, dut = self.ctx, self.dut
        ctx.set(dut.bus.address, address)
        ctx.set(dut.bus.write, data is not None)
        ctx.set(dut.bus.data, data or 0)
        ctx.set(dut.bus.valid, 1)
        busy = 0
        while not ctx.get(dut.bus.done):
            clear = ctx.get(dut.clear)
            await ctx.tick()
            if clear:
                busy = CLEARING
            busy = max(busy - 1, 0)
            ctx.set(dut.ready, not busy)
        answer = ctx.get(dut.bus.value), ctx.get(dut.bus.error)
        await ctx.tick()
        ctx.set(dut.bus.valid, 0)
        await ctx.tick()
        return answer

    async def read(self, address):
        value, error = await self.access(address)
        assert not error
        return value

    async def write(self, address, data):
        _, error = await self.access(address, data)
        return not error

    async def step(self, count=1):
        """The core says that it has executed steps."""
        self.ctx.set(self.dut.increments.steps, 1)
        await idle(self.ctx, count)
        self.ctx.set(self.dut.increments.steps, 0)


def play(program):
    dut, simulation = bench()

    async def testbench(ctx):
        await program(Bus(ctx, dut))

    simulation.run(testbench)


def control(register):
    return Region.CONTROL.base + register


def counter(name):
    return MemoryMap(CONFIG).counter(name)


def test_identity():
    async def program(bus):
        found = [await bus.read(k) for k in range(Identity.BUILD + BUILD_WORDS)]
        assert found[Identity.MAGIC] == MAGIC
        assert found[Identity.LINK_VERSION] == LINK_VERSION
        assert found[Identity.MAP_VERSION] == MAP_VERSION
        digest = found[Identity.DIGEST_LOW] | found[Identity.DIGEST_HIGH] << 32
        assert digest == CONFIG.digest
        text = b"".join(word.to_bytes(4, "little") for word in found[Identity.BUILD :])
        assert text == BUILD.encode()[: 4 * BUILD_WORDS]

    play(program)


def test_control_registers_hold_what_is_written():
    async def program(bus):
        assert not bus.ctx.get(bus.dut.image_loaded)
        for register, value in (
            (Register.IMAGE, 0xDEADBEEF),
            (Register.TICK_PERIOD, 12345),
            (Register.MONITOR_COUNT, 3),
        ):
            assert await bus.read(control(register)) == 0
            assert await bus.write(control(register), value)
            assert await bus.read(control(register)) == value
        assert bus.ctx.get(bus.dut.image_loaded)
        assert bus.ctx.get(bus.dut.tick_period) == 12345
        assert bus.ctx.get(bus.dut.monitor_count) == 3
        assert await bus.read(control(Register.CLOCK_HZ)) == CLOCK_HZ

    play(program)


def test_the_line_rate_falls_back():
    async def program(bus):
        line = control(Register.LINE)
        assert await bus.read(line) == LINE
        assert await bus.write(line, 1 << (PHASE_STEP_BITS - 1))
        assert bus.ctx.get(bus.dut.line) == 1 << (PHASE_STEP_BITS - 1)
        assert not await bus.write(line, 1 << PHASE_STEP_BITS)
        bus.ctx.set(bus.dut.line_fell, 1)
        await bus.ctx.tick()
        bus.ctx.set(bus.dut.line_fell, 0)
        assert await bus.read(line) == LINE

    play(program)


def test_monitor_slots():
    async def program(bus):
        for slot in range(CONFIG.monitors):
            assert await bus.write(Region.MONITORS.base + slot, 0x1000_0000 * slot + 7)
        for slot in range(CONFIG.monitors):
            assert await bus.read(Region.MONITORS.base + slot) == 0x1000_0000 * slot + 7

    play(program)


@pytest.mark.parametrize(
    "address",
    [
        Identity.BUILD + BUILD_WORDS,
        1 << 20,
        Region.CONTROL.base + max(Register) + 1,
        Region.CONTROL.base + 0x100 + Register.IMAGE,
        Region.COUNTERS.base + 2 * len(COUNTERS),
        Region.COUNTERS.base + 0x800,
        Region.MONITORS.base + CONFIG.monitors,
        Region.MONITORS.base + 0x40,
    ],
)
def test_addresses_that_are_not_there(address):
    async def program(bus):
        for data in (None, 1):
            assert (await bus.access(address, data))[1]
        assert not bus.ctx.get(bus.dut.image_loaded)

    play(program)


@pytest.mark.parametrize(
    ("address", "data"),
    [
        (Identity.MAGIC, 1),
        (control(Register.CLOCK_HZ), 1),
        (control(Register.MONITOR_COUNT), CONFIG.monitors + 1),
        (control(Register.RESET), 0),
        (control(Register.RESET), 3),
        (counter("spikes"), 1),
    ],
)
def test_writes_that_are_refused_change_nothing(address, data):
    async def program(bus):
        await bus.step(2)
        before = await bus.access(address)
        assert not await bus.write(address, data)
        assert await bus.access(address) == before
        assert await bus.read(control(Register.STEP)) == 2

    play(program)


@pytest.mark.parametrize("step", [0, 77, 2**32 - 1])
def test_steps_count_on_from_the_number_that_was_written(step):
    async def program(bus):
        await bus.step(2)
        assert await bus.write(control(Register.STEP), step)
        assert await bus.read(control(Register.STEP)) == step
        assert bus.ctx.get(bus.dut.step) == step
        assert await bus.read(counter("steps")) == 2
        await bus.step()
        assert await bus.read(control(Register.STEP)) == (step + 1) % 2**32

    play(program)


def test_counters_over_the_bus():
    async def program(bus):
        ctx, dut = bus.ctx, bus.dut
        for n, name in enumerate(COUNTERS):
            for _ in range(n + 1):
                await pulse(ctx, dut.increments[name])
                await idle(ctx, RARE.get(name, 0))
        found = {}
        for name in COUNTERS:
            assert await bus.read(counter(name) + 1) == 0
            found[name] = await bus.read(counter(name))
        assert found == {name: n + 1 for n, name in enumerate(COUNTERS)}

        await pulse(ctx, dut.link_opened)
        for n, name in enumerate(COUNTERS):
            expected = 0 if name.startswith("link_") else n + 1
            assert await bus.read(counter(name)) == expected

    play(program)


@pytest.mark.parametrize("kind", [RESET_STATE, RESET_ALL])
def test_resets(kind):
    async def program(bus):
        ctx, dut = bus.ctx, bus.dut
        for register, value in ((Register.IMAGE, 9), (Register.TICK_PERIOD, 8)):
            await bus.write(control(register), value)
        await bus.write(control(Register.MONITOR_COUNT), 2)
        await bus.step(5)
        await pulse(ctx, dut.increments.late)
        await pulse(ctx, dut.increments.link_bad_frames)
        await pulse(ctx, dut.increments.commands)

        assert await bus.write(control(Register.RESET), kind)
        assert ctx.get(dut.ready)  # the answer came when the core was clear
        assert await bus.read(control(Register.STEP)) == 0
        assert await bus.read(counter("steps")) == 0
        assert await bus.read(counter("late")) == 0
        assert await bus.read(counter("link_bad_frames")) == 1
        assert await bus.read(counter("commands")) == 1
        kept = [9, 8, 2] if kind == RESET_STATE else [0, 0, 0]
        for register, value in zip(
            (Register.IMAGE, Register.TICK_PERIOD, Register.MONITOR_COUNT), kept, strict=True
        ):
            assert await bus.read(control(register)) == value
        await bus.step()
        assert await bus.read(control(Register.STEP)) == 1

    play(program)


def test_a_reset_waits_for_the_step_under_way():
    async def program(bus):
        ctx, dut = bus.ctx, bus.dut
        ctx.set(dut.ready, 0)
        ctx.set(dut.bus.address, control(Register.RESET))
        ctx.set(dut.bus.write, 1)
        ctx.set(dut.bus.data, RESET_STATE)
        ctx.set(dut.bus.valid, 1)
        for _ in range(30):
            assert not ctx.get(dut.clear)
            assert not ctx.get(dut.bus.done)
            await ctx.tick()
        ctx.set(dut.ready, 1)
        await until(ctx, dut.clear)
        await ctx.tick()
        ctx.set(dut.ready, 0)
        for _ in range(30):
            assert not ctx.get(dut.clear)
            assert not ctx.get(dut.bus.done)
            await ctx.tick()
        ctx.set(dut.ready, 1)
        assert await until(ctx, dut.bus.done) < 5

    play(program)


def test_a_core_without_monitors():
    config = CoreConfig(neurons=1, axons=1, monitors=0)
    dut = Registers(config, increments(config), clock_hz=CLOCK_HZ, build="")

    async def testbench(ctx):
        bus = Bus(ctx, dut)
        assert (await bus.access(Region.MONITORS.base))[1]
        assert not await bus.write(control(Register.MONITOR_COUNT), 1)
        assert await bus.read(control(Register.MONITOR_COUNT)) == 0

    Bench(dut).run(testbench)


def test_without_ticks_the_period_is_0():
    dut = Registers(CONFIG, increments(CONFIG), clock_hz=CLOCK_HZ, build="", ticks=False)

    async def testbench(ctx):
        bus = Bus(ctx, dut)
        assert not await bus.write(control(Register.TICK_PERIOD), 5)
        assert await bus.write(control(Register.TICK_PERIOD), 0)
        assert await bus.read(control(Register.TICK_PERIOD)) == 0
        assert ctx.get(dut.tick_period) == 0

    Bench(dut).run(testbench)
