"""The assembler: what lines mean, and what it refuses."""

import pytest

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.core.core import increments
from spikeloom.hdl.sequencer.assembler import Assembler, ProgramError
from spikeloom.hdl.sequencer.counters import accumulator_bits, counter_increments
from spikeloom.hdl.sequencer.firmware import firmware
from spikeloom.hdl.sequencer.instruction import (
    COMPUTE,
    FORMAT_BITS,
    JUMP,
    TARGET_BITS,
    Condition,
    Flag,
    Operation,
    Pulse,
    Put,
    Source,
    encode,
)


def assembled(text):
    assembler = Assembler({"a": 3, "b": 4}, {"SEVEN": 7}, first_constant=100)
    assembler.add(text)
    return assembler.words(), assembler.constants


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("load a", {"operation": Operation.LOAD, "source": Source.MEMORY, "address": 3}),
        ("zero -> b", {"write": 1, "address": 4}),
        ("one -> b", {"operation": Operation.INCREMENT, "write": 1, "address": 4}),
        ("store -> b", {"operation": Operation.ADD, "write": 1, "address": 4}),
        ("store put x", {"operation": Operation.ADD, "put": Put.X}),
        ("load request -> a", {"source": Source.REQUEST, "write": 1, "address": 3}),
        (
            "decrement a -> a put send  # and why",
            {
                "operation": Operation.DECREMENT,
                "source": Source.MEMORY,
                "write": 1,
                "address": 3,
                "put": Put.SEND,
            },
        ),
        ("load [x]", {"source": Source.MEMORY, "indexed": 1}),
        ("store -> [x].1", {"operation": Operation.ADD, "write": 1, "indexed": 1, "address": 1}),
        ("add =5", {"operation": Operation.ADD, "source": Source.MEMORY, "address": 100}),
        ("count a -> a", {"source": Source.COUNT, "write": 1, "address": 3}),
        ("pulse read", {"pulse": Pulse.READ}),
        ("flags pass late", {"pulse": Pulse.FLAGS, "address": 1 << Flag.PASS | 1 << Flag.LATE}),
        ("while sending", {"condition": Condition.SENDING}),
    ],
)
def test_a_line_is_an_instruction(line, fields):
    words, _ = assembled(line)
    assert words == [encode(fields)]


def test_formats_do_not_mix():
    assert encode({"condition": 1}) >> FORMAT_BITS == 1
    assert encode({"source": 1}) >> FORMAT_BITS == 0
    assert encode({name: (1 << bits) - 1 for name, bits in COMPUTE.items()}) < 1 << FORMAT_BITS
    with pytest.raises(ValueError, match="that jumps has no source"):
        encode({"source": 1, "condition": 1})
    with pytest.raises(ValueError, match="more than 3 bits"):
        encode({"source": 8})


def test_jumps_find_labels_before_and_after_them():
    lines = ["first: if zero goto last", *["store"] * 299, "last: goto first pulse round"]
    words, _ = assembled("\n".join(lines))
    assert words[0] == encode({"condition": Condition.ZERO, "address": 300 & 0xFF, "far": 1})
    assert words[300] == encode({"condition": Condition.ALWAYS, "pulse": Pulse.ROUND})


def test_constants_are_shared():
    words, constants = assembled("load =SEVEN\nadd =0x7\nadd =-SEVEN\nadd =-1")
    assert constants == [7, 0xFFF9, 0xFFFF]
    assert words[0] & 0xFF == words[1] & 0xFF == 100


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("load c", "c"),
        ("jump a", "JUMP"),
        ("load a -> b", "one address only"),
        ("load a to b", "after the operand"),
        ("if zero", "a jump is"),
        ("goto nowhere", "no line has the label nowhere"),
        ("here: store\nhere: store", "twice"),
        ("flags fast", "FAST"),
        ("store -> a\nload a", "written 1 instructions before"),
        ("store -> a\nstore\nload a", "written 2 instructions before"),
        ("store -> a\nif zero goto x\nx: load a", "written 2 instructions before"),
        ("store -> [x]\nload [x]", "written 1"),
        ("store put x\nload [x]", "X is not there yet"),
        ("store put x\nstore -> [x]", "X is not there yet"),
        ("x: goto x\nstore\ncount a -> a", "a jump may have been taken"),
    ],
)
def test_what_means_nothing_or_comes_too_soon_is_refused(text, why):
    with pytest.raises(ProgramError, match=why):
        assembled(text)


@pytest.mark.parametrize(
    "text",
    [
        "store -> a\nstore\nstore\nload a",
        "store -> a\nload b",
        "x: store -> a\ngoto x\nload a",  # never one after the other
        "store put x\nstore\nload [x]",
    ],
)
def test_what_comes_in_time_is_accepted(text):
    assembled(text)


@pytest.mark.parametrize("fabric", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"neurons": 20, "axons": 6, "weight_bits": 4},
        {
            "neurons": 100,
            "axons": 100,
            "lanes": 4,
            "monitors": 64,
            "delay_slots": 8,
            "learning": LearningConfig(rule="three_factor"),
        },
        {"neurons": 1, "axons": 1, "monitors": 0},
    ],
)
def test_the_largest_programs_can_be_reached(options, fabric):
    config = CoreConfig(**options)
    bits = accumulator_bits(counter_increments(increments(config)), 100, config.layout.groups)
    made = firmware(
        config,
        config,
        bits=bits,
        clock_hz=1,
        line=1,
        ticks=True,
        fabric=fabric,
        digest=1,
        build=b"",
    )
    assert len(made.microcode) <= 1 << TARGET_BITS
    assert sum(JUMP.values()) <= FORMAT_BITS
