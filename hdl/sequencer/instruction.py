"""The sequencer's instruction: one word of microcode.

An instruction computes, or it jumps and pulses.  To compute is to add, or to take the common bits of, the
accumulator and an operand (`Source`); what comes of it is the accumulator, and may also be written to
the data memory, and put in a register (`Put`).  A jump has a target, which follows if its condition
holds; a `Pulse` comes whether or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

HALF_BITS = 16
"""Of the accumulator, of operands and results, and of the words of the data memory."""
ADDRESS_BITS = 8
"""Of the field for an address in the data memory.  A target has one bit more: the word's highest."""
TARGET_BITS = ADDRESS_BITS + 1


class Source(IntEnum):
    """What b is."""

    NOTHING = 0
    MEMORY = 1
    REQUEST = 2
    """The halfword that the host sent, which is thereby taken."""
    WORD_LOW = 3
    WORD_HIGH = 4
    """The halves of what the bus has read."""
    SPIKE = 5
    """The halfword of the spike set, which is thereby taken."""
    COUNT = 6
    """The data memory; a has the count of the counter that is next."""


class Condition(IntEnum):
    """When a jump is taken.  From `NO_REQUEST` on a new connection takes every jump, to address 0."""

    NEVER = 0
    ALWAYS = 1
    ZERO = 2
    NONZERO = 3
    CARRY = 4
    NO_CARRY = 5
    NEGATIVE = 6
    """Bit 15 of the accumulator."""
    BIT_14 = 7
    ACCESSING = 8
    """A bus access is under way."""
    BUS_ERROR = 9
    """Of the last one."""
    NO_ROUND = 10
    """Since `ROUND_SEEN` no round of the counters was complete."""
    NOT_READY = 11
    """The core is in a step, or clears its memories."""
    SPIKES = 12
    """The spike set is not empty."""
    NO_SPIKE = 13
    """The next halfword of the spike set is not there yet."""
    DUE = 14
    """A step may begin."""
    LINE_SET = 15
    """The rate of the line is not that of power-up."""
    BOOTED = 16
    NOT_OPENED = 17
    """Since `OPENED_SEEN` no connection was opened."""
    NO_REQUEST = 24
    SENDING = 25
    """The last halfword that was sent has not been taken."""
    EVENT = 26
    """The request is an event that is no id."""
    NO_EVENT = 27
    BUSY = 28
    """`NOT_READY`."""
    READY = 29
    QUIET = 30
    """Neither `EVENT` nor `DUE`."""


FIRST_YIELDING = Condition.NO_REQUEST


class Put(IntEnum):
    """A register that takes the result, in the next cycle."""

    NOTHING = 0
    ADDRESS_LOW = 1
    ADDRESS_HIGH = 2
    DATA_LOW = 3
    DATA_HIGH = 4
    PERIOD_LOW = 5
    PERIOD_HIGH = 6
    TICKING = 7
    LINE_LOW = 8
    LINE_HIGH = 14
    STEP_LOW = 9
    START = 10
    """The high half of the step's number; the step begins."""
    X = 11
    SEND = 12
    """A halfword of the reply."""
    LAST = 13
    """The last halfword of the reply."""


class Pulse(IntEnum):
    """What else happens."""

    NOTHING = 0
    FLAGS = 1
    """`Flag`s become what `address` says."""
    READ = 2
    WRITE = 3
    CLEAR = 4
    """The core clears its state."""
    BITMAP = 5
    """The request that comes next is the first halfword of a bitmap."""
    ROUND = 6
    """A round of the counters is complete."""
    ROUND_SEEN = 7
    OPENED_SEEN = 8
    FRESH = 9
    """All that served the last connection is as after power-up."""
    BOOTED = 10
    STEPPED = 11
    """All of a step is done."""


class Flag(IntEnum):
    """Bits of `address` with `Pulse.FLAGS`."""

    PASS = 0
    """Ids go to the core."""
    DROP = 1
    """Ids are dropped."""
    LATE = 2
    """Ids that are dropped are late."""
    RUNNING = 3
    FLUSH = 4
    """The spike set is sent, all of it: then it becomes 0 by itself."""


COMPUTE: dict[str, int] = {
    "address": ADDRESS_BITS,
    "write": 1,
    "indexed": 1,
    "operation": 3,
    "source": 3,
    "put": 4,
}
"""The fields of an instruction that computes, lowest first, with their bits.

write: the result goes to `address`, too.  indexed: X is OR'ed to `address`."""
JUMP: dict[str, int] = {"address": ADDRESS_BITS, "far": 1, "condition": 5, "pulse": 4}
"""The same of one that jumps, or pulses.  far: the target's highest bit."""
FORMAT_BITS = max(sum(COMPUTE.values()), sum(JUMP.values()))
WORD_BITS = FORMAT_BITS + 1
"""The highest bit says that the instruction jumps."""


class Operation(IntEnum):
    """What is done with the accumulator and the operand, or with one of them."""

    LOAD = 0
    LOAD_CARRY = 1
    """Operand + carry."""
    INCREMENT = 2
    """Operand + 1."""
    DECREMENT = 3
    """Operand − 1."""
    DECREMENT_CARRY = 4
    """Operand − 1 + carry."""
    ADD = 5
    SUBTRACT_FROM = 6
    """Operand − accumulator."""
    AND = 7


KEEPS = (Operation.ADD, Operation.SUBTRACT_FROM, Operation.AND)
"""These have the accumulator on the adder's other side, the others 0,"""
INVERTS = (Operation.DECREMENT, Operation.DECREMENT_CARRY, Operation.SUBTRACT_FROM)
"""with all its bits turned round,"""
ADDS_ONE = (Operation.INCREMENT, Operation.SUBTRACT_FROM)
"""and 1 as the carry-in,"""
CHAINS = (Operation.LOAD_CARRY, Operation.DECREMENT_CARRY)
"""or the carry of the last result.  Then `Condition.ZERO` tells of both results."""

SHORTHANDS: dict[str, tuple[Operation, Source]] = {
    "count": (Operation.LOAD, Source.COUNT),
    "count_carry": (Operation.LOAD_CARRY, Source.COUNT),
    "store": (Operation.ADD, Source.NOTHING),
    "zero": (Operation.LOAD, Source.NOTHING),
    "one": (Operation.INCREMENT, Source.NOTHING),
}
"""Names of operations with a source.  store: the accumulator, as it is."""


def encode(fields: Mapping[str, int]) -> int:
    """A word, which jumps if it has a condition or a pulse; fields that are not given are 0.

    Raises
    ------
    ValueError : a field is too large, or not of the format.
    """
    jumps = "condition" in fields or "pulse" in fields
    layout = JUMP if jumps else COMPUTE
    word, shift = jumps << FORMAT_BITS, 0
    for name in fields:
        if name not in layout:
            raise ValueError(
                f"an instruction that {'jumps' if jumps else 'computes'} has no {name}"
            )
    for name, bits in layout.items():
        value = fields.get(name, 0)
        if value >> bits:
            raise ValueError(f"{name} is {value}, which has more than {bits} bits")
        word |= value << shift
        shift += bits
    return word
