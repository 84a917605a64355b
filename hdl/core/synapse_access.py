"""Bus access to the synapse memory: logical words of packed weights, whatever the lanes."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig, clog2
from .integrator import times_constant
from .synapses import READ_LATENCY


class SynapseAccess(wiring.Component):
    """Moves the weights of one bus word one by one, so that its cost does not grow with the lanes.

    About 4 cycles for each weight of the word; a UART needs at least 80 cycles for a byte.

    Members
    -------
    access, access_write, access_axon, access_word, access_data : hold until `access_done`;
        `access_value` is valid then.  Axon and word must exist.
    read, write, address, weights, write_lane, write_weight : to `SynapseMemory`.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = c = config
        self._layout = layout = config.layout
        super().__init__(
            {
                "access": In(1),
                "access_write": In(1),
                "access_axon": In(range(c.axons)),
                "access_word": In(range(layout.words_per_row)),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
                "read": Out(1),
                "write": Out(1),
                "address": Out(range(c.axons * layout.groups)),
                "weights": In(data.ArrayLayout(signed(c.weight_bits), c.lanes)),
                "write_lane": Out(range(c.lanes)),
                "write_weight": Out(signed(c.weight_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """For each weight of the word: address, then write, or wait and shift in."""
        m = Module()
        c, layout = self._config, self._layout
        slot, per_word = (
            layout.synapse_fields["weight"].slot_bits,
            layout.synapse_fields["weight"].per_word,
        )
        lane_bits = clog2(c.lanes)

        index = Signal(range(per_word + 1))
        waited = Signal(range(READ_LATENCY + 1))
        shift = Signal(32)
        neuron = Signal(range(layout.words_per_row * per_word))
        exists = Signal()
        m.d.comb += [
            neuron.eq(self.access_word * per_word + index),
            exists.eq(neuron < c.neurons),
            self.write_lane.eq(neuron[:lane_bits]),
            self.write_weight.eq(shift[: c.weight_bits]),
            self.access_value.eq(shift),
        ]
        weight = Array(self.weights[k] for k in range(c.lanes))[neuron[:lane_bits]]
        extended = Signal(signed(slot))
        m.d.comb += extended.eq(weight)
        next_weight = Cat(shift[slot:], Mux(exists, extended, 0)[:slot])

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
                    self.write.eq(self.access_write & exists),
                ]
                m.d.sync += waited.eq(waited + 1)
                with m.If(self.access_write | (waited == READ_LATENCY)):
                    m.d.sync += [shift.eq(next_weight), index.eq(index + 1)]
                    m.next = "ADDRESS"
                    with m.If(index == per_word - 1):
                        m.d.sync += self.access_done.eq(1)
                        m.next = "IDLE"
        return m
