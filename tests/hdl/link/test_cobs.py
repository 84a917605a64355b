"""COBS in gateware and the `cobs` package undo each other."""

import functools

import pytest
from cobs import cobs
from gateware import TIMEOUT, Bench, quick
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.link.receiver import CobsDecoder
from spikeloom.hdl.link.transmitter import CobsEncoder

# Blocks around the 254 bytes that one code byte can stand for, and zeros around them.
blocks = st.one_of(
    st.binary(max_size=6),
    st.sampled_from([253, 254, 255]).map(lambda n: bytes(n % 255 + 1 for n in range(n))),
    st.just(b"\0"),
)
contents = st.lists(blocks, min_size=1, max_size=3).map(b"".join)
frames = st.lists(contents, min_size=1, max_size=3)
gaps = st.lists(st.sampled_from([0, 0, 1, 3]), min_size=1, max_size=5)
stalls = st.lists(st.booleans(), max_size=4)


@functools.cache
def bench(block):
    dut = block()
    return dut, Bench(dut)


def decode(encoded, gaps):
    """Feed the bytes, at least two cycles apart; returns (content, whole) by frame."""
    dut, simulation = bench(CobsDecoder)
    found, content = [], bytearray()

    async def testbench(ctx):
        for n, byte in enumerate(encoded):
            for strobe in [0] * (1 + gaps[n % len(gaps)]) + [1]:
                ctx.set(dut.strobe, strobe)
                ctx.set(dut.encoded, byte)
                valid, end = ctx.get(dut.valid), ctx.get(dut.end)
                assert strobe or not (valid or end)
                if valid:
                    content.append(ctx.get(dut.byte))
                if end:
                    found.append((bytes(content), bool(ctx.get(dut.whole))))
                    content.clear()
                await ctx.tick()

    simulation.run(testbench)
    assert not content
    return found


@quick(15)
@given(frames=frames, gaps=gaps)
def test_decoder_gives_back_what_was_encoded(frames, gaps):
    line = b"".join(cobs.encode(content) + b"\0" for content in frames)
    assert decode(line, gaps) == [(content, True) for content in frames]


@quick(30)
@given(
    garbage=st.lists(st.integers(1, 255).filter(lambda b: b < 12 or b > 250), max_size=30).map(
        bytes
    ),
    after=contents,
)
def test_decoder_says_which_blocks_are_cut_short_and_starts_afresh(garbage, after):
    try:
        expected = cobs.decode(garbage), True
    except cobs.DecodeError:
        expected = None, False
    (content, whole), following = decode(garbage + b"\0" + cobs.encode(after) + b"\0", [0])
    assert whole == expected[1]
    assert content == expected[0] or not whole
    assert following == (after, True)


def encode(frames, gaps, stalls):
    """Offer the bytes of frames, some cycles apart, to an encoder whose output is taken slowly."""
    dut, simulation = bench(CobsEncoder)
    source, sink = dut.bytes, dut.encoded
    queue = [(byte, n == len(f) - 1) for f in frames for n, byte in enumerate(f)]
    line = bytearray()

    async def testbench(ctx):
        waiting = taken = 0
        for cycle in range(TIMEOUT):
            offered = taken < len(queue) and not waiting
            ctx.set(source.valid, offered)
            if offered:
                ctx.set(source.payload, dict(zip(("byte", "last"), queue[taken], strict=True)))
            ready = not stalls[cycle % len(stalls)]
            ctx.set(sink.ready, ready)
            if ready and ctx.get(sink.valid):
                line.append(ctx.get(sink.payload))
                if line.count(0) == len(frames):
                    return
            waiting = max(waiting - 1, 0)
            if offered and ctx.get(source.ready):
                waiting = gaps[taken % len(gaps)]
                taken += 1
            await ctx.tick()
        raise AssertionError("the encoder does not end")

    simulation.run(testbench)
    return bytes(line)


@quick(8)
@given(frames=st.lists(contents.filter(bool), min_size=1, max_size=2), gaps=gaps, stalls=stalls)
def test_encoder_is_the_packages(frames, gaps, stalls):
    expected = b"".join(cobs.encode(content) + b"\0" for content in frames)
    assert encode(frames, gaps, [*stalls, False]) == expected


LONG = bytes(range(1, 255))


@pytest.mark.parametrize(
    "content", [LONG, LONG[:-1], LONG + b"\1", LONG + b"\0", b"\0" + LONG, 2 * LONG]
)
def test_full_blocks(content):
    line = cobs.encode(content) + b"\0"
    assert encode([content, b"\0"], [0], [False]) == line + b"\1\1\0"
    assert decode(line + line, [0]) == [(content, True)] * 2
