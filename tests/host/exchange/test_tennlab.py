"""TENNLab's networks run here as their simulators run them, spike for spike."""

import json
import os
import re

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from tennlab_networks import (
    document,
    random_caspian,
    random_risp,
    risp,
    simulate_caspian,
    simulate_risp,
)

import spikeloom
from spikeloom import ForeignNetworkError
from spikeloom.exchange.importer import import_network

NETWORKS = int(os.environ.get("SPIKELOOM_NETWORKS", "25"))
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.FitWarning")


def run(network, spikes, device="golden:"):
    imported = spikeloom.from_tennlab(network)
    design = spikeloom.compile(imported.network, **imported.settings)
    assert design.report.exact == sum(p.size for p in imported.network.populations.values())
    with spikeloom.open(device, design) as opened:
        result = opened.run({"inputs": spikes})["neurons"]
        assert opened.counters()["clamps"] == 0
    return result


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=NETWORKS, deadline=None)
def test_random_networks_of_risp_have_the_same_spikes(seed):
    note(f"seed {seed}")
    network, spikes = random_risp(seed)
    assert np.array_equal(run(network, spikes), simulate_risp(network, spikes))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=NETWORKS, deadline=None)
def test_random_networks_of_caspyan_have_the_same_spikes(seed):
    note(f"seed {seed}")
    network, spikes = random_caspian(seed)
    assert np.array_equal(run(network, spikes), simulate_caspian(network, spikes))


def test_the_published_xor_fires_as_it_is_printed():
    """framework-open's fifth test, from Plank and others 2021, Figure 5."""
    one = (1, 0)
    network = risp(
        {0: one, 1: one, 2: one, 3: one, 4: one},
        {(0, 2): (1, 1), (0, 3): (-1, 1), (1, 2): (-1, 1), (1, 3): (1, 1), (2, 4): (1, 1),
         (3, 4): (1, 1), (2, 3): (1, 1), (3, 2): (1, 1)},
        [0, 1], min_weight=-1, max_weight=1, min_potential=-1, max_threshold=1, spike_value_factor=1,
    )  # fmt: skip
    spikes = np.array([[c == "1" for c in row] for row in ("0101010100", "0011001100")]).T
    printed = ["010101010", "001100110", "001000100", "000100010", "000110011"]
    fired = ["".join(map(str, row)) for row in run(network, spikes).T.astype(int)]
    assert fired == [row + "0" for row in printed]


NODES = {0: (1, 0), 5: (3, 0)}
EDGES = {(0, 5): (2, 1)}


def changed(change, **params):
    network = risp(NODES, EDGES, [0], **params)
    change(network)
    return network


def put(*path_and_value):
    """A function that sets a value inside a network."""
    *path, last, value = path_and_value

    def change(network):
        for key in path:
            network = network[key]
        network[last] = value

    return change


REFUSED = {
    "the Threshold of node 5 is 0: RISP lets it fire": changed(put("Nodes", 1, "values", [0, 0])),
    "the Threshold of node 5 is -2": changed(put("Nodes", 1, "values", [-2, 0])),
    'the encoder "val"': changed(
        put("Associated_Data", "encoder_array", {"named_encoders": {"v": {"val": {}}}})
    ),
    "for the processor 'ravens'": changed(put("Associated_Data", "other", "proc_name", "ravens")),
    "does not say for which processor": changed(put("Associated_Data", {})),
    "no parameters of the processor": changed(put("Associated_Data", "proc_params", {})),
    "noisy_stddev and stds": changed(lambda n: None, noisy_stddev=0.01),
    "min_potential is 1": changed(lambda n: None, min_potential=1),
    "parameter discrete": changed(lambda n: None, discrete="yes"),
    "leak_mode is 'some'": changed(lambda n: None, leak_mode="some"),
    "the Weight of edge 0 → 5, 0.1": changed(put("Edges", 0, "values", [0.1, 1]), discrete=False),
    "the Weight of edge 0 → 5 is 7, which is an index": changed(
        put("Edges", 0, "values", [7, 1]), weights=[1, 2], inputs_from_weights=True
    ),
    "the Weight of edge 0 → 5 is nan": changed(put("Edges", 0, "values", [float("nan"), 1])),
    "the Delay of edge 0 → 5 is 0": changed(put("Edges", 0, "values", [1, 0])),
    "the Delay of edge 0 → 5 is 1.5": changed(put("Edges", 0, "values", [1, 1.5])),
    "the values of node 5": changed(put("Nodes", 1, "values", [])),
    "the values of edge 0 → 5": changed(put("Edges", 0, "values", [1])),
    "the 'to' of edge number 0 is node 9": changed(put("Edges", 0, "to", 9)),
    "edge number 0 is": changed(put("Edges", 0, 7)),
    "several nodes 0": changed(put("Nodes", 1, "id", 0)),
    "several edges 0 → 5": changed(lambda n: n["Edges"].append(n["Edges"][0])),
    "node number 1 has the id -1": changed(put("Nodes", 1, "id", -1)),
    "an input is node 3": changed(put("Inputs", [3])),
    "has no nodes": changed(lambda n: n.update(Nodes=[], Edges=[], Inputs=[], Outputs=[])),
    "no Properties": changed(put("Properties", None)),
    "nodes have no property 'Threshold'": changed(put("Properties", "node_properties", [])),
    "its Edges are": changed(put("Edges", None)),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_mapped_is_named(reason):
    with pytest.raises(ForeignNetworkError, match=re.escape(reason)):
        spikeloom.from_tennlab(REFUSED[reason])


CASPIAN = {
    "the Leak of node 1 is 2": {0: (1, -1, 0), 1: (2, 2, 0)},
    "the Delay of node 0 is 1": {0: (1, -1, 1), 1: (2, -1, 0)},
    "the Threshold of node 1 is -1": {0: (1, -1, 0), 1: (-1, -1, 0)},
}


@pytest.mark.parametrize("reason", CASPIAN)
def test_what_caspian_does_otherwise_is_named(reason):
    network = document(
        CASPIAN[reason], {(0, 1): (1, 0)}, [0], node=("Threshold", "Leak", "Delay"),
        data={"other": {"proc_name": "caspian"}},
    )  # fmt: skip
    with pytest.raises(ForeignNetworkError, match=reason):
        spikeloom.from_tennlab(network)


def test_vrisp_fires_at_threshold_0_in_every_step_without_input():
    network = risp({0: (0, 0), 1: (3, 0)}, {(0, 1): (1, 1)}, [0], min_potential=0)
    network["Associated_Data"]["other"]["proc_name"] = "vrisp"
    fired = run(network, np.zeros((9, 1), dtype=bool))
    assert fired[:, 0].all()
    assert np.flatnonzero(fired[:, 1]).tolist() == [3, 6]


def test_a_file_is_recognised_and_says_what_it_is(tmp_path):
    network = risp(NODES, EDGES, [0], fire_like_ravens=True)
    (tmp_path / "net.json").write_text(json.dumps(network))
    imported = import_network(tmp_path / "net.json")
    assert imported.format == "tennlab"
    told = repr(imported)
    for part in (
        "steps are those of risp",
        "a step later",
        "are the nodes 0, 5",
        "outputs are the nodes 5",
    ):
        assert part in told
    (tmp_path / "cut.json").write_text(json.dumps(network)[:-5])
    with pytest.raises(ForeignNetworkError, match=r"cut.json is no JSON: .* in line 1"):
        import_network(tmp_path / "cut.json")


def test_a_processor_given_counts_for_more_than_the_file():
    network = risp(NODES, EDGES, [0])
    params = network["Associated_Data"].pop("proc_params")
    del network["Associated_Data"]["other"]
    imported = spikeloom.from_tennlab(network, processor="risp", params=params)
    assert imported.network.populations["neurons"].size == 2
