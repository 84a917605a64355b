"""Cores with delays against the golden model, and the places where spikes could meet in a ring."""

import dataclasses

import numpy as np
import pytest
from core_driver import simulate, states_of
from gateware import quick
from hypothesis import given
from hypothesis import strategies as st
from plastic_weights import within_bounds

from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.hdl.contract.rules import RULES
from spikeloom.sim import GoldenCore

PARAMETERS = {
    "enabled": 1, "w_min": -12, "w_max": 14, "seed": 12345, "sweep_log2": 1, "x_inc": 40,
    "y_inc": 30, "d_x": 500, "d_y": 700, "x_window": 3, "y_window": 2, "a_plus": 5, "a_minus": 4,
    "c_pre": 9, "c_post": 11, "scaling_target": 20, "scaling_shift": 1, "e_pre": -2, "e_post": 3,
    "d_e": 300, "d_mod": 200, "d_mod_first": 900, "m_spike": 7, "theta_m": 40, "ca_1": 5,
    "ca_2": 50, "ca_3": 60, **{f"plus_{k}": 40 - 4 * k for k in range(8)},
    **{f"minus_{k}": 7 * k for k in range(8)},
}  # fmt: skip
"""Those that a rule has are used; no weight stays where it is."""


def make_config(**settings):
    sizes = {"neurons": 5, "axons": 6, "lanes": 2, "weight_bits": 6, "state_bits": 12}
    return CoreConfig(**(sizes | {"delay_slots": 8, "refractory_bits": 1} | settings))


def make_image(config, seed=1, *, drive=20, **fixed):
    """A network that fires often, with any delays."""
    rng = np.random.default_rng(seed)
    synapses = (config.axons, config.neurons)
    learning = {f.name: PARAMETERS[f.name] for f in config.layout.learning}
    modulatory = "modulatory" in (f.name for f in config.layout.axon_fields)
    parameters = {"v_threshold": 2 * drive, "d_mem": 600, "d_syn": 1000, "bias": drive}
    names = {f.name for f in config.layout.parameters}
    parameters |= {"d_syn_exc": 1000, "d_syn_inh": 500}
    contents = {
        "weights": rng.integers(-16, 18, synapses),
        "parameters": {k: v for k, v in parameters.items() if k in names},
        "routes": rng.integers(-1, config.axons, config.neurons),
        "delays": rng.integers(0, config.delay_slots, synapses),
        "learning": learning,
        "plastic": rng.random(synapses) < 0.9 if learning else None,
        "modulatory": np.arange(config.axons) % 3 == 2 if modulatory else None,
    }
    contents |= fixed
    if learning:
        plastic = contents["plastic"]
        contents["weights"] = within_bounds(contents["weights"], plastic, contents["learning"])
    return Image(config, **contents)


def follow(config, image, arrivals, *, seed=1, compare_every=100):
    """Run steps back to back; spikes are compared after each, all else from time to time."""
    golden = GoldenCore(image)

    async def program(driver):
        await driver.load(image)
        for t, axons in enumerate(arrivals):
            golden.inject_ids(axons)
            spikes = golden.step()[0]
            assert sorted(await driver.step(axons)) == np.flatnonzero(spikes).tolist(), t
            if t % compare_every == compare_every - 1:
                await driver.compare(golden)
        await driver.compare(golden)

    simulate(config, program, seed)
    return golden


def random_arrivals(config, steps, seed=2, rate=0.4):
    raster = np.random.default_rng(seed).random((steps, config.axons)) < rate
    return [np.flatnonzero(row).tolist() for row in raster]


@quick(4)
@given(
    lanes=st.sampled_from([1, 2, 4]),
    neurons=st.integers(4, 9),
    slots=st.sampled_from([2, 8, 64]),
    receptors=st.sampled_from([1, 2]),
    synapse=st.sampled_from(["exponential", "delta"]),
    seed=st.integers(0, 99),
)
def test_agrees_with_the_golden_model(lanes, neurons, slots, receptors, synapse, seed):
    config = make_config(
        neurons=neurons,
        lanes=lanes,
        delay_slots=slots,
        receptors=receptors,
        synapse=synapse,
    )
    image = make_image(config, seed)
    image.delays %= 12  # so that they come back
    golden = follow(config, image, random_arrivals(config, 14, seed), seed=seed)
    assert golden.counters["spikes"][0] > 0


@pytest.mark.parametrize("rule", sorted(RULES))
def test_learns_as_the_golden_model(rule):
    """Synapses keep their delays when weights are written back; scaling sums are not in the ring's way."""
    learning = LearningConfig(rule=rule, fraction_bits=5, stochastic=True)
    config = make_config(learning=learning, delay_slots=4, receptors=2 if rule == "sdsp" else 1)
    image = make_image(config)
    golden = follow(config, image, random_arrivals(config, 10))
    assert golden.counters["weight_updates"][0] > 0
    assert (golden.weights != image.weights).any()
    assert golden.pending.any()


@pytest.mark.parametrize(("groups", "lanes"), [(1, 1), (1, 2), (2, 2), (3, 2)])
def test_consecutive_rows_meet_in_one_slot_or_miss_it(groups, lanes):
    """Rows follow each other after `groups` cycles, on words that are not yet written."""
    config = make_config(neurons=groups * lanes, lanes=lanes, axons=4, delay_slots=4)
    for delays in (np.full((4, 1), 2), np.arange(4)[:, None] % 2):
        image = make_image(config, delays=delays, routes=-1)
        follow(config, image, [range(4), range(4), [], [0, 1]])


def test_a_neighbour_lane_has_its_own_slot():
    config = make_config(neurons=4, lanes=4, delay_slots=4, synapse="delta", axons=1)
    image = make_image(
        config, weights=np.array([[1, 2, 4, 8]]), delays=np.array([[3, 0, 2, 1]]), routes=-1,
        parameters={},
    )  # fmt: skip
    golden = follow(config, image, [[0], [], [], [0], []], compare_every=1)
    assert golden.pending.any()


@pytest.mark.parametrize("seed", range(3))
def test_power_up_and_clear_leave_nothing_under_way(seed):
    config = make_config(delay_slots=4, lanes=2)
    image = make_image(config, seed)

    async def program(driver):
        sums, arrivals = await driver.under_way()
        assert not sums.any()
        assert not arrivals.any()
        await driver.load(image)
        golden = GoldenCore(image)
        for _ in range(2):
            for axons in random_arrivals(config, 3 + seed, seed):
                golden.inject_ids(axons)
                golden.step()
                await driver.step(axons)
            assert golden.pending.any()
            await driver.clear()
            golden.reset()
            driver.counts = dict.fromkeys(driver.counts, 0)
            await driver.compare(golden)

    simulate(config, program, seed)


@pytest.mark.parametrize("receptors", [1, 2])
def test_sums_and_delays_are_read_and_written_over_the_bus(receptors):
    """Every word has its own place, negative ones too, and is where a step finds it."""
    config = make_config(neurons=5, lanes=2, delay_slots=4, receptors=receptors)
    image = make_image(config)
    golden = GoldenCore(image)
    rng = np.random.default_rng(3)
    high = 1 << (config.layout.accumulator_bits - 1)

    async def program(driver):
        await driver.load(image)
        for axons in random_arrivals(config, 3):  # the ring is turned by now
            golden.inject_ids(axons)
            golden.step()
            await driver.step(axons)
        await driver.compare(golden)
        golden.pending = rng.integers(-high, high, golden.pending.shape)
        for (_, k, d, j), value in np.ndenumerate(golden.pending):
            await driver.write(driver.map.pending(k, d, j), value)
        delays = rng.integers(0, 4, image.delays.shape)
        golden.image = dataclasses.replace(image, delays=delays)
        packed = driver.map.pack_synapses(delays, "delay")
        for (axon, k), word in np.ndenumerate(packed):
            await driver.write(driver.map.synapse_row(axon, "delay") + k, word)
        await driver.compare(golden)
        for axons in random_arrivals(config, 6):
            golden.inject_ids(axons)
            golden.step()
            await driver.step(axons)
            assert await driver.states() == states_of(golden)
        for where in ((receptors, 0, 0), (0, 4, 0), (0, 0, 5)):
            for data in (None, 0):
                assert (await driver.access(driver.map.pending(*where), data))[1]

    simulate(config, program)


def test_delays_cost_no_cycles_but_a_constant():
    cycles = {}
    for slots in (1, 16):
        config = make_config(neurons=6, lanes=2, axons=8, delay_slots=slots)
        image = make_image(config, parameters={}, routes=-1)  # nobody fires

        async def program(driver, image=image, slots=slots):
            await driver.load(image)
            for count in (1, 8):
                before = driver.counts["cycles"]
                await driver.step(range(count))
                cycles[slots, count] = driver.counts["cycles"] - before

        simulate(config, program)
    assert cycles[16, 8] - cycles[16, 1] == cycles[1, 8] - cycles[1, 1] == 7 * 3
    assert cycles[16, 1] <= cycles[1, 1] + 3
