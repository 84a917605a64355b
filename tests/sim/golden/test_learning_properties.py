"""What must hold for every learning rule of the golden model, whatever the parameters."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_learning import learning_configs, random_learning_image

from spikeloom.hdl import NO_AXON, CoreConfig, Image, ImageError, LearningConfig
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.memory_map import COUNTERS as HARDWARE_COUNTERS
from spikeloom.sim import GoldenCore
from spikeloom.sim.golden.core import COUNTERS

SEEDS = st.integers(0, 2**32 - 1)
EXAMPLES = settings(max_examples=60)


def contents(core):
    """All that a step may change."""
    states = core.states | core.axon_states | core.neuron_states
    states |= {"weights": core.weights, "arrivals": core.arrivals, "step": core.step_number}
    states |= {"later_arrivals": core.later_arrivals, "pending": core.pending}
    if core.eligibility is not None:
        states["eligibility"] = core.eligibility
    return {name: np.copy(values).tolist() for name, values in states.items()}


def random_core(config, seed, **learning):
    rng = np.random.default_rng(seed)
    return GoldenCore(random_learning_image(config, rng, **learning)), rng


def raster(config, rng, steps=12):
    return rng.random((steps, config.axons)) < 0.4


@EXAMPLES
@given(learning_configs(), SEEDS, st.data())
def test_order_of_spikes_within_a_step_is_irrelevant(config, seed, data):
    one, rng = random_core(config, seed)
    other, _ = random_core(config, seed)
    for axons in raster(config, rng, 8):
        ids = np.flatnonzero(axons).tolist()
        one.inject_ids(ids)
        for axon in data.draw(st.permutations(ids)):
            other.inject_ids([axon])
        assert np.array_equal(one.step(), other.step())
        assert contents(one) == contents(other)
    assert one.counters == other.counters


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_a_weight_leaves_its_bounds_by_no_change(config, seed):
    core, rng = random_core(config, seed)
    learning, before = core.image.learning, core.weights.copy()
    for axons in raster(config, rng):
        core.inject(axons)
        core.step()
        w = core.weights
        low, high = sorted((learning["w_min"], learning["w_max"]))
        # Sweeps follow the other changes of a step, so both directions may come in one step.
        assert np.all((w >= np.minimum(low, before)) & (w <= np.maximum(high, before)))
        before = w.copy()


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_synapses_that_are_not_plastic_never_change(config, seed):
    core, rng = random_core(config, seed)
    fixed, initial = ~core.image.plastic, core.weights.copy()
    core.run(raster(config, rng))
    assert np.array_equal(core.weights[fixed], initial[fixed])
    if core.eligibility is not None:
        assert not core.eligibility[fixed].any()


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_disabled_learning_freezes_synapses_but_not_traces(config, seed):
    """As if no synapse were plastic, and that runs through the same traces."""
    core, rng = random_core(config, seed, enabled=0)
    inputs, initial = raster(config, rng), core.weights.copy()
    other = GoldenCore(dataclasses.replace(core.image, plastic=False))
    other.image = dataclasses.replace(other.image, learning=core.image.learning | {"enabled": 1})
    assert np.array_equal(core.run(inputs), other.run(inputs))
    assert contents(core) == contents(other)
    assert np.array_equal(core.weights, initial)
    assert core.counters["weight_updates"] == core.counters["weight_clamps"] == [0]


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_stored_values_keep_their_formats(config, seed):
    core, rng = random_core(config, seed)
    layout = config.layout
    fields = {f.name: f for f in (*layout.states, *layout.axon_states, *layout.neuron_states)}
    assert {**core.states, **core.axon_states, **core.neuron_states}.keys() == fields.keys()
    for axons in raster(config, rng):
        core.inject(axons)
        core.step()
        for name, field in fields.items():
            values = core.state(name)
            assert field.minimum <= values.min()
            assert values.max() <= field.maximum
        if core.eligibility is not None:
            bound = 1 << (config.learning.eligibility_bits - 1)
            assert -bound <= core.eligibility.min()
            assert core.eligibility.max() < bound


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_placement_does_not_matter(config, seed):
    """The same network in other places, its tags along with it, learns the same."""
    core, rng = random_core(config, seed)
    image, inputs = core.image, raster(config, rng)
    axon_at, neuron_at = rng.permutation(config.axons), rng.permutation(config.neurons)
    axon_to = np.append(np.argsort(axon_at), NO_AXON)  # the last one stands for no axon
    destinations = image.destinations.copy()
    destinations[:, 0] = np.argsort(neuron_at)[destinations[:, 0]]
    destinations[:, 2] = axon_to[destinations[:, 2]]
    moved = dataclasses.replace(
        image,
        weights=image.weights[np.ix_(axon_at, neuron_at)],
        delays=image.delays[np.ix_(axon_at, neuron_at)],
        destinations=destinations,
        plastic=image.plastic[np.ix_(axon_at, neuron_at)],
        parameters={name: values[neuron_at] for name, values in image.parameters.items()},
        routes=axon_to[image.routes[neuron_at]],
        modulatory=image.modulatory[axon_at],
        axon_tags=image.axon_tags[axon_at],
        neuron_tags=image.neuron_tags[neuron_at],
    )
    other = GoldenCore(moved)
    assert np.array_equal(other.run(inputs[:, axon_at]), core.run(inputs)[:, neuron_at])
    assert np.array_equal(other.weights, core.weights[np.ix_(axon_at, neuron_at)])


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_a_run_goes_on_from_all_its_states(config, seed):
    """Weights, states, what is under way and the step number are all there is."""
    core, rng = random_core(config, seed)
    inputs = raster(config, rng)
    core.run(inputs[:7])
    other = GoldenCore(core.image)
    other.arrivals, other.later_arrivals = core.arrivals, core.later_arrivals
    other.pending = core.pending
    other.step_number = core.step_number
    for name, values in (core.states | core.axon_states | core.neuron_states).items():
        for states in (other.states, other.axon_states, other.neuron_states):
            if name in states:
                states[name] = values.copy()
    if core.eligibility is not None:
        other.eligibility = core.eligibility
    assert np.array_equal(other.run(inputs[7:]), core.run(inputs[7:]))
    assert contents(other) == contents(core)


@EXAMPLES
@given(learning_configs(), SEEDS)
def test_reset_clears_all_states_but_keeps_what_was_learned(config, seed):
    core, rng = random_core(config, seed)
    core.run(raster(config, rng))
    learned = core.weights.copy()
    core.reset()
    assert np.array_equal(core.weights, learned)
    fresh = GoldenCore(core.image)
    assert contents(core) == contents(fresh)
    inputs = raster(config, rng)
    assert np.array_equal(core.run(inputs), fresh.run(inputs))
    assert contents(core) == contents(fresh)
    assert core.counters == fresh.counters


@settings(max_examples=40)
@given(learning_configs(), SEEDS, st.integers(2, 4))
def test_a_frozen_batch_equals_single_runs(config, seed, batch):
    core, rng = random_core(config, seed, enabled=0)
    inputs = rng.random((batch, 8, config.axons)) < 0.4
    together = GoldenCore(core.image, batch)
    spikes = together.run(inputs)
    for b in range(batch):
        core.reset()
        assert np.array_equal(core.run(inputs[b]), spikes[b])
        for name in core.states | core.axon_states | core.neuron_states:
            assert np.array_equal(core.state(name)[0], together.state(name)[b]), name
        for name in COUNTERS:
            assert core.counters[name][0] == together.counters[name][b], name


def small(rule="pair", **settings):
    return CoreConfig(neurons=2, axons=2, learning=LearningConfig(rule=rule, **settings))


def test_a_batch_can_not_learn():
    image = Image(small(), [[1, 2], [3, 4]], learning={"enabled": 1}, plastic=True)
    with pytest.raises(InputError, match="batch of 3 samples cannot learn"):
        GoldenCore(image, 3)
    frozen = GoldenCore(dataclasses.replace(image, learning={}), 3)
    with pytest.raises(InputError, match="enabled = 0"):
        frozen.image = image
    assert frozen.image.learning["enabled"] == 0


def test_assigning_an_image_replaces_weights_and_keeps_states():
    image = Image(small(), [[1, 2], [3, 4]], learning={"x_inc": 9}, plastic=True)
    core = GoldenCore(image)
    core.run([[1, 0]])
    core.image = dataclasses.replace(core.image, weights=[[5, 6], [7, 8]])
    assert core.weights.tolist() == [[5, 6], [7, 8]]
    assert core.axon_states["x"].tolist() == [[9, 0]]
    with pytest.raises(ImageError, match="weights"):
        core.image = dataclasses.replace(core.image, weights=[[500, 6], [7, 8]])
    assert core.weights.tolist() == [[5, 6], [7, 8]]


def test_an_image_that_was_read_does_not_change_while_learning_goes_on():
    """Potentiation by 9 at every step: both neurons fire always."""
    learning = {"enabled": 1, "x_inc": 9, "d_x": 4096}
    image = Image(small(), [[1, 2], [3, 4]], {"v_threshold": -100}, learning=learning, plastic=True)
    core = GoldenCore(image)
    before = core.image
    core.run([[1, 1]])
    assert core.image.weights.tolist() == [[10, 11], [12, 13]]
    assert before.weights.tolist() == image.weights.tolist() == [[1, 2], [3, 4]]
    for array in (core.image.weights, core.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_states_are_listed_when_one_is_unknown():
    core = GoldenCore(Image(small("three_factor"), [[1, 2], [3, 4]]))
    with pytest.raises(InputError, match="v, i, ref, x, y, m"):
        core.state("z")
    plain = GoldenCore(Image(CoreConfig(neurons=1, axons=1), [[1]]))
    assert plain.eligibility is None
    assert plain.axon_states == plain.neuron_states == {}
    with pytest.raises(InputError, match="no eligibility"):
        plain.eligibility = [[1]]


def test_counters_of_learning_are_those_of_the_hardware():
    assert {"weight_updates", "weight_clamps"} <= set(COUNTERS) <= set(HARDWARE_COUNTERS)
