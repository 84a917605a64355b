"""Where the data memory has what: counters, registers, identity, numbers of the programs, constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..contract.memory_map import (
    BUILD_WORDS,
    COUNTERS,
    LINK_VERSION,
    MAGIC,
    MAP_VERSION,
    Identity,
    Register,
)
from .instruction import ADDRESS_BITS, HALF_BITS

COUNTER_HALFWORDS = 4
"""Lowest first; so a counter's two words of the memory map are two halfwords each.  The last one is 0."""
IDENTITY_WORDS = Identity.BUILD + BUILD_WORDS
FIRST_HALFWORDS = 1 << ADDRESS_BITS
"""Those that an instruction can name.  Others are found by X."""

VARIABLES = (
    "opcode", "writes", "monitors_next", "length", "address.low", "address.high", "value.low", "value.high",
    "row_mask", "row_words", "row_gap", "status", "index", "difference.low", "difference.high",
    "left.low", "left.high", "distance.low", "distance.high", "amount", "event", "live", "ended",
    "refused", "stepping", "silent", "slot", "slots",
)  # fmt: skip
"""Numbers of the programs.

Of a transfer: `length` words are left, and `address` is the next one's.  An address whose bits `row_mask`
are `row_words` is behind a row's last word, and the next row is `row_gap` addresses further on.

Of a run: `left` steps have not begun; where the run is `live`, of those that the cursor has passed.
`distance` steps are from the next one to the cursor.  `silent` steps are not reported, with the one under
way.  `slots` monitors follow, the next one is at `slot`."""
CONSTANTS = 48
"""Space for those, where the monitors are among the first halfwords."""
_ANYTHING = 0xA5C3


@dataclass(frozen=True)
class DataMemory:
    """Addresses of halfwords.

    Attributes
    ----------
    counters, registers, first_line, identity, monitors : first halfwords; words are two, low first.
        `first_line` is LINE after power-up.
    names : of what programs name.
    constants : where those of the assembler begin.
    """

    registers: int
    first_line: int
    identity: int
    monitors: int
    names: dict[str, int]
    constants: int
    counters: int = 0

    @classmethod
    def of(cls, slots: int) -> DataMemory:
        """The memory of a chip with so many monitors."""
        names = {
            f"{name}.{half}": COUNTER_HALFWORDS * k + half
            for k, name in enumerate(COUNTERS)
            for half in range(COUNTER_HALFWORDS)
        }
        registers = COUNTER_HALFWORDS * len(COUNTERS)
        for register in Register:
            for half, part in enumerate(("low", "high")):
                names[f"{register.name.lower()}.{part}"] = registers + 2 * register + half
        first_line = registers + 2 * len(Register)
        identity = first_line + 2
        variables = identity + 2 * IDENTITY_WORDS
        names.update({name: variables + k for k, name in enumerate(VARIABLES)})
        constants = variables + len(VARIABLES)
        monitors = FIRST_HALFWORDS - 2 * slots
        if monitors < constants + CONSTANTS:
            monitors = FIRST_HALFWORDS
        return cls(
            registers=registers,
            first_line=first_line,
            identity=identity,
            monitors=monitors,
            names=names,
            constants=constants,
        )

    def contents(
        self,
        *,
        slots: int,
        constants: Sequence[int],
        clock_hz: int,
        line: int,
        digest: int,
        build: bytes,
    ) -> list[int]:
        """What the memory holds after power-up; most of it, anything."""
        monitors = self.monitors
        end = max(FIRST_HALFWORDS, monitors + 2 * slots)
        found = [_ANYTHING] * end
        words = {
            self.registers + 2 * Register.CLOCK_HZ: clock_hz,
            self.registers + 2 * Register.LINE: line,
            self.first_line: line,
            self.identity + 2 * Identity.MAGIC: MAGIC,
            self.identity + 2 * Identity.LINK_VERSION: LINK_VERSION,
            self.identity + 2 * Identity.MAP_VERSION: MAP_VERSION,
            self.identity + 2 * Identity.DIGEST_LOW: digest & 0xFFFFFFFF,
            self.identity + 2 * Identity.DIGEST_HIGH: digest >> 32,
        }
        for word in range(Identity.DIGEST_HIGH + 1, Identity.BUILD):
            words[self.identity + 2 * word] = 0
        for k in range(BUILD_WORDS):
            text = build[4 * k : 4 * k + 4]
            words[self.identity + 2 * (Identity.BUILD + k)] = int.from_bytes(text, "little")
        for address, word in words.items():
            found[address : address + 2] = [word & ((1 << HALF_BITS) - 1), word >> HALF_BITS]
        found[self.constants : self.constants + len(constants)] = constants
        return found
