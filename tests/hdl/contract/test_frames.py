"""Frames: what was sent comes back, and nothing that was spoiled passes."""

import struct
import zlib

import pytest
from cobs import cobs
from hypothesis import assume, given
from hypothesis import strategies as st

from spikeloom.hdl.contract.frames import (
    CRC_BYTES,
    DELIMITER,
    HEADER_BYTES,
    MAX_PAYLOAD,
    Frame,
    FrameError,
    FrameType,
)

connections = st.integers(0, 2**32 - 1)
frames = st.builds(
    Frame,
    type=st.sampled_from(FrameType),
    ns=st.integers(0, 0xFFFF),
    nr=st.integers(0, 0xFFFF),
    payload=st.binary(max_size=40),
)


@given(frame=frames, connection=connections)
def test_comes_back(frame, connection):
    line = frame.to_bytes(connection)
    assert line.endswith(DELIMITER)
    assert DELIMITER not in line[:-1]
    assert Frame.from_bytes(line[:-1], connection) == frame


def test_the_longest_comes_back():
    frame = Frame(FrameType.I, 255, 254, bytes(n % 251 for n in range(MAX_PAYLOAD)))
    line = frame.to_bytes(77)
    assert Frame.from_bytes(line[:-1], 77) == frame
    overhead = HEADER_BYTES + CRC_BYTES + len(DELIMITER)
    assert len(line) <= MAX_PAYLOAD + overhead + 1 + (MAX_PAYLOAD + overhead) // 254


@given(frame=frames, connection=connections)
def test_raw_format(frame, connection):
    """The format as the text says it, without the code."""
    raw = cobs.decode(frame.to_bytes(connection)[:-1])
    size = len(frame.payload)
    body = struct.pack("<BHHH", frame.type, frame.ns, frame.nr, size) + frame.payload
    start = 0 if frame.type == FrameType.SABM else connection
    assert raw == body + zlib.crc32(body, start).to_bytes(4, "little")


@given(frame=frames, connection=connections, data=st.data())
def test_any_flipped_bit_is_noticed(frame, connection, data):
    line = bytearray(frame.to_bytes(connection)[:-1])
    bit = data.draw(st.integers(0, 8 * len(line) - 1))
    line[bit // 8] ^= 1 << bit % 8
    for part in bytes(line).split(DELIMITER):  # a byte that became zero makes two of it
        with pytest.raises(FrameError):
            Frame.from_bytes(part, connection)


@given(frame=frames, connection=connections, data=st.data())
def test_any_lost_byte_is_noticed(frame, connection, data):
    line = frame.to_bytes(connection)[:-1]
    lost = data.draw(st.integers(0, len(line) - 1))
    with pytest.raises(FrameError):
        Frame.from_bytes(line[:lost] + line[lost + 1 :], connection)


@given(frame=frames, connection=connections, other=connections)
def test_of_another_connection(frame, connection, other):
    assume(connection != other)
    line = frame.to_bytes(connection)[:-1]
    if frame.type == FrameType.SABM:
        assert Frame.from_bytes(line, other) == frame
    else:
        with pytest.raises(FrameError, match="wrong CRC, or a frame of another connection"):
            Frame.from_bytes(line, other)


def raw(body, connection=0):
    return cobs.encode(body + zlib.crc32(body, connection).to_bytes(4, "little"))


@pytest.mark.parametrize(
    ("encoded", "message"),
    [
        (b"", "0 bytes; a frame has at least 11"),
        (b"\x05\x01", "not COBS"),
        (cobs.encode(b"12345678"), "8 bytes"),
        (raw(b"\x01\0\0\0\0\x03\0ab"), "wrong length"),
        (raw(b"\x01\0\0\0\0\x01\0ab"), "wrong length"),
        (raw(b"\x09\0\0\0\0\x02\0ab"), "unknown frame type 9"),
    ],
)
def test_what_is_no_frame(encoded, message):
    with pytest.raises(FrameError, match=message):
        Frame.from_bytes(encoded, 0)


@given(window=st.integers(0, 0xFFFF))
def test_window(window):
    assert Frame(FrameType.RR, 0, 3, window.to_bytes(2, "little")).window == window
