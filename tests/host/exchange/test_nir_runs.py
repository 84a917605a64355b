"""Networks from NIR fire as NIR's equations say, step for step, on the golden model."""

import nir
import nir_reference
import numpy as np
import pytest
from nir_graphs import DT, compare, cuba, device_run, full, graph, lif, spikes, weights

import spikeloom


@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_layers_of_lif(reset):
    made = graph(
        nir.Linear(weights(12, 8)), lif(12), nir.Linear(weights(6, 12, seed=2)), lif(6, 0.016)
    )
    compare(made, spikes(200, 8), reset)


def test_a_scaled_input_and_a_leak_to_elsewhere():
    made = graph(nir.Linear(weights(5, 8) * 10), lif(5, r=1.0, v_leak=0.3, v_reset=-0.2))
    compare(made, spikes(300, 8))


def test_a_leak_to_elsewhere_with_subtraction_is_a_bias():
    made = graph(nir.Linear(weights(5, 8) * 10), lif(5, r=1.0, v_leak=0.3))
    compare(made, spikes(300, 8), "subtract")


@pytest.mark.parametrize("reset", ["value", "subtract"])
def test_synaptic_currents_and_biases_build_up(reset):
    made = graph(
        nir.Affine(weights(10, 6), full(0.05, 10)), cuba(10),
        nir.Affine(weights(4, 10, seed=3), np.array([0.25, -0.0625, 0.125, 0.1875])), cuba(4),
    )  # fmt: skip
    assert compare(made, spikes(200, 6), reset) > 20


def test_biases_of_lif_in_three_layers_begin_where_the_source_does():
    made = graph(
        nir.Affine(weights(6, 6), full(0.05, 6)), lif(6, 0.064),
        nir.Affine(weights(6, 6, seed=3), full(0.04, 6)), lif(6, 0.064),
        nir.Affine(weights(3, 6, seed=4), full(0.06, 3)), lif(3, 0.064),
    )  # fmt: skip
    compare(made, spikes(100, 6))


def test_recurrence_in_a_flat_cycle_and_in_a_nested_graph():
    flat = graph(
        nir.Linear(weights(8, 5)), cuba(8), nir.Linear(weights(3, 8, seed=5)), lif(3),
        more={"rec": nir.Linear(weights(8, 8, seed=6, scale=0.5))},
        extra=[("n1", "rec"), ("rec", "n1")],
    )  # fmt: skip
    x = spikes(150, 5)
    compare(flat, x, "subtract")
    inner = nir.NIRGraph(
        {
            "input": nir.Input({"input": np.array([8])}), "lif": flat.nodes["n1"],
            "rec": flat.nodes["rec"], "output": nir.Output({"output": np.array([8])}),
        },
        [("input", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "output")],
    )  # fmt: skip
    nested = graph(flat.nodes["n0"], inner, flat.nodes["n2"], flat.nodes["n3"])
    a = device_run(spikeloom.from_nir(flat, dt=DT, reset="subtract"), x)
    found = spikeloom.from_nir(nested, dt=DT, reset="subtract")
    assert list(found.network.populations) == ["n1.lif", "n3"]
    b = device_run(found, x)
    assert np.array_equal(a["n3"], b["n3"])
    assert np.array_equal(a["n1"], b["n1.lif"])


def test_a_connection_that_skips_a_layer_arrives_with_the_others():
    made = graph(
        nir.Linear(weights(8, 5)), lif(8), nir.Linear(weights(4, 8, seed=5)), lif(4),
        more={"skip": nir.Linear(weights(4, 5, seed=7))},
        extra=[("in", "skip"), ("skip", "n3")],
    )  # fmt: skip
    compare(made, spikes(150, 5))


def test_delays_are_steps():
    made = graph(
        nir.Linear(weights(6, 5)), lif(6), nir.Delay(np.array([0, 1, 2, 3, 5, 0]) * DT),
        nir.Linear(weights(4, 6, seed=5)), lif(4),
    )  # fmt: skip
    compare(made, spikes(150, 5))


def test_a_cycle_of_several_neurons_with_a_delay_is_exact():
    made = graph(
        nir.Linear(weights(6, 5)), lif(6), nir.Linear(weights(4, 6, seed=5)), lif(4),
        more={"back": nir.Linear(weights(6, 4, seed=8)), "wait": nir.Delay(full(3 * DT, 6))},
        extra=[("n3", "back"), ("back", "wait"), ("wait", "n1")],
    )  # fmt: skip
    found = spikeloom.from_nir(made, dt=DT, reset="value")
    assert found.delays == {"n3": 1}
    # Two steps of the three are on the way back; the one forward is the source's.
    back = next(p for p in found.network.projections if p.source.name == "n3")
    assert back.delays.max() + 1 == 2
    assert compare(made, spikes(200, 5)) > 100


def test_integrators_thresholds_and_integer_ties():
    r = np.random.default_rng(3)
    made = graph(
        nir.Linear(r.integers(-2, 4, (7, 5)).astype(float)),
        nir.IF(r=full(1 / DT, 7), v_threshold=full(3, 7), v_reset=full(0, 7)),
        nir.Linear(r.integers(-1, 3, (4, 7)).astype(float)), nir.Threshold(full(2, 4)),
    )  # fmt: skip
    x = spikes(300, 5)
    compare(made, x, "value")
    compare(made, x, "subtract")


def test_a_weight_equal_to_the_threshold_does_not_fire():
    made = graph(nir.Linear(np.array([[1.0, 0.5]])), lif(1))
    x = np.zeros((40, 2), dtype=bool)
    x[5, 0] = x[20] = True
    assert compare(made, x) == 1


def test_a_small_convolutional_network():
    conv = nir.Conv2d((6, 6), weights(4, 2, 3, 3), 1, 1, 1, 2, full(0.015625, 4))
    conv.weight = conv.weight[:, :1]
    made = graph(
        conv, lif((4, 6, 6)), nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        nir.Conv2d(None, weights(3, 4, 2, 2, seed=5), 1, 0, 1, 1, full(0, 3)),
        lif((3, 2, 2)), nir.Flatten({"input": None}, 0, -1), nir.Linear(weights(3, 12)), lif(3),
    )  # fmt: skip
    made.nodes["in"] = nir.Input({"input": np.array([2, 6, 6])})
    compare(made, spikes(60, 72).reshape(60, 2, 6, 6))


def test_read_outs_have_potentials():
    made = graph(nir.Linear(weights(6, 5)), lif(6), nir.Affine(weights(2, 6), full(0.1, 2)),
                 nir.LI(full(0.016, 2), full(3.0, 2), full(0.0, 2)))  # fmt: skip
    x = spikes(80, 5)
    found = spikeloom.from_nir(made, dt=DT, reset="value")
    want = nir_reference.run(made, x, DT)["n3"]
    design = spikeloom.compile(found.network, weight_bits=16, state_bits=24)
    with spikeloom.open("golden:", design) as device:
        found.start(device)
        device.monitor([6, 7])
        run = device.run({"in": x}, len(x) + 1)
    got = np.stack([run.monitored["v[6]"], run.monitored["v[7]"]], axis=1)[1:]
    assert np.abs(got - want).max() < 2e-3 * np.abs(want).max()
    assert found.outputs == ("n3",)
