"""Bus access to the transposable synapse memory: logical words of one field, whatever the lanes."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.bits import times_constant
from ..primitives.layouts import synapse_layout
from .synapse_memory import READ_LATENCY, stride


class SynapseFieldAccess(wiring.Component):
    """Moves the values of one bus word one by one: reads the synapse, replaces the field, writes it back.

    About 6 cycles for each value of the word; a UART needs at least 80 cycles for a byte.

    Members
    -------
    access, access_write, access_field, access_axon, access_word, access_data : hold until `access_done`;
        `access_value` is valid then.  Fields are numbered as in `CoreLayout.synapse_fields`.
        Axon and word must exist.
    address, words, write, write_words : to `TransposableMemory`, as a row.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._fields = tuple(c.layout.synapse_fields.values())
        most_words = max(f.words_per_row for f in self._fields)
        by_lane = data.ArrayLayout(synapse_layout(c), c.lanes)
        super().__init__(
            {
                "access": In(1),
                "access_write": In(1),
                "access_field": In(range(max(2, len(self._fields)))),
                "access_axon": In(range(max(2, c.axons))),
                "access_word": In(range(max(2, most_words))),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
                "address": Out(range(stride(c) * c.layout.groups)),
                "words": In(by_lane),
                "write": Out(c.lanes),
                "write_words": Out(by_lane),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """For each value of the word: address, wait, then shift out, or write."""
        m = Module()
        c = self._config
        lane_bits = clog2(c.lanes)
        index = Signal(range(32))
        waited = Signal(range(READ_LATENCY + 1))
        shift = Signal(32)
        neuron = Signal(range(max(2, 32 * max(f.words_per_row for f in self._fields))))
        exists, last = Signal(), Signal()
        group: Value = neuron[lane_bits:]
        lane: Value = neuron[:lane_bits] if lane_bits else Const(0)
        synapse = Array(self.words[k].as_value() for k in range(c.lanes))[lane]
        found = Signal(synapse_layout(c))
        replaced = Signal(synapse_layout(c))
        following = Signal(32)
        m.d.comb += [
            found.as_value().eq(synapse),
            replaced.eq(found),
            exists.eq(neuron < c.neurons),
            self.access_value.eq(shift),
        ]
        for k, field in enumerate(self._fields):
            with m.If(self.access_field == k):
                slot = field.slot_bits
                value = Signal(slot, name=f"{field.name}_slot")
                m.d.comb += [
                    value.eq(found[field.name]),
                    neuron.eq(Cat(index[: clog2(field.per_word)], self.access_word)),
                    last.eq(index == field.per_word - 1),
                    following.eq(Cat(shift[slot:], Mux(exists, value, 0))),
                    replaced[field.name].eq(shift[: field.bits]),
                ]
        for k in range(c.lanes):
            m.d.comb += self.write_words[k].eq(replaced)

        m.d.sync += self.access_done.eq(0)
        with m.FSM():
            with m.State("IDLE"), m.If(self.access & ~self.access_done):
                m.d.sync += [shift.eq(self.access_data), index.eq(0)]
                m.next = "ADDRESS"
            with m.State("ADDRESS"):
                row = times_constant(group, stride(c)) + self.access_axon
                m.d.sync += [self.address.eq(row), waited.eq(0)]
                m.next = "WAIT"
            with m.State("WAIT"):
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == READ_LATENCY):
                    m.d.sync += [shift.eq(following), index.eq(index + 1)]
                    mask = exists.replicate(c.lanes) & (Const(1, c.lanes) << lane)[: c.lanes]
                    with m.If(self.access_write):
                        m.d.comb += self.write.eq(mask)
                    m.next = "ADDRESS"
                    with m.If(last):
                        m.d.sync += self.access_done.eq(1)
                        m.next = "IDLE"
        return m
