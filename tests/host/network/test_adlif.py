"""`AdLIF` in physical units: what the network does, what it costs, and what is refused."""

import numpy as np
import pytest

import spikeloom
from spikeloom import LIF, AdLIF, FitError, FitWarning, InputError, Network
from spikeloom.network.learning_rules import PairSTDP

DT = 1e-3


def network(neuron, size=20, seed=0, learning=None):
    rng = np.random.default_rng(seed)
    net = Network(dt=DT, learning=learning)
    source = net.input("in", 30)
    target = net.population("out", size, neuron)
    net.connect(source, target, rng.uniform(-0.02, 0.06, (30, size)), plastic=learning is not None)
    return net


def paper(weights, raster, *, tau_mem, tau_w, a, b):
    """Bittar and Garner 2022, with the factor 1 − α of the input in the weights; floats."""
    alpha, beta = np.exp(-DT / tau_mem), np.exp(-DT / tau_w)
    u = w = s = np.zeros(weights.shape[1])
    spikes = []
    for axons in raster:
        w = beta * w + (1 - beta) * a * u + b * s
        u = alpha * (u - s) + axons @ weights - (1 - alpha) * w
        s = (u >= 1.0).astype(float)
        spikes.append(s)
    return np.array(spikes)


@pytest.mark.parametrize("a", [0.0, 0.4])
def test_fires_as_the_paper_s_equations_do(a):
    constants = {"tau_mem": 15e-3, "tau_w": 60e-3, "a": a, "b": 1.5}
    net = network(AdLIF(**constants))
    design = spikeloom.compile(net, weight_bits=16, state_bits=32)
    raster = np.random.default_rng(1).random((1500, 30)) < 0.15
    found = spikeloom.open("golden:", design).run({"in": raster})["out"]
    expected = paper(net.projections[0].weights, raster, **constants)
    plain = paper(net.projections[0].weights, raster, **constants | {"a": 0.0, "b": 0.0})
    assert found.sum() == pytest.approx(expected.sum(), rel=0.01)
    # A spike may be early or late: the time constants are rounded.
    ahead = np.cumsum(found, axis=0) - np.cumsum(expected, axis=0)
    assert np.abs(ahead).max() <= 1
    assert np.mean(ahead != 0) < 0.1
    assert found.sum() < 0.6 * plain.sum()  # it adapts


def test_states_and_parameters_are_in_the_units_of_the_network():
    net = network(AdLIF(tau_mem=15e-3, tau_w=60e-3, a=0.4, b=1.5, refractory=2e-3))
    design = spikeloom.compile(net, weight_bits=16, state_bits=32)
    device = spikeloom.open("golden:", design)
    lost = -np.expm1(-DT / 15e-3)
    assert np.asarray(device.parameters.b) == pytest.approx(np.full(20, 1.5 * lost), rel=1e-3)
    assert np.asarray(device.parameters.d_w) == pytest.approx(np.full(20, 60e-3), rel=0.01)
    assert device.parameters.refractory.tolist() == [2e-3] * 20
    assert {"v", "w"} <= set(device.states)
    assert (device.states.w.unit, device.states.w.dtype) == ("", float)
    assert device.parameters.a.dtype == int  # a number


def test_the_report_has_what_integers_realise():
    design = spikeloom.compile(network(AdLIF(tau_mem=15e-3, tau_w=60e-3, a=0.4, b=[1.5] * 20)))
    rows = {row.name: row for row in design.report.parameters}
    assert rows.keys() >= {"v_threshold", "tau_mem", "tau_w", "a", "b"}
    for name in ("tau_mem", "tau_w", "a", "b"):
        assert rows[name].realised == pytest.approx(rows[name].requested, rel=0.02)
    assert not any(row.clipped for row in rows.values())
    strong = AdLIF(tau_mem=1e-3, tau_w=2e-3, a=9.0)
    with pytest.warns(FitWarning, match=r"a is 9, beyond what a core can hold, and becomes 0\."):
        design = spikeloom.compile(network(strong))
    rows = {row.name: row for row in design.report.parameters}
    assert rows["a"].clipped == 20
    assert 0 < rows["a"].realised < 1


def test_the_core_has_what_the_neurons_need():
    core = spikeloom.compile(
        network(AdLIF(tau_mem=15e-3, tau_w=60e-3, tau_syn=(5e-3, 8e-3)))
    ).config
    assert (core.neuron_model, core.synapse, core.receptors) == ("adlif", "exponential", 2)
    assert (core.reset, core.refractory_bits, core.bias) == ("subtract", 0, False)
    kept = AdLIF(tau_mem=15e-3, tau_w=60e-3, reset="value", refractory=3e-3, bias=0.1)
    core = spikeloom.compile(network(kept)).config
    assert (core.synapse, core.reset, core.refractory_bits, core.bias) == (
        "delta",
        "value",
        2,
        True,
    )


def test_it_fits_cores_that_have_more_and_names_what_a_core_lacks():
    net = network(AdLIF(tau_mem=15e-3, tau_w=60e-3, a=0.4))
    own = spikeloom.compile(net).config
    richer = spikeloom.compile(
        network(
            AdLIF(tau_mem=15e-3, tau_w=60e-3, tau_syn=(2e-3, 3e-3), refractory=4e-3, bias=0.2), 30
        )
    ).config
    assert spikeloom.compile(net, config=richer).config == richer
    with pytest.raises(FitError, match="synapse='exponential'"):
        spikeloom.compile(network(AdLIF(tau_mem=15e-3, tau_w=60e-3, tau_syn=5e-3)), config=own)
    lif = spikeloom.compile(network(LIF(15e-3))).config
    with pytest.raises(FitError, match="core's neuron model is 'lif', the network's is 'adlif'"):
        spikeloom.compile(net, config=lif)


def test_padding_neurons_stay_silent_or_get_parameters_of_their_own():
    for bias in (0.01, -0.01):  # a potential below 0 drives `w` below 0, which lifts it again
        net = network(AdLIF(tau_mem=15e-3, tau_w=60e-3, bias=bias), 5)
        shared = spikeloom.compile(net, scale=1000.0)
        assert shared.config.parameters == "shared"
        larger = spikeloom.CoreConfig.from_dict(shared.config.to_dict() | {"neurons": 9})
        with pytest.raises(FitError, match="per_neuron"):
            spikeloom.compile(net, scale=1000.0, config=larger)
    still = network(AdLIF(tau_mem=15e-3, tau_w=60e-3), 5)
    assert spikeloom.compile(still, scale=1000.0, config=larger).config == larger


def test_learns_and_is_saved(tmp_path):
    rule = PairSTDP(
        w_min=-0.1, w_max=0.1, tau_plus=20e-3, tau_minus=20e-3, a_plus=0.002, a_minus=0.002
    )
    design = spikeloom.compile(network(AdLIF(tau_mem=15e-3, tau_w=60e-3, b=1.0), learning=rule))
    design.save(tmp_path / "net.slm")
    loaded = spikeloom.Design.load(tmp_path / "net.slm")
    assert loaded.config == design.config
    device = spikeloom.open("golden:", loaded)
    device.run({"in": np.random.default_rng(1).random((200, 30)) < 0.3})
    assert np.any(device.read("weights") != design.image.weights)
    assert device.counters()["weight_updates"] > 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"a": -0.1}, "a is -0.1; give finite numbers of at least 0"),
        ({"b": -1.0}, "b is -1; give finite numbers of at least 0"),
        ({"tau_w": -1e-3}, "tau_w is -0.001"),
        ({"reset": "none"}, 'choose "value" or "subtract"'),
        ({"reset": "value", "tau_syn": (1e-3,)}, "pair"),
        ({"v_threshold": 0.0}, "positive v_threshold"),
    ],
)
def test_impossible_neurons_are_refused_with_a_reason(changed, message):
    with pytest.raises(InputError, match=message):
        AdLIF(**{"tau_mem": 15e-3, "tau_w": 60e-3, **changed})


def test_one_core_has_one_model():
    net = network(AdLIF(tau_mem=15e-3, tau_w=60e-3))
    net.population("other", 3, LIF(15e-3))
    with pytest.raises(FitError, match="one core has one neuron model, but out has 'adlif', other"):
        spikeloom.compile(net)
    net = network(AdLIF(tau_mem=15e-3, tau_w=60e-3))
    net.population("other", 3, AdLIF(tau_mem=15e-3, tau_w=60e-3, reset="value"))
    with pytest.raises(FitError, match="one core has one reset"):
        spikeloom.compile(net)
