"""Rules in physical units: what a core does with their integers is what was asked for."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.compiler.compile import compile
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl import ConfigError, LearningConfig
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.network.learning_rules import (
    SDSP,
    PairSTDP,
    RectangularSTDP,
    SymmetricSTDP,
    ThreeFactor,
)
from spikeloom.network.network import IF, LIF, Network

# Networks of any kind, which need not do anything.
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.hdl.contract.errors.FitWarning")

DT = 1e-3
DELTAS = np.arange(-40, 41)
START = 0.5
PAIR = {"tau_plus": 0.02, "tau_minus": 0.012, "a_plus": 0.1, "a_minus": 0.07, "w_max": 1.0}
FORGETS = LIF(1e-5, v_threshold=0.9)


def learned(rule, weight_bits=12):
    """Change of a weight of 0.5 by one pair of spikes, for a target's spike at each of DELTAS."""
    network = Network(DT, learning=rule)
    pre, drive = network.input("pre", 1), network.input("drive", len(DELTAS))
    out = network.population("out", len(DELTAS), FORGETS)
    network.connect(pre, out, np.full((1, len(DELTAS)), START), plastic=True)
    network.connect(drive, out, np.eye(len(DELTAS)))
    design = compile(network, weight_bits=weight_bits)
    device = GoldenDevice(design)
    spikes = {"pre": np.zeros((90, 1)), "drive": np.zeros((90, len(DELTAS)))}
    spikes["pre"][45] = 1
    spikes["drive"][45 + DELTAS, np.arange(len(DELTAS))] = 1
    assert device.run(spikes).spikes.sum() == len(DELTAS)
    unit = 2.0**design.config.weight_shift / design.scale[0]
    return (device.read("weights") - design.image.weights)[0] * unit, unit


def expected(rule):
    window = np.where(
        DELTAS >= 0,
        rule.a_plus * np.exp(-DELTAS * DT / rule.tau_plus),
        -rule.a_minus * np.exp(DELTAS * DT / rule.tau_minus),
    )
    if rule.bounds == "soft":
        window *= np.where(DELTAS >= 0, rule.w_max - START, START - rule.w_min)
    return window


@settings(max_examples=20)
@given(
    st.sampled_from([{}, {"pairing": "nearest"}, {"bounds": "soft"}, {"rates": "multiply"}]),
    st.floats(0.004, 0.04),
    st.floats(0.004, 0.04),
    st.floats(0.05, 0.2),
    st.floats(0.05, 0.2),
)
def test_pair_stdp_realises_its_windows(settings_, tau_plus, tau_minus, a_plus, a_minus):
    rule = PairSTDP(
        tau_plus=tau_plus, tau_minus=tau_minus, a_plus=a_plus, a_minus=a_minus, w_max=1.0,
        stochastic=False, **settings_,
    )  # fmt: skip
    change, unit = learned(rule)
    window = expected(rule)
    # Decay constants round to 1/4096 of a step's loss, which the tolerance of windows includes.
    assert np.abs(change - window).max() <= 0.07 * np.abs(window).max() + unit
    assert np.abs(change).max() > 0.5 * np.abs(window).max()


def test_symmetric_stdp_potentiates_in_either_order_and_depresses_lone_spikes():
    rule = SymmetricSTDP(tau=0.015, a_plus=0.1, depression=0.02, w_max=1.0, stochastic=False)
    change, unit = learned(rule)
    window = 0.1 * np.exp(-np.abs(DELTAS) * DT / 0.015) - 2 * 0.02
    assert np.abs(change - window).max() <= 0.006 + 2 * unit


@given(st.integers(1, 30), st.integers(1, 30))
@settings(max_examples=10)
def test_rectangular_windows_are_whole_steps(plus, minus):
    rule = RectangularSTDP(
        window_plus=plus * DT, window_minus=minus * DT, a_plus=0.1, a_minus=0.05, w_max=1.0
    )
    change, unit = learned(rule)
    window = np.select([-minus > DELTAS, DELTAS < 0, plus > DELTAS], [0, -0.05, 0.1], 0)
    assert np.abs(change - window).max() <= 0.001 + unit


def test_small_changes_count_on_average():
    rule = PairSTDP(**PAIR | {"a_plus": 0.001, "a_minus": 0.0})
    network = Network(DT, learning=rule)
    pre, drive = network.input("pre", 1), network.input("drive", 1)
    out = network.population("out", 300, FORGETS)
    network.connect(pre, out, np.full((1, 300), START), plastic=True)
    network.connect(drive, out, np.ones((1, 300)))
    design = compile(network, weight_bits=8)
    assert design.config.learning.stochastic
    device = GoldenDevice(design)
    spikes = np.zeros((1000, 2))
    spikes[::10, 0], spikes[3::10, 1] = 1, 1
    device.run(spikes)
    trace = total = 0.0
    for t in range(1000):
        trace = trace * np.exp(-DT / 0.02) + spikes[t, 0]
        total += 0.001 * trace * spikes[t, 1]
    unit = 2.0**design.config.weight_shift / design.scale[0]
    change = (device.read("weights") - design.image.weights)[0].mean() * unit
    assert change == pytest.approx(total, rel=0.1)


@given(st.floats(0.1, 0.9), st.integers(1, 5), st.booleans())
@settings(max_examples=15)
def test_three_factor_multiplies_modulator_and_eligibility(reward, spikes, punished):
    rule = ThreeFactor(
        rate=0.05, period=16e-3, tau_eligibility=0, e_pre=1, new_error=True, w_min=-1, w_max=1,
        spike_modulation=-0.5, stochastic=False,
    )  # fmt: skip
    network = Network(DT, learning=rule)
    pre, teacher, drive = (network.input(name, 1) for name in ("pre", "teacher", "drive"))
    out = network.population("out", 1, LIF(1e-5, v_threshold=0.9))
    network.connect(pre, out, [[0.2]], plastic=True)
    network.connect(teacher, out, [[reward]], modulatory=True)
    network.connect(drive, out, [[1.0]])
    design = compile(network, weight_bits=12)
    assert design.image.modulatory.tolist() == [False, True, False]
    raster = np.zeros((16, 3))
    raster[1 : 1 + spikes, 0] = 1
    raster[5, 1] = 1
    raster[9, 2] = punished
    device = GoldenDevice(design)
    assert device.run(raster).spikes.sum() == punished
    unit = 2.0**design.config.weight_shift / design.scale[0]
    change = (device.read("weights") - design.image.weights)[0, 0] * unit
    assert change == pytest.approx(
        0.05 * (reward - 0.5 * punished) * spikes, rel=0.02, abs=2 * unit
    )


@pytest.mark.parametrize(("new_error", "periods"), [(True, 1), (False, 2)])
def test_an_error_may_begin_anew_in_each_period(new_error, periods):
    rule = ThreeFactor(
        rate=0.05, period=16e-3, tau_eligibility=0, e_pre=1, new_error=new_error, w_max=1,
        stochastic=False,
    )  # fmt: skip
    network = Network(DT, learning=rule)
    pre, teacher = network.input("pre", 1), network.input("teacher", 1)
    out = network.population("out", 1, IF(v_threshold=9.0))
    network.connect(pre, out, [[0.2]], plastic=True)
    network.connect(teacher, out, [[0.8]], modulatory=True)
    device = GoldenDevice(compile(network, weight_bits=12))
    raster = np.zeros((32, 2))
    raster[[3, 20], 0] = 1
    raster[5, 1] = 1
    before = device.read("weights")[0, 0]
    device.run(raster)
    change = (device.read("weights")[0, 0] - before) / device.read("w_max")
    assert change == pytest.approx(periods * 0.05 * 0.8, rel=0.05)


def test_r_stdp_writes_its_window_into_the_eligibility():
    rule = ThreeFactor(
        rate=0.1, period=0.064, tau_eligibility=1.0, a_plus=1.0, a_minus=0.5, tau_plus=0.02,
        tau_minus=0.01, tau_modulator=0.1, w_max=1.0,
    )  # fmt: skip
    network = Network(DT, learning=rule)
    pre, drive = network.input("pre", 1), network.input("drive", len(DELTAS))
    out = network.population("out", len(DELTAS), FORGETS)
    network.connect(pre, out, np.full((1, len(DELTAS)), START), plastic=True)
    network.connect(drive, out, np.eye(len(DELTAS)))
    device = GoldenDevice(compile(network))
    raster = np.zeros((62, 1 + len(DELTAS)))
    raster[20, 0] = 1
    within = np.flatnonzero((DELTAS >= -20) & (DELTAS < 41))
    raster[20 + DELTAS[within], 1 + within] = 1
    device.run(raster)
    integers = device.read("eligibility")[0, within]
    unit = 0.1 * 2.0**device.design.config.learning.fraction_bits
    d = DELTAS[within] * DT
    window = np.where(d >= 0, np.exp(-d / 0.02), -0.5 * np.exp(d / 0.01))
    assert np.abs(integers / unit - window).max() < 0.06


def test_sdsp_goes_by_potential_and_calcium():
    rule = SDSP(
        theta_m=0.5, tau_calcium=0.1, ca_1=0.5, ca_2=2, ca_3=3, a_plus=0.1, a_minus=0.05, w_max=1.0
    )
    network = Network(DT, learning=rule)
    pre = network.input("pre", 1)
    out = network.population("out", 8, IF(v_threshold=10.0))
    network.connect(pre, out, np.full((1, 8), START), plastic=True)
    design = compile(network, weight_bits=12)
    device = GoldenDevice(design)
    spike = design.image.learning["y_inc"]
    device.write("v", (np.array([0, 1] * 4) * 0.7 * design.scale[0]).astype(int))
    device.write("y", (np.repeat([0.3, 1, 2.5, 3.5], 2) * spike).astype(int))
    device.run([[0], [1]])
    unit = 2.0**design.config.weight_shift / design.scale[0]
    change = (device.read("weights") - design.image.weights)[0] * unit
    assert change == pytest.approx([0, 0, -0.05, 0.1, 0, 0.1, 0, 0], abs=0.001 + unit)


@pytest.mark.parametrize("total", [2.0, 6.0])
def test_scaling_draws_the_sum_of_weights_to_its_target(total):
    rule = SymmetricSTDP(
        tau=0.02, a_plus=0.05, total=total, scaling_period=4e-3, scaling_rate=0.5, w_max=1.0
    )
    network = Network(DT, learning=rule)
    pre = network.input("pre", 20)
    out = network.population("out", 2, IF())
    weights = np.random.default_rng(0).uniform(0.1, 0.3, (20, 2))
    network.connect(pre, out, weights, plastic=True)
    design = compile(network, weight_bits=10)
    assert design.config.learning.fraction_bits >= 8  # no sweep takes a weight to 0
    device = GoldenDevice(design)
    device.run(steps=120)
    unit = 2.0**design.config.weight_shift / design.scale[0]
    sums = device.read("weights").sum(axis=0) * unit
    assert sums == pytest.approx([total, total], rel=0.06)
    # Scaling multiplies: proportions stay.
    ratio = device.read("weights")[:, 0] * unit / weights[:, 0]
    assert ratio == pytest.approx(np.full(20, ratio.mean()), rel=0.1)


def test_without_a_target_nothing_is_scaled():
    network = Network(DT, learning=SymmetricSTDP(tau=0.02, a_plus=0.05, w_max=1.0))
    network.connect(
        network.input("pre", 3), network.population("out", 2, IF()), np.full((3, 2), 0.5),
        plastic=True,
    )  # fmt: skip
    device = GoldenDevice(compile(network))
    device.write("sweep_log2", 0)
    before = device.read("weights")
    device.run(steps=20)
    assert device.counters()["weight_updates"] == 20 * 6
    assert np.array_equal(device.read("weights"), before)


# Formats and reports


def compiled(rule, **options):
    network = Network(DT, learning=rule)
    pre, out = network.input("pre", 4), network.population("out", 3, IF())
    network.connect(pre, out, np.full((4, 3), 0.3), plastic=np.eye(4, 3, dtype=bool))
    return compile(network, **options)


def test_plastic_synapses_and_bounds_are_in_the_image():
    design = compiled(PairSTDP(**PAIR, w_min=-0.5))
    assert np.array_equal(design.image.plastic, np.eye(4, 3, dtype=bool))
    assert not design.image.modulatory.any()
    unit = design.scale[0] / 2.0**design.config.weight_shift
    assert design.image.learning["w_max"] == round(unit)
    assert design.image.learning["w_min"] == round(-0.5 * unit)
    assert design.image.learning["enabled"] == 1
    # The largest weight that learning may reach decides the scale, not the initial ones; at a
    # multiple of 10 units to 1 all of 0.3, −0.5 and 1 are whole.
    assert design.image.learning["w_max"] == 120
    assert len(set(design.scale)) == 1


def test_the_report_says_what_was_realised():
    report = compiled(PairSTDP(**PAIR)).report
    rows = {row.name: row for row in report.parameters}
    assert {"a_plus", "a_minus", "tau_plus", "tau_minus", "w_max"} <= set(rows)
    for name in ("a_plus", "a_minus", "tau_plus", "tau_minus"):
        assert rows[name].requested == PAIR[name]
        assert rows[name].realised == pytest.approx(PAIR[name], rel=0.05)
    assert 0 < abs(rows["window_plus, worst point"].realised) <= 0.05


def test_formats_are_as_small_as_they_can_be():
    large = compiled(PairSTDP(**PAIR | {"a_plus": 0.5, "a_minus": 0.5})).config.learning
    small = PairSTDP(**PAIR | {"a_plus": 0.01, "a_minus": 0.01})
    small = compiled(small, weight_bits=8).config.learning
    assert not large.stochastic
    assert small.stochastic
    assert small.fraction_bits > large.fraction_bits
    longer = compiled(PairSTDP(**PAIR | {"tau_plus": 0.1})).config.learning
    assert longer.trace_bits > compiled(PairSTDP(**PAIR)).config.learning.trace_bits
    given_bits = compiled(PairSTDP(**PAIR, trace_bits=6, fraction_bits=1)).config.learning
    assert (given_bits.trace_bits, given_bits.fraction_bits) == (6, 1)


def test_a_given_core_is_used_as_it_is_or_refused():
    rule = PairSTDP(**PAIR)
    design = compiled(rule)
    core = dataclasses.replace(design.config, neurons=8, axons=9, parameters="per_neuron")
    again = compiled(rule, config=core)
    assert again.config == core
    assert again.image.learning == design.image.learning
    assert again.image.plastic.sum() == 3
    wider = dataclasses.replace(core.learning, trace_bits=16)
    assert compiled(rule, config=dataclasses.replace(core, learning=wider)).config.learning == wider
    for other in (None, LearningConfig(rule="sdsp"), dataclasses.replace(wider, pairing="nearest")):
        with pytest.raises(FitError, match=r"learning: needs LearningConfig\(rule='pair'"):
            compiled(rule, config=dataclasses.replace(core, learning=other))
    plain = Network(DT)
    plain.connect(plain.input("a", 2), plain.population("b", 2, IF()), np.ones((2, 2)))
    idle = compile(plain, config=core)
    assert idle.image.learning["enabled"] == 0
    assert not idle.image.plastic.any()


def test_what_rounds_to_nothing_is_refused():
    with pytest.raises(FitError, match=r"a change of .* always rounds to 0"):
        compiled(PairSTDP(**PAIR | {"a_plus": 0.002}, stochastic=False), weight_bits=8)
    with pytest.raises(FitError, match=r"a_plus = 1e-07 rounds to 0.*larger"):
        compiled(PairSTDP(**PAIR | {"a_plus": 1e-7}), weight_bits=8)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: PairSTDP(**PAIR | {"tau_plus": 0}), InputError, "tau_plus is 0.*no time of 0"),
        (lambda: PairSTDP(**PAIR | {"tau_plus": -1}), InputError, "tau_plus is -1"),
        (lambda: PairSTDP(**PAIR | {"a_plus": -1}), InputError, "a_plus is -1"),
        (lambda: PairSTDP(**PAIR | {"a_plus": "big"}), InputError, "a_plus is 'big'"),
        (lambda: PairSTDP(**PAIR | {"w_max": np.inf}), InputError, "w_max is inf"),
        (lambda: PairSTDP(**PAIR, w_min=1.0), InputError, "w_min less than w_max"),
        (lambda: PairSTDP(**PAIR, seed=-1), InputError, "seed is -1"),
        (lambda: PairSTDP(**PAIR, pairing="some"), ConfigError, "pairing is 'some'"),
        (lambda: PairSTDP(**PAIR, bounds="soft", rates="multiply"), ConfigError, "soft bounds"),
        (lambda: PairSTDP(**PAIR, trace_bits=99), ConfigError, "trace_bits is 99"),
        (
            lambda: SymmetricSTDP(tau=0.02, a_plus=0.1, total=1.0, w_max=1.0),
            InputError,
            "give both",
        ),
        (
            lambda: ThreeFactor(rate=0.1, period=0.01, tau_eligibility=0, w_max=1.0),
            InputError,
            "nothing makes a synapse eligible",
        ),
        (
            lambda: SDSP(theta_m=0, tau_calcium=1, ca_1=3, ca_2=2, ca_3=4, a_plus=1, a_minus=1, w_max=1),
            InputError,
            "ca_1 ≤ ca_2",
        ),
    ],
)  # fmt: skip
def test_impossible_rules_are_refused_with_a_reason(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_networks_that_can_not_learn_say_so():
    network = Network()
    a, b = network.input("a", 2), network.population("b", 2, IF())
    with pytest.raises(InputError, match=r"need a rule.*PairSTDP"):
        network.connect(a, b, np.ones((2, 2)), plastic=True)
    network = Network(learning=PairSTDP(**PAIR))
    a, b = network.input("a", 2), network.population("b", 2, IF())
    with pytest.raises(InputError, match=r"rule with a modulator.*ThreeFactor"):
        network.connect(a, b, np.ones((2, 2)), modulatory=True)
    with pytest.raises(InputError, match=r"plastic is .*shape \(2, 2\)"):
        network.connect(a, b, np.ones((2, 2)), plastic=np.ones(3, bool))
    network.connect(a, b, np.ones((2, 2)), plastic=True)
    with pytest.raises(InputError, match="share their bounds"):
        compile(network, scale="per_neuron")
    with pytest.raises(InputError, match="learning is 'pair'"):
        Network(learning="pair")
    rule = ThreeFactor(rate=0.1, period=0.01, tau_eligibility=0, e_pre=1, w_max=1.0)
    network = Network(learning=rule)
    a, b = network.input("a", 2), network.population("b", 2, IF())
    network.connect(a, b, np.ones((2, 2)), modulatory=True)
    with pytest.raises(InputError, match="modulatory and not"):
        network.connect(a, b, np.ones((2, 2)))


def test_a_plastic_synapse_without_weight_is_there_also_between_neurons():
    network = Network(learning=PairSTDP(**PAIR))
    b = network.population("b", 2, IF())
    network.connect(b, b, np.zeros((2, 2)), plastic=True)
    design = compile(network)
    assert design.image.routes.tolist() == [0, 1]
    assert design.image.plastic.all()
