"""The table of routes: which axon each neuron drives, and which spikes the host sees."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import ROUTE_AXON_MASK, ROUTE_DRIVES, ROUTE_REPORTS
from ..memories import BlockMemory
from ..primitives.access import AccessSignature, answer_after
from ..primitives.signatures import FiredSignature
from ..primitives.skid import Relay

_AXON_BITS = ROUTE_AXON_MASK.bit_length()
_DRIVES_BIT = ROUTE_DRIVES.bit_length() - 1
_REPORTS_BIT = ROUTE_REPORTS.bit_length() - 1


class RouteTable(wiring.Component):
    """Looks up each spike in the table; one spike per cycle, lowest neuron first.

    The list holds the spikes of a whole step, so the update never waits; the table lookup waits
    while `reported` is not taken.

    Members
    -------
    restart : pulse between the spikes of two steps.
    fired : from `NeuronUpdate`.
    busy : spikes are under way.
    spike : pulses once for each spike.  unknown : its axon does not exist, and it was dropped.
    arrive, arrive_axon : to `Arrivals`.
    reported : stream of neurons whose spikes the host wants.
    first : in a core with route_entries, instead of `arrive`: stream of the first destinations of
        neurons that fired and drive something, to `Destinations`.
    stalled : waiting for `reported`; spikes that nobody wants wait as well.
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
                "restart": In(1),
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
        self._listed = Signal()
        self._may_take = Signal()

    def elaborate(self, platform: object) -> Module:
        """List of spikes → one at a time → table → destinations."""
        m = Module()
        c = self._config
        go, taken = Signal(), Signal()
        self._list(m, taken)

        bits = _AXON_BITS + 2
        m.submodules.table = table = BlockMemory(bits, c.neurons)
        neuron = self.spikes.payload
        m.d.comb += [
            taken.eq(self.spikes.valid & self.spikes.ready),
            table.read_address.eq(neuron),
            table.hold.eq(~go),
        ]
        looking, looked = Signal(), Signal()
        neuron_1, neuron_2 = Signal.like(neuron), Signal.like(neuron)
        route = table.word
        with m.If(go):
            m.d.sync += [looking.eq(taken), neuron_1.eq(neuron)]
            m.d.sync += [looked.eq(looking), neuron_2.eq(neuron_1)]
        m.d.comb += self._may_take.eq(go)
        axon, drives, reports = route[:_AXON_BITS], route[-2], route[-1]
        done = Signal()
        m.d.comb += done.eq(looked & go)
        m.d.sync += self.spike.eq(done)
        if c.route_entries:
            # A spike for both waits for both.
            may_report = ~reports | self.reported.ready
            m.d.comb += [
                self.reported.payload.eq(neuron_2),
                self.first.valid.eq(looked & drives & may_report),
                self.first.payload.eq(axon),
                self.reported.valid.eq(looked & reports & (~drives | self.first.ready)),
                go.eq(~looked | (may_report & (~drives | self.first.ready))),
                self.stalled.eq(looked & ~may_report),
            ]
        else:
            exists = axon < c.axons
            # Whether the spike at hand is reported comes late, so that all wait for the host alike.
            m.submodules.reports = relay = Relay(range(c.neurons))
            wiring.connect(m, relay.output, wiring.flipped(self.reported))
            m.d.comb += [
                relay.input.valid.eq(looked & reports),
                relay.input.payload.eq(neuron_2),
                go.eq(~looked | relay.input.ready),
                self.stalled.eq(self.reported.valid & ~self.reported.ready),
            ]
            m.d.sync += [
                self.arrive.eq(done & drives & exists),
                self.unknown.eq(done & drives & ~exists),
                self.arrive_axon.eq(axon),
            ]
        # Four more cycles until the arrival is in the list.
        in_flight = Signal(4)
        m.d.sync += in_flight.eq(Cat(self.arrive, in_flight))
        m.d.comb += self.busy.eq(
            self._listed
            | self.spikes.valid
            | looking
            | looked
            | self.spike
            | in_flight.any()
            | self.reported.valid
        )
        self._access(m, table)
        return m

    def _list(self, m: Module, taken: Value) -> None:
        """The neurons that fired, in order; a spike waits at the end of the list until it is taken."""
        c, fired = self._config, self.fired
        m.submodules.list = memory = BlockMemory(len(fired.neuron), c.neurons)
        bits = c.neurons.bit_length()
        written, read = Signal(bits), Signal(bits)
        fetching, waits, moves = Signal(), Signal(), Signal()
        m.d.comb += [
            memory.write.eq(fired.spike),
            memory.write_address.eq(written),
            memory.write_word.eq(fired.neuron),
            memory.read_address.eq(read),
            memory.hold.eq(~moves),
            moves.eq(~waits | taken),
            self._listed.eq((read != written) | fetching),
            self.spikes.valid.eq(waits & self._may_take),
            self.spikes.payload.eq(memory.word),
        ]
        with m.If(fired.spike):
            m.d.sync += written.eq(written + 1)
        with m.If(moves):
            m.d.sync += [waits.eq(fetching), fetching.eq(read != written)]
            with m.If(read != written):
                m.d.sync += read.eq(read + 1)
        with m.If(self.restart):
            m.d.sync += [written.eq(0), read.eq(0)]

    def _access(self, m: Module, table: BlockMemory) -> None:
        access, data, route = self.access, self.access.data, table.word
        begins, *_ = answer_after(m, access, 2)
        m.d.comb += [
            table.write.eq(begins & access.write),
            table.write_address.eq(access.where.neuron),
            table.write_word.eq(Cat(data[:_AXON_BITS], data[_DRIVES_BIT], data[_REPORTS_BIT])),
        ]
        with m.If(access.active):
            m.d.comb += [
                table.read_address.eq(access.where.neuron),
                access.value.eq(
                    Cat(
                        route[:_AXON_BITS],
                        Const(0, _REPORTS_BIT - _AXON_BITS),
                        route[-1],
                        route[-2],
                    )
                ),
            ]
