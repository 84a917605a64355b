"""The frame: what travels between two zero bytes on the serial line.  docs/link.md has examples.

    COBS( type  N(S)  N(R)  length   payload   CRC-32 ) 00
          u8    u8    u8    u16 LE   length B  u32 LE

The CRC is `zlib.crc32(type … payload, connection)`: the id of the open connection is its starting
value, so a frame of another connection never passes.  SABM frames use 0.

The terms are HDLC's.  N(S) numbers I frames modulo 256; N(R) is the number of the I frame that the
sender of the frame expects next.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntEnum

from cobs import cobs

DELIMITER = b"\0"
HEADER_BYTES = 5
CRC_BYTES = 4
CRC_RESIDUE = 0x2144DF1C
"""`zlib.crc32` of any body followed by its own CRC, for every starting value."""
MAX_PAYLOAD = 1024
SEQUENCE_MODULUS = 256


class FrameType(IntEnum):
    """First byte of a frame."""

    I = 1  # noqa: E741  (HDLC's name)
    """Information: the payload is the next part of the byte stream."""
    RR = 2
    """Receive ready: everything before N(R) has arrived.  Payload: window."""
    REJ = 3
    """Reject: frame N(R) was expected and another one came.  Payload: window."""
    SABM = 4
    """Open a connection.  Payload: its id (u32, not 0)."""
    UA = 5
    """The connection is open, numbers start from 0.  Payload: window."""


WINDOW_BYTES = 2
"""RR, REJ and UA carry a window (u16): payload bytes from N(R) on that the receiver has room for."""


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
        header = bytes((self.type, self.ns, self.nr)) + len(self.payload).to_bytes(2, "little")
        body = header + self.payload
        start = 0 if self.type == FrameType.SABM else connection
        crc = zlib.crc32(body, start)
        return bytes(cobs.encode(body + crc.to_bytes(CRC_BYTES, "little"))) + DELIMITER

    @classmethod
    def from_bytes(cls, encoded: bytes, connection: int) -> Frame:
        """Decode what stood between two delimiters; `FrameError` says why it is no frame."""
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
        payload = body[HEADER_BYTES:]
        if len(payload) != int.from_bytes(body[3:HEADER_BYTES], "little"):
            raise FrameError("wrong length")
        try:
            return cls(FrameType(body[0]), body[1], body[2], payload)
        except ValueError:
            raise FrameError(f"unknown frame type {body[0]}") from None

    @property
    def window(self) -> int:
        """Window that an RR, REJ or UA frame carries, in bytes."""
        return int.from_bytes(self.payload[:WINDOW_BYTES], "little")
