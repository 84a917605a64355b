"""Bus access to one field of one record in a `LaneMemory`."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.fields import Field
from ..contract.widths import clog2
from ..primitives.bits import as_word, select
from .lane_memory import READ_LATENCY, LaneMemory


class RecordAccess(wiring.Component):
    """Reads a record, replaces a field, writes it back, while nothing else uses the memory.

    Members
    -------
    access, access_write, access_field, access_index, access_data : hold until `access_done`;
        `access_value` is valid then.
    active, address : the memory's read address is ours.
    store : in this cycle the record is to be written back, see `connect`.
    """

    def __init__(self, fields: tuple[Field, ...], lanes: int, count: int) -> None:
        self._fields, self._lanes = fields, lanes
        self._lane_bits = clog2(lanes)
        super().__init__(
            {
                "access": In(1),
                "access_write": In(1),
                "access_field": In(4),
                "access_index": In(range(max(2, count))),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
                "address": Out(range(max(1, -(-count // lanes)))),
                "store": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Wait for the memory, then write."""
        m = Module()
        waited = Signal(range(READ_LATENCY + 1))
        m.d.comb += self.address.eq(self.access_index[self._lane_bits :])
        m.d.sync += self.access_done.eq(0)
        with m.If(~self.access | self.access_done):
            m.d.sync += waited.eq(0)
        with m.Elif(waited != READ_LATENCY):
            m.d.sync += waited.eq(waited + 1)
        with m.Else():
            m.d.comb += self.store.eq(self.access_write)
            m.d.sync += self.access_done.eq(1)
        return m

    def connect(self, m: Module, store: LaneMemory) -> data.View[data.StructLayout]:
        """Write the record back with one field replaced; later assignments may override this.

        Returns the replaced record, which is given to all lanes.
        """
        lane: Value = self.access_index[: self._lane_bits]
        layout = store.words[0].shape()
        found, replaced = Signal(layout, name="found"), Signal(layout, name="replaced")
        records = [store.words[k].as_value() for k in range(self._lanes)]
        m.d.comb += [
            found.as_value().eq(select(records, lane)),
            replaced.eq(found),
            store.write_address.eq(self.address),
        ]
        for number, field in enumerate(self._fields):
            with m.If(self.access_field == number):
                m.d.comb += replaced[field.name].eq(self.access_data)
                with m.If(self.access):
                    m.d.comb += self.access_value.eq(as_word(found[field.name], field))
        for k in range(self._lanes):
            chosen = lane == k if self._lane_bits else 1
            m.d.comb += [
                store.write[k].eq(self.store & chosen),
                store.write_words[k].eq(replaced),
            ]
        return replaced
