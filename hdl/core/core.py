"""The core: synapses, lanes, update units and routes, and what connects them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..contract.core_config import CoreConfig
from ..contract.neurons import MAX_CLAMPS
from ..contract.technology import Storage, Technology
from ..lanes import Conductor, Lanes
from ..learning.engine import LearningEngine
from ..primitives.bus import BusSignature
from ..primitives.decoder import decode_bus
from ..primitives.layouts import destination_layout, spike_layout
from ..primitives.skid import Relay
from .arrival_list import ArrivalList
from .arrivals import Arrivals
from .destinations import Destinations
from .intake import Intake
from .neuron_update import NeuronUpdate
from .route_table import RouteTable
from .row_access import RowAccess
from .sequence import StepSequence
from .settings import Settings
from .sum_access import SumAccess
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
    return MAX_CLAMPS if config.learning is None else MAX_CLAMPS + config.lanes + 3


class Core(wiring.Component):
    """A time-multiplexed core with P lanes.  What a step does: docs/reference/semantics.md.

    A step takes |S|·ceil(N/P) + N + P clock cycles and a constant of at most 49, for |S| arriving axons:
    rows, then a walk over the neurons, beside which one spike is routed per cycle.  Where the FPGA asks
    for registers on long ways (`Technology.wire_stages`) the constant is larger by a few.

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

    With learning, the post side adds ceil(A/P) cycles for each spike, the walk takes max(N, A), and the
    sweeps of hdl/learning/engine.py come on top.
    """

    def __init__(self, config: CoreConfig, *, synapse_storage: Storage = "block") -> None:
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
        self._wiping_sums, self._more_sums = Signal(), Signal()
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
        technology = Technology.of(platform)
        m.submodules.sequence = sequence = StepSequence(fabric=bool(c.route_entries))
        m.submodules.intake = intake = Intake(c)
        arrivals: Arrivals | ArrivalList
        arrivals = ArrivalList(c) if c.axonal_delay_slots == 1 else Arrivals(c)
        m.submodules.arrivals = arrivals
        m.submodules.lanes = lanes = Lanes(c, self._storage)
        m.submodules.conductor = conductor = Conductor(
            c, lanes.settle(technology), lanes.turn(technology)
        )
        m.submodules.neuron_update = update = NeuronUpdate(c)
        m.submodules.routes = routes = RouteTable(c)
        m.submodules.rows = rows = RowAccess(c)
        m.submodules.settings = settings = Settings(c)
        destinations = Destinations(c) if c.route_entries else None
        engine = LearningEngine(c) if c.learning is not None else None

        address = self.bus.address
        windows = neuron_windows(c, address, update, settings)
        windows += arrival_windows(c, address, arrivals, rows)
        windows += route_windows(c, address, routes, destinations)
        windows += synapse_windows(c, address, rows)

        wiring.connect(m, wiring.flipped(self.arriving), intake.host)
        wiring.connect(m, routes.reported, wiring.flipped(self.reported))
        wiring.connect(m, update.fired, routes.fired)
        m.d.comb += [
            arrivals.arrive.eq(intake.arrive),
            arrivals.arrive_axon.eq(intake.arrive_axon),
            arrivals.arrive_delay.eq(intake.arrive_delay),
            routes.restart.eq(sequence.scan),
        ]
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

        m.d.comb += [
            lanes.op.eq(conductor.op),
            update.sums.eq(lanes.sums),
            conductor.touch.eq(rows.touch),
            conductor.touch_neuron.eq(rows.number),
            conductor.touch_axon.eq(rows.access.where.axon),
            conductor.host.eq(rows.host),
            rows.settled.eq(conductor.settled),
            lanes.value.eq(rows.value),
            rows.touched.eq(lanes.touched),
            rows.fields.weight.eq(lanes.sums[0]),
        ]
        for field in list(c.layout.synapse_fields)[1:]:
            m.d.comb += rows.fields[field].eq(lanes.fields[field])
        if isinstance(arrivals, ArrivalList):
            m.d.comb += [
                arrivals.touch.eq(rows.touch_arrival),
                arrivals.touch_axon.eq(rows.number),
                arrivals.write.eq(rows.access.write & (rows.number < c.axons)),
                arrivals.value.eq(rows.value),
                rows.arrival_touched.eq(arrivals.touched),
                rows.arrived.eq(arrivals.arrived),
            ]
        if c.parameters == "shared":
            m.d.comb += update.parameters.eq(settings.parameters)
        rows_under_way = ~conductor.drained
        if engine is None:
            m.d.comb += [
                conductor.rows.valid.eq(arrivals.axons.valid),
                conductor.rows.payload.axon.eq(arrivals.axons.payload),
                arrivals.axons.ready.eq(conductor.rows.ready),
                conductor.add.eq(1),
                conductor.take.eq(sequence.update | self._more_sums),
                update.taking.eq(conductor.taking),
                routes.spikes.ready.eq(1),
                sequence.closed.eq(1),
            ]
        else:
            m.submodules.engine = engine
            # Whether the conductor takes what it is offered is known late in a cycle.
            m.submodules.axon_relay = axon_relay = Relay(range(c.axons))
            m.submodules.spike_relay = spike_relay = Relay(range(c.neurons))
            wiring.connect(m, arrivals.axons, axon_relay.input)
            wiring.connect(m, axon_relay.output, engine.axons)
            wiring.connect(m, routes.spikes, spike_relay.input)
            wiring.connect(m, spike_relay.output, engine.spikes)
            wiring.connect(m, engine.rows, conductor.rows)
            wiring.connect(m, engine.columns, conductor.columns)
            wiring.connect(m, engine.records, lanes.records)
            wiring.connect(m, update.fired, engine.fired)
            m.d.comb += [
                lanes.parameters.eq(settings.learning),
                engine.parameters.eq(settings.learning),
                conductor.add.eq(engine.add),
                conductor.learn.eq(engine.learn),
                conductor.sweep.eq(engine.sweep),
                conductor.clear.eq(engine.row_clear),
                conductor.plastic_only.eq(engine.plastic_only),
                conductor.take.eq(sequence.update | self._more_sums | engine.take),
                update.taking.eq(conductor.taking & ~engine.scaling),
                engine.taking.eq(conductor.taking),
                engine.sums.eq(lanes.sums),
                engine.idle.eq(conductor.idle),
                engine.settled.eq(conductor.settled),
                engine.step.eq(self.step),
                engine.update.eq(sequence.update & ~sequence.clearing),
                engine.wipe.eq(sequence.wipe),
                engine.clearing.eq(sequence.clearing),
                engine.close.eq(sequence.close),
                sequence.learning.eq(engine.busy),
                sequence.closed.eq(engine.closed),
            ]
            rows_under_way = rows_under_way | engine.looking_up | axon_relay.output.valid
            spikes_under_way = spikes_under_way | spike_relay.output.valid
            windows += learning_windows(c, address, engine, settings)
        self._sums(m, sequence, conductor, lanes)
        if c.delay_slots > 1:
            m.submodules.sum_access = sums = SumAccess(c)
            m.d.comb += [
                conductor.peek.eq(sums.peek),
                conductor.put.eq(sums.put),
                conductor.accumulator.eq(sums.accumulator),
                sums.sums.eq(lanes.sums),
                lanes.entry.eq(sums.access.data),
            ]
            with m.If(sums.access.active):
                m.d.comb += [
                    conductor.touch_neuron.eq(sums.access.where.neuron),
                    conductor.slot.eq(sums.access.where.slot),
                ]
            windows += pending_windows(c, address, sums)

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
            update.clear.eq(sequence.clearing),
            conductor.all_sums.eq(sequence.clearing),
            sequence.updating.eq(update.busy | ~conductor.idle | self._wiping_sums),
            sequence.routing.eq(spikes_under_way),
        ]
        decode_bus(m, self.bus, self.ready, windows)

        count = self.increments
        m.d.comb += [
            count.steps.eq(sequence.done),
            count.cycles.eq(sequence.running),
            count.stalls.eq(routes.stalled),
            count.spikes.eq(routes.spike),
            count.clamps.eq(update.clamps + (engine.clamps + lanes.state_clamps if engine else 0)),
            count.duplicates.eq(arrivals.duplicate),
            count.unknown.eq(intake.unknown | routes.unknown),
        ]
        with m.If(arrivals.axons.valid & arrivals.axons.ready):
            m.d.comb += count.synaptic_operations.eq(c.neurons)
        if engine is not None:
            m.d.comb += [
                count.weight_updates.eq(lanes.updates),
                count.weight_clamps.eq(lanes.weight_clamps),
            ]
        return m

    def _sums(self, m: Module, sequence: StepSequence, conductor: Conductor, lanes: Lanes) -> None:
        """The slot of this step in rings of sums; and clearing them, slot by slot."""
        c, wiping = self._config, self._wiping_sums
        again = self._more_sums
        with m.If(sequence.wipe):
            m.d.sync += [wiping.eq(1), again.eq(1)]
        with m.If(again):
            m.d.sync += again.eq(0)
        slot = Signal(range(max(2, c.delay_slots)), name="wiped_slot")
        with m.If(wiping & conductor.idle & ~again & ~sequence.wipe):
            m.d.sync += [slot.eq(slot + 1), again.eq(1)]
            with m.If(slot == c.delay_slots - 1):
                m.d.sync += [slot.eq(0), again.eq(0), wiping.eq(0)]
        if c.delay_slots > 1:
            with m.If(sequence.done):
                m.d.sync += lanes.ring.eq(lanes.ring + 1)
            with m.If(wiping):
                m.d.comb += conductor.slot.eq(slot)
