"""All programs of a chip, as microcode, and what its data memory holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..contract.commands import ADVANCE, END, MAX_ADVANCE, MONITOR, Opcode, Status
from ..contract.core_config import CoreConfig
from ..contract.line_rate import PHASE_STEP_BITS
from ..contract.memory_map import (
    COUNTERS,
    KEPT_COUNTERS,
    REGION_SHIFT,
    RESET_ALL,
    RESET_STATE,
    Region,
    Register,
)
from .assembler import Assembler
from .counters import LINK_COUNTERS
from .data_memory import COUNTER_HALFWORDS, IDENTITY_WORDS, DataMemory
from .instruction import HALF_BITS
from .programs import commands, counters, registers, run, transfer

_LAST_HALF = 2
"""Of a counter, the highest halfword that may hold something."""
_REGION = 1 << (REGION_SHIFT - HALF_BITS)
"""From one region to the next, in the high half of an address."""

# What the programs find by counting on from the one before.
assert list(range(Opcode.READ, Opcode.READ + 3)) == [Opcode.READ, Opcode.WRITE, Opcode.RUN]
assert list(range(4)) == [Region.IDENTITY, Region.CONTROL, Region.COUNTERS, Region.MONITORS]
assert list(range(len(Register))) == [
    Register.RESET, Register.IMAGE, Register.STEP, Register.TICK_PERIOD, Register.MONITOR_COUNT,
    Register.CLOCK_HZ, Register.LINE,
]  # fmt: skip
assert (Status.OK, Status.BAD_ADDRESS, RESET_STATE, RESET_ALL) == (0, 1, 1, 2)


@dataclass(frozen=True)
class Firmware:
    """What a sequencer's two memories hold.

    Attributes
    ----------
    microcode, contents : words and halfwords.
    counting : where the program of the counters begins.
    """

    microcode: list[int]
    contents: list[int]
    counting: int


def firmware(
    config: CoreConfig,
    core: CoreConfig,
    *,
    bits: Mapping[str, int],
    clock_hz: int,
    line: int,
    ticks: bool,
    fabric: bool,
    digest: int,
    build: bytes,
    max_advance: int = MAX_ADVANCE,
) -> Firmware:
    """Assemble.

    Parameters
    ----------
    config, core : monitors; and rows of synapses.
    bits : of the counters' registers.
    clock_hz, line, digest, build : words of the memory map.  line : 0 where the rate cannot change.
    ticks, fabric : steps may begin at ticks; cores have overruns of their own.
    max_advance : steps in an ADVANCE at most.
    """
    layout, slots = DataMemory.of(config.monitors), config.monitors
    others = (*LINK_COUNTERS, *KEPT_COUNTERS)
    core_counters = [k for k, name in enumerate(COUNTERS) if name not in others]
    symbols = {
        "READ": Opcode.READ,
        "PROTOCOL_ERROR": Opcode.PROTOCOL_ERROR,
        "ADVANCE": ADVANCE,
        "MAX_ADVANCE": max_advance,
        "FULL_ADVANCE": ADVANCE | max_advance,
        "MONITOR": MONITOR,
        "END": END,
        "NO_IMAGE": Status.NO_IMAGE,
        "WRONG_START": Status.WRONG_START,
        "RESET_ALL": RESET_ALL,
        "REGION": _REGION,
        "TWO_REGIONS": 2 * _REGION,
        "WITHIN_REGION": _REGION - 1,
        "IDENTITY": layout.identity,
        "LAST_IDENTITY": IDENTITY_WORDS - 1,
        "REGISTERS": layout.registers,
        "LAST_REGISTER": max(Register),
        "FIRST_LINE": layout.first_line,
        "LARGEST_LINE_HIGH": (1 << (PHASE_STEP_BITS - HALF_BITS)) - 1,
        "LAST_COUNTER_WORD": 2 * len(COUNTERS) - 1,
        "LAST_COUNTER": COUNTER_HALFWORDS * len(COUNTERS) - 1,
        "LAST_CORE_COUNTER": COUNTER_HALFWORDS * max(core_counters) + _LAST_HALF,
        "MONITORS": layout.monitors,
        "MONITOR_SLOTS": slots,
        "LAST_MONITOR": slots - 1,
    }
    assembler = Assembler(layout.names, symbols, layout.constants)
    for text in (
        commands.PROGRAM,
        transfer.program(core),
        registers.program(monitors=slots, line=bool(line), ticks=ticks, fabric=fabric),
        run.program(monitors=slots),
        counters.program(bits),
    ):
        assembler.add(text)
    return Firmware(
        microcode=assembler.words(),
        contents=layout.contents(
            slots=slots,
            constants=assembler.constants,
            clock_hz=clock_hz,
            line=line,
            digest=digest,
            build=build,
        ),
        counting=assembler.labels["counting"],
    )
