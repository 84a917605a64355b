"""The transmitter: what it sends are frames, of the halfwords it was given, in order."""

import functools

import pytest
from gateware import TIMEOUT, Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.contract.frames import DELIMITER, SEQUENCE_MODULUS, Frame, FrameType
from spikeloom.hdl.link.transmitter import Transmitter

CONNECTION = 0xCAFE_F00D
FRAME_BYTES = 16
BUFFER_BYTES = 64
IDLE_BEATS = 64
FRAME_CYCLES = 12 * (FRAME_BYTES + 12)
"""More than a frame takes when its bytes are taken at once."""


@functools.cache
def bench():
    dut = Transmitter(buffer_bytes=BUFFER_BYTES, idle_beats=IDLE_BEATS)
    return dut, Bench(dut)


class Board:
    """Gives halfwords and requests; takes bytes from the line."""

    def __init__(self, ctx, dut, stalls=()):
        self.ctx, self.dut = ctx, dut
        self.line = bytearray()
        self._stalls = [*stalls, False]
        self._cycles = 0
        ctx.set(dut.beat, 1)
        ctx.set(dut.connection, CONNECTION)
        ctx.set(dut.limit, FRAME_BYTES // 2)

    async def cycle(self):
        """A clock cycle; whether the halfword that was offered is taken in it."""
        ctx, dut = self.ctx, self.dut
        ready = not self._stalls[self._cycles % len(self._stalls)]
        self._cycles += 1
        ctx.set(dut.encoded.ready, ready)
        if ready and ctx.get(dut.encoded.valid):
            self.line.append(ctx.get(dut.encoded.payload))
        taken = ctx.get(dut.halfwords.valid) and ctx.get(dut.halfwords.ready)
        await ctx.tick()
        return taken

    async def wait(self, cycles):
        for _ in range(cycles):
            await self.cycle()

    async def frame(self):
        """Go on to the end of a frame, and return it."""
        for _ in range(TIMEOUT):
            if DELIMITER in self.line:
                encoded, _, rest = bytes(self.line).partition(DELIMITER)
                self.line = bytearray(rest)
                return Frame.from_bytes(encoded, self.ctx.get(self.dut.connection))
            await self.cycle()
        raise AssertionError("no frame comes")

    async def acknowledge(self, frame):
        """As a host does that has this frame."""
        self.ctx.set(self.dut.acknowledged, (frame.ns + len(frame.payload) // 2) % SEQUENCE_MODULUS)
        await self.cycle()

    async def frame_within(self, cycles):
        """The next frame, or None."""
        for _ in range(cycles):
            if DELIMITER in self.line:
                return await self.frame()
            await self.cycle()
        return None

    async def silent(self, cycles):
        await self.wait(cycles)
        return not self.line

    async def give(self, value, flush=False):
        ctx, source = self.ctx, self.dut.halfwords
        ctx.set(source.payload, {"value": value, "flush": flush})
        ctx.set(source.valid, 1)
        while not await self.cycle():
            assert self._cycles < TIMEOUT
        ctx.set(source.valid, 0)

    async def give_all(self, values, *, flush=True):
        for n, value in enumerate(values):
            await self.give(value, flush and n == len(values) - 1)

    async def request(self, *names, expected=0, window=0):
        """Pulse `names` in one cycle, with what the receiver shows from then on."""
        for name in names:
            self.ctx.set(getattr(self.dut, name), 1)
        await self.cycle()
        for name in names:
            self.ctx.set(getattr(self.dut, name), 0)
        self.ctx.set(self.dut.expected, expected)
        self.ctx.set(self.dut.window, window)


def play(program, stalls=()):
    dut, simulation = bench()

    async def testbench(ctx):
        await program(Board(ctx, dut, stalls))

    simulation.run(testbench)


def payload_of(values):
    return b"".join(value.to_bytes(2, "little") for value in values)


def fit(replies):
    """The buffer holds them until the first is acknowledged."""
    return sum(map(len, replies)) <= BUFFER_BYTES // 2


halfwords = st.lists(st.sampled_from([0, 1, 0x0100, 0xFFFF, 0x1234]), min_size=1, max_size=30)


@quick(20)
@given(
    replies=st.lists(halfwords, min_size=1, max_size=3).filter(fit),
    stalls=st.lists(st.booleans(), max_size=5),
)
def test_replies_come_in_i_frames(replies, stalls):
    async def program(board):
        board.ctx.set(board.dut.expected, 0x109)
        frames, found, sent = 0, b"", b""
        for values in replies:
            await board.give_all(values)
            sent += payload_of(values)
        while len(found) < len(sent):
            frame = await board.frame()
            assert (frame.type, frame.ns, frame.nr) == (FrameType.I, len(found) // 2, 0x109)
            assert 2 <= len(frame.payload) <= FRAME_BYTES
            found += frame.payload
            await board.acknowledge(frame)
            frames += 1
        assert found == sent
        assert frames <= len(sent) // FRAME_BYTES + len(replies)
        assert await board.silent(2 * IDLE_BEATS)

    play(program, stalls)


def test_a_reply_waits_for_a_flush_a_full_frame_or_a_pause():
    async def program(board):
        await board.give(1)
        assert await board.silent(IDLE_BEATS - 5)
        await board.give(2)  # the pause begins afresh
        assert await board.silent(IDLE_BEATS - 5)
        assert (await board.frame()).payload == payload_of([1, 2])

        await board.give_all([3, 4])
        await board.wait(FRAME_CYCLES)
        assert (await board.frame()).payload == payload_of([3, 4])

        full = list(range(FRAME_BYTES // 2))
        for value in full:
            assert not board.line
            await board.give(value)
        await board.wait(IDLE_BEATS - 5)
        assert board.line
        assert (await board.frame()).payload == payload_of(full)

    play(program)


def test_halfwords_wait_when_the_line_is_slow():
    values = list(range(BUFFER_BYTES))

    async def program(board):
        found = b""
        for values_of_a_frame in range(0, len(values), FRAME_BYTES // 2):
            await board.give_all(values[values_of_a_frame : values_of_a_frame + FRAME_BYTES // 2])
            while frame := await board.frame_within(FRAME_CYCLES * 10):
                found += frame.payload
                await board.acknowledge(frame)
        assert found == payload_of(values)

    play(program, stalls=[True] * 9)


def test_halfwords_wait_for_acknowledgements():
    """Everything that the host may want again is still there."""

    async def program(board):
        ctx, source = board.ctx, board.dut.halfwords
        given = 0
        ctx.set(source.valid, 1)
        for _ in range(20 * FRAME_CYCLES):
            ctx.set(source.payload, {"value": given, "flush": 0})
            given += await board.cycle()
        assert BUFFER_BYTES // 2 - 2 <= given <= BUFFER_BYTES // 2
        for again in range(3):
            found = [await board.frame() for _ in range(-(-2 * given // FRAME_BYTES))]
            assert b"".join(f.payload for f in found) == payload_of(range(given))
            assert await board.silent(2 * FRAME_CYCLES), again
            await board.request("go_back")
        ctx.set(board.dut.acknowledged, 1)
        for _ in range(4):
            ctx.set(source.payload, {"value": given, "flush": 0})
            given += await board.cycle()
        assert given in (BUFFER_BYTES // 2 - 1, BUFFER_BYTES // 2 + 1)

    play(program)


@quick(30)
@given(data=st.data(), replies=st.lists(halfwords, min_size=1, max_size=4))
def test_everything_arrives_when_frames_are_lost(data, replies):
    """A host that takes what continues its stream, drops the rest, and asks again at any time."""

    async def program(board):
        sent, found = payload_of([h for values in replies for h in values]), bytearray()
        given = 0
        for values in replies:
            await board.give_all(values)
            given += len(values)
        waited = 0
        while len(found) < len(sent):
            frame = await board.frame_within(4 * FRAME_CYCLES)
            lost = data.draw(st.booleans()) if waited < 30 else False
            waited += 1
            if frame is not None and not lost:
                begin, end = 2 * frame.ns, 2 * frame.ns + len(frame.payload)
                assert sent[begin:end] == frame.payload or begin < len(found)
                if begin <= len(found) < end:
                    found += frame.payload[len(found) - begin :]
            if frame is None or data.draw(st.booleans()):
                limit = data.draw(st.sampled_from([8, 3, FRAME_BYTES // 2]))
                board.ctx.set(board.dut.limit, limit)
                board.ctx.set(board.dut.acknowledged, len(found) // 2)
                await board.request("go_back")
        assert found == sent

    play(program)


@quick(20)
@given(
    kind=st.sampled_from([FrameType.UA, FrameType.RR, FrameType.REJ]),
    expected=st.integers(0, 0xFFFF),
    rejected=st.integers(0, 0xFFFF),
    window=st.integers(0, 0xFFFF) | st.just(0),
    connection=st.integers(0, 2**32 - 1),
)
def test_supervisory_frames_carry_position_and_window(kind, expected, rejected, window, connection):
    async def program(board):
        board.ctx.set(board.dut.rejected, rejected)
        board.ctx.set(board.dut.connection, connection)
        await board.request(f"send_{kind.name.lower()}", expected=expected, window=window)
        frame = await board.frame()
        if kind == FrameType.RR and window == 0:
            assert frame.type == FrameType.RNR
        else:
            assert frame.type == kind
        assert (frame.ns, frame.nr, frame.window) == (
            rejected if kind == FrameType.REJ else 0,
            expected,
            window,
        )
        assert await board.silent(50)

    play(program)


def test_number_and_window_are_of_one_moment():
    """The window counts from N(R): a frame with one of them old would promise too much."""

    async def program(board):
        ctx, dut = board.ctx, board.dut
        await board.request("send_rr", expected=0, window=1000)
        for n in range(1, 60):  # both move on while the frame is on its way
            ctx.set(dut.expected, n)
            ctx.set(dut.window, 1000 + n)
            await board.cycle()
        frame = await board.frame()
        assert frame.window - frame.nr == 1000

    play(program)


def test_what_is_due_comes_in_order_of_urgency_and_once():
    async def program(board):
        await board.give_all([7])
        await board.request("send_rr", "send_rej", "send_ua", expected=3, window=100)
        await board.request("send_rr", expected=3, window=100)
        kinds = [(await board.frame()).type for _ in range(4)]
        # The I frame may have begun before the others became due.
        assert [k for k in kinds if k != FrameType.I] == [FrameType.UA, FrameType.REJ, FrameType.RR]
        assert FrameType.I in kinds
        assert await board.silent(100)

    play(program)


@pytest.mark.parametrize("delay", [*range(0, 40, 3), 60, 90])
def test_a_new_connection_forgets_what_was_waiting(delay):
    """At whatever moment it is opened; the frame under way, if any, is not one of it."""
    old, new = 0x01D, 0x2E3

    async def program(board):
        ctx, dut = board.ctx, board.dut
        ctx.set(dut.connection, old)
        await board.give_all([1])
        await board.frame()
        await board.give_all(list(range(0x100, 0x100 + FRAME_BYTES)))
        await board.request("send_rej", expected=5, window=10)
        await board.wait(delay)
        await board.request("opened", "send_ua", expected=0, window=2048)
        ctx.set(dut.connection, new)
        await board.give_all([0xAB, 0xCD])
        await board.wait(4 * FRAME_CYCLES)
        frames = []
        for encoded in bytes(board.line).split(DELIMITER)[:-1]:
            try:
                frames.append(Frame.from_bytes(encoded, new))
            except ValueError:
                Frame.from_bytes(encoded, old)  # whole, but of the other connection
                assert not frames
        ua, information = frames
        assert ua == Frame(FrameType.UA, 0, 0, (2048).to_bytes(2, "little"))
        assert information == Frame(FrameType.I, 0, 0, payload_of([0xAB, 0xCD]))

    play(program)
