"""The small end of each counter: registers that count every cycle; the rest is in the data memory."""

from __future__ import annotations

from amaranth.hdl import Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import CRC_BYTES, HEADER_BYTES, SUPERVISORY_BYTES
from ..contract.memory_map import COUNTERS
from ..link.receiver import BYTE_CYCLES
from .instruction import HALF_BITS

PROGRAMMED = ("steps", "commands")
"""Counters of what the sequencer itself does: they are in the data memory alone."""
LINK_COUNTERS = tuple(name for name in COUNTERS if name.startswith("link_"))
_FRAME_CYCLES = BYTE_CYCLES * (HEADER_BYTES + SUPERVISORY_BYTES + CRC_BYTES)
RARE = {
    "link_bad_frames": BYTE_CYCLES,  # of a byte; the zero that ends the frame takes less
    "link_out_of_sequence": _FRAME_CYCLES,
    "link_overflows": _FRAME_CYCLES,
    "connections": _FRAME_CYCLES,
}
"""Counters whose increments come that many clock cycles after one another, at least.

What the receiver counts comes with the end of a frame, each byte of which keeps it for `BYTE_CYCLES`."""


VISITED = (*LINK_COUNTERS, *(n for n in COUNTERS if n not in (*LINK_COUNTERS, *PROGRAMMED)))
"""The other counters, in the order in which a round visits them."""

QUEUED_ROWS = 12
"""Rows of synapses that a core can take in successive cycles, and then integrates one after the other."""


def counter_increments(core_increments: data.StructLayout) -> data.StructLayout:
    """What is added to every counter in one clock cycle; what the core does not count, by bits."""
    return data.StructLayout({n: core_increments.members.get(n, 1) for n in COUNTERS})


def accumulator_bits(
    increments: data.StructLayout, cycles: int, row_cycles: int = 1
) -> dict[str, int]:
    """Bits of each counter's register, in which no increments of so many clock cycles go round.

    Parameters
    ----------
    row_cycles : from one increment of `synaptic_operations` to the next, at least; but `QUEUED_ROWS`
        may come sooner.
    """
    found = {}
    for name in VISITED:
        times = cycles
        if name == "synaptic_operations":
            times = min(cycles, cycles // row_cycles + QUEUED_ROWS)
        if name in RARE:
            times = -(-cycles // RARE[name])
        largest = (1 << Shape.cast(increments.members[name]).width) - 1
        found[name] = min((largest * times).bit_length(), COUNTERS[name])
    return found


def visits(bits: dict[str, int]) -> list[tuple[str, int]]:
    """(counter, lowest bit) of each visit in a round, for registers of so many bits: a halfword each."""
    return [(name, low) for name in VISITED for low in range(0, bits[name], HALF_BITS)]


class Accumulators(wiring.Component):
    """The lowest bits of all counters but `PROGRAMMED`, each in a register that adds in every clock cycle.

    A visit takes what a register holds, and leaves what comes in that cycle.  `visits` come one after the
    other, over and over.

    Members
    -------
    increments : added in every cycle.
    clear_link : pulse; nothing is left in the registers of the link's counters.
    visit : pulse; `count` is what the next of the visits takes, a cycle later.  Else it is 0.

    Parameters
    ----------
    bits : of each register, see `accumulator_bits`.
    """

    def __init__(self, core_increments: data.StructLayout, bits: dict[str, int]) -> None:
        self._increments = counter_increments(core_increments)
        self._bits = bits
        super().__init__(
            {
                "increments": In(self._increments),
                "clear_link": In(1),
                "visit": In(1),
                "count": Out(HALF_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """An adder for each register; a ring of bits says which is visited."""
        m = Module()
        increments = Signal.like(self.increments)
        m.d.sync += increments.eq(self.increments)
        order = visits(self._bits)
        ring, visited = Signal(len(order), init=1), Signal(len(order))
        with m.If(self.visit):
            m.d.sync += ring.eq(ring.rotate_left(1))
        m.d.sync += visited.eq(ring)
        with m.If(~self.visit):
            m.d.sync += visited.eq(0)

        count: Value = Const(0, HALF_BITS)
        carry: Value = Const(0)
        for number, (name, low) in enumerate(order):
            bits = min(self._bits[name] - low, HALF_BITS)
            register = Signal(bits, name=f"count_{name}_{low}")
            added = carry if low else increments[name]
            empties = visited[number]
            total = register + added
            m.d.sync += register.eq(Mux(empties, added, total))
            if name in LINK_COUNTERS:
                with m.If(self.clear_link):
                    m.d.sync += register.eq(0)
            if low + bits < self._bits[name]:
                carry = Signal(name=f"carry_{name}")
                m.d.sync += carry.eq(total[bits] & ~empties)
            count = count | (register & empties.replicate(bits))
        m.d.comb += self.count.eq(count)
        return m
