"""The configurations that are mutated: small ones, with few lanes, that together have every block.

States have few bits, so that they meet the ends of their range often.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from spikeloom.design.design import Design
from spikeloom.hdl import CoreConfig, FabricConfig, LearningConfig
from spikeloom.sim.cosim.placed import random_network, random_placement

_FAN_OUT = 40
_ON_FABRIC = CoreConfig(
    neurons=8,
    axons=6,
    lanes=1,
    state_bits=11,
    delay_slots=4,
    axonal_delay_slots=4,
    route_entries=_FAN_OUT,
    learning=LearningConfig(rule="pair"),
)

CHIPS: dict[str, CoreConfig | FabricConfig] = {
    "plain": CoreConfig(
        neurons=11,
        axons=9,
        lanes=4,
        state_bits=11,
        refractory_bits=3,
        bias=True,
        adaptation="exponential",
        floor=True,
        monitors=4,
    ),
    "delays": CoreConfig(
        neurons=7,
        axons=10,
        lanes=2,
        state_bits=11,
        receptors=2,
        delay_slots=4,
        parameters="per_neuron",
        monitors=4,
    ),
    "pair": CoreConfig(
        neurons=9,
        axons=10,
        lanes=4,
        state_bits=12,
        monitors=4,
        learning=LearningConfig(rule="pair", fraction_bits=4, stochastic=True),
    ),
    "three_factor": CoreConfig(
        neurons=5,
        axons=10,
        lanes=2,
        state_bits=12,
        monitors=4,
        learning=LearningConfig(rule="three_factor"),
    ),
    "fabric": FabricConfig(
        dataclasses.replace(_ON_FABRIC, neurons=5, lanes=2, route_entries=2 * _FAN_OUT), 2, 1
    ),
}


def network_config(chip: CoreConfig | FabricConfig) -> CoreConfig:
    """What a network on the chip is made for; on a fabric it is smaller than all the cores together."""
    return chip if isinstance(chip, CoreConfig) else _ON_FABRIC


def placed_design(chip: CoreConfig | FabricConfig, seed: int) -> Design | None:
    """A random network, placed at random on a fabric; None where the scenario makes one."""
    if isinstance(chip, CoreConfig):
        return None
    rng = np.random.default_rng([chip.cores, seed])
    design = random_network(_ON_FABRIC, rng)
    return dataclasses.replace(design, placement=random_placement(design.image, chip, rng))
