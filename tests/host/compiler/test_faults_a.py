"""Small inputs that use found, each with its right value; the number is that of the fault."""

import warnings

import numpy as np
import pytest
from plain_networks import simulate

import spikeloom
from spikeloom import IF, LIF, SDSP, FitError, FitWarning, InputError, Network, PairSTDP


def one(neuron, weights, **options):
    """An input "i" onto a population "p"."""
    network = Network()
    weights = np.asarray(weights, dtype=float)
    source = network.input("i", weights.shape[0])
    target = network.population("p", weights.shape[1], neuron)
    network.connect(source, target, weights, **options)
    return network


def alone(neuron, size=1):
    """A population without input."""
    network = Network()
    network.population("p", size, neuron)
    return network


def fired(network, spikes=None, steps=None, **options):
    """Steps in which the population "p" fired."""
    device = spikeloom.open("golden:", spikeloom.compile(network, **options))
    return np.flatnonzero(device.run(spikes, steps)["p"]).tolist()


def warned(network, **options):
    """Design, and what `compile` warned of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        design = spikeloom.compile(network, **options)
    assert all(w.category is FitWarning for w in found)
    return design, [str(w.message) for w in found]


# 1. Sums that equal the threshold


def test_faults_a1_ten_tenths_reach_a_threshold_of_one():
    assert fired(one(LIF(tau_mem=20e-3), np.full((10, 1), 0.1)), {"i": np.ones((1, 10))}) == [0]


def test_faults_a1_a_fifth_fires_every_fifth_step():
    assert fired(alone(IF(bias=0.2)), steps=30) == [4, 9, 14, 19, 24, 29]


def test_faults_a1_an_integer_threshold_counts():
    spikes = {"i": np.ones((100, 1))}
    assert fired(one(IF(v_threshold=33.0), [[1.0]]), spikes) == [32, 65, 98]


def test_faults_a1_every_nth_of_a_threshold():
    for n in range(2, 201):
        expected = [k * n - 1 for k in (1, 2, 3)]
        assert fired(alone(IF(bias=1 / n)), steps=3 * n) == expected, n


@pytest.mark.parametrize("seed", range(20))
def test_faults_a1_a_threshold_that_is_the_sum_of_any_weights(seed):
    weights = np.random.default_rng(seed).random((5, 1))
    neuron = LIF(tau_mem=20e-3, v_threshold=float(weights.sum()))
    spikes = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]])
    assert fired(one(neuron, weights), {"i": spikes}) == [0]


@pytest.mark.parametrize("count", range(2, 40))
def test_faults_a1_weights_of_single_precision(count):
    weights = np.full((count, 1), 1 / count, dtype=np.float32)
    spikes = np.array([np.ones(count), np.arange(count) > 0])
    assert fired(one(LIF(tau_mem=20e-3), weights), {"i": spikes}) == [0]


# 2. A positive threshold is at least 1


def test_faults_a2_one_strong_synapse_leaves_the_threshold():
    assert fired(one(IF(v_threshold=0.02), [[250.0]]), {"i": [[0], [0], [1], [0]]}) == [2]


@pytest.mark.parametrize("veto", [-1e3, -1e4, -1.234e4])
def test_faults_a2_a_veto_leaves_the_neuron_alive_and_is_said(veto):
    spikes = {"i": [[0, 0], [0, 1], [1, 0], [0, 1], [0, 0]]}
    for weight in (1.0, 1.23456):
        network = one(IF(), [[veto], [weight]])
        _, said = warned(network)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert fired(network, spikes) == [1]
        if said:
            assert "1 weight clipped: 1 of 2 from 'i' to 'p'" in said[0]
            assert "beyond 16 thresholds" in said[0]


def test_faults_a2_a_threshold_stays_above_rest_in_any_width():
    design, said = warned(one(IF(v_threshold=1e-3, bias=1.0), [[1.0]]), state_bits=8)
    assert design.image.parameters["v_threshold"][0] == 1
    assert any("the threshold of 1 of 1 neurons of 'p' is off" in s for s in said)


# 3. Receptors


def test_faults_a3_projections_of_either_sign_have_a_current_each():
    network = one(LIF(tau_mem=10e-3, tau_syn=(12e-3, 4e-3), v_threshold=10.0), [[2.0]])
    network.connect(network.inputs["i"], network.populations["p"], [[-2.0]])
    design = spikeloom.compile(network)
    device = spikeloom.open("golden:", design)
    device.monitor([0])
    v = device.run({"i": np.eye(40, 1)}).monitored["v[0]"]
    assert (v.argmax(), v.max()) == (15, pytest.approx(5.20, rel=0.01))


def test_faults_a3_between_neurons_and_over_several_projections():
    neuron = LIF(tau_mem=10e-3, tau_syn=(12e-3, 4e-3))
    network = Network()
    drive = network.input("i", 2)
    a, b = (network.population(name, 2, neuron) for name in "ab")
    network.connect(drive, a, 2 * np.eye(2))
    for weight in (0.5, -0.25, 0.25, -1.0):
        network.connect(a, b, weight * np.ones((2, 2)))
    spikes = {"i": np.random.default_rng(0).random((80, 2)) < 0.2}
    design = spikeloom.compile(network)
    run = spikeloom.open("golden:", design).run(spikes)
    expected, _, _ = simulate(network, spikes, 80)
    assert np.array_equal(run.spikes, expected)
    assert expected[:, 2:].any()


# 4. Losses are said


SMALL = np.full((20, 1), 2e-4)
SMALL[0] = 0.075


def test_faults_a4_small_weights_are_held_where_nobody_chose_bits():
    for weights in (SMALL, np.full((20, 1), 1e-5)):
        design, said = warned(one(IF(), weights))
        assert not said
        assert np.all(design.image.weights != 0)


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        (one(IF(), SMALL), {"weight_bits": 8}, "19 weights became 0.*19 of 20 from 'i' to 'p'"),
        (one(IF(), np.full((20, 1), 1e-5)), {"weight_bits": 8, "state_bits": 16}, "20 weights"),
        (one(IF(), [[500.0]]), {"weight_bits": 8, "scale": 1e5}, "1 weight clipped"),
        (one(IF(refractory=0.4e-3), [[0.3]]), {}, "refractory of 1 of 1 neurons of 'p'"),
        (one(LIF(tau_mem=1e-5), [[0.3]]), {}, "tau_mem of 1 of 1.*far below the time step"),
        (one(LIF(tau_mem=20), [[0.3]]), {}, "tau_mem of 1 of 1.*fades with"),
        (one(IF(tau_syn=20.0), [[0.3]]), {}, "tau_syn of 1 of 1.*fades with"),
        (
            one(LIF(tau_mem=1.0, bias=0.0021), [[5.123]]),
            {"state_bits": 12},
            "what bias does in a step is off by up to",
        ),
        (one(IF(v_threshold=0.5), [[99.0]]), {"scale": 3}, "threshold of 1 of 1"),
        (one(LIF(leak="linear", leak_step=0.1), [[99.0]]), {"scale": 3}, "what leak_step does"),
        (one(IF(), [[0.5]], delay=2.4e-3), {}, "delay from 'i' to 'p' is 0.0024 s, which becomes"),
    ],
)
def test_faults_a4_each_loss_is_a_warning_with_its_place(network, options, message):
    with pytest.warns(FitWarning, match=message):
        design = spikeloom.compile(network, **options)
    assert any(message.split(".*")[0] in loss for loss in design.report.losses)
    with pytest.raises(FitError, match=f"strict is set: .*{message}"):
        spikeloom.compile(network, strict=True, **options)


def test_faults_a4_what_a_warning_names_would_hold_it():
    _, (message,) = warned(one(IF(), SMALL), weight_bits=8)
    bits = int(message.split("weight_bits=")[1].split()[0])
    assert 8 < bits < 16
    assert not warned(one(IF(), SMALL), weight_bits=bits)[1]


# 5. STDP


def taught(stochastic=None, **options):
    """A weight of 0.5 after 20 pairs, the source 10 ms before the target, and what is warned."""
    rule = PairSTDP(
        tau_plus=20e-3, tau_minus=20e-3, a_plus=0.01, a_minus=0.012, w_max=1.0,
        stochastic=stochastic,
    )  # fmt: skip
    network = Network(learning=rule)
    target = network.population("p", 1, LIF(tau_mem=1e-3, v_threshold=2.0))
    network.connect(network.input("pre", 1), target, [[0.5]], plastic=True)
    network.connect(network.input("drive", 1), target, [[3.0]])
    design, said = warned(network, **options)
    device = spikeloom.open("golden:", design)
    spikes = np.zeros((20 * 200, 2))
    spikes[50::200, 0], spikes[60::200, 1] = 1, 1
    assert np.count_nonzero(device.run(spikes).spikes) == 20
    unit = 2.0**design.config.weight_shift / design.scale[0]
    return device.read("weights")[0, 0] * unit, said


def test_faults_a5_stdp_by_default_is_what_a_teacher_shows():
    weight, said = taught()
    assert not said
    assert weight == pytest.approx(0.5 + 20 * 0.01 * np.exp(-0.5), rel=0.02)


def test_faults_a5_changes_below_a_unit_are_said():
    _, (message,) = taught(weight_bits=8)
    assert "0.42 units of a 8-bit weight" in message
    assert "rounded at random" in message
    bits = int(message.split("weight_bits=")[1].split()[0])
    weight, said = taught(weight_bits=bits)
    assert not said
    assert weight == pytest.approx(0.621, rel=0.03)


# 6. Millivolts


def test_faults_a6_a_threshold_below_rest_is_said():
    network = alone(LIF(tau_mem=20e-3, v_threshold=-50.0, v_reset=-65.0), size=3)
    with pytest.warns(FitWarning, match="3 of 3 neurons of 'p' fire without input.*give v_rest"):
        spikeloom.compile(network)


def test_faults_a6_millivolts_shift_to_rest():
    spikes = {"i": np.ones((40, 1))}
    shifted = LIF(tau_mem=20e-3, v_threshold=-50.0, v_reset=-70.0, v_rest=-65.0)
    plain = LIF(tau_mem=20e-3, v_threshold=15.0, v_reset=-5.0)
    design, said = warned(one(shifted, [[3.0]]))
    assert not said
    assert fired(one(shifted, [[3.0]]), spikes) == fired(one(plain, [[3.0]]), spikes) != []
    again = spikeloom.Design.from_bytes(design.to_bytes())
    assert again == design
    assert again.rest.tolist() == [-65.0]
    assert not fired(one(shifted, [[3.0]]), steps=50)


def test_faults_a6_rest_is_where_a_neuron_is_reset_to():
    neuron = IF(v_threshold=[-50.0, -40.0], v_rest=-65.0)
    values = neuron.parameters(2)
    assert values["v_threshold"].tolist() == [15.0, 25.0]
    assert values["v_reset"].tolist() == [0.0, 0.0]
    with pytest.raises(InputError, match="v_threshold has 2 values and v_rest 3"):
        IF(v_threshold=[1.0, 2.0], v_rest=[0.0, 0.0, 0.0])


def test_faults_a6_a_rule_that_compares_potentials_compares_millivolts():
    rule = {"tau_calcium": 0.1, "ca_1": 0.5, "ca_2": 2, "ca_3": 3, "a_plus": 0.1, "a_minus": 0.1}
    network = Network(learning=SDSP(theta_m=-55.0, w_max=1.0, **rule))
    target = network.population("p", 2, IF(v_threshold=-50.0, v_rest=-65.0))
    network.connect(network.input("i", 1), target, [[0.5, 0.5]], plastic=True)
    design = spikeloom.compile(network)
    assert design.image.learning["theta_m"] == pytest.approx(10 * design.scale[0], abs=1)
    other = network.population("q", 1, IF(v_threshold=-50.0, v_rest=-70.0))
    network.connect(target, other, [[0.5], [0.5]], plastic=True)
    with pytest.raises(FitError, match="v_rest differ"):
        spikeloom.compile(network)


# 7. Headroom


def test_faults_a7_inhibition_has_room():
    spikes = np.zeros((60, 2))
    spikes[:20, 0], spikes[20:, 1] = 1, 1
    for options in ({}, {"weight_bits": 16}, {"state_bits": 20}):
        assert fired(one(LIF(tau_mem=0.1), [[-1.0], [1.0]]), {"i": spikes}, **options)[0] == 37


def test_faults_a7_states_grow_with_weights():
    weights = np.random.default_rng(0).normal(0, 0.2, (10, 4))
    for bits in (8, 12, 16):
        config = spikeloom.compile(one(LIF(tau_mem=20e-3), weights), weight_bits=bits).config
        assert config.state_bits >= bits + 8
