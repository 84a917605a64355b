"""The golden model of learning equals a naive second reading of docs/reference/semantics.md, rule by rule."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_learning import NaiveLearningCore, learning_configs, random_learning_image

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.rules import RULES
from spikeloom.sim import GoldenCore

SEEDS = st.integers(0, 2**32 - 1)


def compare(config, seed, steps=14):
    """Both readings, same network and train; learning is off for two steps.  Returns the counters."""
    rng = np.random.default_rng(seed)
    loaded = random_learning_image(config, rng)
    core, naive = GoldenCore(loaded), NaiveLearningCore(loaded)
    layout = config.layout
    names = [f.name for f in (*layout.states, *layout.axon_states, *layout.neuron_states)]
    for t in range(steps):
        if t in (8, 10):
            naive.k["enabled"] = int(t == 10)
            core.image = dataclasses.replace(core.image, learning=naive.k)
        ids = rng.integers(0, config.axons + 1, rng.integers(0, config.axons + 2)).tolist()
        core.inject_ids(ids)
        assert core.step()[0].tolist() == naive.step(ids), f"spikes of step {t}"
        for name in names:
            assert core.state(name)[0].tolist() == naive.state(name), f"{name} after step {t}"
        assert core.weights.tolist() == naive.w, f"weights after step {t}"
        if core.eligibility is not None:
            assert core.eligibility.tolist() == naive.e, f"eligibility after step {t}"
    counters = {name: int(values[0]) for name, values in core.counters.items()}
    assert counters == naive.all_counters()
    assert np.array_equal(core.image.weights, core.weights)
    changed = np.count_nonzero(core.weights != loaded.weights)
    return counters | {"changed": changed}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_equals_naive_reading(rule):
    @settings(max_examples=80)
    @given(learning_configs(rule), SEEDS)
    def equals(config, seed):
        compare(config, seed)

    equals()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_random_cores_reach_every_counter(rule):
    """The comparison above is about something: weights change, and reach their bounds."""
    learning = LearningConfig(rule=rule, fraction_bits=3, stochastic=True)
    config = CoreConfig(
        neurons=6, axons=7, parameters="per_neuron", adaptation="rate", learning=learning
    )
    runs = [compare(config, seed) for seed in range(20)]
    for name in ("weight_updates", "weight_clamps", "clamps", "spikes", "changed"):
        assert sum(run[name] > 0 for run in runs) > 8, name


@settings(max_examples=60)
@given(learning_configs(adaptation="exponential"), SEEDS)
def test_adaptive_threshold_with_exponential_decay(config, seed):
    compare(config, seed, 10)


@settings(max_examples=60)
@given(learning_configs(adaptation="rate"), SEEDS)
def test_adaptive_threshold_with_a_rate_target(config, seed):
    compare(config, seed, 10)
