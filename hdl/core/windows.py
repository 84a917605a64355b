"""Where the blocks of a core are on the bus: the windows that contract/memory_map.py describes."""

from __future__ import annotations

from amaranth.hdl import Value

from ..contract.core_config import CoreConfig
from ..contract.memory_map import (
    DESTINATIONS,
    FIELD_SHIFT,
    RECEPTOR_SHIFT,
    REGION_SHIFT,
    SLOT_SHIFT,
    SYNAPSE_REGIONS,
    Region,
)
from ..contract.widths import clog2
from ..learning.engine import LearningEngine
from ..primitives.decoder import Window
from .arrival_list import ArrivalList
from .arrivals import Arrivals
from .destinations import Destinations
from .neuron_update import NeuronUpdate
from .route_table import RouteTable
from .row_access import RowAccess
from .settings import Settings
from .sum_access import SumAccess


def neuron_windows(
    config: CoreConfig, address: Value, update: NeuronUpdate, settings: Settings
) -> list[Window]:
    """Parameters and states."""
    layout, offset = config.layout, address[:REGION_SHIFT]
    number, neuron = offset[FIELD_SHIFT:], offset[:FIELD_SHIFT]
    shared = Window(
        Region.PARAMETERS,
        settings.access,
        {"of_rule": 0, "index": number},
        (number < len(layout.parameters)) & (neuron == 0),
    )
    states = ((Region.STATES, 1, layout.states), (Region.PARAMETERS, 0, layout.parameters))
    own = states[:1] if config.parameters == "shared" else states
    return [shared] * (config.parameters == "shared") + [
        Window(
            region,
            update.access,
            {"state": state, "field": number, "neuron": neuron},
            (number < len(fields)) & (neuron < config.neurons),
        )
        for region, state, fields in own
    ]


def arrival_windows(
    config: CoreConfig, address: Value, arrivals: Arrivals | ArrivalList, rows: RowAccess
) -> list[Window]:
    """Spikes for the next step and later ones."""
    word, slot = address[:SLOT_SHIFT], address[SLOT_SHIFT:REGION_SHIFT]
    exists = (word < config.layout.arrival_words) & (slot < config.axonal_delay_slots)
    if isinstance(arrivals, Arrivals):
        return [Window(Region.ARRIVALS, arrivals.access, {"word": word, "slot": slot}, exists)]
    where = {"field": len(config.layout.synapse_fields), "word": word}
    return [Window(Region.ARRIVALS, rows.access, where, exists)]


def route_windows(
    config: CoreConfig, address: Value, routes: RouteTable, destinations: Destinations | None
) -> list[Window]:
    """The table of routes, and in the same region that of destinations."""
    offset = address[:REGION_SHIFT]
    where = {"neuron": offset[:FIELD_SHIFT]}
    if destinations is None:
        return [Window(Region.ROUTES, routes.access, where, offset < config.neurons)]
    is_destination = offset >= DESTINATIONS
    entry, beyond = offset[: clog2(DESTINATIONS)], offset[clog2(DESTINATIONS) + 1 :]
    return [
        Window(
            Region.ROUTES, routes.access, where, offset < config.neurons, selected=~is_destination
        ),
        Window(
            Region.ROUTES,
            destinations.access,
            {"entry": entry},
            (entry < config.route_entries) & (beyond == 0),
            selected=is_destination,
        ),
    ]


def pending_windows(config: CoreConfig, address: Value, sums: SumAccess) -> list[Window]:
    """Weights that are under way to the neurons, in a core with delays."""
    neuron, slot = address[:SLOT_SHIFT], address[SLOT_SHIFT:RECEPTOR_SHIFT]
    receptor = address[RECEPTOR_SHIFT:REGION_SHIFT]
    return [
        Window(
            Region.PENDING,
            sums.access,
            {"receptor": receptor, "slot": slot, "neuron": neuron},
            (receptor < config.layout.accumulators)
            & (slot < config.delay_slots)
            & (neuron < config.neurons),
        )
    ]


def synapse_windows(config: CoreConfig, address: Value, rows: RowAccess) -> list[Window]:
    """Rows of each synapse field."""
    windows = []
    for k, field in enumerate(config.layout.synapse_fields.values()):
        row_bits = clog2(field.words_per_row)
        axon, word = address[row_bits:REGION_SHIFT], address[:row_bits]
        windows.append(
            Window(
                SYNAPSE_REGIONS[field.name],
                rows.access,
                {"field": k, "axon": axon, "word": word},
                (axon < config.axons) & (word < field.words_per_row),
            )
        )
    return windows


def learning_windows(
    config: CoreConfig, address: Value, engine: LearningEngine, settings: Settings
) -> list[Window]:
    """Records of axons and neurons, and parameters of the rule."""
    layout, offset = config.layout, address[:REGION_SHIFT]
    number, index = offset[FIELD_SHIFT:], offset[:FIELD_SHIFT]
    records = [
        Window(
            region,
            engine.record_access,
            {"of_axon": of_axon, "field": number, "index": index},
            (number < len(fields)) & (index < count),
        )
        for region, of_axon, fields, count in (
            (Region.AXONS, 1, layout.axon_fields, config.axons),
            (Region.NEURONS, 0, layout.neuron_fields, config.neurons),
        )
    ]
    exists = offset < len(layout.learning)
    return [
        *records,
        Window(Region.LEARNING, settings.access, {"of_rule": 1, "index": offset}, exists),
    ]
