"""The table of routes: which axon each neuron drives, and which spikes the host sees."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import ROUTE_AXON_MASK, ROUTE_DRIVES, ROUTE_REPORTS
from ..primitives.access import AccessSignature, answer_after
from ..primitives.bits import one_hot_index
from ..primitives.signatures import FiredSignature

_AXON_BITS = ROUTE_AXON_MASK.bit_length()
_DRIVES_BIT = ROUTE_DRIVES.bit_length() - 1
_REPORTS_BIT = ROUTE_REPORTS.bit_length() - 1


class RouteTable(wiring.Component):
    """Looks up each spike in the table; one spike per cycle, lowest neuron of a word first.

    The queue holds the spikes of a whole step, so the update never waits; the table lookup waits
    while `reported` is not taken.

    Members
    -------
    fired : from `NeuronUpdate`.
    busy : spikes are under way.
    spike : pulses once for each spike.  unknown : its axon does not exist, and it was dropped.
    arrive, arrive_axon : to `Arrivals`.
    reported : stream of neurons whose spikes the host wants.
    first : in a core with route_entries, instead of `arrive`: stream of the first destinations of
        neurons that fired and drive something, to `Destinations`.
    stalled : waiting for `reported`.
    spikes : stream of all neurons that fired; a spike is routed when it is taken.
    access : to entry `neuron` of the table, between steps; done after two cycles.
    """

    def __init__(self, config: CoreConfig) -> None:
        self._config = config
        first = {}
        if config.route_entries:
            first["first"] = Out(stream.Signature(range(config.route_entries)))
        super().__init__(
            {
                **first,
                "fired": In(FiredSignature(config)),
                "busy": Out(1),
                "spike": Out(1),
                "unknown": Out(1),
                "arrive": Out(1),
                "arrive_axon": Out(range(config.axons)),
                "reported": Out(stream.Signature(range(config.neurons))),
                "stalled": Out(1),
                "spikes": Out(stream.Signature(range(config.neurons))),
                "access": In(AccessSignature({"neuron": range(config.neurons)})),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Queue of words → one spike at a time → table → destinations."""
        m = Module()
        c = self._config
        units = c.update_units
        go = Signal()

        fired = self.fired
        word_bits = len(fired.word)
        m.submodules.queue = queue = SyncFIFOBuffered(
            width=units + word_bits, depth=c.layout.update_words + 1
        )
        m.d.comb += [
            queue.w_data.eq(Cat(fired.mask, fired.word)),
            queue.w_en.eq(fired.valid & fired.mask.any()),
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
            # A spike for both waits for both.
            may_report = ~reports | self.reported.ready
            m.d.comb += [
                self.first.valid.eq(looked & drives & may_report),
                self.first.payload.eq(axon),
                self.reported.valid.eq(looked & reports & (~drives | self.first.ready)),
                go.eq(~looked | (may_report & (~drives | self.first.ready))),
                self.stalled.eq(looked & ~may_report),
            ]
        else:
            exists = axon < c.axons
            m.d.comb += [
                self.reported.valid.eq(looked & reports),
                go.eq(~self.reported.valid | self.reported.ready),
                self.stalled.eq(~go),
            ]
            m.d.sync += [
                self.arrive.eq(done & drives & exists),
                self.unknown.eq(done & drives & ~exists),
                self.arrive_axon.eq(axon),
            ]
        # Three more cycles until the arrival is in the bitmap.
        in_flight = Signal(3)
        m.d.sync += in_flight.eq(Cat(self.arrive, in_flight))
        m.d.comb += self.busy.eq(
            queue.level.any() | mask.any() | looking | looked | self.spike | in_flight.any()
        )
        self._access(m, read, write, route)
        return m

    def _access(
        self, m: Module, read: memory.ReadPort, write: memory.WritePort, route: Signal
    ) -> None:
        access, data = self.access, self.access.data
        begins, _ = answer_after(m, access, 2)
        m.d.comb += [
            write.addr.eq(access.where.neuron),
            write.data.eq(Cat(data[:_AXON_BITS], data[_DRIVES_BIT], data[_REPORTS_BIT])),
            write.en.eq(begins & access.write),
            access.value[:_AXON_BITS].eq(route[:_AXON_BITS]),
            access.value[_DRIVES_BIT].eq(route[-2]),
            access.value[_REPORTS_BIT].eq(route[-1]),
        ]
        with m.If(access.active):
            m.d.comb += read.addr.eq(access.where.neuron)
