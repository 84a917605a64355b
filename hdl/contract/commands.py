"""Commands: the byte stream inside I frames, as 16-bit little-endian halfwords.

32-bit values travel low halfword first.  A request is answered before the next one is read.

    READ   op count address:32                      → op count value:32 … status
    WRITE  op count address:32 value:32 …           → op count step:32 status
    RUN    op start:32 steps:32 event … END         → op status start:32 event … END step:32 status

READ and WRITE transfer `count` consecutive words.  RUN is refused (status, no events) when no image is
loaded or `start` is not the number of the next step.

**Events** are one alphabet for both directions.  A cursor begins at `start`; ids and bitmaps belong to the
step at the cursor, and ADVANCE moves it:

    0xxx xxxx xxxx xxxx   id: host to board an axon, board to host a neuron
    10nn nnnn nnnn nnnn   ADVANCE by n steps, 1 ≤ n ≤ MAX_ADVANCE
    1100 0000 kkkk kkkk   MONITOR: k monitored words follow, 32 bits each; board to host only
    1101 0000 0000 0000   BITMAP: all ids of a step, one bit each; `bitmap_halfwords` follow
    1111 1111 1111 1111   END of the events

Bit b of the w-th halfword of a bitmap is id 16·w + b, of the core's axons or neurons.  The sender
chooses the encoding for each step, ids or a bitmap, whichever is shorter; the receiver accepts either.

With `steps = 0` the board executes steps only to follow the cursor: nothing can be late.  Otherwise it
executes `steps` steps at the ticks (without a tick period at once, before it looks at any event), and ids
whose cursor is behind the step are late.
"""

from __future__ import annotations

from enum import IntEnum


class Opcode(IntEnum):
    """First halfword of a request and of its reply."""

    READ = 0x5201
    WRITE = 0x5202
    RUN = 0x5203
    PROTOCOL_ERROR = 0x52FF
    """Reply to an unknown opcode; all that follows is ignored until a new connection."""


class Status(IntEnum):
    """How a command ended."""

    OK = 0
    BAD_ADDRESS = 1
    """Some address is not mapped, or is read-only; it read as 0, or was not written."""
    NO_IMAGE = 2
    """RUN was refused: load an image first."""
    WRONG_START = 3
    """RUN was refused: the next step is another one."""


ADVANCE = 0x8000
MAX_ADVANCE = 0x3FFF
MONITOR = 0xC000
BITMAP = 0xD000
BITMAP_IDS = 16
"""Ids in a halfword of a bitmap."""
MAX_ID = 0x7FFF
END = 0xFFFF


def bitmap_halfwords(ids: int) -> int:
    """Halfwords that follow BITMAP, for this many axons or neurons."""
    return -(-ids // BITMAP_IDS)
