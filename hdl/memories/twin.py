"""Block RAM with two read ports, of which one is the write port, too."""

from __future__ import annotations

from amaranth.hdl import Const, Module
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.technology import Technology
from .block import BlockMemory
from .dp16kd import MOST_TWIN_WORDS, Reader, dp16kd


class TwinMemory(wiring.Component):
    """`depth` words of `width` bits, with two read ports; the first is also the write port.

    - What it does: in each cycle a word is read at the second port, and at the first one is read or written.
    - Latency: `BLOCK_LATENCY` cycles from `read_addresses` to `words`.
    - Back-pressure: none.  What the first port reads in a cycle with `write` is not
      defined, nor the second where it reads that word.
    - Widths: any.
    - Errors: none; what memories hold at power-up is not defined.
    - Technology: on ECP5 one memory, elsewhere two with the same contents.

    Members
    -------
    read_addresses, words : of the read ports.
    write, write_address, write_word : of the write port.
    """

    def __init__(self, width: int, depth: int) -> None:
        self._depth, self._width = max(depth, 2), max(width, 1)
        super().__init__(
            {
                "read_addresses": In(data.ArrayLayout(range(self._depth), 2)),
                "words": Out(data.ArrayLayout(self._width, 2)),
                "write": In(1),
                "write_address": In(range(self._depth)),
                "write_word": In(self._width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Both ports of a cell, or two memories."""
        m = Module()
        technology = Technology.of(platform)
        if technology.block_ram == "dp16kd" and self._depth <= MOST_TWIN_WORDS:
            dp16kd(
                m,
                self._depth,
                reader=Reader(self.read_addresses[1], self.words[1]),
                writing_reader=Reader(self.read_addresses[0], self.words[0]),
                reset=Const(0),
                hold=Const(0),
                write=self.write,
                write_address=self.write_address,
                write_word=self.write_word,
            )
            return m
        for k in range(2):
            m.submodules[f"half_{k}"] = half = BlockMemory(self._width, self._depth)
            m.d.comb += [
                half.read_address.eq(self.read_addresses[k]),
                self.words[k].eq(half.word),
                half.write.eq(self.write),
                half.write_address.eq(self.write_address),
                half.write_word.eq(self.write_word),
            ]
        return m
