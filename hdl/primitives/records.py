"""Storage for what each neuron has: a record of fields, in block RAM or shared by all neurons."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out


class RecordMemory(wiring.Component):
    """One record per word; a read and a write per cycle, not of the same word.

    Members
    -------
    read_address : `word` is its record `RECORD_LATENCY` cycles later.
    write, write_address, write_word : stores in this cycle.
    """

    def __init__(self, layout: data.StructLayout, depth: int) -> None:
        self._layout = layout
        self._depth = depth
        super().__init__(
            {
                "read_address": In(range(depth)),
                "word": Out(layout),
                "write": In(1),
                "write_address": In(range(depth)),
                "write_word": In(layout),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Block RAM with its output register."""
        m = Module()
        bits = self._layout.size
        m.submodules.memory = store = memory.Memory(shape=bits, depth=self._depth, init=[])
        read, write = store.read_port(), store.write_port()
        m.d.comb += [
            read.addr.eq(self.read_address),
            write.en.eq(self.write),
            write.addr.eq(self.write_address),
            write.data.eq(self.write_word),
        ]
        m.d.sync += self.word.eq(read.data)
        return m


class SharedRecord(wiring.Component):
    """The same interface around one record for all addresses, in registers."""

    def __init__(self, layout: data.StructLayout) -> None:
        super().__init__(
            {
                "read_address": In(0),
                "word": Out(layout),
                "write": In(1),
                "write_address": In(0),
                "write_word": In(layout),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """A register."""
        m = Module()
        record = Signal.like(self.word)
        with m.If(self.write):
            m.d.sync += record.eq(self.write_word)
        m.d.comb += self.word.eq(record)
        return m
