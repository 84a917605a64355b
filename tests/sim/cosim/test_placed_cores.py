"""Results do not depend on the placement: golden cores in a software fabric equal the one core."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_core import configs, random_image
from naive_learning import learning_configs, random_learning_image
from placed_cores import PlacedCores
from placements import SHAPES, random_placement

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.rules import RULES
from spikeloom.sim import GoldenCore

SEEDS = st.integers(0, 2**32 - 1)
LEARNING_CORE = CoreConfig(
    neurons=11, axons=9, parameters="per_neuron",
    learning=LearningConfig(rule="pair", fraction_bits=3, stochastic=True),
)  # fmt: skip
NETWORKS = {"neurons": 11, "axons": 9, "route_entries": 14}


def sparse(image, rng):
    """The image with fewer synapses, so that axons need not be everywhere."""
    there = rng.random(image.weights.shape) < rng.choice([0.1, 0.4, 1.0])
    return dataclasses.replace(image, weights=image.weights * there, plastic=image.plastic & there)


def assert_equal(placed, placement, network, t):
    """Weights and states of the cores are those of the network."""
    config = network.config
    own = {f.name for f in (*config.layout.states, *config.layout.neuron_states)}
    axon_states = [f.name for f in config.layout.axon_states]
    for k, core in enumerate(placed.cores):
        neurons, slots = placement.neurons_on(k)
        axons, axon_slots = placement.axons_on(k)
        for name in own:
            values = core.state(name)[:, slots], network.state(name)[:, neurons]
            assert np.array_equal(*values), f"{name} on core {k} after step {t}"
        for name in axon_states:
            values = core.state(name)[:, axon_slots], network.state(name)[:, axons]
            assert np.array_equal(*values), f"{name} on core {k} after step {t}"
        there, cells = np.ix_(axon_slots, slots), np.ix_(axons, neurons)
        assert np.array_equal(core.weights[there], network.weights[cells]), f"weights, step {t}"
        if network.eligibility is not None:
            assert np.array_equal(core.eligibility[there], network.eligibility[cells])
        for ours, theirs in (
            (core.arrivals[:, axon_slots], network.arrivals[:, axons]),
            (core.later_arrivals[..., axon_slots], network.later_arrivals[..., axons]),
            (core.pending[..., slots], network.pending[..., neurons]),
        ):
            assert np.array_equal(ours, theirs), f"under way after step {t}"


def compare(image, rng, cores=None, steps=12):
    """Run a network and a placement of it with the same spikes; returns what happened."""
    placement = random_placement(image, rng, cores)
    placed = PlacedCores(placement.fabric, placement.core_images(image))
    network = GoldenCore(image)
    raster = rng.random((steps, image.config.axons)) < rng.choice([0.05, 0.3])
    external = placement.to_external(raster)
    fired = 0
    for t in range(steps):
        network.inject(raster[t])
        expected = network.step()
        got = placement.to_network(placed.run(external[t : t + 1]))
        assert np.array_equal(got, expected), f"spikes of step {t}"
        assert_equal(placed, placement, network, t)
        fired += int(expected.sum())
    for name in ("weight_updates", "weight_clamps"):
        total = sum(int(core.counters[name][0]) for core in placed.cores)
        assert total == network.counters[name][0], name
    changed = int(np.count_nonzero(network.weights != image.weights))
    return {"spikes": fired, "changed": changed, "packets": placed.packets}


@settings(max_examples=40)
@given(configs(**NETWORKS), SEEDS)
def test_without_learning(config, seed):
    rng = np.random.default_rng(seed)
    compare(sparse(random_image(config, rng), rng), rng)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_with_learning(rule):
    @settings(max_examples=15)
    @given(learning_configs(rule, **NETWORKS), SEEDS)
    def equals(config, seed):
        rng = np.random.default_rng(seed)
        compare(sparse(random_learning_image(config, rng), rng), rng)

    equals()


@pytest.mark.parametrize("cores", sorted(SHAPES))
def test_the_comparison_is_about_something(cores):
    """Spikes, packets to other cores and changed weights, with delays and stochastic rounding."""
    happened = {"spikes": 0, "changed": 0, "packets": 0}
    for seed in range(6):
        rng = np.random.default_rng(seed)
        config = dataclasses.replace(
            LEARNING_CORE, delay_slots=8, axonal_delay_slots=4, route_entries=14
        )
        image = random_learning_image(config, rng)
        for name, count in compare(image, rng, cores).items():
            happened[name] += count
    assert happened["spikes"] > 50
    assert happened["changed"] > 50
    assert (happened["packets"] > 50) == (cores > 1)
