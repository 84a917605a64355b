"""Routing of a step's spikes: which axon each neuron drives, and which spikes the host sees."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import ROUTE_AXON_MASK, ROUTE_DRIVES, ROUTE_REPORTS
from ..primitives.bits import one_hot_index

_AXON_BITS = ROUTE_AXON_MASK.bit_length()
_DRIVES_BIT = ROUTE_DRIVES.bit_length() - 1
_REPORTS_BIT = ROUTE_REPORTS.bit_length() - 1


class RouteTable(wiring.Component):
    """Looks up each spike in the table; one spike per cycle, lowest neuron of a word first.

    The queue holds the spikes of a whole step, so the update never waits; the table lookup waits
    while `reported` is not taken.

    Members
    -------
    fired_valid, fired_word, fired : from `NeuronUpdate`.
    busy : spikes are under way.
    spike : pulses once for each spike.  unknown : its axon does not exist, and it was dropped.
    arrive, arrive_axon : to `Arrivals`.
    reported : stream of neurons whose spikes the host wants.
    first : in a core with route_entries, in place of `arrive`: stream of the first destinations of neurons
        that fired and drive something, to `Destinations`.
    stalled : waiting for `reported`.
    spikes : stream of all neurons that fired; a spike that is not taken is not routed either.
    access… : bus access to the table between steps, done two cycles after `access` rises.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        first = {}
        if config.route_entries:
            first["first"] = Out(stream.Signature(range(config.route_entries)))
        super().__init__(
            {
                **first,
                "fired_valid": In(1),
                "fired_word": In(range(config.layout.update_words)),
                "fired": In(config.update_units),
                "busy": Out(1),
                "spike": Out(1),
                "unknown": Out(1),
                "arrive": Out(1),
                "arrive_axon": Out(range(config.axons)),
                "reported": Out(stream.Signature(range(config.neurons))),
                "stalled": Out(1),
                "spikes": Out(stream.Signature(range(config.neurons))),
                "access": In(1),
                "access_write": In(1),
                "access_neuron": In(range(config.neurons)),
                "access_data": In(32),
                "access_done": Out(1),
                "access_value": Out(32),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Queue of words → one spike at a time → table → destinations."""
        m = Module()
        c = self._config
        units = c.update_units
        go = Signal()

        word_bits = len(self.fired_word)
        m.submodules.queue = queue = SyncFIFOBuffered(
            width=units + word_bits, depth=c.layout.update_words + 1
        )
        m.d.comb += [
            queue.w_data.eq(Cat(self.fired, self.fired_word)),
            queue.w_en.eq(self.fired_valid & self.fired.any()),
        ]

        mask, word = Signal(units), Signal(word_bits)
        below = (mask - 1)[:units]
        rest = mask & below
        spike, taken = mask.any(), Signal()
        m.d.comb += [self.spikes.valid.eq(spike & go), taken.eq(spike & self.spikes.ready)]
        with m.If(go & (taken | ~spike)):
            m.d.sync += mask.eq(rest)
            with m.If(~rest.any()):
                m.d.comb += queue.r_en.eq(1)
                with m.If(queue.r_rdy):
                    m.d.sync += Cat(mask, word).eq(queue.r_data)

        bits = _AXON_BITS + 2
        m.submodules.table = table = memory.Memory(shape=bits, depth=c.neurons, init=[])
        read, write = table.read_port(), table.write_port()
        neuron = Signal(range(max(c.neurons, 2)))
        m.d.comb += neuron.eq(Cat(one_hot_index(mask & ~below), word) if units > 1 else word)
        m.d.comb += [read.addr.eq(neuron), read.en.eq(go), self.spikes.payload.eq(neuron)]

        looking, looked = Signal(), Signal()
        neuron_1, neuron_2 = Signal.like(neuron), Signal.like(neuron)
        route = Signal(bits)
        with m.If(go):
            m.d.sync += [looking.eq(taken), neuron_1.eq(neuron)]
            m.d.sync += [looked.eq(looking), neuron_2.eq(neuron_1), route.eq(read.data)]
        axon, drives, reports = route[:_AXON_BITS], route[-2], route[-1]
        m.d.comb += self.reported.payload.eq(neuron_2)
        done = Signal()
        m.d.comb += done.eq(looked & go)
        m.d.sync += self.spike.eq(done)
        if c.route_entries:
            # Who has both waits for both.
            told = ~reports | self.reported.ready
            m.d.comb += [
                self.first.valid.eq(looked & drives & told),
                self.first.payload.eq(axon),
                self.reported.valid.eq(looked & reports & (~drives | self.first.ready)),
                go.eq(~looked | (told & (~drives | self.first.ready))),
                self.stalled.eq(looked & ~told),
            ]
        else:
            known = axon < c.axons
            m.d.comb += [
                self.reported.valid.eq(looked & reports),
                go.eq(~self.reported.valid | self.reported.ready),
                self.stalled.eq(~go),
            ]
            m.d.sync += [
                self.arrive.eq(done & drives & known),
                self.unknown.eq(done & drives & ~known),
                self.arrive_axon.eq(axon),
            ]
        # Three more cycles until the arrival is in the bitmap.
        settling = Signal(3)
        m.d.sync += settling.eq(Cat(self.arrive, settling))
        m.d.comb += self.busy.eq(
            queue.level.any() | mask.any() | looking | looked | self.spike | settling.any()
        )
        self._access(m, read, write, route)
        return m

    def _access(
        self, m: Module, read: memory.ReadPort, write: memory.WritePort, route: Signal
    ) -> None:
        data = self.access_data
        m.d.comb += [
            write.addr.eq(self.access_neuron),
            write.data.eq(Cat(data[:_AXON_BITS], data[_DRIVES_BIT], data[_REPORTS_BIT])),
        ]
        m.d.comb += [
            self.access_value[:_AXON_BITS].eq(route[:_AXON_BITS]),
            self.access_value[_DRIVES_BIT].eq(route[-2]),
            self.access_value[_REPORTS_BIT].eq(route[-1]),
        ]
        with m.If(self.access):
            m.d.comb += read.addr.eq(self.access_neuron)
        with m.FSM(name="access"):
            with m.State("IDLE"):
                with m.If(self.access & ~self.access_done):
                    m.d.comb += write.en.eq(self.access_write)
                    m.next = "LOOK"
                m.d.sync += self.access_done.eq(0)
            with m.State("LOOK"):
                m.d.sync += self.access_done.eq(1)
                m.next = "IDLE"
