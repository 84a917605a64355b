"""The core: synapses, lanes, update units and routes, and what connects them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.neurons import MAX_CLAMPS
from ..learning.engine import LearningEngine
from ..primitives.bus import BusSignature
from ..primitives.decoder import decode_bus
from ..primitives.layouts import destination_layout, spike_layout
from ..primitives.skid import Skid
from .arrivals import Arrivals
from .destinations import Destinations
from .intake import Intake
from .integrator import Integrator
from .neuron_update import NeuronUpdate
from .route_table import RouteTable
from .sequence import StepSequence
from .static_synapses import StaticSynapses
from .windows import (
    arrival_windows,
    learning_windows,
    neuron_windows,
    pending_windows,
    route_windows,
    synapse_windows,
)


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
    units = MAX_CLAMPS * config.update_units
    return units if config.learning is None else units + config.lanes + 3 * config.update_units


class Core(wiring.Component):
    """A time-multiplexed core with P lanes.  What a step does: docs/reference/semantics.md.

    A step takes |S|·ceil(N/P) + ceil(N/U) + ceil(A/32) clock cycles and a constant below 38 (40 with
    synaptic delays), for |S| arriving axons.  One spike is routed per cycle, in
    parallel with the walk over the words of U neurons.  If many neurons fire close together, replace
    ceil(N/U) by the largest of k + (spikes in words ≥ k).

    Members
    -------
    start : pulse while `ready`; runs one step.
    ready : between steps, with the memories clear; spikes and bus accesses are taken only then.
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
    finished : everything is done, and all packets are out; only `release` ends the step.
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
        """The parts of a core, and what connects them."""
        m = Module()
        c = self._config
        m.submodules.sequence = sequence = StepSequence(fabric=bool(c.route_entries))
        m.submodules.intake = intake = Intake(c)
        m.submodules.arrivals = arrivals = Arrivals(c)
        m.submodules.skid = skid = Skid(range(c.axons))
        m.submodules.integrator = integrator = Integrator(c)
        m.submodules.neuron_update = update = NeuronUpdate(c)
        m.submodules.routes = routes = RouteTable(c)
        destinations = Destinations(c) if c.route_entries else None
        synapses = StaticSynapses(c, storage=self._storage) if c.learning is None else None
        engine = LearningEngine(c) if c.learning is not None else None

        address = self.bus.address
        windows = neuron_windows(c, address, update)
        windows += arrival_windows(c, address, arrivals)
        windows += route_windows(c, address, routes, destinations)
        if c.delay_slots > 1:
            windows += pending_windows(c, address, integrator)

        wiring.connect(m, wiring.flipped(self.arriving), intake.host)
        wiring.connect(m, arrivals.axons, skid.input)
        wiring.connect(m, routes.reported, wiring.flipped(self.reported))
        m.d.comb += [
            arrivals.arrive.eq(intake.arrive),
            arrivals.arrive_axon.eq(intake.arrive_axon),
            arrivals.arrive_delay.eq(intake.arrive_delay),
        ]
        rows_under_way = skid.output.valid | ~integrator.idle
        spikes_under_way = routes.busy
        if destinations is not None:
            m.submodules.destinations = destinations
            wiring.connect(m, routes.first, destinations.first)
            wiring.connect(m, destinations.packets, wiring.flipped(self.packets))
            wiring.connect(m, wiring.flipped(self.inbound), intake.inbound)
            m.d.comb += [
                intake.inbound_open.eq(sequence.scanned & ~arrivals.walking),
                sequence.release.eq(self.release),
                self.finished.eq(sequence.finished),
            ]
            spikes_under_way = spikes_under_way | destinations.busy
        else:
            m.d.comb += [intake.routed.eq(routes.arrive), intake.routed_axon.eq(routes.arrive_axon)]

        if synapses is not None:
            m.submodules.synapses = synapses
            wiring.connect(m, integrator.synapses, synapses.rows)
            wiring.connect(m, update.take, integrator.take)
            wiring.connect(m, update.fired, routes.fired)
            m.d.comb += [
                integrator.rows.valid.eq(skid.output.valid),
                integrator.rows.payload.axon.eq(skid.output.payload),
                skid.output.ready.eq(integrator.rows.ready),
                routes.spikes.ready.eq(1),
                sequence.closed.eq(1),
            ]
            windows += synapse_windows(c, address, synapses.access)
        if engine is not None:
            m.submodules.engine = engine
            wiring.connect(m, arrivals.scanned, engine.scanned)
            wiring.connect(m, skid.output, engine.axons)
            wiring.connect(m, engine.rows, integrator.rows)
            wiring.connect(m, integrator.synapses, engine.synapses)
            wiring.connect(m, update.take, engine.update_take)
            wiring.connect(m, engine.take, integrator.take)
            wiring.connect(m, update.fired, routes.fired, engine.fired)
            wiring.connect(m, routes.spikes, engine.spikes)
            m.d.comb += [
                integrator.dry.eq(engine.dry),
                engine.integrating.eq(~integrator.idle),
                engine.step.eq(self.step),
                engine.update.eq(sequence.update),
                engine.clear.eq(sequence.wipe),
                engine.close.eq(sequence.close),
                sequence.learning.eq(engine.busy),
                sequence.closed.eq(engine.closed),
            ]
            rows_under_way = rows_under_way | engine.looking_up
            windows += learning_windows(c, address, engine)
            windows += synapse_windows(c, address, engine.synapse_access)

        m.d.comb += [
            sequence.start.eq(self.start),
            sequence.clear.eq(self.clear),
            self.ready.eq(sequence.ready),
            intake.open.eq(self.ready & ~self.start & ~self.clear),
            intake.between_steps.eq(self.ready),
            sequence.arriving.eq(intake.in_flight),
            arrivals.scan.eq(sequence.scan),
            arrivals.clear.eq(sequence.wipe),
            sequence.scanning.eq(arrivals.scanning),
            sequence.integrating.eq(rows_under_way),
            update.start.eq(sequence.update),
            update.clear.eq(sequence.wipe),
            sequence.updating.eq(update.busy),
            sequence.routing.eq(spikes_under_way),
            integrator.advance.eq(sequence.done),
        ]
        decode_bus(m, self.bus, self.ready, windows)

        count = self.increments
        m.d.comb += [
            count.steps.eq(sequence.done),
            count.cycles.eq(sequence.running),
            count.stalls.eq(routes.stalled),
            count.spikes.eq(routes.spike),
            count.clamps.eq(update.clamps + (engine.state_clamps if engine else 0)),
            count.duplicates.eq(arrivals.duplicate),
            count.unknown.eq(intake.unknown | routes.unknown),
        ]
        with m.If(arrivals.axons.valid & arrivals.axons.ready):
            m.d.comb += count.synaptic_operations.eq(c.neurons)
        if engine is not None:
            m.d.comb += [
                count.weight_updates.eq(engine.weight_updates),
                count.weight_clamps.eq(engine.weight_clamps),
            ]
        return m
