"""The small end of each counter: registers that count every cycle; the rest is in `RegisterMemory`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from amaranth.hdl import Array, Cat, Const, Module, Mux, Shape, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.frames import CRC_BYTES, HEADER_BYTES, SUPERVISORY_BYTES
from ..contract.memory_map import COUNTERS, KEPT_COUNTERS
from ..link.receiver import BYTE_CYCLES

LINK_COUNTERS = tuple(name for name in COUNTERS if name.startswith("link_"))
_FRAME_CYCLES = BYTE_CYCLES * (HEADER_BYTES + SUPERVISORY_BYTES + CRC_BYTES)
RARE = {
    "link_bad_frames": 2 * BYTE_CYCLES,  # a byte, and the zero that ends the frame
    "link_out_of_sequence": _FRAME_CYCLES,
    "link_overflows": _FRAME_CYCLES,
    "commands": 5,
    "connections": _FRAME_CYCLES,
}
"""Counters whose increments come that many clock cycles after one another, at least.

What the receiver counts comes with the end of a frame, each byte of which keeps it for `BYTE_CYCLES`.  A
command takes seven halfwords of request and reply, each in a cycle of its own, at least."""


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
    for name, width in COUNTERS.items():
        times = cycles
        if name == "synaptic_operations":
            times = min(cycles, cycles // row_cycles + QUEUED_ROWS)
        if name in RARE:
            # A clear of the link's counters is complete two visits later.
            times = -(-cycles * (1 + (name in LINK_COUNTERS)) // RARE[name])
        largest = (1 << Shape.cast(increments.members[name]).width) - 1
        found[name] = min((largest * times).bit_length(), width)
    return found


class Accumulators(wiring.Component):
    """The lowest bits of all counters, each in a register of its own that adds in every clock cycle.

    The registers are never emptied: they count modulo a power of two, and the memory, which holds the
    whole counter as it was at its last visit, catches up by the difference.

    Members
    -------
    increments : added in every cycle.
    clear, clear_link : pulses; set the counters of the core, or of the link, to 0.
    index : of a counter, or beyond the last one.  count : what its register shows, in the same cycle;
        above it, anything.  mask : the register's bits, 0 beyond the last one.

    Parameters
    ----------
    cycles : clock cycles from one visit of a counter to the next, at most.
    row_cycles : see `accumulator_bits`.
    """

    def __init__(self, core_increments: data.StructLayout, *, cycles: int, row_cycles: int) -> None:
        self._increments = counter_increments(core_increments)
        self._bits = accumulator_bits(self._increments, cycles, row_cycles)
        widest = max(self._bits.values())
        super().__init__(
            {
                "increments": In(self._increments),
                "clear": In(1),
                "clear_link": In(1),
                "index": In(range(len(COUNTERS) + 1)),
                "count": Out(widest),
                "mask": Out(widest),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """An adder for each."""
        m = Module()
        increments = Signal.like(self.increments)
        m.d.sync += increments.eq(self.increments)
        found, masks = [], []
        for name, bits in self._bits.items():
            count = Signal(bits, name=f"count_{name}")
            m.d.sync += count.eq(count + increments[name])
            if name not in KEPT_COUNTERS:
                with m.If(self.clear_link if name in LINK_COUNTERS else self.clear):
                    m.d.sync += count.eq(0)
            found.append(count)
            masks.append(Const((1 << bits) - 1, len(self.mask)))
        masks.append(Const(0, len(self.mask)))
        m.d.comb += [
            self.count.eq(_chosen(found, self.index)),
            self.mask.eq(Array(masks)[self.index]),
        ]
        return m


def _chosen(values: Sequence[Value], index: Value) -> Value:
    """`values[index]` by multiplexers in pairs, which synthesis makes smaller than comparisons.

    Bits that a value has not, and an index beyond the last one, give anything.
    """
    for bit in index:
        pairs = zip_longest(values[::2], values[1::2])
        values = [low if high is None else _one_of(bit, low, high) for low, high in pairs]
    return values[0]


def _one_of(bit: Value, low: Value, high: Value) -> Value:
    both = min(len(low), len(high))
    return Cat(Mux(bit, high[:both], low[:both]), low[both:], high[both:])
