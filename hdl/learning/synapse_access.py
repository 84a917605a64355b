"""Bus access to the transposable synapse memory: logical words of one field, whatever the lanes."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.access import synapse_access
from ..primitives.bits import times_constant
from ..primitives.latencies import TRANSPOSABLE_LATENCY
from ..primitives.layouts import row_stride, synapse_layout


class SynapseFieldAccess(wiring.Component):
    """Moves the values of one bus word one by one: reads the synapse, replaces the field, writes it back.

    About 6 cycles for each value of the word; a UART needs at least 80 cycles for a byte.

    Members
    -------
    access : to a word of a synapse field, see `synapse_access`.
    address, words, write, write_words : to `TransposableMemory`, as a row.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._fields = tuple(c.layout.synapse_fields.values())
        by_lane = data.ArrayLayout(synapse_layout(c), c.lanes)
        super().__init__(
            {
                "access": In(synapse_access(c)),
                "address": Out(range(row_stride(c) * c.layout.groups)),
                "words": In(by_lane),
                "write": Out(c.lanes),
                "write_words": Out(by_lane),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """For each value of the word: address, wait, then shift out, or write."""
        m = Module()
        c, access, where = self._config, self.access, self.access.where
        lane_bits = clog2(c.lanes)
        index = Signal(range(32))
        waited = Signal(range(TRANSPOSABLE_LATENCY + 1))
        shift = Signal(32)
        neuron = Signal(range(max(2, 32 * max(f.words_per_row for f in self._fields))))
        exists, last = Signal(), Signal()
        group: Value = neuron[lane_bits:]
        lane: Value = neuron[:lane_bits] if lane_bits else Const(0)
        synapse = Array(self.words[k].as_value() for k in range(c.lanes))[lane]
        present = Signal(synapse_layout(c))
        replaced = Signal(synapse_layout(c))
        following = Signal(32)
        m.d.comb += [
            present.as_value().eq(synapse),
            replaced.eq(present),
            exists.eq(neuron < c.neurons),
            access.value.eq(shift),
        ]
        for k, field in enumerate(self._fields):
            with m.If(where.field == k):
                slot = field.slot_bits
                value = Signal(slot, name=f"{field.name}_slot")
                m.d.comb += [
                    value.eq(present[field.name]),
                    neuron.eq(Cat(index[: clog2(field.per_word)], where.word)),
                    last.eq(index == field.per_word - 1),
                    following.eq(Cat(shift[slot:], Mux(exists, value, 0))),
                    replaced[field.name].eq(shift[: field.bits]),
                ]
        for k in range(c.lanes):
            m.d.comb += self.write_words[k].eq(replaced)

        m.d.sync += access.done.eq(0)
        with m.FSM():
            with m.State("IDLE"), m.If(access.active & ~access.done):
                m.d.sync += [shift.eq(access.data), index.eq(0)]
                m.next = "ADDRESS"
            with m.State("ADDRESS"):
                row = times_constant(group, row_stride(c)) + where.axon
                m.d.sync += [self.address.eq(row), waited.eq(0)]
                m.next = "WAIT"
            with m.State("WAIT"):
                m.d.sync += waited.eq(waited + 1)
                with m.If(waited == TRANSPOSABLE_LATENCY):
                    m.d.sync += [shift.eq(following), index.eq(index + 1)]
                    mask = exists.replicate(c.lanes) & (Const(1, c.lanes) << lane)[: c.lanes]
                    with m.If(access.write):
                        m.d.comb += self.write.eq(mask)
                    m.next = "ADDRESS"
                    with m.If(last):
                        m.d.sync += access.done.eq(1)
                        m.next = "IDLE"
        return m
