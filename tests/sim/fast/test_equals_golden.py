"""The fast model equals the golden model in everything that a core holds, on random cores.

`SPIKELOOM_FAST_CASES=1000 pytest tests/sim/fast` runs 1 000 cases of each test.
"""

import dataclasses

import numpy as np
import pytest
from fast_cases import SEEDS, STORAGES, cases, compare, storage
from hypothesis import given
from hypothesis import strategies as st
from naive_core import configs, random_image
from naive_learning import learning_configs, random_learning_image

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.rules import RULES
from spikeloom.sim.cosim.cases import random_config, random_design
from spikeloom.sim.fast.core import unsupported

ADAPTATIONS = st.sampled_from(["none", "exponential", "rate"])
ADLIF = {
    "neuron_model": "adlif",
    "leak": "exponential",
    "integrate_refractory": False,
    "floor": False,
    "readouts": False,
    "decay_rounding": "nearest",
}
NEURONS = st.one_of(
    ADAPTATIONS.flatmap(lambda adaptation: configs(adaptation=adaptation)),
    configs(**ADLIF),
)

RULES_HERE = [
    rule
    for rule in sorted(RULES)
    if not unsupported(CoreConfig(neurons=1, axons=1, learning=LearningConfig(rule=rule)))
]
OWN_RULES = st.sampled_from(RULES_HERE)
LEARNING = OWN_RULES.flatmap(lambda rule: learning_configs(rule=rule))


def learns_adlif(rule):
    return learning_configs(rule=rule, **ADLIF, adaptation="none")


@cases
@given(NEURONS, SEEDS, STORAGES)
def test_neurons_and_delays(config, seed, stored):
    with storage(stored):
        compare(random_image(config, np.random.default_rng(seed)), seed)


@cases
@given(st.one_of(LEARNING, OWN_RULES.flatmap(learns_adlif)), SEEDS, STORAGES)
def test_learning(config, seed, stored):
    with storage(stored):
        compare(random_learning_image(config, np.random.default_rng(seed)), seed, longest=14)


@cases
@given(st.sampled_from(["lif", "adlif"]), SEEDS, STORAGES)
def test_cores_of_co_simulation(model, seed, stored):
    """Larger ones, with the numbers that the twin is compared on."""
    rng = np.random.default_rng(seed)
    config = random_config(rng, model)
    while unsupported(config):
        config = random_config(rng, model)
    with storage(stored):
        compare(random_design(config, rng).image, seed, longest=20)


@cases
@given(st.integers(57, 300), st.integers(57, 300), SEEDS, STORAGES)
def test_cores_of_many_words(neurons, axons, seed, stored):
    """Spikes are listed from 64 flags at a time, and from what is left, eight by eight."""
    config = CoreConfig(neurons=neurons, axons=axons)
    with storage(stored):
        compare(random_image(config, np.random.default_rng(seed)), seed)


@cases
@given(NEURONS, SEEDS, STORAGES, st.integers(2, 5))
def test_batches(config, seed, stored, batch):
    with storage(stored):
        compare(random_image(config, np.random.default_rng(seed)), seed, batch=batch)


@cases
@given(LEARNING, SEEDS, st.integers(2, 4))
def test_batches_that_do_not_learn(config, seed, batch):
    image = random_learning_image(config, np.random.default_rng(seed))
    image = dataclasses.replace(image, learning=image.learning | {"enabled": 0})
    compare(image, seed, batch=batch)


@pytest.mark.parametrize("rule", RULES_HERE)
@pytest.mark.parametrize("stored", ["rows", "lists"])
def test_random_cores_reach_every_counter(rule, stored):
    """The comparisons above are about something: each rule counts all, in both kinds of storage."""
    learning = LearningConfig(rule=rule, fraction_bits=3, stochastic=True)
    config = CoreConfig(
        neurons=6, axons=7, parameters="per_neuron", adaptation="rate", learning=learning
    )
    counted = []
    with storage(stored):
        for seed in range(12):
            image = random_learning_image(config, np.random.default_rng(seed))
            counted.append(compare(image, seed, longest=14))
    for name in ("weight_updates", "weight_clamps", "clamps", "spikes", "duplicates", "late"):
        assert sum(counters[name] > 0 for counters in counted) > 3, name
