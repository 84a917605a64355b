"""Block RAM with one read and one write port, and a register at its output."""

from __future__ import annotations

from amaranth.hdl import Cat, Module
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from ..contract.technology import Technology
from .dp16kd import MOST_WORDS, Reader, dp16kd

BLOCK_LATENCY = 2
"""Cycles from an address to its word."""

NINE_BITS_WORDS = 4096
"""In deeper memories the ninth bit of a byte is a block of its own, or synthesis would cut by depth."""


class BlockMemory(wiring.Component):
    """`depth` words of `width` bits in block RAM.

    - What it does: one word is read and one written in every cycle.
    - Latency: `BLOCK_LATENCY` cycles from `read_address` to `word`.  A word that is written is read by
      an address that comes in a later cycle.
    - Back-pressure: while `hold` is 1, address and word stay as they are.
    - Widths: any; block RAM is cut by width, not by depth, so that no multiplexer follows it.
    - Errors: none; what memories hold at power-up is not defined.
    - Technology: cells of ECP5 where `Technology` says so, and they are deep enough; else inferred.

    Members
    -------
    read_address, word : of the read port.
    nothing : `word` is 0 in the next cycle, whatever was read.  Never with `hold`, and not in the cycle
        after an address of which the word is used: some block RAMs reset that, too.
    hold : stops the read port.
    write, write_address, write_word : of the write port.
    """

    def __init__(self, width: int, depth: int) -> None:
        self._depth, width = max(depth, 2), max(width, 1)
        super().__init__(
            {
                "read_address": In(range(self._depth)),
                "word": Out(width),
                "nothing": In(1),
                "hold": In(1),
                "write": In(1),
                "write_address": In(range(self._depth)),
                "write_word": In(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """The memory cell, and the output register."""
        m = Module()
        technology = Technology.of(platform)
        small = self._depth * len(self.word) <= technology.small_bits
        style = "distributed" if small else "block"
        if technology.block_ram == "dp16kd" and not small and self._depth <= MOST_WORDS:
            dp16kd(
                m,
                self._depth,
                fewest=technology.fewest_blocks,
                reader=Reader(self.read_address, self.word),
                reset=self.nothing,
                hold=self.hold,
                write=self.write,
                write_address=self.write_address,
                write_word=self.write_word,
            )
            return m
        width, found = len(self.word), []
        step = 8 if self._depth > NINE_BITS_WORDS else width
        for first in range(0, width, step):
            bits = slice(first, min(first + step, width))
            m.submodules[f"cell_{first}"] = cell = memory.Memory(
                shape=bits.stop - first, depth=self._depth, init=[], attrs={"ram_style": style}
            )
            read, write = cell.read_port(), cell.write_port()
            m.d.comb += [
                read.addr.eq(self.read_address),
                read.en.eq(~self.hold),
                write.addr.eq(self.write_address),
                write.en.eq(self.write),
                write.data.eq(self.write_word[bits]),
            ]
            found.append(read.data)
        with m.If(self.nothing):
            m.d.sync += self.word.eq(0)
        with m.Elif(~self.hold):
            m.d.sync += self.word.eq(Cat(found))
        return m
