import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spikeloom
from spikeloom.compiler.compile import compile
from spikeloom.compiler.wiring import wire
from spikeloom.hdl import NO_AXON, CoreConfig, ImageError
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.network.network import IF, LIF, Network
from spikeloom.sim import GoldenCore


@st.composite
def integer_networks(draw):
    """Small networks of integers, with any projections, also recurrent and double ones."""
    network = Network()
    for k in range(draw(st.integers(0, 2))):
        network.input(f"in{k}", draw(st.integers(1, 3)))
    reset = draw(st.sampled_from(["value", "subtract"]))
    for k in range(draw(st.integers(1, 3))):
        size = draw(st.integers(1, 4))
        integers = st.integers(1, 6)
        threshold = draw(hnp.arrays(np.int64, size, elements=integers))
        bias = draw(hnp.arrays(np.int64, size, elements=st.integers(-1, 2)))
        neuron = IF(v_threshold=threshold, bias=bias, reset=reset)
        network.population(f"n{k}", size, neuron, report=draw(st.booleans()))
    sources, targets = list(network), list(network.populations.values())
    pairs = st.tuples(st.sampled_from(sources), st.sampled_from(targets))
    for source, target in draw(st.lists(pairs, max_size=5)):
        shape = (source.size, target.size)
        network.connect(
            source, target, draw(hnp.arrays(np.int64, shape, elements=st.integers(-3, 3)))
        )
    return network


def simulate(network, spikes, steps):
    """Spikes of each population by step, computed projection by projection."""
    fired = {p.name: np.zeros(p.size, dtype=bool) for p in network.populations.values()}
    v = {name: np.zeros(len(f)) for name, f in fired.items()}
    record = {name: [] for name in fired}
    for t in range(steps):
        heard = {name: raster[t] for name, raster in spikes.items()} | fired
        fired = {}
        for name, p in network.populations.items():
            drive = p.neuron.parameters(p.size)["bias"].copy()
            for projection in network.projections:
                if projection.target is p:
                    drive += heard[projection.source.name] @ projection.weights
            threshold = p.neuron.parameters(p.size)["v_threshold"]
            v[name] = v[name] + drive
            fired[name] = v[name] >= threshold
            after = v[name] - threshold if p.neuron.reset == "subtract" else 0
            v[name] = np.where(fired[name], after, v[name])
            record[name].append(fired[name])
    return {name: np.array(rows) for name, rows in record.items()}


@given(network=integer_networks(), padding=st.integers(0, 3), data=st.data())
def test_the_core_does_what_the_network_says(network, padding, data):
    steps = 12
    spikes = {
        name: data.draw(hnp.arrays(np.bool_, (steps, p.size))) for name, p in network.inputs.items()
    }
    design = compile(network, scale=1)
    if padding:
        core = design.config
        larger = dataclasses.replace(
            core, neurons=core.neurons + padding, axons=core.axons + padding,
            parameters="per_neuron",
        )  # fmt: skip
        design = compile(network, scale=1, config=larger)
        assert design.config == larger

    raster = np.zeros((steps, design.config.axons), dtype=bool)
    for name, where in design.inputs.items():
        raster[:, where] = spikes[name]
    core = GoldenCore(design.image)
    got = core.run(raster)
    expected = simulate(network, spikes, steps)
    for name, where in design.populations.items():
        assert np.array_equal(got[:, where], expected[name])
        assert np.all(design.image.report[where] == network.populations[name].report)
    neurons = sum(p.size for p in network.populations.values())
    assert not got[:, neurons:].any()
    assert not design.image.report[neurons:].any()
    assert core.counters["duplicates"][0] == 0


@given(network=integer_networks())
def test_axons_are_given_to_inputs_and_to_neurons_that_project(network):
    placed = wire(network)
    inputs = sum(p.size for p in network.inputs.values())
    driven = placed.routes[placed.routes != NO_AXON]
    assert driven.tolist() == list(range(inputs, len(placed.weights)))
    for name, where in placed.populations.items():
        out = [p.weights for p in network.projections if p.source.name == name]
        projects = sum((np.any(w, axis=1) for w in out), np.zeros(network.populations[name].size))
        assert np.array_equal(placed.routes[where] != NO_AXON, projects > 0)


@given(network=integer_networks())
def test_the_smallest_core_is_chosen(network):
    design = compile(network, scale=1)
    bias = any(np.any(p.neuron.bias) for p in network.populations.values())
    assert (design.config.bias, design.config.refractory_bits) == (bias, 0)
    assert (design.config.synapse, design.config.leak) == ("delta", "none")
    different = any(np.ptp(v) for v in design.image.parameters.values())
    assert design.config.parameters == ("per_neuron" if different else "shared")


def chain(*neurons, size=2):
    network = Network()
    source = network.input("in", size)
    for k, neuron in enumerate(neurons):
        target = network.population(f"n{k}", size, neuron)
        network.connect(source, target, 0.4 * np.ones((size, size)))
        source = target
    return network


def spikes_of(network, **options):
    design = compile(network, **options)
    rng = np.random.default_rng(1)
    raster = np.zeros((200, design.config.axons), dtype=bool)
    raster[:, design.inputs["in"]] = rng.random((200, 2)) < 0.3
    return design, GoldenCore(design.image).run(raster)


@pytest.mark.parametrize(
    ("plain", "richer"),
    [
        (IF(), LIF(50e-3)),
        (IF(), LIF(leak="linear", leak_step=0.01)),
        (LIF(20e-3), LIF(50e-3, tau_syn=5e-3)),
        (LIF(20e-3), LIF(50e-3, refractory=3e-3, integrate_refractory=True)),
    ],
)
def test_simpler_neurons_are_exact_beside_richer_ones(plain, richer):
    alone, expected = spikes_of(chain(plain), scale=1000.0)
    mixed, got = spikes_of(chain(plain, richer), scale=1000.0)
    assert alone.config != mixed.config
    assert expected.any()
    assert np.array_equal(got[:, mixed.populations["n0"]], expected)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (LIF(20e-3), LIF(leak="linear", leak_step=0.1), "one leak, but n0 has 'exponential', n1"),
        (IF(), IF(reset="subtract"), "one reset, but n0 has 'value', n1 has 'subtract'"),
        (
            IF(refractory=5e-3),
            IF(refractory=5e-3, integrate_refractory=True),
            "one integrate_refractory",
        ),
    ],
)
def test_kinds_that_do_not_mix_are_named(a, b, message):
    with pytest.raises(FitError, match=f"(?s){message}.*IF may be mixed with LIF"):
        compile(chain(a, b))


CORE = CoreConfig(
    neurons=4, axons=4, synapse="delta", leak="none", refractory_bits=0, bias=False,
    parameters="shared",
)  # fmt: skip


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (chain(IF(), IF(), IF()), ["neurons: needs 6, the core has 4 (2 too few)", "axons"]),
        (chain(LIF(20e-3)), ["leak: needs 'exponential', the core has 'none'"]),
        (chain(IF(tau_syn=(5e-3, 9e-3))), ["synapse: needs", "receptors: needs 2"]),
        (chain(IF(reset="subtract")), ["reset: needs 'subtract'"]),
        (chain(IF(refractory=9e-3)), ["refractory_bits: needs 4, the core has 0"]),
        (
            chain(IF(refractory=9e-3, integrate_refractory=True)),
            ["refractory_bits", "integrate_refractory: needs True"],
        ),
        (chain(IF(bias=0.01)), ["bias: needs True", "parameters: needs 'per_neuron'"]),
        (chain(IF(v_threshold=[0.5, 0.7])), ["parameters: needs 'per_neuron'"]),
        (chain(IF(v_threshold=-1.0, v_reset=-2.0)), ["parameters: needs 'per_neuron'"]),
    ],
)
def test_a_network_that_does_not_fit_says_what_would(network, says):
    with pytest.raises(FitError) as error:
        compile(network, config=CORE)
    message = str(error.value)
    assert all(part in message for part in says)
    (advice,) = re.findall(r"dataclasses\.replace\(config, .*\)$", message)
    larger = eval(advice, {"dataclasses": dataclasses, "config": CORE})
    assert compile(network, config=larger).config == larger


def test_a_given_core_sets_widths_and_shift():
    core = dataclasses.replace(CORE, weight_bits=4, weight_shift=3, state_bits=12)
    design = compile(chain(IF()), config=core)
    assert design.config == core
    assert design.report.weight_shift == 3
    # Weights of 0.4 beside a threshold of 1, in units of 2^3: 7·8 and 140.
    assert (design.image.weights.max(), design.image.parameters["v_threshold"][0]) == (7, 140)


def test_a_given_core_and_settings_contradict():
    with pytest.raises(InputError, match="lanes, monitors already"):
        compile(chain(IF()), config=CORE, lanes=2, monitors=4)


def test_settings_reach_the_core():
    config = compile(chain(IF(), IF()), weight_bits=5, state_bits=20, lanes=2, monitors=3).config
    assert (config.weight_bits, config.state_bits) == (5, 20)
    assert (config.lanes, config.monitors) == (2, 3)


@pytest.mark.parametrize(("neurons", "lanes"), [(1, 1), (2, 2), (3, 2), (4, 4), (100, 4)])
def test_lanes_are_at_most_the_neurons(neurons, lanes):
    assert compile(chain(IF(), size=neurons)).config.lanes == lanes


def test_a_network_is_not_larger_than_any_core():
    network = Network()
    for name in ("many", "more"):
        network.population(name, 10_000, IF())
    with pytest.raises(FitError, match="20000 neurons, 3616 more than a design can have"):
        compile(network)


def test_an_empty_network_is_refused():
    with pytest.raises(InputError, match="no neurons"):
        compile(Network())


def test_a_refractory_period_too_long_names_one_that_fits():
    with pytest.raises(FitError, match=r"1000 steps .* use at most 0\.255 s"):
        compile(chain(IF(refractory=1.0)))
    assert compile(chain(IF(refractory=0.255))).config.refractory_bits == 8


@settings(max_examples=25)
@given(tau=st.floats(5e-3, 100e-3), drive=st.floats(1.2, 5))
def test_a_constant_current_fires_when_the_exact_solution_does(tau, drive):
    network = Network()
    network.population("n", 1, LIF(tau, bias=drive * (1 - np.exp(-1e-3 / tau))))
    spikes = GoldenCore(compile(network).image).run(np.zeros((500, 1), dtype=bool))[:, 0]
    exact = np.ceil(tau / 1e-3 * np.log(drive / (drive - 1)))
    assert abs(np.argmax(spikes) + 1 - exact) <= 1 + 0.03 * exact


@given(data=st.data())
def test_potentials_in_the_unit_of_the_network(data):
    weights = data.draw(hnp.arrays(np.float64, (3, 2), elements=st.floats(-0.5, 0.5)))
    network = Network()
    network.connect(network.input("in", 3), network.population("n", 2, IF(v_threshold=2)), weights)
    design = compile(network)
    core = GoldenCore(design.image)
    core.run(np.ones((1, 3), dtype=bool))
    assert core.state("v")[0] / design.scale == pytest.approx(weights.sum(axis=0), abs=0.01)


def test_parameters_of_their_own_can_be_asked_for():
    net = Network()
    first, second = (net.population(name, 3, IF()) for name in ("first", "second"))
    net.connect(first, second, 0.5)
    assert compile(net).config.parameters == "shared"
    device = spikeloom.open("golden:", compile(net, parameters="per_neuron"))
    device.parameters.v_threshold["second"] = 2.0
    assert np.asarray(device.parameters.v_threshold).tolist() == [1.0] * 3 + [2.0] * 3
    with pytest.raises(ImageError, match=r"compile.*parameters='per_neuron'"):
        spikeloom.open("golden:", compile(net)).parameters.v_threshold["second"] = 2.0
    net.population("third", 1, IF(v_threshold=1.7))
    with pytest.raises(FitError, match="different parameters"):
        compile(net, parameters="shared")
    with pytest.raises(InputError, match="parameters"):
        compile(net, parameters="own")
    with pytest.raises(InputError, match="parameters already"):
        compile(net, parameters="shared", config=compile(net).config)
