"""Addresses that no core of a configuration has: just beyond the end of each part of its map."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spikeloom.hdl import CoreConfig, MemoryMap
from spikeloom.hdl.contract.memory_map import (
    DESTINATIONS,
    FIELD_SHIFT,
    RECEPTOR_SHIFT,
    SLOT_SHIFT,
    SYNAPSE_REGIONS,
    Region,
)
from spikeloom.hdl.contract.widths import clog2

Axis = tuple[int, int]
"""Position of an index in an address, and how many there are."""


def parts(config: CoreConfig) -> Iterator[tuple[int, tuple[Axis, ...]]]:
    """Each part of the map: its base address, and its indices, the lowest first.

    A part that the core does not have has one index, of which there are none.
    """
    layout, neurons, axons = config.layout, config.neurons, config.axons
    entries = MemoryMap(config).parameter_entries
    yield Region.ROUTES.base, ((0, neurons),)
    if config.route_entries:
        yield Region.ROUTES.base + DESTINATIONS, ((0, config.route_entries),)
    yield Region.PARAMETERS.base, ((0, entries), (FIELD_SHIFT, len(layout.parameters)))
    yield Region.STATES.base, ((0, neurons), (FIELD_SHIFT, len(layout.states)))
    arrivals = (0, layout.arrival_words), (SLOT_SHIFT, config.axonal_delay_slots)
    yield Region.ARRIVALS.base, arrivals
    yield Region.AXONS.base, ((0, axons), (FIELD_SHIFT, len(layout.axon_fields)))
    yield Region.NEURONS.base, ((0, neurons), (FIELD_SHIFT, len(layout.neuron_fields)))
    yield Region.LEARNING.base, ((0, len(layout.learning)),)
    for name, region in SYNAPSE_REGIONS.items():
        if name in layout.synapse_fields:
            words = layout.synapse_fields[name].words_per_row
            yield region.base, ((0, words), (clog2(words), axons))
        else:
            yield region.base, ((0, 0),)
    slots = config.delay_slots if config.delay_slots > 1 else 0
    pending = (0, neurons), (SLOT_SHIFT, slots), (RECEPTOR_SHIFT, layout.accumulators)
    yield Region.PENDING.base, pending


def addresses_beyond(config: CoreConfig, bits: int, rng: np.random.Generator) -> Iterator[int]:
    """Of each index of each part an address in which it is too large, and the others are not.

    It is the first one that is too large, or has any bit too much; there are `bits` below the region.
    """
    for base, axes in parts(config):
        ends = [shift for shift, _ in axes[1:]] + [bits]
        if base == Region.ROUTES.base and config.route_entries:
            ends = [clog2(DESTINATIONS)]
        for k, (shift, count) in enumerate(axes):
            others = (int(rng.integers(n)) << at for j, (at, n) in enumerate(axes) if j != k and n)
            width = ends[k] - shift
            if count >> width:
                continue  # there is no larger one
            lowest = count.bit_length()
            extra = 1 << int(rng.integers(lowest, width)) if lowest < width else 0
            value = count if rng.random() < 0.5 or not extra else extra
            yield base + (value << shift) + sum(others)
