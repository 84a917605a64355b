"""Networks of SuperNeuroMAT run here as they do there, spike for spike."""

import json
import os
import re

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from shared_builds import SUPERNEUROMAT_LEARNING_TWIN, SUPERNEUROMAT_TWIN
from superneuromat_networks import (
    random_snn,
    run_imported,
    summed_device_weights,
    summed_weights,
)

import spikeloom
from spikeloom import ForeignNetworkError
from spikeloom.exchange.importer import import_network

superneuromat = pytest.importorskip("superneuromat")
SNN = superneuromat.SNN

NETWORKS = int(os.environ.get("SPIKELOOM_NETWORKS", "25"))
pytestmark = [
    pytest.mark.filterwarnings("ignore::spikeloom.FitWarning"),
    # Its list views cannot be compared while they are deleted.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def kept(snn):
    """Neurons that are no hidden ones."""
    hidden = {n.idx for s in snn.synapses if s.delay < -1 for n in s.delay_chain[1:-1]}
    return [k for k in range(snn.num_neurons) if k not in hidden]


def same_spikes(snn, steps, device="golden:", config=None):
    imported = spikeloom.from_superneuromat(snn)
    spikes, opened = run_imported(imported, steps, device, config)
    with opened:
        assert opened.counters()["clamps"] == 0
    before = len(snn.spike_train)
    snn.simulate(steps)
    expected = snn.ispikes[before:][:, kept(snn)]
    assert np.array_equal(spikes, expected)
    return int(expected.sum())


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=NETWORKS, deadline=None)
def test_random_networks_have_the_same_spikes(seed):
    note(f"seed {seed}")
    snn, steps = random_snn(seed)
    same_spikes(snn, steps)
    # What is on its way when a network is imported arrives as it does there.
    same_spikes(snn, 30)


def same_weights(snn, steps, device="golden:", config=None):
    imported = spikeloom.from_superneuromat(snn)
    spikes, opened = run_imported(imported, steps, device, config)
    names = kept(snn)
    with opened:
        counters = opened.counters()
        assert counters["clamps"] == counters["weight_clamps"] == 0
        weights = summed_device_weights(opened)
    before = summed_weights(snn, names)
    snn.simulate(steps)
    assert np.array_equal(spikes, snn.ispikes[:, names])
    assert np.array_equal(weights, summed_weights(snn, names))
    return not np.array_equal(before, weights)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=max(NETWORKS // 3, 10), deadline=None)
def test_random_networks_that_learn_have_the_same_spikes_and_weights(seed):
    note(f"seed {seed}")
    same_weights(*random_snn(seed, learns=True))


def test_weights_change_in_most_of_these_networks():
    assert sum(same_weights(*random_snn(seed, learns=True)) for seed in range(8)) > 4


def small():
    snn = SNN()
    first = snn.create_neuron(threshold=1, leak=1)
    second = snn.create_neuron(threshold=2, leak=np.inf, refractory_period=3)
    snn.create_synapse(first, second, weight=3, delay=4)
    snn.create_synapse(second, first, weight=-1)
    snn.add_spike(0, first, 2)
    snn.add_spike(2, first, 5)
    return snn


def test_a_delay_is_one_synapse_and_its_hidden_neurons_are_none():
    imported = spikeloom.from_superneuromat(small())
    assert imported.network.populations["neurons"].size == 2
    (projection,) = (p for p in imported.network.projections if p.source.name == "neurons")
    assert projection.delays.tolist() == [[0, 3], [0, 0]]
    assert "3 hidden neurons were folded" in repr(imported)


def test_a_chain_that_does_more_than_delay_stays():
    snn = small()
    snn.add_spike(7, 3, 1.0)
    imported = spikeloom.from_superneuromat(snn)
    assert imported.network.populations["neurons"].size == 5
    assert "synapse 3 (4 → 1) ends a chain" in repr(imported)
    spikes, opened = run_imported(imported, 40)
    opened.close()
    snn.simulate(40)
    assert np.array_equal(spikes, snn.ispikes)


def test_further_spikes_are_added_to_those_of_the_network():
    imported = spikeloom.from_superneuromat(small(), spikes=[(6, 1, 4.0), (0, 0, 3.0)])
    assert imported.inputs["spikes"].shape == (7, 3)
    spikes, opened = run_imported(imported, 20)
    opened.close()
    snn = small()
    snn.add_spike(6, 1, 4.0)
    snn.add_spike(0, 0, 3.0, exist="overwrite")
    snn.simulate(20)
    assert np.array_equal(spikes, snn.ispikes[:, :2])


@pytest.mark.parametrize("encoding", ["json-native", "base64", "base85"])
def test_every_encoding_of_arrays_is_read_from_a_file(encoding, tmp_path):
    snn, steps = random_snn(5)
    snn.create_neuron(threshold=np.inf)
    snn.simulate(3)
    with open(tmp_path / "net.json", "w") as file:
        snn.saveas_json(file, array_representation=encoding, net_name="mine")
    path = tmp_path / "net.json"
    imported = import_network(path)
    assert imported.format == "superneuromat"
    again = SNN().from_jsons(path.read_text(), net_id="mine")
    again.simulate(steps)
    spikes, opened = run_imported(imported, steps)
    opened.close()
    assert np.array_equal(spikes, again.ispikes[3:][:, kept(again)])
    with pytest.raises(ForeignNetworkError, match="0 networks of the name 'yours'"):
        import_network(path, net_id="yours")


def set_item(name, k, value):
    def change(snn):
        getattr(snn, name)[k] = value

    return change


def set_name(name, value):
    return lambda snn: setattr(snn, name, value)


def empty(snn):
    for name in vars(SNN()):
        if name.startswith(("neuron_", "pre_", "post_", "synaptic_", "enable_")):
            setattr(snn, name, [])


REFUSED = {
    "the weight of synapse 0 (0 → 2), 0.1": lambda s: (
        set_item("synaptic_weights", 0, 0.1)(s), set_item("synaptic_delays", 3, 1)(s)
    ),
    "the weight of synapse 3 (4 → 1), 0.1": set_item("synaptic_weights", 3, 0.1),
    "the weight of synapse 3 (4 → 1), 0.5, is a multiple": lambda s: (
        set_item("synaptic_weights", 3, 0.5)(s), set_item("synaptic_weights", 4, 20000.0)(s)
    ),
    "the leak of neuron 0, 0.3": set_item("neuron_leaks", 0, 0.3),
    "the reset_state of neuron 1, 0.7": set_item("neuron_reset_states", 1, 0.7),
    "the input spike of neuron 0 in step 0, 1.1": lambda s: s.input_spikes[0]["values"].__setitem__(0, 1.1),
    "the leak of neuron 1 is -2": set_item("neuron_leaks", 1, -2.0),
    "the threshold of neuron 1 is nan": set_item("neuron_thresholds", 1, np.nan),
    "the threshold of neuron 0 is −inf": set_item("neuron_thresholds", 0, -np.inf),
    "the threshold of neuron 0 is -1e+12": set_item("neuron_thresholds", 0, -1e12),
    "the state of neuron 0 is inf": set_item("neuron_states", 0, np.inf),
    "the refractory_period of neuron 1 is 300": set_item("neuron_refractory_periods", 1, 300),
    "the refractory_state of neuron 1 is 300": set_item("neuron_refractory_periods_state", 1, 300),
    "neuron 1 fires once only": lambda s: (
        set_item("neuron_refractory_periods", 1, 10**6)(s),
        set_item("synaptic_weights", 3, 20000.0)(s),
    ),
    "the refractory_state of neuron 0 is 2.5": set_item("neuron_refractory_periods_state", 0, 2.5),
    "the pre of synapse 0 is neuron 77": set_item("pre_synaptic_neuron_ids", 0, 77),
    "several synapses from neuron 0 to neuron 2": lambda s: (
        set_item("pre_synaptic_neuron_ids", 4, 0)(s), set_item("post_synaptic_neuron_ids", 4, 2)(s)
    ),
    "synapse 4 has the delay 3 without": set_item("synaptic_delays", 4, 3),
    "neuron_leaks has 1 values": set_name("neuron_leaks", [1.0]),
    "neuron_leaks is 'none'": set_name("neuron_leaks", "none"),
    "an input spike in step 0 for neuron 9": lambda s: s.input_spikes[0]["nids"].__setitem__(0, 9),
    "input_spikes of step -1": lambda s: s.input_spikes.update({-1: {"nids": [0], "values": [1]}}),
    "input_spikes is []": set_name("input_spikes", []),
    "spike_train is": set_name("spike_train", [[1, 0]]),
    "has no neurons": lambda s: empty(s),
}  # fmt: skip


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_held_is_named(reason):
    snn = small()
    REFUSED[reason](snn)
    with pytest.raises(ForeignNetworkError, match=re.escape(reason)):
        spikeloom.from_superneuromat(snn)


def learning(lags=3, **changes):
    snn = small()
    snn.enable_stdp[4] = True
    snn.stdp_setup(Apos=[1.0] * lags, Aneg=[-0.5] * lags)
    for name, value in changes.items():
        setattr(snn, name, value)
    return snn


def test_learning_is_a_rule_and_says_so():
    imported = spikeloom.from_superneuromat(learning())
    assert imported.network.learning.plus == (1.5, 1.5, 1.5)
    assert imported.network.learning.minus == (0.5, 0.5, 0.5)
    assert "its STDP of 3 lags is the rule lag_table" in repr(imported)
    assert spikeloom.from_superneuromat(learning(stdp=False)).network.learning is None


@pytest.mark.parametrize(
    ("reason", "snn"),
    {
        "its STDP has 17 lags": learning(17),
        "has been simulated for 1 steps": learning(spike_train=[[0, 0, 0, 0, 0]]),
        "the refractory_period of neuron 0 is 100000 steps, beside STDP": learning(
            neuron_refractory_periods=[10**5, 0, 0, 0, 0]
        ),
        "Apos[1], 0.1": learning(apos=[1.0, 0.1, 0.0]),
        "Apos[0] is -1": learning(apos=[-1.0, 0.0, 0.0]),
        "Aneg[2] is 0.5": learning(aneg=[0.0, 0.0, 0.5]),
        "apos has 2 lags and aneg 3": learning(apos=[1.0, 1.0]),
        "apos is [[1.0]]": learning(apos=[[1.0]]),
        "Aneg[0] is nan": learning(aneg=[np.nan, 0.0, 0.0]),
    }.items(),
)
def test_learning_that_no_rule_holds_is_refused(reason, snn):
    with pytest.raises(ForeignNetworkError, match=re.escape(reason)):
        spikeloom.from_superneuromat(snn)


def broken(change):
    network = json.loads(small().to_json("base64"))
    change(network, network["networks"][0])
    return network


@pytest.mark.parametrize(
    ("reason", "network"),
    {
        'no list of "networks"': broken(lambda all_, n: all_.pop("networks")),
        "has the format 'other'": broken(lambda all_, n: n["meta"].update(format="other")),
        "neuron_leaks is no array in base64": broken(
            lambda all_, n: n["data"]["neuron_leaks"].update(base64="@@@")
        ),
        "neuron_states is no array in base64": broken(
            lambda all_, n: n["data"]["neuron_states"].update(dtype="|O")
        ),
        "has no synaptic_weights": broken(lambda all_, n: n["data"].pop("synaptic_weights")),
    }.items(),
)
def test_files_that_are_none_are_refused(reason, network):
    with pytest.raises(ForeignNetworkError, match=re.escape(reason)):
        spikeloom.from_superneuromat(network)
    for source in (3, np.zeros(2), "/nowhere/net.json"):
        with pytest.raises(ForeignNetworkError):
            spikeloom.from_superneuromat(source)
    with pytest.raises(ForeignNetworkError, match="spikes has"):
        spikeloom.from_superneuromat(small(), spikes=[(0, 17, 1.0)])


@pytest.mark.slow
def test_ten_random_networks_have_the_same_spikes_on_the_twin():
    fired = [same_spikes(*random_snn(k), "twin:", SUPERNEUROMAT_TWIN) for k in range(10)]
    assert sum(n > 0 for n in fired) > 8


@pytest.mark.slow
def test_ten_random_networks_that_learn_have_the_same_spikes_and_weights_on_the_twin():
    changed = [
        same_weights(*random_snn(k, learns=True), "twin:", SUPERNEUROMAT_LEARNING_TWIN)
        for k in (0, 1, 3, 5, 7, 8, 10, 13, 14, 17)
    ]
    assert sum(changed) > 6
