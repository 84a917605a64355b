"""Each exporter's numbers give what its own neurons do, written here as its code runs them."""

import nir
import numpy as np
import pytest
from nir_graphs import device_run, full, graph, spikes, weights

import spikeloom
from spikeloom import ForeignNetworkError, InputError

DT = 1e-4
STEPS = 200


def cells(step, x, w, size):
    """Spikes of one layer: `step(state, drive) -> spikes` keeps its states in a dict."""
    state = {"v": np.zeros(size), "i": np.zeros(size), "s": np.zeros(size)}
    return np.array([step(state, w @ row) for row in x.astype(float)]) > 0


def equal(found, want, x, name="n1", late=0):
    got = device_run(found, x)[name]
    assert np.array_equal(got[: len(x) - late], want[late:]), (got.sum(), want.sum())
    assert want.sum() > 20


def linear_and(node, size=8, inputs=6, scale=1.0):
    w = weights(size, inputs, scale=scale)
    return graph(nir.Linear(w), node), w, spikes(STEPS, inputs)


def leaky(size, beta, dt=DT, **more):
    tau = dt / (1 - beta)
    values = {"tau": tau, "r": tau / dt, "v_leak": 0.0, "v_threshold": 1.0} | more
    return nir.LIF(**{name: full(value, size) for name, value in values.items()})


def synaptic(size, alpha, beta, dt=DT, **more):
    tau_syn, tau = dt / (1 - alpha), dt / (1 - beta)
    values = {
        "tau_syn": tau_syn, "tau_mem": tau, "r": tau / dt, "v_leak": 0.0, "v_threshold": 1.0,
        "w_in": tau_syn / dt,
    } | more  # fmt: skip
    return nir.CubaLIF(**{name: full(value, size) for name, value in values.items()})


def test_snntorch_leaky_subtracts_after_the_decay():
    made, w, x = linear_and(leaky(8, 0.75))

    def step(s, drive):
        s["v"] = 0.75 * s["v"] + drive - s["s"]
        s["s"] = (s["v"] > 1).astype(float)
        return s["s"]

    found = spikeloom.from_nir(made, reset="subtract", source="snntorch")
    assert found.network.dt == 1e-4
    assert "subtracted after the decay" in repr(found)
    equal(found, cells(step, x, w, 8), x)
    other = spikeloom.from_nir(made, dt=DT, reset="subtract")
    assert "source='snntorch'" in repr(other)
    assert not np.array_equal(device_run(other, x)["n1"], cells(step, x, w, 8))


def test_snntorch_leaky_resets_to_zero():
    made, w, x = linear_and(leaky(8, 0.875))

    def step(s, drive):
        s["v"] = 0.875 * s["v"] * (1 - s["s"]) + drive
        s["s"] = (s["v"] > 1).astype(float)
        return s["s"]

    equal(spikeloom.from_nir(made, reset="value", source="snntorch"), cells(step, x, w, 8), x)


def test_snntorch_synaptic_leaves_out_the_step_after_a_spike():
    made, w, x = linear_and(synaptic(8, 0.5, 0.75))

    def step(s, drive):
        s["i"] = 0.5 * s["i"] + drive
        s["v"] = (0.75 * s["v"] + s["i"]) * (1 - s["s"])
        s["s"] = (s["v"] > 1).astype(float)
        return s["s"]

    found = spikeloom.from_nir(made, reset="value", source="snntorch")
    assert "leaves out the step after a spike" in repr(found)
    equal(found, cells(step, x, w, 8), x)


def test_snntorch_synaptic_subtracts_after_the_decay():
    made, w, x = linear_and(synaptic(8, 0.5, 0.75))

    def step(s, drive):
        s["i"] = 0.5 * s["i"] + drive
        s["v"] = 0.75 * s["v"] + s["i"] - s["s"]
        s["s"] = (s["v"] > 1).astype(float)
        return s["s"]

    found = spikeloom.from_nir(made, reset="subtract", source="snntorch")
    assert "a second one takes out what the current keeps of it" in repr(found)
    equal(found, cells(step, x, w, 8), x)


@pytest.mark.parametrize("decay_input", [True, False])
@pytest.mark.parametrize("v_reset", [0.0, -0.25])
def test_spikingjelly_fires_at_the_threshold(decay_input, v_reset):
    tau = 8.0
    node = leaky(8, 1 - 1 / tau, r=1.0 if decay_input else tau, v_leak=v_reset, v_reset=v_reset)
    made, w, x = linear_and(node, scale=4 if decay_input else 1)

    def step(s, drive):
        s.setdefault("u", np.full(8, v_reset))
        if decay_input:
            s["u"] = s["u"] + (drive - (s["u"] - v_reset)) / tau
        else:
            s["u"] = s["u"] - (s["u"] - v_reset) / tau + drive
        fired = s["u"] >= 1
        s["u"] = np.where(fired, v_reset, s["u"])
        return fired

    found = spikeloom.from_nir(made, dt=DT, source="spikingjelly")
    equal(found, cells(step, x, w, 8), x)


def test_spikingjelly_integrates_without_dt():
    node = nir.IF(r=full(1 / DT, 4), v_threshold=full(2, 4), v_reset=full(0, 4))
    made = graph(nir.Linear(np.array([[1.0, 1.0], [2.0, 0.0], [0.5, 0.5], [3.0, -1.0]])), node)
    w, x = made.nodes["n0"].weight, spikes(STEPS, 2)

    def step(s, drive):
        s["v"] = s["v"] + drive
        fired = s["v"] >= 2
        s["v"][fired] = 0
        return fired

    equal(spikeloom.from_nir(made, dt=DT, source="spikingjelly"), cells(step, x, w, 4), x)


@pytest.mark.parametrize("dt_in_tau", [False, True])
def test_norse_boxes_scale_their_input(dt_in_tau):
    dt, tau = 1e-3, 8e-3
    node = leaky(8, 0.5, tau=tau * (dt if dt_in_tau else 1), r=1.0)
    made, w, x = linear_and(node, scale=8)

    def step(s, drive):
        s["v"] = s["v"] + dt / tau * (drive - s["v"])
        fired = s["v"] > 1
        s["v"][fired] = 0
        return fired

    found = spikeloom.from_nir(made, dt=dt, reset="value", source="norse")
    equal(found, cells(step, x, w, 8), x)
    if dt_in_tau:
        with pytest.raises(ForeignNetworkError, match="source='norse'"):
            spikeloom.from_nir(made, dt=dt, reset="value")
    else:
        assert "as Norse" in repr(spikeloom.from_nir(made, dt=dt, reset="value"))


def test_norse_currents_jump_by_their_weights():
    dt, tau, tau_syn = 1e-3, 8e-3, 4e-3
    node = synaptic(8, 0.5, 0.5, tau_mem=tau * dt, tau_syn=tau_syn * dt, r=1.0, w_in=1.0)
    made, w, x = linear_and(node, scale=4)

    def step(s, drive):
        jump = s["i"] + drive
        s["v"] = s["v"] + dt / tau * (jump - s["v"])
        s["i"] = jump - dt / tau_syn * jump
        fired = s["v"] > 1
        s["v"][fired] = 0
        return fired

    equal(spikeloom.from_nir(made, dt=dt, reset="value", source="norse"), cells(step, x, w, 8), x)


def test_sinabs_counts_in_steps_and_decays_exponentially():
    alpha = 0.75
    node = leaky(8, 0.5, tau=-1 / np.log(alpha), r=1.0)
    made, w, x = linear_and(node, scale=4)

    def step(s, drive):
        s["v"] = alpha * s["v"] + (1 - alpha) * drive
        fired = s["v"] >= 1
        s["v"] = s["v"] - fired
        return fired

    found = spikeloom.from_nir(made, dt=1e-3, reset="subtract", source="sinabs")
    equal(found, cells(step, x, w, 8), x)


def test_rockpool_is_recognised():
    dt, alpha, beta = 1e-3, 0.75, 0.5
    tau, tau_syn = -dt / np.log(alpha), -dt / np.log(beta)
    node = leaky(8, 0.5, tau=tau, r=tau * alpha / dt)
    made, w, x = linear_and(node)

    def step(s, drive):
        s["v"] = alpha * s["v"] + drive
        fired = s["v"] >= 1
        s["v"] = s["v"] - fired
        return fired

    found = spikeloom.from_nir(made, dt=dt)
    assert "which Rockpool writes" in repr(found)
    equal(found, cells(step, x, w, 8), x)

    made, w, x = linear_and(
        synaptic(8, 0.5, 0.5, tau_syn=tau_syn, tau_mem=tau, r=tau * alpha / dt, w_in=1.0)
    )

    def current(s, drive):
        s["i"] = beta * (s["i"] + drive)
        s["v"] = alpha * s["v"] + s["i"]
        fired = s["v"] >= 1
        s["v"] = s["v"] - fired
        return fired

    equal(spikeloom.from_nir(made, dt=dt, source="rockpool"), cells(current, x, w, 8), x)


@pytest.mark.parametrize("kind", ["LIF", "CubaLIF"])
def test_spyx_reports_a_step_later_and_its_layers_act_as_here(kind):
    a, b, dt = 0.5, 0.75, 1.0
    size = 8
    node = leaky(size, b, dt, r=b) if kind == "LIF" else synaptic(size, a, b, dt, r=b, w_in=1.0)
    other = leaky(4, b, dt, r=b)
    w1, w2 = weights(size, 6), weights(4, size, seed=9)
    made = graph(nir.Linear(w1), node, nir.Linear(w2), other)
    x = spikes(STEPS, 6)

    def lif(s, drive):
        fired = (s["v"] > 1).astype(float)
        s["v"] = b * s["v"] + drive - fired
        return fired

    def cuba(s, drive):
        fired = (s["v"] > 1).astype(float)
        s["i"] = a * s["i"] + drive
        s["v"] = b * (s["v"] - fired) + s["i"]
        return fired

    found = spikeloom.from_nir(made, dt=dt)
    assert "which Spyx writes" in repr(found)
    assert not found.delays
    hidden = cells(lif if kind == "LIF" else cuba, x, w1, size)
    equal(found, hidden, x, late=1)
    equal(found, cells(lif, hidden, w2, 4), x, "n3", late=1)


def test_an_unstated_dt_or_reset_is_refused_with_the_choices():
    made, _, _ = linear_and(leaky(8, 0.75))
    with pytest.raises(ForeignNetworkError, match=r"'n1' .LIF.: needs dt, .*With dt=0.0001"):
        spikeloom.from_nir(made)
    with pytest.raises(ForeignNetworkError, match=r"needs reset, .*'value' .*'subtract'"):
        spikeloom.from_nir(made, dt=DT)
    with pytest.raises(InputError, match="reset is 'soft'; choose"):
        spikeloom.from_nir(made, dt=DT, reset="soft")
    with pytest.raises(InputError, match="source is 'brian'; choose one of nir, snntorch"):
        spikeloom.from_nir(made, dt=DT, reset="value", source="brian")
    with pytest.raises(InputError, match="dt is 0"):
        spikeloom.from_nir(made, dt=0, reset="value")
    # A read-out alone has no reset.
    readout = graph(nir.LI(full(0.01, 3), full(1, 3), full(0, 3)))
    assert spikeloom.from_nir(readout, dt=DT).outputs == ("n0",)
