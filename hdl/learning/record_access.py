"""Bus access to one field of one record in a `LaneMemory`."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.fields import Field
from ..contract.widths import ceil_div, clog2
from ..primitives.access import AccessSignature, answer_after
from ..primitives.bits import as_word, select
from ..primitives.latencies import RECORD_LATENCY
from .lane_memory import LaneMemory


def record_access(count: int) -> AccessSignature:
    """Access to `field` of record `index`, of `count` records."""
    return AccessSignature({"field": 4, "index": range(count)})


class RecordAccess(wiring.Component):
    """Reads a record, replaces a field, writes it back, while nothing else uses the memory.

    Members
    -------
    access : to `field` of record `index`, done after three cycles.
    address : while the access is active, the address to read.
    store : in this cycle the record is to be written back, see `connect`.

    Parameters
    ----------
    fields : of a record.
    lanes : records side by side in a word of the memory.
    count : number of records.
    """

    def __init__(self, fields: tuple[Field, ...], lanes: int, count: int) -> None:
        self._fields, self._lanes = fields, lanes
        self._lane_bits = clog2(lanes)
        super().__init__(
            {
                "access": In(record_access(count)),
                "address": Out(range(ceil_div(count, lanes))),
                "store": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Wait for the memory, then write."""
        m = Module()
        *_, answers = answer_after(m, self.access, RECORD_LATENCY + 1)
        m.d.comb += [
            self.address.eq(self.access.where.index[self._lane_bits :]),
            self.store.eq(answers & self.access.write),
        ]
        return m

    def connect(self, m: Module, store: LaneMemory) -> data.View[data.StructLayout]:
        """Write the record back with one field replaced; later assignments may override this.

        Returns the replaced record, which all lanes get.
        """
        access, where = self.access, self.access.where
        lane: Value = where.index[: self._lane_bits]
        layout = store.words[0].shape()
        present, replaced = Signal(layout, name="present"), Signal(layout, name="replaced")
        records = [store.words[k].as_value() for k in range(self._lanes)]
        m.d.comb += [
            present.as_value().eq(select(records, lane)),
            replaced.eq(present),
            store.write_address.eq(self.address),
        ]
        for number, field in enumerate(self._fields):
            with m.If(where.field == number):
                m.d.comb += replaced[field.name].eq(access.data)
                with m.If(access.active):
                    m.d.comb += access.value.eq(as_word(present[field.name], field))
        for k in range(self._lanes):
            chosen = lane == k if self._lane_bits else 1
            m.d.comb += [
                store.write[k].eq(self.store & chosen),
                store.write_words[k].eq(replaced),
            ]
        return replaced
