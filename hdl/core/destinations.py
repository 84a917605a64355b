"""The table of destinations: where the spikes of a neuron go, any number of places."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import (
    CORE_BITS,
    DESTINATION_AXON_MASK,
    DESTINATION_CORE_SHIFT,
    DESTINATION_DELAY_SHIFT,
    DESTINATION_LAST,
)

_DELAY_BITS = DESTINATION_CORE_SHIFT - DESTINATION_DELAY_SHIFT
_AXON_BITS = DESTINATION_AXON_MASK.bit_length()
_LAST_BIT = DESTINATION_LAST.bit_length() - 1

destination_layout = data.StructLayout(
    {"axon": _AXON_BITS, "delay": _DELAY_BITS, "core": CORE_BITS}
)
"""Where a spike goes, as the table has it: nothing is checked yet."""


class Destinations(wiring.Component):
    """Walks from a neuron's first entry to its last, and gives a packet for each.

    Throughput: a packet per cycle, and one cycle more for each neuron.  Latency: 4 cycles.
    Back-pressure: all of it waits while `packets` is not taken.

    Members
    -------
    first : stream of first entries, one for each spike that drives something.
    packets : stream of destinations.
    busy : spikes are under way.
    access… : bus access to entry `access_entry` between steps, done two cycles after `access` rises.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._entries = config.route_entries
        entry = range(self._entries)
        super().__init__(
            {
                "first": In(stream.Signature(entry)),
                "packets": Out(stream.Signature(destination_layout)),
                "busy": Out(1),
                "access": In(1),
                "access_write": In(1),
                "access_entry": In(entry),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Cursor → table → packet; the entry after the last one is fetched in vain."""
        m = Module()
        bits = destination_layout.size
        m.submodules.table = table = memory.Memory(shape=bits + 1, depth=self._entries, init=[])
        read, write = table.read_port(), table.write_port()
        found, last = read.data[:bits], read.data[bits]

        # A register, so that the way from the table's output does not go on into `RouteTable`.
        waiting, waits = Signal.like(self.first.payload), Signal()
        m.d.comb += self.first.ready.eq(~waits)
        with m.If(~waits):
            m.d.sync += [waiting.eq(self.first.payload), waits.eq(self.first.valid)]

        cursor, fetching, fetched = Signal.like(waiting), Signal(), Signal()
        going, ended = Signal(), Signal()
        m.d.comb += [
            going.eq(~self.packets.valid | self.packets.ready),
            ended.eq(fetched & last),
            read.addr.eq(cursor),
            read.en.eq(going),
        ]
        with m.If(going):
            m.d.sync += [
                fetched.eq(fetching & ~ended),
                self.packets.valid.eq(fetched),
                self.packets.payload.as_value().eq(found),
            ]
            with m.If(fetching & ~ended):
                m.d.sync += cursor.eq(cursor + 1)
            with m.Else():
                m.d.sync += [cursor.eq(waiting), fetching.eq(waits)]
                with m.If(waits):
                    m.d.sync += waits.eq(0)
        m.d.comb += self.busy.eq(waits | fetching | fetched | self.packets.valid)

        data_in = self.access_data
        m.d.comb += [
            write.addr.eq(self.access_entry),
            write.data.eq(
                Cat(
                    data_in[:_AXON_BITS],
                    data_in[DESTINATION_DELAY_SHIFT:][:_DELAY_BITS],
                    data_in[DESTINATION_CORE_SHIFT:][:CORE_BITS],
                    data_in[_LAST_BIT],
                )
            ),
        ]
        entry = data.View(destination_layout, found)
        m.d.comb += [
            self.access_value[:_AXON_BITS].eq(entry.axon),
            self.access_value[DESTINATION_DELAY_SHIFT:][:_DELAY_BITS].eq(entry.delay),
            self.access_value[DESTINATION_CORE_SHIFT:][:CORE_BITS].eq(entry.core),
            self.access_value[_LAST_BIT].eq(last),
        ]
        with m.If(self.access):
            m.d.comb += [read.addr.eq(self.access_entry), read.en.eq(1)]
        with m.FSM(name="access"):
            with m.State("IDLE"):
                with m.If(self.access & ~self.access_done):
                    m.d.comb += write.en.eq(self.access_write)
                    m.next = "LOOK"
                m.d.sync += self.access_done.eq(0)
            with m.State("LOOK"):
                m.d.sync += self.access_done.eq(1)
                m.next = "IDLE"
        return m
