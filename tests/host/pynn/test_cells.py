"""Where a spike arrives and what it does: closed forms, sample by sample."""

import warnings

import numpy as np
import pytest

sim = pytest.importorskip("spikeloom.pynn")

H = 0.1


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def potential(cell, weight, delay, spikes=(5.0,), until=20.0, **setup):
    """(samples,) above rest, of one cell and one source."""
    sim.setup(timestep=H, **{"weight_bits": 16, "state_bits": 32, **setup})
    cells = sim.Population(1, cell, initial_values={"v": -65.0})
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(spikes)))
    kind = "excitatory" if weight > 0 else "inhibitory"
    sim.Projection(
        source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=weight, delay=delay),
        receptor_type=kind,
    )  # fmt: skip
    cells.record("v")
    sim.run(until)
    return cells.get_data().segments[0].analogsignals[0].magnitude[:, 0] + 65.0


@pytest.mark.parametrize("delay", [0.1, 0.2, 1.5, 6.3, 12.0])
@pytest.mark.parametrize("weight", [1.5, -1.5])
def test_a_current_begins_at_the_spike_plus_the_delay(weight, delay):
    """v(t) = w·R·τs/(τm − τs)·(exp(−s/τm) − exp(−s/τs)) with s = t − spike − delay."""
    tau_m, tau_s = 20.0, 5.0
    v = potential(
        sim.IF_curr_exp(tau_m=tau_m, cm=1.0, tau_syn_E=tau_s, tau_syn_I=tau_s), weight, delay
    )
    s = np.maximum(np.arange(len(v)) * H - 5.0 - delay, 0.0)
    want = weight * tau_m * tau_s / (tau_m - tau_s) * (np.exp(-s / tau_m) - np.exp(-s / tau_s))
    first = round((5.0 + delay) / H)
    assert np.all(v[: first + 1] == 0)
    assert v[first + 1] != 0
    # A time constant of 50 steps is held as one of 50.07.
    np.testing.assert_allclose(v, want, atol=5e-3 * np.abs(want).max())


@pytest.mark.parametrize("delay", [0.1, 0.2, 1.5, 6.3, 12.0])
def test_a_delta_synapse_acts_at_the_spike_plus_the_delay(delay):
    v = potential(sim.IF_curr_delta(tau_m=20.0), 4.0, delay)
    first = round((5.0 + delay) / H)
    s = np.arange(len(v) - first) * H
    assert np.all(v[:first] == 0)
    np.testing.assert_allclose(v[first:], 4.0 * np.exp(-s / 20.0), rtol=2e-3)


def test_equal_time_constants():
    v = potential(sim.IF_curr_exp(tau_m=10.0, cm=1.0, tau_syn_E=10.0), 1.0, 1.0)
    s = np.maximum(np.arange(len(v)) * H - 6.0, 0.0)
    np.testing.assert_allclose(v, s * np.exp(-s / 10.0), atol=0.05)


def test_a_spike_between_two_steps_is_at_the_later_one():
    assert np.flatnonzero(potential(sim.IF_curr_delta(), 4.0, 1.0, spikes=[5.04]))[0] == 61
    assert np.flatnonzero(potential(sim.IF_curr_delta(), 4.0, 1.0, spikes=[5.1]))[0] == 61


@pytest.mark.parametrize("refractory", [0.1, 2.0, 40.0])
def test_firing_under_a_constant_current(refractory):
    """Period: τ·ln(RI/(RI − 15 mV)) and the refractory period; 40 ms are more than a core counts."""
    sim.setup(timestep=H)
    cells = sim.Population(
        1, sim.IF_curr_exp(i_offset=1.5, tau_refrac=refractory), initial_values={"v": -65.0}
    )
    cells.record("spikes")
    sim.run(300.0)
    (train,) = cells.get_data().segments[0].spiketrains
    climb = np.ceil(20.0 * np.log(30.0 / 15.0) / H) * H
    want = climb + np.arange(len(train)) * (climb + refractory)
    assert len(train) == int((300.0 + refractory) // (climb + refractory))
    np.testing.assert_allclose(train.magnitude, want, atol=len(train) * H)
    assert sim.difference().populations[0].first is None or len(train) > 5


@pytest.mark.parametrize(
    ("source", "current"),
    [
        (lambda: sim.DCSource(amplitude=0.3, start=5.0, stop=12.0), lambda t: 0.3 * ((t >= 5) & (t < 12))),
        (
            lambda: sim.StepCurrentSource(times=[3.0, 8.0], amplitudes=[0.2, -0.1]),
            lambda t: np.where(t < 3, 0, np.where(t < 8, 0.2, -0.1)),
        ),
        (
            lambda: sim.ACSource(amplitude=0.3, offset=0.1, frequency=100.0, start=2.0, stop=14.0),
            lambda t: np.where((t >= 2) & (t < 14), 0.1 + 0.3 * np.sin(2 * np.pi * 0.1 * (t - 2)), 0),
        ),
    ],
    ids=["dc", "steps", "ac"],
)  # fmt: skip
def test_currents(source, current):
    sim.setup(timestep=H, weight_bits=16, state_bits=32)
    cells = sim.Population(2, sim.IF_curr_exp(tau_m=10.0, cm=0.5), initial_values={"v": -65.0})
    injected = source()
    cells[1].inject(injected)
    injected.record()
    cells.record("v")
    sim.run(10.0)
    sim.run(10.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude + 65.0
    want, kept = np.zeros(len(v)), np.exp(-H / 10.0)
    times = (np.arange(len(v)) * H).round(6)
    for k in range(1, len(v)):
        want[k] = want[k - 1] * kept + 20.0 * (1 - kept) * current(times[k - 1])
    assert np.all(v[:, 0] == 0)
    np.testing.assert_allclose(v[:, 1], want, atol=2e-3 * np.abs(want).max())
    np.testing.assert_allclose(injected.get_data().magnitude[:, 0], current(times), atol=1e-12)
