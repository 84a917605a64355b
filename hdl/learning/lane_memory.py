"""Records of P neurons or axons side by side, one in each lane."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data, memory, wiring
from amaranth.lib.wiring import In, Out


class LaneMemory(wiring.Component):
    """One record per lane and word; a read and a write per cycle, not of the same record.

    Members
    -------
    read_address : `words` are the records of all lanes, `RECORD_LATENCY` cycles later.
    hold : freezes the read pipeline.
    write, write_address, write_words : stores the lanes of the mask `write` in this cycle.
    """

    def __init__(self, layout: data.StructLayout, lanes: int, depth: int) -> None:
        self._layout, self._lanes, self._depth = layout, lanes, depth
        by_lane = data.ArrayLayout(layout, lanes)
        super().__init__(
            {
                "read_address": In(range(depth)),
                "words": Out(by_lane),
                "hold": In(1),
                "write": In(lanes),
                "write_address": In(range(depth)),
                "write_words": In(by_lane),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Block RAM with its output register, a memory for each lane."""
        m = Module()
        if not self._layout.size:
            return m
        for k in range(self._lanes):
            store = memory.Memory(shape=self._layout.size, depth=self._depth, init=[])
            m.submodules[f"lane_{k}"] = store
            read, write = store.read_port(), store.write_port()
            m.d.comb += [
                read.addr.eq(self.read_address),
                read.en.eq(~self.hold),
                write.addr.eq(self.write_address),
                write.data.eq(self.write_words[k].as_value()),
                write.en.eq(self.write[k]),
            ]
            with m.If(~self.hold):
                m.d.sync += self.words[k].as_value().eq(read.data)
        return m
