"""Bus access to the synapse memory: logical words of packed weights or delays, whatever the lanes."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.widths import clog2
from ..primitives.access import synapse_access
from ..primitives.bits import times_constant
from ..primitives.latencies import SYNAPSE_LATENCY


class SynapseAccess(wiring.Component):
    """Moves the values of one bus word one by one, so that its cost does not grow with the lanes.

    About 4 cycles for each value of the word; a UART needs at least 80 cycles for a byte.

    Members
    -------
    access : to a word of weights, or of delay fields, see `synapse_access`.
    read, write, address, weights, delays, write_lane, write_weight, write_delay, write_slots : to
        `SynapseMemory`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._layout = layout = config.layout
        delay_bits = clog2(c.delay_slots)
        super().__init__(
            {
                "access": In(synapse_access(c)),
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
        access, where = self.access, self.access.where
        fields = self._layout.synapse_fields
        lane_bits = clog2(c.lanes)

        index = Signal(range(max(f.per_word for f in fields.values()) + 1))
        waited = Signal(range(SYNAPSE_LATENCY + 1))
        shift = Signal(32)
        neuron = Signal(range(max(f.words_per_row * f.per_word for f in fields.values())))
        exists, last, is_delay = Signal(), Signal(), Signal()
        following = Signal(32)
        m.d.comb += [
            exists.eq(neuron < c.neurons),
            self.write_lane.eq(neuron[:lane_bits]),
            self.write_weight.eq(shift[: c.weight_bits]),
            self.write_slots.eq(shift[: len(self.write_slots)]),
            access.value.eq(shift),
        ]
        held = {"weight": self.weights, "delay": self.delays}
        for number, (name, field) in enumerate(fields.items()):
            value = Array(held[name][k] for k in range(c.lanes))[neuron[:lane_bits]]
            extended = Signal(signed(field.slot_bits), name=f"extended_{name}")
            chosen = where.field == number if len(fields) > 1 else Const(1)
            with m.If(chosen):
                m.d.comb += [
                    is_delay.eq(name == "delay"),
                    neuron.eq(where.word * field.per_word + index),
                    extended.eq(value),
                    last.eq(index == field.per_word - 1),
                    following.eq(
                        Cat(shift[field.slot_bits :], Mux(exists, extended, 0)[: field.slot_bits])
                    ),
                ]

        m.d.sync += access.done.eq(0)
        with m.FSM():
            with m.State("IDLE"), m.If(access.active & ~access.done):
                m.d.sync += [
                    shift.eq(access.data),
                    index.eq(0),
                ]
                m.next = "ADDRESS"
            with m.State("ADDRESS"):
                group = times_constant(neuron[lane_bits:], c.axons)
                m.d.sync += [self.address.eq(group + where.axon), waited.eq(0)]
                m.next = "MEMORY"
            with m.State("MEMORY"):
                m.d.comb += [
                    self.read.eq(~access.write & (waited == 0)),
                    self.write.eq(access.write & exists & ~is_delay),
                    self.write_delay.eq(access.write & exists & is_delay),
                ]
                m.d.sync += waited.eq(waited + 1)
                with m.If(access.write | (waited == SYNAPSE_LATENCY)):
                    m.d.sync += [shift.eq(following), index.eq(index + 1)]
                    m.next = "ADDRESS"
                    with m.If(last):
                        m.d.sync += access.done.eq(1)
                        m.next = "IDLE"
        return m
