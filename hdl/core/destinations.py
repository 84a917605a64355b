"""The table of destinations: the axons, on any core, that the spikes of a neuron go to."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import (
    DESTINATION_CORE_SHIFT,
    DESTINATION_DELAY_SHIFT,
    DESTINATION_LAST,
)
from ..primitives.access import AccessSignature, answer_after
from ..primitives.layouts import destination_layout

_AXON_BITS, _DELAY_BITS, _CORE_BITS = (
    destination_layout[name].width for name in ("axon", "delay", "core")
)
_LAST_BIT = DESTINATION_LAST.bit_length() - 1


class Destinations(wiring.Component):
    """Walks from a neuron's first entry to its last, and gives a packet for each.

    Throughput: a packet per cycle, and one cycle more for each neuron.  Latency: 4 cycles.
    Back-pressure: all of it waits while `packets` is not taken.

    Members
    -------
    first : stream of first entries, one for each spike that drives something.
    packets : stream of destinations.
    busy : spikes are under way.
    access : to `entry` of the table, between steps; done after two cycles.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._entries = config.route_entries
        entry = range(self._entries)
        super().__init__(
            {
                "first": In(stream.Signature(entry)),
                "packets": Out(stream.Signature(destination_layout)),
                "busy": Out(1),
                "access": In(AccessSignature({"entry": entry})),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Cursor → table → packet; one entry is prefetched past the end and discarded."""
        m = Module()
        bits = destination_layout.size
        m.submodules.table = table = memory.Memory(shape=bits + 1, depth=self._entries, init=[])
        read, write = table.read_port(), table.write_port()
        packet, last = read.data[:bits], read.data[bits]

        # A register, so that no path leads from the table's output on into `RouteTable`.
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
                self.packets.payload.as_value().eq(packet),
            ]
            with m.If(fetching & ~ended):
                m.d.sync += cursor.eq(cursor + 1)
            with m.Else():
                m.d.sync += [cursor.eq(waiting), fetching.eq(waits)]
                with m.If(waits):
                    m.d.sync += waits.eq(0)
        m.d.comb += self.busy.eq(waits | fetching | fetched | self.packets.valid)

        access, data_in = self.access, self.access.data
        begins, _ = answer_after(m, access, 2)
        m.d.comb += [
            write.en.eq(begins & access.write),
            write.addr.eq(access.where.entry),
            write.data.eq(
                Cat(
                    data_in[:_AXON_BITS],
                    data_in[DESTINATION_DELAY_SHIFT:][:_DELAY_BITS],
                    data_in[DESTINATION_CORE_SHIFT:][:_CORE_BITS],
                    data_in[_LAST_BIT],
                )
            ),
        ]
        entry = data.View(destination_layout, packet)
        with m.If(access.active):
            m.d.comb += [
                read.addr.eq(access.where.entry),
                read.en.eq(1),
                access.value.eq(
                    entry.axon
                    | (entry.delay << DESTINATION_DELAY_SHIFT)
                    | (entry.core << DESTINATION_CORE_SHIFT)
                    | (last << _LAST_BIT)
                ),
            ]
        return m
