"""The golden model against docs/reference/semantics.md: properties, a naive second reading, a hand count."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_core import NaiveCore, configs, random_image

from spikeloom.hdl import CoreConfig, Image, ImageError
from spikeloom.hdl.contract.errors import InputError
from spikeloom.hdl.contract.memory_map import COUNTERS as HARDWARE_COUNTERS
from spikeloom.sim import GoldenCore
from spikeloom.sim.golden.core import COUNTERS

SEEDS = st.integers(0, 2**32 - 1)


def image(config, weights, **parameters):
    return Image(config, np.array(weights), parameters)


def run_all(core, raster):
    """Spikes and all states of the first sample after every step."""
    trace = []
    for axons in raster:
        core.inject(np.broadcast_to(axons, (core.batch, len(axons))))
        spikes = core.step()[0]
        trace.append((spikes.tolist(), {n: s[0].tolist() for n, s in core.states.items()}))
    return trace


def compare_with_naive(config, seed, steps=12):
    """Both readings, same random network and train; returns the counters."""
    rng = np.random.default_rng(seed)
    loaded = random_image(config, rng)
    core, naive = GoldenCore(loaded), NaiveCore(loaded)
    for t in range(steps):
        ids = rng.integers(0, config.axons + 1, rng.integers(0, config.axons + 2)).tolist()
        core.inject_ids(ids)
        assert core.step()[0].tolist() == naive.step(ids), f"spikes of step {t}"
        for name in core.states:
            assert core.state(name)[0].tolist() == naive.state(name), f"{name} after step {t}"
    counters = {name: int(values[0]) for name, values in core.counters.items()}
    assert counters == naive.all_counters()
    assert_under_way(core, naive)
    return counters


def assert_under_way(core, naive):
    """Sums and spikes for later steps are in both readings."""
    t, suffixes = core.step_number, core.config.layout.receptor_suffixes
    for (_, k, d, j), total in np.ndenumerate(core.pending):
        assert total == naive.due.get((t + d, j, suffixes[k]), 0)
    spikes = np.concatenate([core.arrivals[:, None], core.later_arrivals], axis=1)[0]
    assert {(t + d, i) for d, i in np.argwhere(spikes).tolist()} == set(naive.pending)


@settings(max_examples=300)
@given(configs(), SEEDS)
def test_equals_naive_reading(config, seed):
    compare_with_naive(config, seed)


def test_random_networks_reach_every_counter():
    """The comparison above is about something: firing, clamping and colliding networks."""
    config = CoreConfig(neurons=6, axons=7, state_bits=8, receptors=2, parameters="per_neuron")
    runs = [compare_with_naive(config, seed) for seed in range(20)]
    for name in ("spikes", "clamps", "duplicates", "unknown", "synaptic_operations"):
        assert sum(run[name] > 0 for run in runs) > 10, name


def test_hand_computed():
    """One neuron, worked out on paper: τ-like decays 1/2 and 1/4, weight 10 in units of 2."""
    config = CoreConfig(neurons=1, axons=2, weight_shift=1)
    parameters = dict(v_threshold=40, v_reset=-5, bias=1, d_mem=1024, d_syn=2048, refractory=2)
    core = GoldenCore(image(config, [[10], [-3]], **parameters))
    raster = [[1, 0], [1, 0], [0, 0], [0, 1], [0, 0], [0, 0]]
    # step 0: I = 20,           v = 0 + 20 + 1 = 21
    # step 1: I = 10 + 20 = 30, v = 15.75 → 16, + 30 + 1 = 47 ≥ 40: spike, v = −5, ref = 2
    # step 2: I = 15,           held, ref = 1
    # step 3: I = 7.5 → 8, but at least 1 less: 8; − 6 = 2, held, ref = 0
    # step 4: I = 1,            v = −3.75 → −4, + 1 + 1 = −2
    # step 5: I = 0.5 → 1, but at least 1 less: 0; v = −1.5 → −2, at least 1 less: −1; + 0 + 1 = 0
    assert run_all(core, raster) == [
        ([False], {"v": [21], "i": [20], "ref": [0]}),
        ([True], {"v": [-5], "i": [30], "ref": [2]}),
        ([False], {"v": [-5], "i": [15], "ref": [1]}),
        ([False], {"v": [-5], "i": [2], "ref": [0]}),
        ([False], {"v": [-2], "i": [1], "ref": [0]}),
        ([False], {"v": [0], "i": [0], "ref": [0]}),
    ]
    assert core.counters["synaptic_operations"] == [3]
    assert core.counters["spikes"] == [1]


@settings(max_examples=60)
@given(configs(), SEEDS, st.integers(1, 4))
def test_batch_equals_single_runs(config, seed, batch):
    rng = np.random.default_rng(seed)
    loaded = random_image(config, rng)
    raster = rng.random((batch, 8, config.axons)) < 0.4
    together = GoldenCore(loaded, batch)
    spikes = together.run(raster)
    for b in range(batch):
        alone = GoldenCore(loaded)
        assert np.array_equal(alone.run(raster[b]), spikes[b])
        for name in alone.states:
            assert np.array_equal(alone.state(name)[0], together.state(name)[b])
        for name in COUNTERS:
            assert alone.counters[name][0] == together.counters[name][b], name
        for name in ("arrivals", "later_arrivals", "pending"):
            assert np.array_equal(getattr(alone, name)[0], getattr(together, name)[b]), name


@settings(max_examples=60)
@given(configs(), SEEDS, st.data())
def test_order_and_repetition_of_spikes_are_irrelevant(config, seed, data):
    loaded = random_image(config, np.random.default_rng(seed))
    ids = data.draw(st.lists(st.integers(0, config.axons - 1), max_size=20))
    one, other = GoldenCore(loaded), GoldenCore(loaded)
    one.inject_ids(set(ids))
    for axon in data.draw(st.permutations(ids)):
        other.inject_ids([axon])
    for _ in range(4):
        assert np.array_equal(one.step(), other.step())
        for name in one.states:
            assert np.array_equal(one.state(name), other.state(name))
    repeated = other.counters["duplicates"] - one.counters["duplicates"]
    assert repeated == len(ids) - len(set(ids))


@settings(max_examples=100)
@given(configs(), SEEDS)
def test_stored_values_keep_their_formats(config, seed):
    rng = np.random.default_rng(seed)
    core = GoldenCore(random_image(config, rng))
    fields = {f.name: f for f in config.layout.states}
    assert core.states.keys() == fields.keys()
    for axons in rng.random((10, config.axons)) < 0.8:
        core.inject(axons)
        core.step()
        for name, field in fields.items():
            values = core.state(name)
            assert field.minimum <= values.min()
            assert values.max() <= field.maximum
            if name == "i_exc":
                assert values.min() >= 0
            if name == "i_inh":
                assert values.max() <= 0


@given(st.integers(0, 7), st.sampled_from(["value", "subtract"]), st.booleans())
def test_exactly_the_refractory_period_is_skipped(period, reset, integrate):
    """A bias far above threshold: the neuron fires whenever it may."""
    config = CoreConfig(
        neurons=1, axons=1, refractory_bits=3, reset=reset, integrate_refractory=integrate
    )
    core = GoldenCore(image(config, [[0]], v_threshold=1, bias=100, refractory=period))
    fired = np.flatnonzero(core.run(np.zeros((40, 1))))
    assert fired.tolist() == list(range(0, 40, period + 1))


@pytest.mark.parametrize("integrate", [False, True])
def test_refractory_membrane_is_held_or_integrated_but_the_current_always_flows(integrate):
    config = CoreConfig(neurons=1, axons=1, leak="none", integrate_refractory=integrate)
    parameters = dict(v_threshold=10, bias=0, d_syn=2048, refractory=3)
    core = GoldenCore(image(config, [[16]], **parameters))
    trace = run_all(core, [[1], [0], [0], [0], [0]])
    assert [state["i"][0] for _, state in trace] == [16, 8, 4, 2, 1]
    assert [state["ref"][0] for _, state in trace] == [3, 2, 1, 0, 3 if integrate else 0]
    # Integrated, v passes the threshold in step 2 and fires in step 4, the first that may.
    assert [state["v"][0] for _, state in trace] == (
        [0, 8, 12, 14, 0] if integrate else [0] * 4 + [1]
    )
    assert [fired[0] for fired, _ in trace] == [True, False, False, False, integrate]


def test_clamps_count_each_store_but_not_equality():
    config = CoreConfig(
        neurons=1, axons=2, state_bits=8, receptors=2, leak="none", reset="subtract"
    )
    loaded = image(config, [[127], [-128]], v_threshold=-128, bias=0, d_syn_exc=0, d_syn_inh=0)
    core = GoldenCore(loaded)
    core.inject([1, 1])
    core.step()  # currents 127 and −128 just fit; v = −1 fires; −1 + 128 = 127 just fits
    assert core.counters["clamps"] == [0]
    core.inject([1, 0])
    core.step()  # excitatory 254 → 127; v = 127 − 1 = 126 fires; 126 + 128 = 254 → 127
    assert core.counters["clamps"] == [2]
    core.step()  # v = 127 − 1 = 126 again; 254 → 127
    assert core.counters["clamps"] == [3]
    assert core.state("v") == [[127]]


def test_held_membrane_counts_no_clamps():
    config = CoreConfig(neurons=1, axons=1, state_bits=8, leak="none")
    parameters = dict(v_threshold=100, v_reset=127, bias=127, refractory=5)
    core = GoldenCore(image(config, [[0]], **parameters))
    core.run(np.zeros((6, 1)))
    assert core.counters["clamps"] == [0]  # bias alone reaches 127, then v is held
    core.step()
    assert core.counters["clamps"] == [1]


def test_reset_by_subtraction_may_fire_again():
    config = CoreConfig(neurons=1, axons=1, synapse="delta", leak="none", reset="subtract")
    core = GoldenCore(image(config, [[100]], v_threshold=30))
    spikes = core.run([[1], [0], [0], [0]])
    assert spikes[:, 0].tolist() == [True, True, True, False]
    assert core.state("v") == [[10]]


@settings(max_examples=40)
@given(configs(), SEEDS, st.integers(0, 2**32 - 70))
def test_what_is_under_way_can_be_carried_over(config, seed, number):
    """To a core whose next step has another number."""
    rng = np.random.default_rng(seed)
    one = GoldenCore(random_image(config, rng))
    one.run(rng.random((5, config.axons)) < 0.5)
    other = GoldenCore(one.image)
    other.step_number = number
    other.arrivals, other.later_arrivals = one.arrivals, one.later_arrivals
    other.pending = one.pending
    for name, values in one.states.items():
        other.states[name][:] = values
    raster = rng.random((6, config.axons)) < 0.3
    assert np.array_equal(one.run(raster), other.run(raster))


def test_unknown_and_late_spikes_are_dropped_and_counted():
    core = GoldenCore(image(CoreConfig(neurons=1, axons=2), [[1], [1]]), batch=2)
    core.inject_ids([0, 2, 2, 99], sample=1)
    core.step()
    core.inject_ids([0, 1, 99], sample=0, step=0)
    core.inject_ids([1], sample=0, step=1)
    core.step()
    assert core.counters["unknown"].tolist() == [0, 3]
    assert core.counters["late"].tolist() == [3, 0]
    assert core.counters["duplicates"].tolist() == [0, 0]
    assert core.counters["synaptic_operations"].tolist() == [1, 1]
    with pytest.raises(InputError, match="step 3, but step 2"):
        core.inject_ids([0], step=3)


def test_longest_sums_are_exact():
    """All axons at once with the largest weights, one of them odd one out."""
    config = CoreConfig(neurons=2, axons=16384, weight_bits=16, weight_shift=2, state_bits=32)
    weights = np.full((16384, 2), [32767, -32768])
    weights[0] = [32766, -32767]
    core = GoldenCore(Image(config, weights))
    core.inject(np.ones(16384))
    core.step()
    assert core.state("v").tolist() == [[4 * (16384 * 32767 - 1), 4 * (16384 * -32768 + 1)]]
    assert core.counters["clamps"] == [0]


@settings(max_examples=30)
@given(configs(), SEEDS)
def test_reset_restores_the_beginning(config, seed):
    rng = np.random.default_rng(seed)
    core = GoldenCore(random_image(config, rng))
    raster = rng.random((6, config.axons)) < 0.5
    first, counters = core.run(raster), core.counters
    core.reset()
    assert core.step_number == 0
    assert not core.arrivals.any()
    assert not core.later_arrivals.any()
    assert not core.pending.any()
    assert np.array_equal(core.run(raster), first)
    assert core.counters == counters


def test_image_is_replaced_between_steps_only_by_a_valid_one():
    config = CoreConfig(neurons=1, axons=1, synapse="delta", leak="none")
    loaded = image(config, [[3]])
    core = GoldenCore(loaded)
    loaded.weights[0, 0] = 99  # the core has its own copy
    core.run([[1]])
    core.image = dataclasses.replace(loaded, weights=np.array([[5]]))
    core.run([[1]])
    assert core.state("v") == [[8]]
    with pytest.raises(ValueError, match="read-only"):
        core.image.weights[0, 0] = 1
    loaded.weights[0, 0] = 1000
    with pytest.raises(ImageError, match="weights"):
        core.image = loaded
    with pytest.raises(ImageError, match="another configuration"):
        core.image = Image(CoreConfig(neurons=1, axons=1), np.array([[5]]))


def test_report_does_not_change_what_is_counted():
    config = CoreConfig(neurons=2, axons=1)
    core = GoldenCore(Image(config, np.zeros((1, 2), int), {"v_threshold": 0}, report=False))
    assert core.step().all()
    assert core.counters["spikes"] == [2]


def test_bad_input_is_refused_with_the_shape_needed():
    loaded = image(CoreConfig(neurons=1, axons=3), [[1], [1], [1]])
    core = GoldenCore(loaded, batch=2)
    with pytest.raises(InputError, match=r"\(5, 3\).*needs \(2, steps, 3\)"):
        core.run(np.zeros((5, 3)))
    with pytest.raises(InputError, match=r"\(4,\).*needs \(2, 3\)"):
        core.inject(np.zeros(4))
    with pytest.raises(InputError, match="other than 0 and 1"):
        core.inject(np.full((2, 3), 2))
    with pytest.raises(InputError, match="v, i, ref"):
        core.state("current")
    with pytest.raises(InputError, match="at least 1"):
        GoldenCore(loaded, batch=0)
    assert core.run(np.zeros((2, 0, 3))).shape == (2, 0, 1)


def test_counters_are_those_of_the_hardware():
    assert set(COUNTERS) <= set(HARDWARE_COUNTERS)


def test_faults_35_late_is_meant_modulo_the_step_numbers():
    core = GoldenCore(Image(CoreConfig(neurons=2, axons=2), np.zeros((2, 2), dtype=int)))
    for next_step, late, to_come in (
        (2**32 - 1, [2**32 - 2, 2**31 - 1, 2**31], [0, 1, 2**31 - 2]),
        (0, [2**32 - 1, 2**31 + 1, 2**31], [1, 2**31 - 1]),
    ):
        core.reset()
        core.step_number = next_step
        for step in late:
            core.inject_ids([0, 1], step=step)
        assert core.counters["late"].tolist() == [2 * len(late)]
        assert not core.arrivals.any()
        for step in to_come:
            with pytest.raises(InputError, match=f"spikes for step {step}, but step {next_step}"):
                core.inject_ids([0], step=step)
        core.inject_ids([0], step=next_step)
        assert core.arrivals.tolist() == [[True, False]]


def test_faults_35_without_delays_nothing_is_under_way_to_neurons():
    core = GoldenCore(Image(CoreConfig(neurons=2, axons=2), np.zeros((2, 2), dtype=int)))
    with pytest.raises(ValueError, match="read-only"):
        core.pending[...] = 1
    with pytest.raises(InputError, match="no delays"):
        core.pending = np.ones_like(core.pending)
    core.pending = core.pending
