"""Random placements of an image's network on a fabric."""

import dataclasses

import numpy as np

from spikeloom.design.placement import Placement, network_destinations
from spikeloom.hdl.contract.fabric_config import FabricConfig

SHAPES = {1: (1, 1), 2: (2, 1), 4: (2, 2), 9: (3, 3), 16: (4, 4)}
"""Columns and rows, by the number of cores."""


def random_placement(image, rng, cores=None):
    """Any neuron on any core, numbers there in any order; cores may be larger than needed."""
    config = image.config
    columns, rows = SHAPES[cores or int(rng.choice(list(SHAPES)))]
    cores = columns * rows
    core_of = rng.integers(0, cores, config.neurons)
    there = np.zeros((config.axons, cores), dtype=bool)
    for j, core in enumerate(core_of):
        there[:, core] |= (image.weights[:, j] != 0) | image.plastic[:, j]

    def size(counts):
        return int(max(counts.max(initial=0), 1) + rng.integers(0, 4))

    neurons = size(np.bincount(core_of))
    axons = size(there.sum(axis=0))
    if config.learning is not None and config.learning.rule == "symmetric":
        axons = max(axons, config.axons)  # as wide sums, which bound the target of scaling
    slot = np.zeros(config.neurons, dtype=np.int64)
    copies = []
    for core in range(cores):
        here = np.flatnonzero(core_of == core)
        slot[here] = rng.permutation(neurons)[: len(here)]
        heard = np.flatnonzero(there[:, core])
        places = rng.permutation(axons)[: len(heard)]
        copies += [(axon, core, place) for axon, place in zip(heard, places, strict=True)]
    lanes = int(rng.choice([n for n in (1, 2, 4, 8) if n <= neurons]))
    entries = max(1, len(network_destinations(image)) * cores)
    core = dataclasses.replace(
        config, neurons=neurons, axons=axons, lanes=lanes, route_entries=entries
    )
    copies = np.array(copies, dtype=np.int64).reshape(-1, 3)
    return Placement(FabricConfig(core, columns, rows), core_of, slot, copies)
