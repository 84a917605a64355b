"""Cores that learn against the golden model: every rule, and the places where passes could meet."""

import dataclasses
import functools

import numpy as np
import pytest
from core_driver import Driver, simulate, states_of
from gateware import Bench, pulse, quick
from hypothesis import given
from hypothesis import strategies as st
from plastic_weights import within_bounds

from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.hdl.contract.image import RunningImage
from spikeloom.hdl.contract.memory_map import Region
from spikeloom.hdl.contract.rules import RULES
from spikeloom.hdl.core import Core
from spikeloom.sim import GoldenCore

MULTIPLY = {"rule": "pair", "rates": "multiply", "fraction_bits": 4}
VARIANTS = {
    "pair": MULTIPLY,
    "pair, soft": {"rule": "pair", "bounds": "soft", "fraction_bits": 6, "pairing": "nearest"},
    "pair, stochastic": {**MULTIPLY, "stochastic": True},
    "rectangular": {"rule": "rectangular", "fraction_bits": 2, "stochastic": True},
    "symmetric": {"rule": "symmetric", "fraction_bits": 8, "stochastic": True},
    "three_factor": {"rule": "three_factor", "fraction_bits": 5},
    "three_factor, stochastic": {"rule": "three_factor", "fraction_bits": 5, "stochastic": True},
    "sdsp": {"rule": "sdsp", "fraction_bits": 3, "pairing": "nearest"},
    "lag_table": {"rule": "lag_table", "trace_bits": 6, "fraction_bits": 1},
}
PARAMETERS = {
    "enabled": 1, "w_min": -12, "w_max": 14, "seed": 12345, "sweep_log2": 1, "x_inc": 40,
    "y_inc": 30, "d_x": 500, "d_y": 700, "x_window": 3, "y_window": 2, "a_plus": 5, "a_minus": 4,
    "c_pre": 9, "c_post": 11, "scaling_target": 20, "scaling_shift": 1, "e_pre": -2, "e_post": 3,
    "d_e": 300, "d_mod": 200, "d_mod_first": 900, "m_spike": 7, "theta_m": 40, "ca_1": 5,
    "ca_2": 50, "ca_3": 60, **{f"plus_{k}": 9 - k for k in range(6)},
    **{f"minus_{k}": k + 1 for k in range(6)},
}  # fmt: skip
"""Those that a rule has are used; no weight stays where it is."""


def make_config(variant, **settings):
    sizes = {"neurons": 5, "axons": 6, "lanes": 2, "weight_bits": 6}
    return CoreConfig(
        **(sizes | settings),
        state_bits=12,
        refractory_bits=1,
        learning=LearningConfig(**VARIANTS[variant]),
    )


def make_image(config, *, drive=20, routes=None, seed=1, kind=Image, **learning):
    """A network in which every neuron fires often; `learning` replaces some of `PARAMETERS`.

    With `kind=RunningImage` plastic weights may lie outside the bounds.
    """
    rng = np.random.default_rng(seed)
    names = {f.name: f for f in config.layout.learning}
    values = {k: v for k, v in (PARAMETERS | learning).items() if k in names}
    synapses = (config.axons, config.neurons)
    modulatory = "modulatory" in (f.name for f in config.layout.axon_fields)
    weights = rng.integers(-16, 18, synapses)
    routes = rng.integers(-1, config.axons, config.neurons) if routes is None else routes
    plastic = rng.random(synapses) < 0.9
    return kind(
        config,
        within_bounds(weights, plastic, values) if kind is Image else weights,
        {"v_threshold": 2 * drive, "d_mem": 600, "d_syn": 1000, "bias": drive},
        routes,
        learning=values,
        plastic=plastic,
        modulatory=np.arange(config.axons) % 3 == 2 if modulatory else None,
    )


def follow(config, image, arrivals, *, seed=1, compare_every=4):
    """Run steps back to back: each starts in the first cycle in which the core is ready.

    `arrivals` are the axons of each step; spikes are compared after each, all else from time to time.
    """
    golden = GoldenCore(image)

    async def program(driver):
        await driver.load(image)
        for t, axons in enumerate(arrivals):
            golden.inject_ids(axons)
            spikes = golden.step()[0]
            assert sorted(await driver.step(axons)) == np.flatnonzero(spikes).tolist()
            if t % compare_every == compare_every - 1:
                await driver.compare(golden)
        await driver.compare(golden)

    simulate(config, program, seed)
    assert golden.counters["weight_updates"][0] > 0
    assert golden.counters["spikes"][0] > 0
    assert (golden.weights != image.weights).any()
    return golden


def random_arrivals(config, steps, seed=2, rate=0.5):
    raster = np.random.default_rng(seed).random((steps, config.axons)) < rate
    return [np.flatnonzero(row).tolist() for row in raster]


@pytest.mark.parametrize("variant", VARIANTS)
def test_learns_as_the_golden_model(variant):
    config = make_config(variant)
    golden = follow(config, make_image(config), random_arrivals(config, 8), compare_every=8)
    # With soft bounds a weight inside them never meets one.
    assert golden.counters["weight_clamps"][0] > 0 or variant == "pair, soft"


@pytest.mark.parametrize("variant", ["pair", "pair, soft", "three_factor", "sdsp", "lag_table"])
@pytest.mark.parametrize("bounds", [(4, 4), (9, -3)], ids=["equal", "in the wrong order"])
def test_bounds_that_leave_no_room(variant, bounds):
    config = make_config(variant)
    image = make_image(config, kind=RunningImage, w_min=bounds[0], w_max=bounds[1])
    golden = follow(config, image, random_arrivals(config, 6), compare_every=3)
    assert golden.counters["weight_clamps"][0] > 0


def test_every_rule_is_among_them():
    assert {v["rule"] for v in VARIANTS.values()} == set(RULES)


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("lanes", [2, 4])
def test_consecutive_rows_on_the_same_accumulator_word(groups, lanes):
    """All axons arrive: a row follows a row after `groups` cycles, on words that are not yet written."""
    config = make_config("pair", neurons=groups * lanes, axons=5, lanes=lanes)
    arrivals = [range(5), range(5), [], range(5), [0, 1], [4, 3]]
    follow(config, make_image(config), arrivals, compare_every=3)


@pytest.mark.parametrize("variant", ["pair", "three_factor"])
@pytest.mark.parametrize("axon", [0, 3])
def test_a_column_directly_after_a_row_over_the_same_synapse(variant, axon):
    """One axon arrives and makes all neurons fire in the same step: each synapse of it is changed twice."""
    config = make_config(variant, neurons=4, axons=4, lanes=2)
    image = make_image(config, drive=0, routes=-1, w_min=-32, w_max=31)
    image.weights[axon] = 25
    image.parameters["v_threshold"][:] = 20
    image.plastic[:] = True
    image.modulatory[:] = False
    golden = follow(config, image, [[axon], [], [axon], [axon]], compare_every=1)
    assert golden.counters["spikes"][0] >= 4


@pytest.mark.parametrize("lanes", [1, 2])
def test_the_next_rows_directly_after_the_last_column(lanes):
    """Everyone fires and drives an axon: the next step begins at once and reads what was just written."""
    config = make_config("pair", neurons=3, axons=3, lanes=lanes)
    image = make_image(config, drive=60, routes=[2, 1, 0])
    image.plastic[:] = True
    follow(config, image, [[]] * 12, compare_every=12)


@pytest.mark.parametrize("variant", ["pair", "pair, stochastic"])
def test_columns_wait_for_the_traces_of_all_axons(variant):
    """The walk over many axons outlasts that over few neurons, which fire at once."""
    config = make_config(variant, neurons=2, axons=24, lanes=2)
    image = make_image(config, drive=60)
    image.plastic[:] = True
    follow(config, image, random_arrivals(config, 4), compare_every=4)


@pytest.mark.parametrize("variant", ["symmetric", "three_factor"])
@pytest.mark.parametrize("size", [(1, 1, 1), (4, 4, 4), (3, 9, 2)])
def test_a_sweep_directly_after_columns(variant, size):
    """A sweep in every step, right after everyone fired, over the synapses of the last columns."""
    neurons, axons, lanes = size
    config = make_config(variant, neurons=neurons, axons=axons, lanes=lanes)
    image = make_image(config, drive=60, sweep_log2=0)
    image.plastic[:] = True
    follow(config, image, random_arrivals(config, 6, rate=0.4), compare_every=6)


@pytest.mark.parametrize("variant", ["pair, stochastic", "three_factor", "symmetric"])
@pytest.mark.parametrize("seed", [3, 4])
def test_after_power_up_and_clear_garbage_is_gone_and_weights_are_kept(variant, seed):
    config = make_config(variant)
    image = make_image(config)
    arrivals = random_arrivals(config, 5, seed)

    async def program(driver):
        zero = states_of(GoldenCore(image))
        assert await driver.states() == zero
        if "eligibility" in config.layout.synapse_fields:
            assert not (await driver.synapses("eligibility")).any()
        await driver.load(image)
        golden = GoldenCore(image)
        for _ in range(2):
            for axons in arrivals:
                golden.inject_ids(axons)
                golden.step()
                await driver.step(axons)
            await driver.access(Region.ARRIVALS.base, 0b11)
            await driver.clear()
            golden.reset()
            driver.counts = dict.fromkeys(driver.counts, 0)
            await driver.compare(golden)
            assert await driver.states() == zero
        assert (golden.weights != image.weights).any()

    simulate(config, program, seed)


def test_a_clear_keeps_tags_and_modulatory_axons():
    """Axons' records are walked over while eligibilities are cleared: 24 words, and rows that wait."""
    config = make_config("three_factor, stochastic", neurons=4, axons=24, lanes=2)
    image = make_image(config)

    async def program(driver):
        await driver.load(image)
        await driver.clear()
        kept = {"tag": image.axon_tags, "modulatory": image.modulatory}
        for name, values in kept.items():
            base = driver.map.axon_field(name)
            found = [await driver.read(base + i) for i in range(config.axons)]
            np.testing.assert_array_equal(found, values, err_msg=name)
        tags = [await driver.read(driver.map.neuron_field("tag", j)) for j in range(config.neurons)]
        np.testing.assert_array_equal(tags, image.neuron_tags)
        np.testing.assert_array_equal(await driver.synapses("weight"), image.weights)

    simulate(config, program)


def test_what_is_switched_off_does_not_change():
    config = make_config("three_factor")
    image = make_image(config, enabled=0, sweep_log2=0)
    golden = GoldenCore(image)

    async def program(driver):
        await driver.load(image)
        for axons in random_arrivals(config, 4):
            golden.inject_ids(axons)
            golden.step()
            await driver.step(axons)
        await driver.compare(golden)
        np.testing.assert_array_equal(await driver.synapses("weight"), image.weights)
        assert driver.counts["weight_updates"] == 0
        assert any((await driver.states())["m"])

    simulate(config, program)


ORDER = make_config("pair, stochastic", neurons=4, axons=7, lanes=2)


@functools.cache
def order_bench():
    core = Core(ORDER)
    return core, Bench(core)


@quick(4)
@given(
    spikes=st.lists(st.integers(0, ORDER.axons - 1), min_size=2, max_size=10),
    gap=st.integers(0, 3),
    data=st.data(),
)
def test_the_order_of_arrival_changes_nothing_while_learning(spikes, gap, data):
    core, simulation = order_bench()
    image = make_image(ORDER)
    orders = sorted(spikes), data.draw(st.permutations(spikes))
    outcomes = []

    async def testbench(ctx):
        driver = Driver(ctx, core, ORDER)
        await driver.power_up()
        for order in orders:
            await driver.load(image)
            driver.counts = dict.fromkeys(driver.counts, 0)
            reported = [await driver.step(order, gap=gap), await driver.step(order[::-1])]
            weights = (await driver.synapses("weight")).tolist()
            counts = driver.counts | {"cycles": 0}
            outcomes.append((reported, await driver.states(), weights, counts))
            await driver.clear()

    simulation.run(testbench)
    assert outcomes[0] == outcomes[1]


@quick(5)
@given(
    lanes=st.sampled_from([1, 2, 4, 8]),
    variant=st.sampled_from(sorted(VARIANTS)),
    seed=st.integers(0, 9),
)
def test_any_number_of_lanes_gives_the_same_result(lanes, variant, seed):
    sizes = {"neurons": 9, "axons": 5, "lanes": lanes}
    config = make_config(variant, **sizes)
    follow(config, make_image(config, seed=seed), random_arrivals(config, 5, seed), compare_every=5)


def test_traces_of_axons_in_more_than_one_arrival_word():
    config = make_config("pair", neurons=2, axons=35, lanes=2)
    image = make_image(config)
    follow(config, image, [[0, 31, 32, 34], [33], range(35)], compare_every=3)


def test_plastic_bits_and_parameters_are_written_over_the_bus_and_used():
    config = make_config("rectangular")
    image = make_image(config)
    changed = dataclasses.replace(
        RunningImage.of(image),
        plastic=~image.plastic,
        learning=image.learning | {"a_plus": 3, "w_max": 10},
    )
    golden = GoldenCore(image)
    arrivals = random_arrivals(config, 6)

    async def program(driver):
        await driver.load(image)
        for axons in arrivals[:3]:
            golden.inject_ids(axons)
            golden.step()
            await driver.step(axons)
        golden.image = dataclasses.replace(changed, weights=golden.weights)
        plastic = driver.map.pack_synapses(changed.plastic.astype(int), "plastic")
        for (axon, k), word in np.ndenumerate(plastic):
            await driver.write(driver.map.synapse_row(axon, "plastic") + k, word)
        for name in ("a_plus", "w_max"):
            await driver.write(driver.map.learning(name), changed.learning[name])
            assert await driver.read(driver.map.learning(name)) == changed.learning[name]
        np.testing.assert_array_equal(await driver.synapses("plastic"), changed.plastic)
        for axons in arrivals[3:]:
            golden.inject_ids(axons)
            golden.step()
            await driver.step(axons)
        await driver.compare(golden)

    simulate(config, program)


def test_a_clear_directly_after_the_last_column_keeps_what_it_wrote():
    config = make_config("pair", neurons=3, axons=3, lanes=1)
    image = make_image(config, drive=60, routes=[2, 1, 0])
    golden = GoldenCore(image)

    async def program(driver):
        await driver.load(image)
        for _ in range(3):
            for _ in range(2):
                golden.inject_ids([0, 1, 2])
                golden.step()
                await driver.step([0, 1, 2])
            await pulse(driver.ctx, driver.core.clear)
            await driver.power_up()
            driver.number(0)
            golden.reset()
        driver.counts = dict.fromkeys(driver.counts, 0)
        await driver.compare(golden)
        assert (golden.weights != image.weights).any()

    simulate(config, program)
