"""Networks and designs are written to NIR, and read back as what they were; so is what they did."""

import nir
import nir_reference
import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LI, LIF, ForeignNetworkError, InputError, Network, PairSTDP

DT = 1e-3


def network(reset="value", current=True, bias=0.0, seed=0):
    """Two layers, recurrent and with a skip, delays, and a read-out."""
    r = np.random.default_rng(seed)
    net = Network(dt=DT)
    eye = net.input("eye", 5)
    a = net.population("a", 6, LIF(tau_mem=8e-3, tau_syn=4e-3 if current else None, reset=reset,
                                   v_threshold=1.0, bias=bias))  # fmt: skip
    b = net.population("b", 4, LIF(tau_mem=r.uniform(5e-3, 20e-3, 4), reset=reset, above=True))
    out = net.population("out", 2, LI(tau_mem=20e-3, v_rest=0.25, bias=0.01))

    def weights(n, m):
        return r.normal(0.2, 0.4, (n, m))

    net.connect(eye, a, weights(5, 6))
    net.connect(eye, b, weights(5, 4), delay=2 * DT)
    net.connect(a, a, weights(6, 6) / 4)
    net.connect(a, b, weights(6, 4), delay=3 * DT, axonal_delay=DT)
    net.connect(b, a, weights(4, 6))
    net.connect(b, out, weights(4, 2))
    return net


def runs(net, steps=200, start=None):
    x = np.random.default_rng(1).random((steps, 5)) < 0.3
    with spikeloom.open("golden:", spikeloom.compile(net, weight_bits=16, state_bits=24)) as device:
        if start is not None:
            start(device)
        device.monitor([10, 11])
        return device.run({"eye": x})


@pytest.mark.parametrize("reset", ["value", "subtract"])
@pytest.mark.parametrize("layers", ["delay", "same"])
@pytest.mark.parametrize("bias", [0.0, 0.05])
def test_a_network_is_read_back_as_it_was(reset, layers, bias, tmp_path):
    net = network(reset, bias=bias)
    graph = spikeloom.to_nir(net, layers=layers)
    nir.write(tmp_path / "net.nir", graph)
    for source in (graph, tmp_path / "net.nir"):
        found = spikeloom.from_nir(source)
        assert found.network.dt == DT
        assert not found.initial
        a, b = runs(net), runs(found.network)
        assert a.spikes.sum() > 100
        # In a source without a step for each layer, "b" is two steps ahead, and so it is here again.
        ahead = 2 if layers == "same" else 0
        assert np.array_equal(a["a"], b["a"])
        assert np.array_equal(a["b"][ahead:], b["b"][: len(b["b"]) - ahead])
        assert ahead or np.abs(a.monitored["v[10]"] - b.monitored["v[10]"]).max() < 1e-3


@pytest.mark.parametrize("current", [True, False])
def test_a_design_is_written_with_the_numbers_that_its_core_holds(current):
    design = spikeloom.compile(network(current=current), weight_bits=6)
    with spikeloom.open("golden:", design) as device:
        a = device.run({"eye": np.eye(5, dtype=bool)[np.arange(100) % 5]})
    found = spikeloom.from_nir(spikeloom.to_nir(design))
    again = spikeloom.compile(found.network, weight_bits=8, state_bits=design.config.state_bits + 4)
    with spikeloom.open("golden:", again) as device:
        b = device.run({"eye": np.eye(5, dtype=bool)[np.arange(100) % 5]})
    assert a.spikes.sum() > 20
    assert np.array_equal(a.spikes, b.spikes)


def test_other_tools_find_nirs_equations_and_the_recording():
    net = Network(dt=DT)
    eye = net.input("eye", 5)
    r = np.random.default_rng(2)
    a = net.population("a", 6, LIF(tau_mem=8e-3))
    b = net.population("b", 3, IF(reset="value", v_threshold=2.0))
    net.connect(eye, a, r.normal(0.2, 0.4, (5, 6)))
    net.connect(a, b, r.normal(0.2, 0.4, (6, 3)))
    x = r.random((80, 5)) < 0.4
    with spikeloom.open("golden:", spikeloom.compile(net, weight_bits=16, state_bits=24)) as device:
        device.monitor([6, 7, 8])
        run = device.run({"eye": x})
    graph, data = spikeloom.to_nir(net, run)
    data.check_nodes(graph)
    want = nir_reference.run(graph, x, DT)
    assert np.array_equal(data.nodes["a"].observables["spikes"].data[0], want["a"] > 0)
    assert np.array_equal(data.nodes["b"].observables["spikes"].data[0], want["b"] > 0)
    assert data.nodes["b"].observables["v"].shape == (1, 80, 3)
    assert "v" not in data.nodes["a"].observables
    same = nir_reference.run(spikeloom.to_nir(net, layers="same"), x, DT)
    assert np.array_equal(same["b"][:-1], want["b"][1:])
    assert not any(
        type(n).__name__ == "Delay" for n in spikeloom.to_nir(net, layers="same").nodes.values()
    )


def test_a_potential_equal_to_the_threshold_fires_in_nir_as_here():
    net = Network(dt=DT)
    cells = net.population("cells", 2, IF(v_threshold=2.0, reset="subtract"))
    net.connect(net.input("in", 2), cells, [[1.0, 2.0], [1.0, -1.0]])
    net.connect(cells, cells, [[0.0, 1.0], [0.0, 0.0]])
    x = np.random.default_rng(0).random((60, 2)) < 0.5
    with spikeloom.open("golden:", spikeloom.compile(net)) as device:
        run = device.run({"in": x})
    graph = spikeloom.to_nir(net)
    assert np.array_equal(nir_reference.run(graph, x, DT, "subtract")["cells"] > 0, run["cells"])
    assert "Delay" not in {type(node).__name__ for node in graph.nodes.values()}
    with spikeloom.open("golden:", spikeloom.compile(spikeloom.from_nir(graph).network)) as device:
        assert np.array_equal(device.run({"in": x})["cells"], run["cells"])


def one(neuron, learning=None, plastic=False):
    net = Network(dt=DT, learning=learning)
    net.connect(net.input("in", 2), net.population("cells", 3, neuron), 0.5, plastic=plastic)
    return net


@pytest.mark.parametrize(
    ("neuron", "reason"),
    [
        (LIF(tau_mem=1e-2, refractory=2e-3), "refractory"),
        (LIF(tau_mem=1e-2, v_min=-1.0), "v_min"),
        (LIF(leak="linear", leak_step=0.1), "leak_step"),
        (LIF(tau_mem=1e-2, tau_syn=(2e-3, 4e-3)), "a current for each sign"),
        (LIF(tau_mem=1e-2, threshold_increment=0.1, tau_threshold=0.1), "threshold_increment"),
        (IF(tau_syn=4e-3), "synaptic current and no leak"),
        (LIF(tau_mem=[1e-2, 1e-2, np.inf]), "with a leak and without"),
        (spikeloom.AdLIF(tau_mem=1e-2, tau_w=1e-1, a=0.1, b=0.1), "'adlif'"),
    ],
)  # fmt: skip
def test_what_nir_has_no_place_for_is_named(neuron, reason):
    with pytest.raises(ForeignNetworkError, match=f"'cells' .*{reason}"):
        spikeloom.to_nir(one(neuron))


def test_learning_and_placed_designs_are_refused():
    learns = one(LIF(tau_mem=1e-2), PairSTDP(a_plus=0.01, a_minus=0.01, tau_plus=2e-2, tau_minus=2e-2,
                                             w_max=1.0), True)  # fmt: skip
    with pytest.raises(ForeignNetworkError, match="learns"):
        spikeloom.to_nir(learns)
    with pytest.raises(ForeignNetworkError, match="learns"):
        spikeloom.to_nir(spikeloom.compile(learns))
    placed = spikeloom.compile(one(LIF(tau_mem=1e-2)), cores=2)
    with pytest.raises(ForeignNetworkError, match="many cores"):
        spikeloom.to_nir(placed)
    with pytest.raises(InputError, match="give a Network or a Design"):
        spikeloom.to_nir("net.slm")
    with pytest.raises(InputError, match="layers is 1"):
        spikeloom.to_nir(one(LIF(tau_mem=1e-2)), layers=1)
