# amaranth: UnusedElaboratable=no
"""The receiver: good frames in order, and nothing else, whatever comes over the line."""

import functools
import struct
import zlib

import pytest
from cobs import cobs
from gateware import Bench, quick
from hypothesis import assume, given
from hypothesis import strategies as st

from spikeloom.hdl.contract.frames import (
    DEFAULT_LIMIT,
    DELIMITER,
    MAX_PAYLOAD,
    MIN_LIMIT,
    SEQUENCE_MODULUS,
    Frame,
    FrameType,
)
from spikeloom.hdl.link.receiver import BYTE_CYCLES, Receiver

CONNECTION = 0x5EED_C0DE
BUFFER = 2 * MAX_PAYLOAD
FETCHED = 2
"""Bytes that may wait outside of the buffer."""
SETTLE = 12
TAKEN = ({}, {"send_rr": 1})
"""Pulses of a frame that is taken: a short one leaves the buffer at once."""
PULSES = (
    "opened", "send_ua", "send_rej", "send_rr", "go_back", "bad_frame", "out_of_sequence", "overflow",
)  # fmt: skip

payloads = st.binary(min_size=2, max_size=40).map(lambda b: b[: len(b) // 2 * 2])


@functools.cache
def bench():
    dut = Receiver()
    return dut, Bench(dut)


def open_frame(connection=CONNECTION):
    return Frame(FrameType.SABM, payload=connection.to_bytes(4, "little")).to_bytes(0)


def information(ns, payload, connection=CONNECTION, nr=0):
    return Frame(FrameType.I, ns % SEQUENCE_MODULUS, nr, payload).to_bytes(connection)


def supervisory(kind, nr, limit):
    return Frame(kind, 0, nr, limit.to_bytes(2, "little")).to_bytes(CONNECTION)


def raw_frame(kind, ns, length, payload, connection=CONNECTION):
    """A frame whose CRC is right, whatever the fields are."""
    body = struct.pack("<BHHH", kind, ns, 0, length) + payload
    crc = zlib.crc32(body, 0 if kind == FrameType.SABM else connection)
    return cobs.encode(body + struct.pack("<I", crc)) + DELIMITER


class Host:
    """Feeds the line and takes halfwords; `seen` counts the pulses."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut
        self.seen = dict.fromkeys(PULSES, 0)
        self.taken = bytearray()

    async def cycle(self, byte=None, take=False):
        """A clock cycle; with a byte, all of those until the next one may come."""
        await self._cycle(byte, take)
        waited = 0
        while byte is not None and not self.ctx.get(self.dut.ready):
            await self._cycle(None, take)
            waited += 1
        assert waited < BYTE_CYCLES

    async def _cycle(self, byte, take):
        ctx, dut = self.ctx, self.dut
        ctx.set(dut.strobe, byte is not None)
        ctx.set(dut.byte, byte or 0)
        ctx.set(dut.halfwords.ready, take)
        for name in PULSES:
            self.seen[name] += ctx.get(getattr(dut, name))
        if take and ctx.get(dut.halfwords.valid):
            self.taken += ctx.get(dut.halfwords.payload).to_bytes(2, "little")
        await ctx.tick()

    async def feed(self, line, *, take=False, gap=0):
        """Returns the pulses that these bytes caused."""
        before = dict(self.seen)
        for byte in line:
            await self.cycle(byte, take)
            for _ in range(gap):
                await self.cycle(None, take)
        for _ in range(SETTLE):
            await self.cycle(None, take)
        return {name: n - before[name] for name, n in self.seen.items() if n != before[name]}

    async def drain(self, count):
        """Take halfwords until `count` bytes have come in all; returns the pulses."""
        before = dict(self.seen)
        while len(self.taken) < count:
            await self.cycle(None, take=True)
        for _ in range(SETTLE):
            await self.cycle()
        return {name: n - before[name] for name, n in self.seen.items() if n != before[name]}

    def state(self):
        """(connection, N(R))."""
        return self.ctx.get(self.dut.connection), self.ctx.get(self.dut.expected)

    def check_window(self, accepted):
        """All bytes that were accepted and not taken are in the buffer, but for a halfword or so."""
        room = BUFFER - accepted + len(self.taken)
        assert room <= self.ctx.get(self.dut.window) <= min(room + FETCHED, BUFFER)

    async def open(self, connection=CONNECTION):
        assert await self.feed(open_frame(connection)) == {"opened": 1, "send_ua": 1}
        assert self.state() == (connection, 0)
        assert self.ctx.get(self.dut.window) == BUFFER


def play(program):
    """Run `program(host)` against a receiver after power-up."""
    dut, simulation = bench()

    async def testbench(ctx):
        await ctx.tick()  # not ready before
        await program(Host(ctx, dut))

    simulation.run(testbench)


@quick(15)
@given(parts=st.lists(payloads, min_size=1, max_size=5), gap=st.sampled_from([0, 1, 5]))
def test_takes_good_frames(parts, gap):
    async def program(host):
        await host.open()
        sent = b""
        for part in parts:
            assert await host.feed(information(len(sent) // 2, part), gap=gap) in TAKEN
            sent += part
            assert host.state() == (CONNECTION, len(sent) // 2)
            host.check_window(len(sent))
        await host.drain(len(sent))
        assert host.taken == sent
        host.check_window(len(sent))

    play(program)


@quick(10)
@given(parts=st.lists(payloads, min_size=1, max_size=8))
def test_takes_frames_back_to_back_while_it_is_emptied(parts):
    async def program(host):
        begins = [sum(map(len, parts[:n])) // 2 for n in range(len(parts))]
        line = b"".join(map(information, begins, parts))
        await host.feed(open_frame() + line, take=True)
        await host.drain(len(b"".join(parts)))
        assert host.taken == b"".join(parts)
        assert host.seen["bad_frame"] == host.seen["out_of_sequence"] == 0

    play(program)


def refused(line, following):
    """The line opens no connection and gives no payload, is counted, and does no lasting harm."""

    async def program(host):
        await host.open()
        before = host.state()
        pulses = await host.feed(line)
        assert pulses.keys() == {"bad_frame"}
        assert host.state() == before
        assert await host.feed(information(0, following)) in TAKEN
        await host.drain(len(following))
        assert host.taken == following

    play(program)


both = st.sampled_from([FrameType.I, FrameType.SABM])


def good_frame(kind, payload):
    return open_frame(7) if kind == FrameType.SABM else information(0, payload)


@quick(50)
@given(kind=both, payload=payloads, bit=st.integers(0, 10_000))
def test_refuses_a_frame_with_any_bit_flipped(kind, payload, bit):
    spoiled = bytearray(good_frame(kind, payload))
    bit %= 8 * (len(spoiled) - 1)
    spoiled[bit // 8] ^= 1 << bit % 8
    refused(spoiled, payload)


@quick(20)
@given(kind=both, payload=payloads, keep=st.integers(0, 10_000), drop_first=st.booleans())
def test_refuses_a_frame_that_lost_bytes(kind, payload, keep, drop_first):
    whole = good_frame(kind, payload)[:-1]
    keep = 2 + keep % (len(whole) - 2)  # of one byte alone nothing can be told
    assume(keep < len(whole))
    part = whole[-keep:] if drop_first else whole[:keep]
    refused(part + DELIMITER, payload)


@quick(15)
@given(garbage=st.lists(st.integers(1, 255), min_size=1, max_size=20).map(bytes), payload=payloads)
def test_garbage_spoils_only_the_frame_that_it_touches(garbage, payload):
    refused(garbage + information(0, payload), payload)

    async def program(host):
        await host.open()
        await host.feed(garbage + DELIMITER)
        await host.feed(information(0, payload), take=True)
        await host.drain(len(payload))
        assert host.taken == payload

    play(program)


@quick(15)
@given(payload=payloads, other=st.integers(0, 2**32 - 1))
def test_refuses_frames_of_another_connection(payload, other):
    assume(other != CONNECTION)
    refused(information(0, payload, other), payload)


LONGER = [(1024, 1026), (1024, 1030)]


@pytest.mark.parametrize(
    ("length", "actual"),
    [(2, 4), (4, 2), (3, 3), (1, 1), (0, 2), (0xFFFF, 2), (1024, 1022), (1026, 1026), *LONGER],
)
def test_refuses_wrong_and_odd_lengths(length, actual):
    line = raw_frame(FrameType.I, 0, length, (bytes(range(1, 251)) * 5)[:actual])
    refused(line, b"ok")


def test_only_the_next_number_is_taken():
    async def program(host):
        await host.open()
        await host.feed(information(0, b"ab"))
        for ns in (0, 2, 3, 255, 0x101, 0xFFFF):
            pulses = await host.feed(information(ns, b"xy"))
            assert pulses == {"out_of_sequence": 1, "send_rej": 1}
            assert host.state() == (CONNECTION, 1)
            assert host.ctx.get(host.dut.rejected) == ns
            host.check_window(2)
        assert await host.feed(information(1, b"cd")) in TAKEN
        await host.drain(4)
        assert host.taken == b"abcd"

    play(program)


async def fill(host):
    """Frames of half the buffer's size; returns (next position, bytes accepted), the window being 0."""
    await host.open()
    accepted = b""
    ns = 0
    while room := host.ctx.get(host.dut.window):
        part = bytes(range(256)) * 4
        part = part[: min(room, MAX_PAYLOAD)]
        assert await host.feed(information(ns, part)) in TAKEN
        accepted += part
        ns += len(part) // 2
        host.check_window(len(accepted))
    return ns, accepted


def test_nothing_is_taken_beyond_the_window():
    async def program(host):
        ns, accepted = await fill(host)
        for _ in range(2):
            pulses = await host.feed(information(ns, b"wx"))
            assert pulses == {"overflow": 1, "send_rej": 1}
            assert host.state() == (CONNECTION, ns)
        await host.drain(4)
        room = host.ctx.get(host.dut.window)
        pulses = await host.feed(information(ns, bytes(room + 2)))
        assert pulses == {"overflow": 1, "send_rej": 1}
        assert await host.feed(information(ns, b"y" * room)) in TAKEN
        assert host.ctx.get(host.dut.window) == 0
        accepted += b"y" * room
        await host.drain(len(accepted))
        assert host.taken == accepted

    play(program)


def test_the_window_is_announced_when_a_quarter_and_all_of_the_buffer_is_free():
    async def program(host):
        _, accepted = await fill(host)
        announced = []
        while len(host.taken) < len(accepted):
            if await host.drain(len(host.taken) + 2):
                announced.append(len(host.taken))
        *quarters, empty = announced
        assert len(quarters) in (3, 4)
        for n, place in enumerate(quarters):
            assert abs(place - (n + 1) * BUFFER // 4) <= 2 * FETCHED
        assert abs(empty - BUFFER) <= 2 * FETCHED

    play(program)


def test_an_empty_buffer_is_not_announced_while_a_frame_comes():
    async def program(host):
        await host.open()
        frame = information(2, b"next")
        await host.feed(information(0, b"1234"))
        assert await host.feed(frame[:-3]) == {}
        assert await host.drain(4) == {}
        assert await host.feed(frame[-3:], take=True) == {"send_rr": 1}
        assert host.taken == b"1234next"

    play(program)


def test_a_new_connection_forgets_the_old_one():
    async def program(host):
        await host.feed(information(0, b"no", 0))  # before any connection
        assert host.state() == (0, 0)
        assert host.ctx.get(host.dut.window) == BUFFER
        await host.open(1)
        await host.feed(information(0, b"old1", 1))
        await host.feed(information(2, b"old2", 1))
        await host.open(2)
        assert await host.feed(information(4, b"old3", 1)) == {"bad_frame": 1}
        await host.feed(information(0, b"new!", 2))
        await host.drain(4)
        assert host.taken == b"new!"

    play(program)


@pytest.mark.parametrize("kind", [FrameType.RR, FrameType.REJ])
def test_supervisory_frames_say_what_has_arrived_and_how_long_frames_may_be(kind):
    asked = {"go_back": 1, "send_rr": 1} if kind == FrameType.REJ else {}

    async def program(host):
        ctx, dut = host.ctx, host.dut
        assert (await host.feed(supervisory(kind, 5, 64))).keys() == {"bad_frame"}
        await host.open()
        assert ctx.get(dut.acknowledged) == 0
        assert ctx.get(dut.limit) == DEFAULT_LIMIT // 2
        for nr, limit in ((5, MIN_LIMIT), (0x1234, MAX_PAYLOAD)):
            assert await host.feed(supervisory(kind, nr, limit)) == asked
            assert ctx.get(dut.acknowledged) == nr
            assert ctx.get(dut.limit) == limit // 2
        for limit in (0, MIN_LIMIT - 2, MAX_PAYLOAD + 2, 0xFFFE):
            assert await host.feed(supervisory(kind, 7, limit)) == {"bad_frame": 1}
            assert ctx.get(dut.acknowledged) == 0x1234
        assert host.state() == (CONNECTION, 0)
        await host.open(CONNECTION + 1)
        assert ctx.get(dut.acknowledged) == 0
        assert ctx.get(dut.limit) == DEFAULT_LIMIT // 2

    play(program)


def test_information_says_what_has_arrived_whether_it_is_taken_or_not():
    async def program(host):
        await host.open()
        for ns, nr in ((0, 3), (0, 4), (9, 0x100)):
            await host.feed(information(ns, b"ab", nr=nr))
            assert host.ctx.get(host.dut.acknowledged) == nr

    play(program)


@pytest.mark.parametrize("kind", [FrameType.UA, FrameType.RNR])
def test_what_only_the_board_says_is_no_frame_from_the_host(kind):
    async def program(host):
        await host.open()
        assert await host.feed(supervisory(kind, 5, 64)) == {"bad_frame": 1}
        assert host.ctx.get(host.dut.acknowledged) == 0

    play(program)


def test_empty_frames_are_no_frames():
    async def program(host):
        await host.open()
        assert await host.feed(4 * DELIMITER) == {}

    play(program)


@pytest.mark.parametrize("size", [1024, 3000, 4095])
def test_buffer_sizes_that_do_not_work_are_refused(size):
    with pytest.raises(ValueError, match=r"use a power of two from 2048 on"):
        Receiver(buffer_bytes=size)
