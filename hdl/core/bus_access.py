"""Bus access to everything in a core: who is at which address, and the sequence of an access."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed

from ..contract.core_config import CoreConfig, SynapseField
from ..contract.memory_map import (
    DESTINATIONS,
    FIELD_SHIFT,
    RECEPTOR_SHIFT,
    REGION_SHIFT,
    SLOT_SHIFT,
    Region,
)
from ..contract.widths import WORD_BITS, clog2
from .arrivals import Arrivals
from .destinations import Destinations
from .integrator import Integrator
from .neuron_update import NeuronUpdate
from .route_table import RouteTable

Bus = Any
"""An interface of `BusSignature`, seen from the target."""
Targets = dict[Region, tuple[Value, Any, Value]]
"""By region: whether the address exists, who is accessed, and the value read."""


def row_address(
    address: Value, field: SynapseField, config: CoreConfig
) -> tuple[Value, Value, Value]:
    """(axon, word of its row, whether they exist) of an address in a synapse region."""
    offset, row_bits = address[:REGION_SHIFT], clog2(field.words_per_row)
    axon, word = offset[row_bits:], offset[:row_bits]
    return axon, word, (axon < config.axons) & (word < field.words_per_row)


def neuron_targets(
    m: Module, c: CoreConfig, bus: Bus, arrivals: Arrivals, updater: NeuronUpdate
) -> Targets:
    """Parameters, states and arrivals."""
    layout = c.layout
    offset = bus.address[:REGION_SHIFT]
    field, low = offset[FIELD_SHIFT:], offset[:FIELD_SHIFT]
    entries = 1 if c.parameters == "shared" else c.neurons
    word, slot = offset[:SLOT_SHIFT], offset[SLOT_SHIFT:]
    m.d.comb += [
        arrivals.access_write.eq(bus.write),
        arrivals.access_word.eq(word),
        arrivals.access_slot.eq(slot),
        arrivals.access_data.eq(bus.data & _last_word_mask(c, word)),
        updater.access_write.eq(bus.write),
        updater.access_field.eq(field),
        updater.access_neuron.eq(low),
        updater.access_data.eq(bus.data),
        updater.access_state.eq(bus.address[REGION_SHIFT:] == Region.STATES),
    ]
    parameter = (field < len(layout.parameters)) & (low < entries)
    state = (field < len(layout.states)) & (low < c.neurons)
    arrival = (word < layout.arrival_words) & (slot < c.axonal_delay_slots)
    return {
        Region.PARAMETERS: (parameter, updater, updater.access_value),
        Region.STATES: (state, updater, updater.access_value),
        Region.ARRIVALS: (arrival, arrivals, arrivals.word),
    }


def route_targets(
    m: Module, c: CoreConfig, bus: Bus, routes: RouteTable, destinations: Destinations | None
) -> Targets:
    """The table of routes, and that of destinations in the same region."""
    offset = bus.address[:REGION_SHIFT]
    m.d.comb += [
        routes.access_write.eq(bus.write),
        routes.access_neuron.eq(offset[:FIELD_SHIFT]),
        routes.access_data.eq(bus.data),
    ]
    if destinations is None:
        return {Region.ROUTES: (offset < c.neurons, routes, routes.access_value)}
    table = offset >= DESTINATIONS
    entry = offset[: DESTINATIONS.bit_length() - 1]
    both = SimpleNamespace(access=Signal(), access_done=Signal())
    m.d.comb += [
        routes.access.eq(both.access & ~table),
        destinations.access.eq(both.access & table),
        both.access_done.eq(Mux(table, destinations.access_done, routes.access_done)),
        destinations.access_write.eq(bus.write),
        destinations.access_entry.eq(entry),
        destinations.access_data.eq(bus.data),
    ]
    beyond = offset[DESTINATIONS.bit_length() :].any()
    exists = Mux(table, (entry < c.route_entries) & ~beyond, offset < c.neurons)
    value = Mux(table, destinations.access_value, routes.access_value)
    return {Region.ROUTES: (exists, both, value)}


def pending_targets(m: Module, c: CoreConfig, bus: Bus, integrator: Integrator) -> Targets:
    """What is under way to the neurons."""
    offset = bus.address[:REGION_SHIFT]
    neuron = offset[:SLOT_SHIFT]
    slot, receptor = offset[SLOT_SHIFT:RECEPTOR_SHIFT], offset[RECEPTOR_SHIFT:]
    m.d.comb += [
        integrator.access_write.eq(bus.write),
        integrator.access_receptor.eq(receptor),
        integrator.access_slot.eq(slot),
        integrator.access_neuron.eq(neuron),
        integrator.access_data.eq(bus.data),
    ]
    exists = (receptor < c.layout.accumulators) & (slot < c.delay_slots) & (neuron < c.neurons)
    value = Signal(signed(32))
    m.d.comb += value.eq(integrator.access_value)
    return {Region.PENDING: (exists, integrator, value)}


def _last_word_mask(c: CoreConfig, word: Value) -> Value:
    """Bits of an arrival word that stand for existing axons."""
    used = c.axons % WORD_BITS
    everything = (1 << WORD_BITS) - 1
    last = (1 << used) - 1 if used else everything
    return Mux(word == c.layout.arrival_words - 1, last, everything)


def serve(m: Module, bus: Bus, ready: Value, targets: Targets) -> None:
    """Accesses between steps: whether the address exists, then whoever is there, until it is done."""
    region = bus.address[REGION_SHIFT:]
    # Who is accessed, one bit for each; registers, since they choose the addresses of memories.
    found = Signal(len(targets))
    here = Cat((region == code) & exists for code, (exists, _, _) in targets.items())
    with m.FSM(name="bus"):
        with m.State("IDLE"):
            m.d.sync += [bus.done.eq(0), found.eq(here)]
            with m.If(bus.valid & ~bus.done & ready):
                m.next = "ACCESS"
        with m.State("ACCESS"):
            for k, (_, target, _) in enumerate(targets.values()):
                with m.If(found[k]):
                    m.d.comb += target.access.eq(1)
            m.d.sync += bus.error.eq(~found.any())
            with m.If(~found.any()):
                m.d.sync += bus.done.eq(1)
                m.next = "IDLE"
            with m.Switch(region):
                for code, (_, target, value) in targets.items():
                    with m.Case(code):
                        m.d.sync += bus.value.eq(value)
                        with m.If(found.any() & target.access_done):
                            m.d.sync += bus.done.eq(1)
                            m.next = "IDLE"
