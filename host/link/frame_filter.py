"""A filter for pyserial's miniterm that shows where frames end, and of what type they are."""

from __future__ import annotations

from cobs import cobs
from serial.tools.miniterm import Transform

from spikeloom.hdl.contract.frames import DELIMITER, FrameType


class FrameFilter(Transform):
    """Breaks hexadecimal pairs, as pyserial's codec "hexlify" makes them, into a line for each frame."""

    def __init__(self) -> None:
        self._frame = bytearray()

    def rx(self, text: str) -> str:
        """What is shown of pairs that have come."""
        shown = []
        for pair in text.split():
            byte = bytes.fromhex(pair)
            shown.append(f"{pair.lower()} ")
            if byte != DELIMITER:
                self._frame += byte
                continue
            shown.append(f"  {frame_type(bytes(self._frame))}\n")
            self._frame.clear()
        return "".join(shown)


def frame_type(encoded: bytes) -> str:
    """Name of the type of what stood between two delimiters."""
    if not encoded:
        return "(nothing)"
    try:
        return FrameType(cobs.decode(encoded)[0]).name
    except (cobs.DecodeError, ValueError, IndexError):
        return "(no frame)"
