"""Placement invariance: the same networks on fabrics of 1 to 16 cores, against one golden model.

A family is a kind of network: its neurons, axons, delays and learning rule.  For each number of cores
it gets a fabric, with lanes and sizes at random, and on it every seed gives the family's network of
that seed, placed at random, and compares everything with the golden model, which knows no placement.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np

from spikeloom.design.design import Design
from spikeloom.design.placement import Placement
from spikeloom.hdl import CoreConfig, FabricConfig, Image
from spikeloom.hdl.contract.core_config import ceil_div

from ..twin.build import build_streams
from ..twin.port import TwinPort
from .campaign import run_case
from .cases import OPTIONS, make_config, random_design
from .learning_cases import random_rule
from .report import CosimReport, Progress

SHAPES = {1: (1, 1), 2: (2, 1), 4: (2, 2), 9: (3, 3), 16: (4, 4)}
"""Columns and rows, by the number of cores."""
FAMILIES = 4
NEURONS, AXONS = 18, 21
_FAN_OUT = 40
"""Destinations of a network, at most."""


def family_config(family: int) -> CoreConfig:
    """A kind of network: any options, delays of both kinds, and learning in all but every fourth."""
    rng = np.random.default_rng([family, 0])
    choice = {name: values[rng.integers(len(values))] for name, values in OPTIONS.items()}
    config = make_config(choice | {"lanes": 1})
    learning = random_rule(rng, config.weight_bits) if family % 4 else None
    return dataclasses.replace(
        config,
        neurons=NEURONS,
        axons=AXONS,
        learning=learning,
        delay_slots=(8, 16, 1, 64)[family % 4],
        axonal_delay_slots=(4, 1, 16, 2)[family % 4],
        route_entries=_FAN_OUT,
    )


def family_fabric(config: CoreConfig, cores: int, rng: np.random.Generator) -> FabricConfig:
    """Cores that hold the family's networks, wherever their neurons are."""
    least = ceil_div(NEURONS, cores)
    neurons = int(rng.integers(least, NEURONS + 1)) if cores > 1 else NEURONS
    lanes = int(rng.choice([n for n in (1, 2, 4, 8) if n <= neurons]))
    core = dataclasses.replace(
        config,
        neurons=neurons,
        lanes=lanes,
        route_entries=_FAN_OUT * cores,
    )
    return FabricConfig(core, *SHAPES[cores])


def random_network(config: CoreConfig, rng: np.random.Generator) -> Design:
    """A network of a family: random synapses and delays, and any fan-out."""
    image = random_design(
        dataclasses.replace(config, route_entries=0, axonal_delay_slots=1), rng
    ).image
    synapses = (image.weights != 0) | image.plastic
    rows = np.stack(
        [
            rng.integers(0, config.neurons, _FAN_OUT),
            np.zeros(_FAN_OUT, dtype=np.int64),
            rng.integers(0, config.axons, _FAN_OUT),
            rng.integers(0, config.axonal_delay_slots, _FAN_OUT),
        ],
        axis=1,
    )
    return Design(
        config,
        dataclasses.replace(
            image,
            config=config,
            routes=None,
            destinations=np.unique(rows, axis=0),
            # What is no synapse has no place on a fabric, and so no delay.
            delays=rng.integers(0, config.delay_slots, image.weights.shape) * synapses,
        ),
    )


def random_placement(image: Image, fabric: FabricConfig, rng: np.random.Generator) -> Placement:
    """Neurons anywhere that there is room, axons wherever they have a synapse and sometimes elsewhere."""
    core = fabric.core
    places = rng.permutation(fabric.cores * core.neurons)[: image.config.neurons]
    neuron_core, neuron_slot = places // core.neurons, places % core.neurons
    there = (image.weights != 0) | image.plastic
    copies = []
    for k in range(fabric.cores):
        heard = there[:, neuron_core == k].any(axis=1) | (rng.random(image.config.axons) < 0.1)
        axons = np.flatnonzero(heard)
        slots = rng.permutation(core.axons)[: len(axons)]
        copies += [(axon, k, slot) for axon, slot in zip(axons, slots, strict=True)]
    return Placement(
        fabric, neuron_core, neuron_slot, np.array(copies, dtype=np.int64).reshape(-1, 3)
    )


def run_placed(
    families: Sequence[int] = range(FAMILIES),
    seeds: Sequence[int] = range(25),
    core_counts: Sequence[int] = tuple(SHAPES),
    *,
    progress: Progress | None = None,
) -> CosimReport:
    """Run the networks of all `seeds` of each family on fabrics of all sizes; reports all mismatches."""
    report = CosimReport()
    began = time.monotonic()
    total = len(families) * len(core_counts) * len(seeds)
    for family in families:
        config = family_config(family)
        for cores in core_counts:
            fabric = family_fabric(config, cores, np.random.default_rng([family, cores]))
            what = f"family {family} on {cores} cores"
            if progress:
                progress(f"{what}: compiling", report.cases, total)
            library = build_streams(fabric)
            for seed in seeds:
                design = random_network(config, np.random.default_rng([family, 1, seed]))
                rng = np.random.default_rng([family, cores, seed])
                placement = random_placement(design.image, fabric, rng)
                placed = dataclasses.replace(design, placement=placement)
                with TwinPort(library, seed=seed) as port:
                    result = run_case(port, config, seed, design=placed)
                    report.add(fabric.core, result | {"cycles": port.cycles, "cores": cores})
                if progress:
                    progress(what, report.cases, total)
            report.configs += 1
    report.seconds = time.monotonic() - began
    return report
