"""Bus access to the synapse memory: logical words of packed weights or delays, whatever the lanes."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.bits import times_constant
from .synapses import READ_LATENCY


class SynapseAccess(wiring.Component):
    """Moves the values of one bus word one by one, so that its cost does not grow with the lanes.

    About 4 cycles for each value of the word; a UART needs at least 80 cycles for a byte.

    Members
    -------
    access, access_write, access_axon, access_word, access_data : hold until `access_done`;
        `access_value` is valid then.  Axon and word must exist.
    access_delay : delay fields instead of weights.
    read, write, address, weights, delays, write_lane, write_weight, write_delay, write_slots : to
        `SynapseMemory`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._layout = layout = config.layout
        most_words = max(f.words_per_row for f in layout.synapse_fields.values())
        delay_bits = clog2(c.delay_slots)
        super().__init__(
            {
                "access": In(1),
                "access_write": In(1),
                "access_axon": In(range(c.axons)),
                "access_word": In(range(most_words)),
                "access_delay": In(1),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
                "read": Out(1),
                "write": Out(1),
                "address": Out(range(c.axons * layout.groups)),
                "weights": In(data.ArrayLayout(signed(c.weight_bits), c.lanes)),
                "delays": In(data.ArrayLayout(delay_bits, c.lanes)),
                "write_lane": Out(range(c.lanes)),
                "write_weight": Out(signed(c.weight_bits)),
                "write_delay": Out(1),
                "write_slots": Out(delay_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """For each value of the word: address, then write, or wait and shift in."""
        m = Module()
        c = self._config
        fields = self._layout.synapse_fields
        lane_bits = clog2(c.lanes)

        index = Signal(range(max(f.per_word for f in fields.values()) + 1))
        waited = Signal(range(READ_LATENCY + 1))
        shift = Signal(32)
        neuron = Signal(range(max(f.words_per_row * f.per_word for f in fields.values())))
        exists, last = Signal(), Signal()
        following = Signal(32)
        m.d.comb += [
            exists.eq(neuron < c.neurons),
            self.write_lane.eq(neuron[:lane_bits]),
            self.write_weight.eq(shift[: c.weight_bits]),
            self.write_slots.eq(shift[: len(self.write_slots)]),
            self.access_value.eq(shift),
        ]
        for name, held in (("weight", self.weights), ("delay", self.delays)):
            if name not in fields:
                continue
            field = fields[name]
            value = Array(held[k] for k in range(c.lanes))[neuron[:lane_bits]]
            extended = Signal(signed(field.slot_bits), name=f"extended_{name}")
            chosen = self.access_delay == (name == "delay") if len(fields) > 1 else Const(1)
            with m.If(chosen):
                m.d.comb += [
                    neuron.eq(self.access_word * field.per_word + index),
                    extended.eq(value),
                    last.eq(index == field.per_word - 1),
                    following.eq(
                        Cat(shift[field.slot_bits :], Mux(exists, extended, 0)[: field.slot_bits])
                    ),
                ]

        m.d.sync += self.access_done.eq(0)
        with m.FSM():
            with m.State("IDLE"), m.If(self.access & ~self.access_done):
                m.d.sync += [
                    shift.eq(self.access_data),
                    index.eq(0),
                ]
                m.next = "ADDRESS"
            with m.State("ADDRESS"):
                group = times_constant(neuron[lane_bits:], c.axons)
                m.d.sync += [self.address.eq(group + self.access_axon), waited.eq(0)]
                m.next = "MEMORY"
            with m.State("MEMORY"):
                m.d.comb += [
                    self.read.eq(~self.access_write & (waited == 0)),
                    self.write.eq(self.access_write & exists & ~self.access_delay),
                    self.write_delay.eq(self.access_write & exists & self.access_delay),
                ]
                m.d.sync += waited.eq(waited + 1)
                with m.If(self.access_write | (waited == READ_LATENCY)):
                    m.d.sync += [shift.eq(following), index.eq(index + 1)]
                    m.next = "ADDRESS"
                    with m.If(last):
                        m.d.sync += self.access_done.eq(1)
                        m.next = "IDLE"
        return m
