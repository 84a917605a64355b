"""The search for the fewest bits: what it finds is within the tolerance, and nothing below it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_networks import random_float_network

import spikeloom
from spikeloom import (
    IF,
    LI,
    LIF,
    AdLIF,
    Design,
    FitError,
    InputError,
    Network,
    PairSTDP,
    Samples,
)

SEEDS = st.integers(0, 2**32 - 1)


def classifier(seed=0, readout=False):
    """A network, samples, and what it says of them in floats."""
    rng = np.random.default_rng(seed)
    net = Network()
    eye = net.input("eye", 12)
    hidden = net.population("hidden", 8, LIF(20e-3))
    out = net.population("out", 4, LI(20e-3) if readout else LIF(20e-3))
    net.connect(eye, hidden, rng.normal(0, 0.4, (12, 8)))
    net.connect(hidden, out, rng.normal(0, 0.4, (8, 4)))
    x = rng.random((60, 30, 12)) < 0.25
    return net, x, winners(spikeloom.open("float:", net), x, readout)


def winners(device, x, readout=False):
    if not readout:
        return [int(run["out"].sum(axis=0).argmax()) for run in device.run_batch({"eye": x})]
    device.monitor("out")
    runs = device.run_batch({"eye": x})
    return [int(np.mean(list(run.monitored.values()), axis=1).argmax()) for run in runs]


@pytest.mark.parametrize("readout", [False, True], ids=["spikes", "potentials"])
def test_the_fewest_bits_are_found(readout):
    net, x, labels = classifier(readout=readout)
    design = spikeloom.compile(net, samples=Samples(x, labels), tolerance=0.05)
    found, bits = design.report.accuracy, design.config.weight_bits
    with spikeloom.open("golden:", design) as device:
        again = np.mean(np.array(winners(device, x, readout)) == labels)
    assert found.reference == 1.0
    assert found.reference_of == "floats"
    assert found.accuracy == pytest.approx(again)
    assert found.accuracy >= 0.95
    # Nothing with fewer bits of weights is good enough, whatever the states.
    fewer = [t for t in found.trials if t.weight_bits < bits]
    assert [t.weight_bits for t in fewer] == list(range(2, bits))
    assert all(t.accuracy < 0.95 for t in fewer)
    narrow = [t for t in found.trials if t.state_bits < design.config.state_bits]
    assert all(t.weight_bits == bits and t.accuracy < 0.95 for t in narrow)
    assert bits < 12


def test_what_each_kind_of_number_costs_is_reported():
    net, x, labels = classifier(2)
    design = spikeloom.compile(net, samples=Samples(x, labels), tolerance=0.3)
    found = design.report.accuracy
    kinds = [(c.population, c.kind) for c in found.costs]
    wanted = ("weights", "time constants", "thresholds")
    assert kinds == [(name, kind) for name in ("hidden", "out") for kind in wanted]
    assert sum(c.lost for c in found.costs if c.kind == "weights") > 0
    assert found.numbers + found.states == pytest.approx(found.reference - found.accuracy)
    text = repr(design.report)
    assert "Accuracy lost when only this is rounded" in text
    assert "Cores that were tried" in text
    assert Design.from_bytes(design.to_bytes()).report.accuracy == found
    assert design.report.to_dict()["accuracy"]["tolerance"] == 0.3


def test_a_cost_is_of_that_population_alone():
    """One layer is exact at any width: rounding it costs nothing, all is lost in the other one."""
    rng = np.random.default_rng(1)
    net = Network()
    eye, hidden = net.input("eye", 8), net.population("hidden", 8, IF(v_threshold=1.0))
    out = net.population("out", 4, LIF(30e-3))
    net.connect(eye, hidden, np.eye(8))
    net.connect(hidden, out, rng.normal(0, 0.4, (8, 4)))
    x = rng.random((60, 30, 8)) < 0.3
    labels = winners(spikeloom.open("float:", net), x)
    design = spikeloom.compile(net, samples=Samples(x, labels), tolerance=0.3)
    lost = {(c.population, c.kind): c.lost for c in design.report.accuracy.costs}
    assert lost["hidden", "weights"] == lost["hidden", "thresholds"] == 0.0
    assert lost["out", "weights"] > 0


def test_settings_that_are_given_stay():
    net, x, labels = classifier()
    samples = Samples(x, labels)
    design = spikeloom.compile(net, samples=samples, tolerance=0.1, weight_bits=10, cores=2)
    assert design.config.weight_bits == 10
    assert design.placement is not None
    assert {t.weight_bits for t in design.report.accuracy.trials} == {10}
    strict = spikeloom.compile(net, samples=samples, tolerance=0.2, strict=True)
    assert not strict.report.losses


def test_a_measure_of_the_users():
    net, x, _ = classifier()
    ideal = spikeloom.open("float:", net).run_batch({"eye": x})
    calls = []

    def accuracy(runs):
        calls.append(len(runs))
        return -np.mean([np.abs(a.rates("out") - b.rates("out")).mean()
                         for a, b in zip(runs, ideal, strict=True)])  # fmt: skip

    design = spikeloom.compile(net, samples=Samples({"eye": x}), accuracy=accuracy, tolerance=1.0)
    found = design.report.accuracy
    assert set(calls) == {60}
    assert found.reference == 0.0
    assert -1.0 <= found.accuracy <= 0.0
    with pytest.raises(InputError, match="returned None"):
        spikeloom.compile(net, samples=Samples(x), accuracy=lambda runs: None)


def test_networks_that_floats_do_not_run_are_compared_with_the_widest_core():
    rng = np.random.default_rng(0)
    for net, neuron in (
        (Network(), AdLIF(tau_mem=20e-3, tau_w=50e-3)),
        (Network(learning=PairSTDP(w_max=1.0)), IF()),
    ):
        eye, cells = net.input("eye", 6), net.population("cells", 3, neuron)
        net.connect(eye, cells, rng.uniform(0.1, 0.6, (6, 3)), plastic=net.learning is not None)
        samples = Samples(rng.random((5, 40, 6)) < 0.3)
        design = spikeloom.compile(
            net, samples=samples, accuracy=lambda runs: float(runs[0].spikes.sum()), tolerance=5
        )
        found = design.report.accuracy
        assert found.reference_of == "the widest core"
        assert not found.costs
        assert found.trials[0].weight_bits == 16
        assert found.accuracy >= found.reference - 5


def test_a_tolerance_that_nothing_meets_is_refused_with_the_best():
    net, x, labels = classifier()
    wrong = (np.array(labels) + 1) % 4
    with pytest.raises(FitError, match=r"no core keeps .* the best of 15 .* tolerance of 2"):
        spikeloom.compile(net, samples=Samples(x, wrong), accuracy=falling(), tolerance=0.0)


def falling():
    """A measure that is best when it is asked first."""
    state = iter([2.0] + [0.0] * 100)
    return lambda runs: next(state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accuracy": len}, "accuracy is measured on samples"),
        ({"samples": [1, 2]}, "samples is list; give spikeloom.Samples"),
        ({"samples": 0, "accuracy": 3}, "accuracy is 3"),
        ({"samples": 0, "tolerance": -1}, "tolerance is -1"),
        ({"samples": 0, "tolerance": "x"}, "tolerance is 'x'"),
        ({"samples": 0, "board": "ulx3s"}, "board says how many bits"),
        ({"samples": 1}, "no labels"),
        ({"samples": 2}, "give 60 integers"),
        ({"samples": 3}, "neurons 0…3"),
        ({"samples": 4}, "no population 'nose'"),
        ({"samples": 5}, "there are no samples"),
        ({"samples": 6}, "one input for each sample"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    net, x, labels = classifier()
    choices = [
        Samples(x, labels), Samples(x), Samples(x, labels[:3]), Samples(x, np.full(60, 4)),
        Samples(x, labels, output="nose"), Samples([], []), Samples(None, labels),
    ]  # fmt: skip
    if isinstance(arguments.get("samples"), int):
        arguments = {**arguments, "samples": choices[arguments["samples"]]}
    with pytest.raises(InputError, match=message):
        spikeloom.compile(net, **arguments)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_floats_run_samples_side_by_side_as_one_by_one(seed):
    network, spikes = random_float_network(seed)
    device = spikeloom.open("float:", network)
    name = next(iter(network.populations))
    device.monitor(name)
    cut = {k: v[: len(v) // 2] for k, v in spikes.items()}
    together = device.run_batch([spikes, spikes])
    alone = device.run(spikes)
    short = device.run_batch([cut, spikes])
    for run in (*together, short[1]):
        # Up to a potential that is at its threshold, sums in another order change nothing.
        same = np.cumprod(np.all(run.spikes == alone.spikes, axis=1)).astype(bool)
        assert same.mean() > 0.9 or not alone.spikes.any()
        for label, values in run.monitored.items():
            assert np.allclose(values[same], alone.monitored[label][same])
    assert short[0].steps == len(next(iter(cut.values())))
