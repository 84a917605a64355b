"""Co-simulations say how long they take, and are not long unless somebody asked for it."""

import numpy as np

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.sim.cosim import effort
from spikeloom.sim.cosim.cases import random_config

LARGE = CoreConfig(neurons=96, axons=40, lanes=32, learning=LearningConfig(rule="three_factor"))


def test_faults_37_a_configuration_that_nobody_asked_for_is_not_large():
    drawn = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        drawn.append(effort.drawn_within(effort.MAX_SECONDS, lambda rng=rng: random_config(rng)))
    assert max(map(effort.seconds_per_seed, drawn)) <= effort.MAX_SECONDS
    assert (
        max(
            map(effort.seconds_per_seed, map(random_config, map(np.random.default_rng, range(300))))
        )
        > 200
    )
    assert {config.lanes for config in drawn} >= {1, 2, 4, 8}
    assert {config.learning is None for config in drawn} == {True, False}


def test_faults_37_an_estimate_comes_first():
    assert (
        effort.describe(LARGE, 20, cocotb=True)
        == "96 neurons, 32 lanes, rule three_factor: about 72 min"
    )
    assert effort.describe(LARGE, 20).endswith("about 14 min")
    small = CoreConfig(neurons=4, axons=4)
    assert "about 5 s" in effort.describe(small, 1)
