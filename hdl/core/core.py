"""The core: synapses, lanes, update units and routes, and the sequence of a time step."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.memory_map import FIELD_SHIFT, REGION_SHIFT, SYNAPSE_REGIONS, Region
from ..learning.engine import LearningEngine
from ..learning.synapse_memory import READ_LATENCY as LEARNING_READ_LATENCY
from ..learning.synapse_memory import stride
from ..primitives.bus import BusSignature
from ..primitives.layouts import spike_layout
from ..primitives.skid import Skid
from .arrivals import Arrivals
from .bus_access import Targets, neuron_targets, pending_targets, route_targets, row_address, serve
from .destinations import Destinations, destination_layout
from .integrator import Integrator
from .neuron_update import NeuronUpdate
from .route_table import RouteTable
from .synapse_access import SynapseAccess
from .synapses import SynapseMemory


def increments(config: CoreConfig) -> data.StructLayout:
    """What a core adds to its counters in one clock cycle, by counter name."""
    learning = {}
    if config.learning is not None:
        learning = dict.fromkeys(("weight_updates", "weight_clamps"), config.lanes.bit_length())
    return data.StructLayout(
        {
            "steps": 1,
            "cycles": 1,
            "stalls": 1,
            "synaptic_operations": config.neurons.bit_length(),
            "spikes": 1,
            "clamps": _most_clamps(config).bit_length(),
            "duplicates": 1,
            "unknown": 1,
            **learning,
        }
    )


def _most_clamps(config: CoreConfig) -> int:
    """The most values that are clamped in one cycle."""
    units = 5 * config.update_units
    return units if config.learning is None else units + config.lanes + 3 * config.update_units


class Core(wiring.Component):
    """A time-multiplexed core with P lanes.  What a step does: docs/reference/semantics.md.

    A step takes |S|·ceil(N/P) + ceil(N/U) + ceil(A/32) clock cycles and a constant below 38 (40 with
    synaptic delays), for |S| arriving axons.  One spike is routed per cycle beside the walk over the
    words of U neurons: where spikes crowd, the largest of k + (spikes in words ≥ k) takes the place of
    ceil(N/U).

    Members
    -------
    start : pulse while `ready`; runs one step.
    ready : between steps, with the memories clear.  Only then are spikes and bus accesses taken.
    clear : pulse while `ready`; clears all state, as happens after power-up.
    arriving : stream of axons (16 bits, so that unknown ones can be counted) for the next step.
    reported : stream of neurons that fired; the step waits while it is not taken.
    bus : regions ROUTES to SYNAPSES of the memory map.
    step : number of the next or present step.
    increments : to the counters.

    And in a core with route_entries, which is one of a fabric:

    packets : stream of destinations of spikes, as the table has them.
    inbound : stream of spikes for axons that exist (`spike_layout`); waits only while the core scans
        its arrivals, which no packet can delay.
    finished : all is done, and all packets are out; only `release` ends the step.
    release : every spike of the step has arrived everywhere.

    With learning, the post side adds ceil(A/P) cycles for each spike, the walk takes
    ceil(max(N, A)/U), and the sweeps of hdl/learning/engine.py come on top.
    """

    def __init__(self, config: CoreConfig, *, synapse_storage: str = "block") -> None:
        self._config = config
        self._storage = synapse_storage
        fabric: dict[str, Any] = {}
        if config.route_entries:
            fabric = {
                "packets": Out(stream.Signature(destination_layout)),
                "inbound": In(stream.Signature(spike_layout(config))),
                "finished": Out(1),
                "release": In(1),
            }
        super().__init__(
            {
                **fabric,
                "start": In(1),
                "ready": Out(1),
                "clear": In(1),
                "arriving": In(stream.Signature(16)),
                "reported": Out(stream.Signature(range(config.neurons))),
                "bus": In(BusSignature()),
                "step": In(32),
                "increments": Out(increments(config)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Blocks, the sequence of a step, and the bus."""
        m = Module()
        c = self._config
        m.submodules.arrivals = arrivals = Arrivals(c)
        m.submodules.skid = skid = Skid(range(c.axons))
        wiring.connect(m, arrivals.axons, skid.input)
        m.submodules.updater = updater = NeuronUpdate(c)
        m.submodules.routes = routes = RouteTable(c)
        if c.learning is None:
            integrator, regions = self._synapses(m, skid, routes)
            engine = None
        else:
            integrator, engine, regions = self._learning(m, arrivals, skid, updater, routes)

        wiring.connect(m, wiring.flipped(self.reported), routes.reported)
        m.d.comb += [
            integrator.take.eq(updater.take),
            integrator.take_lanes.eq(updater.take_lanes),
            integrator.take_group.eq(updater.take_group),
            integrator.take_slot.eq(updater.take_slot),
            integrator.advance.eq(self.increments.steps),
            updater.taken.eq(integrator.taken),
            routes.fired_valid.eq(updater.fired_valid),
            routes.fired_word.eq(updater.fired_word),
            routes.fired.eq(updater.fired),
        ]
        if engine is not None:
            with m.If(engine.take):
                m.d.comb += [
                    integrator.take.eq(1),
                    integrator.take_lanes.eq(engine.take_lanes),
                    integrator.take_group.eq(engine.take_group),
                ]
        destinations = self._destinations(m, routes) if c.route_entries else None
        self._scanned = Signal()  # the step's arrivals have been handed over, or are just being so
        settling = self._arrive(m, arrivals, routes)
        self._sequence(
            m, settling, arrivals, skid, integrator, updater, routes, destinations, engine
        )
        regions |= neuron_targets(m, c, self.bus, arrivals, updater)
        regions |= route_targets(m, c, self.bus, routes, destinations)
        if c.delay_slots > 1:
            regions |= pending_targets(m, c, self.bus, integrator)
        serve(m, self.bus, self.ready, regions)
        return m

    def _destinations(self, m: Module, routes: RouteTable) -> Destinations:
        m.submodules.destinations = destinations = Destinations(self._config)
        wiring.connect(m, routes.first, destinations.first)
        wiring.connect(m, destinations.packets, wiring.flipped(self.packets))
        return destinations

    def _synapses(self, m: Module, skid: Skid, routes: RouteTable) -> tuple[Integrator, Targets]:
        """Synapses that stay as they are loaded."""
        c, bus = self._config, self.bus
        m.submodules.integrator = integrator = Integrator(c)
        m.submodules.synapses = synapses = SynapseMemory(c, storage=self._storage)
        m.submodules.synapse_access = access = SynapseAccess(c)
        targets: Targets = {}
        for field in c.layout.synapse_fields.values():
            axon, word, exists = row_address(bus.address, field, c)
            region = SYNAPSE_REGIONS[field.name]
            chosen = bus.address[REGION_SHIFT:] == region if c.delay_slots > 1 else Const(1)
            with m.If(chosen):
                m.d.comb += [
                    access.access_axon.eq(axon),
                    access.access_word.eq(word),
                    access.access_delay.eq(field.name == "delay"),
                ]
            targets[region] = (exists, access, access.access_value)
        m.d.comb += [
            routes.spikes.ready.eq(1),
            integrator.axons.valid.eq(skid.output.valid),
            integrator.axons.payload.axon.eq(skid.output.payload),
            skid.output.ready.eq(integrator.axons.ready),
            synapses.read.eq(integrator.read | access.read),
            synapses.address.eq(Mux(integrator.read, integrator.read_address, access.address)),
            synapses.write.eq(access.write),
            synapses.write_lane.eq(access.write_lane),
            synapses.write_weight.eq(access.write_weight),
            synapses.write_delay.eq(access.write_delay),
            synapses.write_slots.eq(access.write_slots),
            integrator.weights.eq(synapses.weights),
            integrator.delays.eq(synapses.delays),
            access.weights.eq(synapses.weights),
            access.delays.eq(synapses.delays),
            access.access_write.eq(bus.write),
            access.access_data.eq(bus.data),
        ]
        return integrator, targets

    def _learning(
        self, m: Module, arrivals: Arrivals, skid: Skid, updater: NeuronUpdate, routes: RouteTable
    ) -> tuple[Integrator, LearningEngine, Targets]:
        """Synapses that learn."""
        c, bus, layout = self._config, self.bus, self._config.layout
        m.submodules.integrator = integrator = Integrator(
            c, stride=stride(c), read_latency=LEARNING_READ_LATENCY
        )
        m.submodules.engine = engine = LearningEngine(c)
        wiring.connect(m, engine.rows, integrator.axons)
        m.d.comb += [
            integrator.dry.eq(engine.dry),
            integrator.weights.eq(engine.weights),
            integrator.delays.eq(engine.delays),
            engine.integrating.eq(~integrator.idle),
            engine.lanes.row.eq(integrator.row),
            engine.lanes.row_address.eq(integrator.read_address),
            engine.lanes.group.eq(integrator.group),
            engine.lanes.row_read.eq(integrator.read),
        ]
        wiring.connect(m, skid.output, engine.arrivals)
        wiring.connect(m, routes.spikes, engine.fired)
        neurons, axons = engine.neurons, engine.axons
        m.d.comb += [
            engine.step.eq(self.step),
            neurons.walk.eq(updater.take),
            neurons.clear.eq(updater.clearing),
            neurons.group.eq(updater.take_group),
            neurons.sub.eq(updater.sub),
            neurons.spikes.eq(updater.fired),
            neurons.potentials.eq(updater.potentials),
            neurons.modulation.eq(integrator.taken[-1]),
            axons.arrived_valid.eq(arrivals.scanned_valid),
            axons.arrived_word.eq(arrivals.scanned_word),
            axons.arrived.eq(arrivals.scanned),
        ]
        m.d.comb += [engine.taken[r].eq(integrator.taken[r]) for r in range(c.receptors)]

        offset = bus.address[:REGION_SHIFT]
        field, low = offset[FIELD_SHIFT:], offset[:FIELD_SHIFT]
        targets: Targets = {}
        for region, block, fields, count in (
            (Region.AXONS, axons.access, layout.axon_fields, c.axons),
            (Region.NEURONS, neurons.access, layout.neuron_fields, c.neurons),
        ):
            m.d.comb += [
                block.access_write.eq(bus.write),
                block.access_field.eq(field),
                block.access_index.eq(low),
                block.access_data.eq(bus.data),
            ]
            exists = (field < len(fields)) & (low < count)
            targets[region] = (exists, block, block.access_value)
        parameters = engine.parameters
        m.d.comb += [
            parameters.access_write.eq(bus.write),
            parameters.access_index.eq(offset),
            parameters.access_data.eq(bus.data),
        ]
        known = offset < len(layout.learning)
        targets[Region.LEARNING] = (known, parameters, parameters.access_value)

        access = engine.access
        m.d.comb += [access.access_write.eq(bus.write), access.access_data.eq(bus.data)]
        for k, synapse_field in enumerate(layout.synapse_fields.values()):
            axon, word, exists = row_address(bus.address, synapse_field, c)
            region = SYNAPSE_REGIONS[synapse_field.name]
            with m.If(bus.address[REGION_SHIFT:] == region):
                m.d.comb += [
                    access.access_field.eq(k),
                    access.access_axon.eq(axon),
                    access.access_word.eq(word),
                ]
            targets[region] = (exists, access, access.access_value)
        return integrator, engine, targets

    def _sequence(
        self,
        m: Module,
        settling: Signal,
        arrivals: Arrivals,
        skid: Skid,
        integrator: Integrator,
        updater: NeuronUpdate,
        routes: RouteTable,
        destinations: Destinations | None,
        engine: LearningEngine | None,
    ) -> None:
        count = self.increments
        sent = ~destinations.busy if destinations is not None else Const(1)
        settled, closed = Const(1), Const(1)  # nothing to wait for, unless the core learns
        if engine is not None:
            settled, closed = ~engine.busy, engine.closed
            m.d.comb += [
                engine.update.eq(updater.start),
                engine.clear.eq(updater.clear),
                count.weight_updates.eq(engine.weight_updates),
                count.weight_clamps.eq(engine.weight_clamps),
            ]
        m.d.comb += [
            count.cycles.eq(self.start | ~self.ready),
            count.stalls.eq(routes.stalled),
            count.spikes.eq(routes.spike),
            count.clamps.eq(updater.clamps + (engine.state_clamps if engine else 0)),
        ]
        with m.If(arrivals.axons.valid & arrivals.axons.ready):
            m.d.comb += count.synaptic_operations.eq(self._config.neurons)
        integrated = Signal()
        fronted = ~engine.front_busy if engine is not None else Const(1)
        m.d.sync += integrated.eq(
            ~arrivals.scanning & ~skid.output.valid & integrator.idle & fronted
        )
        with m.FSM() as fsm:
            with m.State("POWER_UP"):
                m.d.comb += [count.cycles.eq(0), arrivals.clear.eq(1), updater.clear.eq(1)]
                m.next = "CLEAR"
            with m.State("CLEAR"):
                m.d.comb += count.cycles.eq(0)
                with m.If(~arrivals.scanning & ~updater.busy & settled):
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
            with m.State("UPDATE"), m.If(~updater.busy & ~routes.busy & sent):
                if engine is not None:
                    m.d.comb += engine.close.eq(1)
                with m.If(closed & settled):
                    if destinations is None:
                        m.d.comb += count.steps.eq(1)
                        m.next = "READY"
                    else:
                        m.next = "FINISHED"
            if destinations is not None:
                with m.State("FINISHED"):
                    m.d.comb += self.finished.eq(1)
                    with m.If(self.release):
                        m.d.comb += count.steps.eq(1)
                        m.next = "READY"
        if destinations is not None:
            states = ("INTEGRATE", "UPDATE", "FINISHED")
            m.d.comb += self._scanned.eq(Cat(fsm.ongoing(state) for state in states).any())

    def _arrive(self, m: Module, arrivals: Arrivals, routes: RouteTable) -> Signal:
        """Spikes from the host between steps, from the routes or the fabric during one.

        Returns a signal that is not 0 while such a spike is on its way into the bitmap.
        """
        host, axon = self.arriving, self.arriving.payload
        known = axon < self._config.axons
        taken = Signal()
        settling = Signal(3)
        arrive, arrive_axon = routes.arrive, routes.arrive_axon
        if self._config.route_entries:
            inbound = self.inbound
            m.d.comb += inbound.ready.eq(self._scanned & ~arrivals.walking)
            arrive, arrive_axon = inbound.valid & inbound.ready, inbound.payload.axon
            m.d.comb += arrivals.arrive_delay.eq(Mux(self.ready, 0, inbound.payload.delay))
        m.d.comb += [
            host.ready.eq(self.ready & ~self.start & ~self.clear),
            taken.eq(host.valid & host.ready),
            arrivals.arrive.eq(Mux(self.ready, taken & known, arrive)),
            arrivals.arrive_axon.eq(Mux(self.ready, axon, arrive_axon)),
            self.increments.unknown.eq((taken & ~known) | routes.unknown),
            self.increments.duplicates.eq(arrivals.duplicate),
        ]
        m.d.sync += settling.eq(
            Cat(taken | (arrive if self._config.route_entries else 0), settling)
        )
        return settling
