"""The frame: the bytes between two zero bytes on the serial line.  docs/reference/link.md has examples.

    COBS( type  N(S)    N(R)    length   payload   CRC-32 ) 00
          u8    u16 LE  u16 LE  u16 LE   length B  u32 LE

The CRC is `zlib.crc32(type … payload, connection)`: the id of the open connection is its starting
value, so a frame of another connection is never accepted.  SABM frames use 0.

The terms are HDLC's, but numbers count the halfwords of the stream, as TCP's count bytes: N(S) is
the position of the first halfword in an I frame, N(R) that of the halfword which the sender of the
frame expects next, both modulo 65 536.  So repeated data may be cut into other frames.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

DELIMITER = b"\0"
_HEADER = struct.Struct("<BHHH")
HEADER_BYTES = _HEADER.size
CRC_BYTES = 4
CRC_RESIDUE = 0x2144DF1C
"""`zlib.crc32` of any body followed by its own CRC, for every starting value."""
MIN_LIMIT, MAX_PAYLOAD = 16, 1024
SEQUENCE_MODULUS = 1 << 16


class FrameType(IntEnum):
    """First byte of a frame."""

    I = 1  # noqa: E741  (HDLC's name)
    """Information: the payload is the next part of the byte stream."""
    RR = 2
    """Receive ready: everything before N(R) has arrived.  Payload: window or limit."""
    REJ = 3
    """Reject: send again from N(R) on.  Payload: window or limit."""
    SABM = 4
    """Open a connection.  Payload: its id (u32, not 0)."""
    UA = 5
    """The connection is open, numbers start from 0.  Payload: window."""
    RNR = 6
    """Receive not ready: RR with no free space; an RR follows when there is some.  Payload: window."""


SUPERVISORY_BYTES = 2
"""Payload of RR, RNR, REJ and UA, a u16.  From the board its window: free bytes in its buffer, from
N(R) on.  From the host the limit: the largest payload of an I frame that it accepts, even,
MIN_LIMIT…MAX_PAYLOAD."""
DEFAULT_LIMIT = 256
"""Limit of a new connection."""
REPLY_BYTES = 2 * MAX_PAYLOAD
"""What a board keeps until the host acknowledges it, where it has block RAM enough."""


class FrameError(ValueError):
    """Bytes that are no frame of this connection."""


@dataclass(frozen=True)
class Frame:
    """One frame.  `to_bytes` and `from_bytes` are inverse for every connection id."""

    type: FrameType
    ns: int = 0
    nr: int = 0
    payload: bytes = b""

    def to_bytes(self, connection: int) -> bytes:
        """Bytes for the line, delimiter included."""
        body = _HEADER.pack(self.type, self.ns, self.nr, len(self.payload)) + self.payload
        start = 0 if self.type == FrameType.SABM else connection
        crc = zlib.crc32(body, start)
        return bytes(cobs.encode(body + crc.to_bytes(CRC_BYTES, "little"))) + DELIMITER

    @classmethod
    def from_bytes(cls, encoded: bytes, connection: int) -> Frame:
        """Decode the bytes between two delimiters; `FrameError` says why they are no frame."""
        try:
            raw = bytes(cobs.decode(encoded))
        except cobs.DecodeError as error:
            raise FrameError(f"not COBS: {error}") from None
        if len(raw) < HEADER_BYTES + CRC_BYTES:
            raise FrameError(f"{len(raw)} bytes; a frame has at least {HEADER_BYTES + CRC_BYTES}")
        body, crc = raw[:-CRC_BYTES], int.from_bytes(raw[-CRC_BYTES:], "little")
        start = 0 if body[0] == FrameType.SABM else connection
        if zlib.crc32(body, start) != crc:
            raise FrameError("wrong CRC, or a frame of another connection")
        kind, ns, nr, length = _HEADER.unpack_from(body)
        payload = body[HEADER_BYTES:]
        if len(payload) != length:
            raise FrameError("wrong length")
        try:
            return cls(FrameType(kind), ns, nr, payload)
        except ValueError:
            raise FrameError(f"unknown frame type {kind}") from None

    @property
    def window(self) -> int:
        """Window that an RR, RNR, REJ or UA frame of the board carries, in bytes."""
        return int.from_bytes(self.payload[:SUPERVISORY_BYTES], "little")
