"""`spikeloom check`: every node that is refused, with its reason, and whether a board holds the rest."""

import json

import h5py
import netx_networks
import nir
import numpy as np
import pytest
from designs import DESIGN
from nir_graphs import full, graph, lif
from tennlab_networks import risp

from spikeloom import IF, InputError, Network, one_to_one
from spikeloom.boards import board_named
from spikeloom.exchange.checking import fit_network
from spikeloom.exchange.importer import check_network

OPTIONS = ("--dt", 1e-3, "--reset", "value")


def affine(rows, columns):
    return nir.Affine(np.full((rows, columns), 0.25), full(0.1, rows))


def written(tmp_path, made):
    file = tmp_path / "net.nir"
    nir.write(file, made)
    return file


@pytest.fixture
def good(tmp_path):
    made = graph(affine(4, 3), lif(4), affine(2, 4), lif(2))
    made.nodes["out"] = nir.Output({"output": np.array([2])})
    return written(tmp_path, made)


@pytest.fixture
def bad(tmp_path):
    """Four faults of different kinds, two of them in one chain; and nodes that are fine."""
    made = graph(affine(4, 3), lif(4), affine(2, 4), lif(2), nir.Delay(full(0.5e-3, 2)), lif(2))
    made.nodes["out"] = nir.Output({"output": np.array([2])})
    file = written(tmp_path, made)
    with h5py.File(file, "r+") as f:
        nodes = f["node/nodes"]
        nodes["n0/weight"][0, 0] = np.nan
        nodes["n1/tau"][...] = -1.0
        del nodes["n2/type"]
        nodes["n2"]["type"] = b"Quantum"
    return file


def rows(found):
    return {node["name"]: node for node in found["nodes"]}


def test_all_that_is_refused_is_listed(run, bad):
    code, printed, _ = run("check", bad, *OPTIONS, "--json")
    found = json.loads(printed)
    assert (code, found["ok"], found["fit"]) == (1, False, None)
    got = rows(found)
    assert {name: node["ok"] for name, node in got.items()} == {
        "in": True, "n0": False, "n1": False, "n2": False, "n3": True, "n4": False, "n5": True,
        "out": True,
    }  # fmt: skip
    assert "contains nan" in got["n0"]["reason"]
    assert "must be positive" in got["n1"]["reason"]
    assert "is a Quantum, which is no kind of node" in got["n2"]["reason"]
    assert "0.5 steps" in got["n4"]["reason"]
    assert got["n3"]["reason"] == ""


def test_people_read_a_table(run, bad):
    code, printed, _ = run("check", bad, *OPTIONS)
    assert code == 1
    assert printed.count("refused") == 4


def test_what_does_not_match_in_shape_is_refused(tmp_path):
    made = graph(affine(4, 3), lif(4), affine(2, 7), lif(2))
    made.nodes["out"] = nir.Output({"output": np.array([2])})
    found = check_network(written(tmp_path, made), dt=1e-3, reset="value")
    wrong = {n.name: n.reason for n in found.nodes if n.ok is not True}
    assert list(wrong) == ["n2"]
    assert "takes a signal of shape" in wrong["n2"]


def test_a_shape_that_a_refused_node_would_have_given_is_left_open(tmp_path):
    pool = nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0]))
    made = graph(affine(16, 3), pool, nir.Linear(np.ones((2, 4))), lif(2, threshold=-1.0))
    made.nodes["out"] = nir.Output({"output": np.array([2])})
    file = written(tmp_path, made)
    with h5py.File(file, "r+") as f:
        del f["node/nodes/n0/weight"]
        f["node/nodes/n3/tau"][0] = 0.0
    found = check_network(file, dt=1e-3, reset="value")
    rows = {n.name: n for n in found.nodes}
    assert {name: row.ok for name, row in rows.items()} == {
        "in": True, "n0": False, "n1": None, "n2": True, "n3": False, "out": True,
    }  # fmt: skip
    assert rows["n1"].reason == "not checked, as 'n0' before it is refused"
    assert rows["n0"].reason == "has no weight"


def test_missing_options_are_said_once(run, good):
    code, printed, _ = run("check", good, "--json")
    got = rows(json.loads(printed))
    assert code == 1
    assert "needs dt" in got["file"]["reason"]
    assert got["n1"]["ok"] is None
    assert got["n0"]["ok"] is True
    got = rows(json.loads(run("check", good, "--dt", 1e-3, "--json")[1]))
    assert "needs reset" in got["file"]["reason"]


def test_what_fits_has_cycles_and_speed(run, good):
    code, printed, _ = run("check", good, *OPTIONS, "--board", "ulx3s", "--json")
    found = json.loads(printed)
    assert (code, found["ok"]) == (0, True)
    fit = found["fit"]
    assert (fit["board"], fit["fits"], fit["chip"]["neurons"]) == ("ulx3s", True, 256)
    spikes, cycles, speed = zip(*(step.values() for step in fit["steps"]), strict=True)
    assert spikes == (0, 26, 256)
    # One more spike takes a pass over all groups of lanes: 256 neurons in 8 lanes.
    assert cycles[1] - cycles[0] == 26 * 32
    assert cycles[2] - cycles[0] == 256 * 32
    assert speed[0] == pytest.approx(board_named("ulx3s").clock_hz / cycles[0])
    code, printed, _ = run("check", good, *OPTIONS, "--spikes", 3, "--weight-bits", 9, "--json")
    fit = json.loads(printed)["fit"]
    assert (code, fit["board"], fit["chip"]["weight_bits"]) == (0, "", 9)
    assert [step["spikes"] for step in fit["steps"]] == [3]
    assert "fits ulx3s" in run("check", good, *OPTIONS, "--board", "ulx3s")[1]


def test_what_does_not_fit_says_by_how_much(run, good, tmp_path, monkeypatch):
    code, printed, _ = run(
        "check", good, "--dt", 1e-3, "--reset", "subtract", "-b", "ulx3s", "--json"
    )
    fit = json.loads(printed)["fit"]
    assert (code, fit["fits"]) == (1, False)
    assert "reset: needs 'subtract'" in fit["reason"]
    monkeypatch.setattr("spikeloom.exchange.checking.fit._SMALL", 100)
    big = graph(nir.Linear(np.full((300, 20), 0.25)), lif(300))
    big.nodes["out"] = nir.Output({"output": np.array([300])})
    file = written(tmp_path, big)
    fit = json.loads(run("check", file, *OPTIONS, "-b", "ulx3s", "--json")[1])["fit"]
    assert "neurons: needs 300 at least, the chip has 256 (44 too few)" in fit["reason"]
    assert "By size it may fit ulx3s-fabric-16" in fit["reason"]


def test_very_large_networks_are_not_compiled(monkeypatch):
    monkeypatch.setattr("spikeloom.exchange.checking.fit._SMALL", 100)
    monkeypatch.setattr("spikeloom.exchange.checking.fit._LARGE", 100)
    monkeypatch.setattr("spikeloom.exchange.checking.fit.compile", None)
    net = Network()
    cells = net.population("cells", 600, IF())
    net.connect(net.input("eye", 600), cells, one_to_one(1.0))
    found = fit_network(net, None, None, {"weight_bits": 5})
    assert found.fits
    assert (found.chip["neurons"], found.chip["axons"], found.chip["weight_bits"]) == (600, 600, 5)
    assert found.steps[2].cycles - found.steps[0].cycles == 600 * 150
    assert "not compiled" in found.losses[0]
    assert "needs 600 at least" in fit_network(net, "ulx3s", None, {}).reason


def test_saved_designs_and_other_formats(run, design_file, tmp_path):
    code, printed, _ = run("check", design_file, "--json")
    found = json.loads(printed)
    assert (code, found["format"], found["nodes"]) == (0, "design", [])
    assert found["fit"]["chip"]["axons"] == DESIGN.config.axons
    code, printed, _ = run("check", design_file, "--board", "ulx3s")
    assert code == 1
    assert "compiled for another chip" in " ".join(printed.split())
    text = tmp_path / "net.txt"
    text.write_text("hello")
    code, printed, _ = run("check", text, "--json")
    assert code == 1
    assert "no format that is known" in rows(json.loads(printed))["file"]["reason"]
    with pytest.raises(InputError, match="no option speed"):
        check_network(text.with_suffix(".nir"), "nir", speed=1)


def test_layers_of_netx_are_looked_at_one_by_one(run, tmp_path):
    file = tmp_path / "net.net"
    cell = netx_networks.neuron(0, 0, 10)
    layers = [
        netx_networks.dense(np.ones((n, m)), cell) for n, m in ((3, 2), (4, 3), (2, 4), (5, 2))
    ]
    netx_networks.write(file, layers)
    code, printed, _ = run("check", file, "--json")
    assert (code, len(rows(json.loads(printed)))) == (0, 4)
    layers[1]["weight"] = np.full((4, 3), 0.5)
    layers[2]["type"] = np.array([b"average"])
    layers[3]["neuron"] = netx_networks.neuron(-1, 0, 10)
    netx_networks.write(file, layers)
    code, printed, _ = run("check", file, "--json")
    got = rows(json.loads(printed))
    assert (code, [node["ok"] for node in got.values()]) == (1, [True, False, False, False])
    assert "weight[0, 0] of layer 1 is 0.5" in got["layer 1"]["reason"]
    assert "of type 'average'" in got["layer 2"]["reason"]
    assert "iDecay" in got["layer 3"]["reason"]


def test_nodes_and_edges_of_tennlab(run, tmp_path):
    file = tmp_path / "net.json"
    nodes = {k: [v, False] for k, v in enumerate([1, 2, 3, 2])}
    good = risp(nodes, {(0, 1): (1, 1), (1, 2): (2, 1), (2, 3): (1, 2)}, [0])
    file.write_text(json.dumps(good))
    code, printed, _ = run("check", file, "--json")
    assert (code, list(rows(json.loads(printed)))) == (0, [f"node {k}" for k in range(4)])
    nodes[1] = ["x", False]
    bad = risp(nodes, {(0, 1): (1, 1), (0, 2): (2, -4), (2, 3): (None, 2)}, [0])
    file.write_text(json.dumps(bad))
    code, printed, _ = run("check", file, "--json")
    got = rows(json.loads(printed))
    assert (code, {name for name, node in got.items() if not node["ok"]}) == (
        1, {"node 1", "edge 0 → 2", "edge 2 → 3"},
    )  # fmt: skip
    assert "Delay of edge 0 → 2 is -4" in got["edge 0 → 2"]["reason"]
    file.write_text(json.dumps({**good, "Properties": 3}))
    got = rows(json.loads(run("check", file, "--json", "--format", "tennlab")[1]))
    assert "has no Properties" in got["file"]["reason"]


def test_formats_without_a_check_of_their_own(run, tmp_path):
    file = tmp_path / "net.json"
    file.write_text('{"neuron_thresholds": 3, "num_neurons": 1}')
    found = json.loads(run("check", file, "--json", "--format", "superneuromat")[1])
    assert found["format"] == "superneuromat"
    assert [node["ok"] for node in found["nodes"]] == [False]
