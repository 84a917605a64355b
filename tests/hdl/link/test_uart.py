"""The UART: any divisor from 4 on, clocks that differ, lines that spoil a byte."""

import random

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from gateware import TIMEOUT, Bench, pulse

from spikeloom.hdl.contract.line_rate import PHASE_BITS, baud_error, phase_step
from spikeloom.hdl.link.uart import LineRate, UartReceiver, UartTransmitter

DIVISORS = (4.0, 4.34, 5.5, 7.99, 8.68, 12.0, 33.3, 104.17, 200.0)
"""Clock cycles of a bit."""
BYTES = bytes([0x00, 0xFF, 0x55, 0xAA, 0x80, 0x01, 0x7E])
MISMATCH = 0.02
"""By which the clocks at the ends of a line may differ."""


def step_of(divisor):
    return phase_step(divisor * 1000, 1000)


class Loopback(wiring.Component):
    """Transmitter and receiver on one line."""

    def __init__(self, divisor, mismatch):
        self.transmitter, self.receiver = UartTransmitter(), UartReceiver()
        self._steps = step_of(divisor), round(step_of(divisor) * (1 + mismatch))
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.transmitter = self.transmitter
        m.submodules.receiver = self.receiver
        m.d.comb += [
            self.receiver.rx.eq(self.transmitter.tx),
            self.transmitter.step.eq(self._steps[0]),
            self.receiver.step.eq(self._steps[1]),
        ]
        return m


@pytest.mark.parametrize("divisor", DIVISORS)
@pytest.mark.parametrize("mismatch", [-MISMATCH, 0.0, MISMATCH])
def test_loopback(divisor, mismatch):
    dut = Loopback(divisor, mismatch)
    found = bytearray()

    async def testbench(ctx):
        stream, sent = dut.transmitter.bytes, 0
        # Without a pause, and then with one: the receiver finds the middle of bits anew each time.
        message = BYTES * 2 if divisor < 50 else BYTES[:3]
        for cycle in range(round(divisor * 10 * (len(message) + 2))):
            paused = sent == len(BYTES) and cycle < divisor * 10 * (len(BYTES) + 1.3)
            offered = sent < len(message) and not paused
            ctx.set(stream.valid, offered)
            ctx.set(stream.payload, message[min(sent, len(message) - 1)])
            sent += offered and ctx.get(stream.ready)
            if ctx.get(dut.receiver.valid):
                found.append(ctx.get(dut.receiver.byte))
            await ctx.tick()
        assert found == message

    Bench(dut).run(testbench)


def line_levels(bits, divisor, phase, cycles):
    """What a clock sees of an ideal line: `bits`, `divisor` cycles each, beginning at `phase`."""
    for cycle in range(cycles):
        n = int((cycle - phase) // divisor)
        yield bits[n] if 0 <= n < len(bits) else 1


def frame_bits(byte, stop=1):
    return [0, *(byte >> k & 1 for k in range(8)), stop]


async def receive(ctx, dut, levels):
    found = bytearray()
    for level in levels:
        ctx.set(dut.rx, level)
        if ctx.get(dut.valid):
            found.append(ctx.get(dut.byte))
        await ctx.tick()
    return bytes(found)


@pytest.mark.parametrize("divisor", DIVISORS)
def test_receiver_on_a_line_of_another_clock(divisor):
    dut = UartReceiver()
    rng = random.Random(2)

    async def testbench(ctx):
        ctx.set(dut.step, step_of(divisor))
        for mismatch in (-MISMATCH, MISMATCH):
            message = bytes([rng.getrandbits(8), 0x00, 0xFF])
            bits = [bit for byte in message for bit in frame_bits(byte)]
            actual = divisor * (1 + mismatch)
            levels = line_levels(bits, actual, rng.uniform(1, 4), round(actual * 31) + 8)
            assert await receive(ctx, dut, levels) == message

    Bench(dut).run(testbench)


@pytest.mark.parametrize("divisor", [4.0, 8.68, 33.3])
def test_a_byte_without_stop_bit_is_dropped(divisor):
    dut = UartReceiver()

    async def testbench(ctx):
        ctx.set(dut.step, step_of(divisor))
        bits = [*frame_bits(0xA5), *frame_bits(0x81, stop=0), *[1] * 12, *frame_bits(0x3C)]
        levels = line_levels(bits, divisor, 3.0, round(divisor * (len(bits) + 2)))
        assert await receive(ctx, dut, levels) == b"\xa5\x3c"

    Bench(dut).run(testbench)


@pytest.mark.parametrize("divisor", [8.0, 33.3])
def test_a_glitch_is_no_start_bit(divisor):
    dut = UartReceiver()

    async def testbench(ctx):
        ctx.set(dut.step, step_of(divisor))
        glitch = [1] * 5 + [0] * int(divisor * 0.4) + [1] * int(divisor * 3)
        levels = line_levels(frame_bits(0x42), divisor, 1.0, round(divisor * 12))
        assert await receive(ctx, dut, [*glitch, *levels]) == b"\x42"

    Bench(dut).run(testbench)


@pytest.mark.parametrize("divisor", DIVISORS)
def test_transmitters_edges_are_less_than_a_cycle_late(divisor):
    """Whatever the fraction: the error does not add up."""
    dut = UartTransmitter()
    levels = []

    async def testbench(ctx):
        ctx.set(dut.step, step_of(divisor))
        ctx.set(dut.bytes.payload, 0x55)  # an edge after every bit
        ctx.set(dut.bytes.valid, 1)
        assert ctx.get(dut.tx) == 1
        assert ctx.get(dut.bytes.ready)
        await ctx.tick()
        ctx.set(dut.bytes.valid, 0)
        while not ctx.get(dut.bytes.ready):
            levels.append(ctx.get(dut.tx))
            await ctx.tick()
            assert len(levels) < TIMEOUT
        assert ctx.get(dut.tx) == 1

    Bench(dut).run(testbench)
    assert levels[0] == 0
    edges = [n for n in range(1, len(levels)) if levels[n] != levels[n - 1]]
    step = step_of(divisor)
    assert [*edges, len(levels)] == [-(-(n << PHASE_BITS) // step) for n in range(1, 11)]


def test_phase_step_and_its_error():
    assert phase_step(12e6, 3e6) == 1 << (PHASE_BITS - 2)
    assert baud_error(12e6, 3e6) == 0
    for clock in (12e6, 25e6, 100e6):
        for baud in (9600, 115200, 1e6, 3e6):
            assert abs(baud_error(clock, baud)) <= 0.5001 / phase_step(clock, baud)
    with pytest.raises(ValueError, match=r"use at most 3000000 baud"):
        phase_step(12e6, 3.1e6)


def test_a_new_rate_waits_for_silence_and_holds_while_good_frames_come():
    first, other, silence, hold = 1000, 4000, 256, 4096
    dut = LineRate(first, silence=silence, hold=hold)

    async def testbench(ctx):
        async def steps(cycles):
            """The step and whether it fell, cycle by cycle."""
            seen = []
            for _ in range(cycles):
                seen.append(ctx.get(dut.step))
                if ctx.get(dut.fell):
                    ctx.set(dut.requested, first)
                await ctx.tick()
            return seen

        async def good_frame():
            ctx.set(dut.good_frame, 1)
            await ctx.tick()
            ctx.set(dut.good_frame, 0)

        ctx.set(dut.beat, 1)
        assert set(await steps(3 * hold)) == {first}
        await good_frame()
        ctx.set(dut.requested, other)
        await pulse(ctx, dut.changes)
        assert set(await steps(silence // 2)) == {first}
        ctx.set(dut.sending, 1)
        assert set(await steps(2 * silence)) == {first}
        ctx.set(dut.sending, 0)
        assert await steps(silence) == [first] * silence
        assert set((await steps(silence))[4:]) == {other}
        for _ in range(4):
            await good_frame()
            assert set(await steps(hold - 2)) == {other}
        assert (await steps(3 * hold))[-1] == first
        assert set(await steps(2 * hold)) == {first}

    Bench(dut).run(testbench)
