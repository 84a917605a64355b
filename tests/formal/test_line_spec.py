# amaranth: UnusedElaboratable=no
"""The specification that the proofs rest on says what `cobs` and `zlib` say."""

import functools
import struct
import zlib

from amaranth.sim import Simulator
from cobs import cobs
from hypothesis import example, given, settings
from hypothesis import strategies as st
from line_spec import LineSpec

from spikeloom.hdl.contract.frames import CRC_BYTES, HEADER_BYTES, MAX_PAYLOAD, Frame, FrameType

CONNECTION = 0x5EED_C0DE

# Runs of any length without a zero: COBS cuts them after 254 bytes.
runs = st.tuples(st.integers(0, 600), st.integers(1, 255)).map(lambda r: bytes([r[1]]) * r[0])
payloads = st.one_of(st.binary(max_size=40), st.lists(runs, max_size=3).map(b"\0".join))
numbers = st.integers(0, 0xFFFF)


def verdict(encoded):
    """(type, N(S), N(R), payload) of a good frame, else None."""
    try:
        raw = cobs.decode(encoded)
    except cobs.DecodeError:
        return None
    if len(raw) < HEADER_BYTES + CRC_BYTES:
        return None
    body, crc = raw[:-CRC_BYTES], raw[-CRC_BYTES:]
    start = 0 if body[0] == FrameType.SABM else CONNECTION
    kind, number, answer, length = struct.unpack_from("<BHHH", body)
    payload = body[HEADER_BYTES:]
    true = length == len(payload) and length % 2 == 0 and length <= MAX_PAYLOAD
    right = zlib.crc32(body, start).to_bytes(CRC_BYTES, "little") == crc
    return (kind, number, answer, payload) if true and right else None


@functools.cache
def bench():
    """The specification and a simulator of it, for any line; it answers at each delimiter."""
    spec = LineSpec()
    simulator = Simulator(spec)
    simulator.add_clock(1e-6)
    lines = []

    async def testbench(ctx):
        ((line, said),) = lines
        ctx.set(spec.connection, CONNECTION)
        ctx.set(spec.strobe, 1)
        for byte in line:
            ctx.set(spec.byte, byte)
            if byte == 0:
                fields = (spec.kind, spec.number, spec.answer, spec.length, spec.identifier)
                values = tuple(ctx.get(field) for field in fields)
                said.append(values if ctx.get(spec.good) else None)
            await ctx.tick()

    simulator.add_testbench(testbench)
    return simulator, lines


def told(encoded):
    """What the specification says at each delimiter of the frames, which follow upon each other."""
    simulator, lines = bench()
    if lines:
        simulator.reset()
    said = []
    lines[:] = [(b"\0".join(encoded) + b"\0", said)]
    simulator.run()
    return said


def check(encoded):
    for frame, said in zip(encoded, told(encoded), strict=True):
        expected = verdict(frame)
        if expected is None:
            assert said is None
        else:
            kind, number, answer, payload = expected
            assert said[:4] == (kind, number, answer, len(payload))
            first = payload[:4]
            assert said[4] & ((1 << 8 * len(first)) - 1) == int.from_bytes(first, "little")


def encoded_frame(kind, number, answer, payload):
    return Frame(kind, number, answer, payload).to_bytes(CONNECTION)[:-1]


@settings(max_examples=30, derandomize=True)
@given(kind=st.sampled_from(FrameType), number=numbers, answer=numbers, payload=payloads)
@example(kind=FrameType.I, number=1, answer=2, payload=b"\1" * MAX_PAYLOAD)
@example(kind=FrameType.I, number=1, answer=2, payload=b"\1" * (MAX_PAYLOAD + 2))
def test_knows_good_frames(kind, number, answer, payload):
    frame = encoded_frame(kind, number, answer, payload)
    assert (verdict(frame) is not None) == (len(payload) in range(0, MAX_PAYLOAD + 1, 2))
    check([frame, frame])


@settings(max_examples=60, derandomize=True)
@given(
    payload=payloads,
    change=st.sampled_from(["flip", "drop", "insert", "cut", "nothing"]),
    place=st.integers(0, 5000),
    value=st.integers(1, 255),
    garbage=st.lists(st.integers(1, 255), max_size=300).map(bytes),
)
def test_knows_bad_frames(payload, change, place, value, garbage):
    frame = encoded_frame(FrameType.I, 3, 4, payload)
    at = place % len(frame)
    head, byte, tail = frame[:at], frame[at : at + 1], frame[at + 1 :]
    flipped = bytes([byte[0] ^ value or 1])
    spoiled = {
        "flip": head + flipped + tail,
        "drop": head + tail,
        "insert": head + bytes([value]) + byte + tail,
        "cut": head,
        "nothing": frame,
    }[change]
    check([garbage, spoiled, frame])
