"""The core: synapses, lanes, update units and routes, and the sequence of a time step."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..bus import BusSignature
from ..config import CoreConfig, clog2
from ..memory_map import FIELD_SHIFT, REGION_SHIFT, Region
from .arrivals import WORD_BITS, Arrivals
from .integrator import Integrator
from .routes import Routes
from .synapse_access import SynapseAccess
from .synapses import SynapseMemory
from .updater import Updater


def increments(config: CoreConfig) -> data.StructLayout:
    """What a core adds to its counters in one clock cycle, by counter name."""
    return data.StructLayout(
        {
            "steps": 1,
            "cycles": 1,
            "stalls": 1,
            "synaptic_operations": config.neurons.bit_length(),
            "spikes": 1,
            "clamps": (4 * config.update_units).bit_length(),
            "duplicates": 1,
            "unknown": 1,
        }
    )


class Core(wiring.Component):
    """A time-multiplexed core with P lanes.  What a step does: docs/semantics.md.

    A step takes |S|·ceil(N/P) + ceil(N/U) + ceil(A/32) clock cycles and a constant below 38, for |S| arriving
    axons.  One spike is routed per cycle beside the walk over the words of U neurons: where spikes crowd,
    the largest of k + (spikes in words ≥ k) takes the place of ceil(N/U).

    Members
    -------
    start : pulse while `ready`; runs one step.
    ready : between steps, with the memories clear.  Only then are spikes and bus accesses taken.
    clear : pulse while `ready`; clears all state, as happens after power-up.
    arriving : stream of axons (16 bits, so that unknown ones can be counted) for the next step.
    reported : stream of neurons that fired; the step waits while it is not taken.
    bus : regions ROUTES to SYNAPSES of the memory map.
    increments : to the counters.
    """

    def __init__(self, config: CoreConfig, *, synapse_storage: str = "block") -> None:
        self._config = config
        self._storage = synapse_storage
        super().__init__(
            {
                "start": In(1),
                "ready": Out(1),
                "clear": In(1),
                "arriving": In(stream.Signature(16)),
                "reported": Out(stream.Signature(range(config.neurons))),
                "bus": In(BusSignature()),
                "increments": Out(increments(config)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Blocks, the sequence of a step, and the bus."""
        m = Module()
        m.submodules.arrivals = arrivals = Arrivals(self._config)
        m.submodules.integrator = integrator = Integrator(self._config)
        m.submodules.synapses = synapses = SynapseMemory(self._config, storage=self._storage)
        m.submodules.updater = updater = Updater(self._config)
        m.submodules.routes = routes = Routes(self._config)
        m.submodules.synapse_access = access = SynapseAccess(self._config)

        wiring.connect(m, arrivals.axons, integrator.axons)
        wiring.connect(m, wiring.flipped(self.reported), routes.reported)
        m.d.comb += [
            synapses.read.eq(integrator.read | access.read),
            synapses.address.eq(Mux(integrator.read, integrator.read_address, access.address)),
            synapses.write.eq(access.write),
            synapses.write_lane.eq(access.write_lane),
            synapses.write_weight.eq(access.write_weight),
            integrator.weights.eq(synapses.weights),
            access.weights.eq(synapses.weights),
            integrator.take.eq(updater.take),
            integrator.take_lanes.eq(updater.take_lanes),
            integrator.take_group.eq(updater.take_group),
            updater.taken.eq(integrator.taken),
            routes.fired_valid.eq(updater.fired_valid),
            routes.fired_word.eq(updater.fired_word),
            routes.fired.eq(updater.fired),
        ]
        settling = self._arrive(m, arrivals, routes)
        self._sequence(m, settling, arrivals, integrator, updater, routes)
        self._bus(m, arrivals, updater, routes, access)
        return m

    def _sequence(
        self,
        m: Module,
        settling: Signal,
        arrivals: Arrivals,
        integrator: Integrator,
        updater: Updater,
        routes: Routes,
    ) -> None:
        count = self.increments
        m.d.comb += [
            count.cycles.eq(self.start | ~self.ready),
            count.stalls.eq(routes.stalled),
            count.spikes.eq(routes.spike),
            count.clamps.eq(updater.clamps),
        ]
        with m.If(integrator.axons.valid & integrator.axons.ready):
            m.d.comb += count.synaptic_operations.eq(self._config.neurons)
        integrated = Signal()
        m.d.sync += integrated.eq(~arrivals.scanning & integrator.idle)
        with m.FSM():
            with m.State("POWER_UP"):
                m.d.comb += [count.cycles.eq(0), arrivals.clear.eq(1), updater.clear.eq(1)]
                m.next = "CLEAR"
            with m.State("CLEAR"):
                m.d.comb += count.cycles.eq(0)
                with m.If(~arrivals.scanning & ~updater.busy):
                    m.next = "READY"
            with m.State("READY"):
                m.d.comb += self.ready.eq(1)
                with m.If(self.clear):
                    m.next = "POWER_UP"
                with m.Elif(self.start):
                    m.next = "SETTLE"
                    with m.If(~settling.any()):
                        m.d.comb += arrivals.scan.eq(1)
                        m.next = "INTEGRATE"
            with m.State("SETTLE"), m.If(~settling.any()):
                m.d.comb += arrivals.scan.eq(1)
                m.next = "INTEGRATE"
            with m.State("INTEGRATE"), m.If(integrated):
                m.d.comb += updater.start.eq(1)
                m.next = "UPDATE"
            with m.State("UPDATE"), m.If(~updater.busy & ~routes.busy):
                m.d.comb += count.steps.eq(1)
                m.next = "READY"

    def _arrive(self, m: Module, arrivals: Arrivals, routes: Routes) -> Signal:
        """Spikes from the host between steps, from the routes during one.

        Returns a signal that is not 0 while a host spike is on its way into the bitmap.
        """
        host, axon = self.arriving, self.arriving.payload
        known = axon < self._config.axons
        taken = Signal()
        settling = Signal(3)
        m.d.comb += [
            host.ready.eq(self.ready & ~self.start & ~self.clear),
            taken.eq(host.valid & host.ready),
            arrivals.arrive.eq(Mux(self.ready, taken & known, routes.arrive)),
            arrivals.arrive_axon.eq(Mux(self.ready, axon, routes.arrive_axon)),
            self.increments.unknown.eq((taken & ~known) | routes.unknown),
            self.increments.duplicates.eq(arrivals.duplicate),
        ]
        m.d.sync += settling.eq(Cat(taken, settling))
        return settling

    def _bus(
        self,
        m: Module,
        arrivals: Arrivals,
        updater: Updater,
        routes: Routes,
        synapses: SynapseAccess,
    ) -> None:
        c, layout, bus = self._config, self._config.layout, self.bus
        offset = bus.address[:REGION_SHIFT]
        field, low = offset[FIELD_SHIFT:], offset[:FIELD_SHIFT]
        row_bits = clog2(layout.words_per_row)
        axon, word = offset[row_bits:], offset[:row_bits]
        entries = 1 if c.parameters == "shared" else c.neurons

        m.d.comb += [
            arrivals.access_write.eq(bus.write),
            arrivals.access_word.eq(low),
            arrivals.access_data.eq(bus.data & self._last_word_mask(offset)),
            updater.access_write.eq(bus.write),
            updater.access_field.eq(field),
            updater.access_neuron.eq(low),
            updater.access_data.eq(bus.data),
            routes.access_write.eq(bus.write),
            routes.access_neuron.eq(low),
            routes.access_data.eq(bus.data),
            synapses.access_write.eq(bus.write),
            synapses.access_axon.eq(axon),
            synapses.access_word.eq(word),
            synapses.access_data.eq(bus.data),
        ]
        parameters, states = len(layout.parameters), len(layout.states)
        targets: dict[Region, tuple[Value, Any, Value]] = {
            Region.ROUTES: (offset < c.neurons, routes, routes.access_value),
            Region.PARAMETERS: (
                (field < parameters) & (low < entries),
                updater,
                updater.access_value,
            ),
            Region.STATES: ((field < states) & (low < c.neurons), updater, updater.access_value),
            Region.ARRIVALS: (offset < layout.arrival_words, arrivals, arrivals.word),
            Region.SYNAPSES: (
                (axon < c.axons) & (word < layout.words_per_row),
                synapses,
                synapses.access_value,
            ),
        }
        mapped = Signal()
        region = bus.address[REGION_SHIFT:]
        m.d.comb += updater.access_state.eq(region == Region.STATES)
        with m.FSM(name="bus"):
            with m.State("IDLE"):
                m.d.sync += [bus.done.eq(0), mapped.eq(0)]
                with m.Switch(region):
                    for code, (exists, _, _) in targets.items():
                        with m.Case(code):
                            m.d.sync += mapped.eq(exists)
                with m.If(bus.valid & ~bus.done & self.ready):
                    m.next = "ACCESS"
            with m.State("ACCESS"):
                m.d.sync += bus.error.eq(~mapped)
                with m.If(~mapped):
                    m.d.sync += bus.done.eq(1)
                    m.next = "IDLE"
                with m.Switch(region):
                    for code, (_, target, value) in targets.items():
                        with m.Case(code):
                            m.d.comb += target.access.eq(mapped)
                            m.d.sync += bus.value.eq(value)
                            with m.If(mapped & target.access_done):
                                m.d.sync += bus.done.eq(1)
                                m.next = "IDLE"

    def _last_word_mask(self, offset: Signal) -> Signal:
        """Bits of an arrival word that stand for existing axons."""
        used = self._config.axons % WORD_BITS
        everything = (1 << WORD_BITS) - 1
        last = (1 << used) - 1 if used else everything
        return Mux(offset == self._config.layout.arrival_words - 1, last, everything)
