"""PyNN networks equal the same networks built by hand, on each device."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynn_networks import run_static, static
from shared_builds import STREAM_CORE

import spikeloom

sim = pytest.importorskip("spikeloom.pynn")

H = 0.5


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@st.composite
def networks(draw):
    """Numbers of a network of sources and cells, in PyNN's units."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    size, n_in, delta = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.booleans())
    scale = 4.0 if delta else 1.5
    return {
        "size": size, "n_in": n_in, "delta": delta, "scale": scale,
        "cell": {
            "tau_m": draw(st.sampled_from([10.0, 15.0, 20.0])), "cm": draw(st.sampled_from([0.5, 1.0])),
            "v_rest": draw(st.sampled_from([-65.0, -70.0, 0.0])),
            "tau_refrac": draw(st.sampled_from([0.5, 2.0])),
            "i_offset": rng.uniform(0, 1.0, size).round(3),
        },
        "taus": draw(st.sampled_from([(5.0, 5.0), (3.0, 8.0)])),
        "spikes": rng.random((120, n_in)) < 0.1,
        "input": rng.uniform(0.5, 2.0, (n_in, size)) * scale,
        "recurrent": (rng.random((size, size)) < 0.4) * rng.uniform(-1.5, 1.5, (size, size)) * scale,
        "delay_in": int(rng.integers(1, 12)), "delays": rng.integers(1, 12, (size, size)),
    }  # fmt: skip


def by_pynn(n, **setup):
    """(steps, size) spikes of the network in PyNN."""
    sim.setup(
        timestep=H, fine_leak=False, weight_bits=8, state_bits=16, parameters="per_neuron", **setup
    )
    cell = dict(n["cell"], v_thresh=n["cell"]["v_rest"] + 15.0, v_reset=n["cell"]["v_rest"])
    if n["delta"]:
        kind = sim.IF_curr_delta(**cell)
    else:
        kind = sim.IF_curr_exp(tau_syn_E=n["taus"][0], tau_syn_I=n["taus"][1], **cell)
    cells = sim.Population(
        n["size"], kind, initial_values={"v": n["cell"]["v_rest"]}, label="cells"
    )
    trains = [np.flatnonzero(column) * H for column in n["spikes"].T]
    times = [sim.space.np.array(t) for t in trains]
    from pyNN.parameters import Sequence

    sources = sim.Population(
        n["n_in"], sim.SpikeSourceArray(spike_times=[Sequence(t) for t in times])
    )
    sim.Projection(
        sources, cells, sim.AllToAllConnector(),
        sim.StaticSynapse(weight=n["input"], delay=n["delay_in"] * H), receptor_type="excitatory",
    )  # fmt: skip
    for kind, sign in (("excitatory", 1), ("inhibitory", -1)):
        rows = [
            (i, j, w, n["delays"][i, j] * H)
            for (i, j), w in np.ndenumerate(n["recurrent"])
            if w * sign > 0
        ]
        if rows:
            sim.Projection(
                cells, cells, sim.FromListConnector(rows), sim.StaticSynapse(), receptor_type=kind
            )
    cells.record("spikes")
    sim.run(len(n["spikes"]) * H)
    found = np.zeros((len(n["spikes"]), n["size"]), dtype=bool)
    for j, train in enumerate(cells.get_data().segments[0].spiketrains):
        found[np.rint(train.magnitude / H).astype(int) - 1, j] = True
    return found


def by_hand(n):
    """The same in a `Network`: the numbers of exact integration, written out here."""
    c, dt = n["cell"], H * 1e-3
    kept = np.exp(-H / c["tau_m"])

    def gain(tau):
        if n["delta"]:
            return 1.0
        return c["tau_m"] * tau / c["cm"] / (c["tau_m"] - tau) * (kept - np.exp(-H / tau))

    taus = None if n["delta"] else tuple(t * 1e-3 for t in n["taus"])
    if taus and taus[0] == taus[1]:
        taus = taus[0]
    network = spikeloom.Network(dt=dt)
    eye = network.input("eye", n["n_in"])
    cells = network.population(
        "cells", n["size"],
        spikeloom.LIF(
            tau_mem=c["tau_m"] * 1e-3, tau_syn=taus, v_rest=c["v_rest"], v_threshold=c["v_rest"] + 15.0,
            v_reset=c["v_rest"], refractory=c["tau_refrac"] * 1e-3,
            bias=c["tau_m"] / c["cm"] * (1 - kept) * c["i_offset"],
        ),
    )  # fmt: skip
    late = 0 if n["delta"] else 1
    network.connect(
        eye, cells, n["input"] * gain(n["taus"][0]), delay=(n["delay_in"] - 1 + late) * dt
    )
    gains = np.where(n["recurrent"] > 0, gain(n["taus"][0]), gain(n["taus"][1]))
    if np.any(n["recurrent"]):
        delays = np.where(n["recurrent"] != 0, n["delays"] + late, 1)
        network.connect(cells, cells, n["recurrent"] * gains, delay=delays * dt)
    design = spikeloom.compile(network, weight_bits=8, state_bits=16, parameters="per_neuron")
    with spikeloom.open("golden:", design) as device:
        return device.run({"eye": n["spikes"]}).spikes[:, : n["size"]]


@settings(max_examples=40, deadline=None)
@given(networks())
def test_a_network_equals_the_one_built_by_hand(n):
    np.testing.assert_array_equal(by_pynn(n), by_hand(n))


@settings(max_examples=10, deadline=None)
@given(networks())
def test_the_fast_model_gives_what_the_golden_one_gives(n):
    pytest.importorskip("numba")
    np.testing.assert_array_equal(by_pynn(n, device="fast:"), by_pynn(n))


@pytest.mark.parametrize("seed", range(2))
def test_the_fast_model_gives_the_same_potentials_with_a_fine_leak(seed):
    pytest.importorskip("numba")
    golden, fast = (run_static(sim, static(seed), device=d) for d in ("golden:", "fast:"))
    assert sim.state.session.design.config.neuron_model == "adlif"
    np.testing.assert_array_equal(golden[0], fast[0])
    np.testing.assert_array_equal(golden[1], fast[1])


@pytest.mark.timeout(280)
def test_the_twin_gives_what_the_golden_model_gives():
    """Two runs, a current that begins in the second one, and a weight that is set between them."""
    found = []
    for device in ("golden:", "twin:"):
        sim.setup(timestep=1.0, device=device, fine_leak=False, config=STREAM_CORE, progress=False)
        cell = sim.IF_curr_delta(tau_m=16.0, cm=1.0, tau_refrac=2.0, i_offset=0.1)
        cells = sim.Population(11, cell, initial_values={"v": -64.0})
        sources = sim.Population(5, sim.SpikeSourcePoisson(rate=120.0))
        into = sim.Projection(
            sources, cells, sim.FixedProbabilityConnector(0.7, rng=sim.NumpyRNG(seed=3)),
            sim.StaticSynapse(weight=5.0, delay=1.0), receptor_type="excitatory",
        )  # fmt: skip
        sim.Projection(
            cells, cells, sim.FixedNumberPostConnector(3, rng=sim.NumpyRNG(seed=4)),
            sim.StaticSynapse(weight=-2.0, delay=1.0), receptor_type="inhibitory",
        )  # fmt: skip
        cells.inject(sim.DCSource(amplitude=0.4, start=40.0, stop=60.0))
        cells.record("spikes")
        cells[0:3].record("v")
        sim.run(30.0)
        into.set(weight=8.0)
        sim.run(70.0)
        (segment,) = cells.get_data().segments
        found.append((
            [train.magnitude.tolist() for train in segment.spiketrains],
            segment.analogsignals[0].magnitude,
        ))  # fmt: skip
        sim.end()
    assert sum(map(len, found[0][0])) > 40
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
