"""Spikes that are described become the raster that they describe."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spikeloom
from spikeloom import LIF, Events, Network, Poisson, Regular, RoundingWarning, SpikeTimes
from spikeloom.hdl.contract.errors import InputError
from spikeloom.signals.sources import SpikeSource

DT = 1e-3
rasters = hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 6)))


def opened(dt=DT):
    net = Network(dt=dt)
    eye, ear = net.input("eye", 4), net.input("ear", 2)
    cells = net.population("cells", 4, LIF(tau_mem=20e-3, v_threshold=0.5))
    net.connect(eye, cells, np.eye(4))
    net.connect(ear, cells, np.ones((2, 4)))
    return spikeloom.open("golden:", spikeloom.compile(net))


@given(
    rasters,
    st.sampled_from([1e-4, 1e-3, 1 / 3000, 0.02]),
    st.sampled_from(["dict", "list", "events"]),
)
def test_faults_33_times_and_events_are_the_raster_they_come_from(raster, dt, form):
    times = [np.flatnonzero(column) * dt for column in raster.T]
    if form == "events":
        source = Events([(t, j) for j, found in enumerate(times) for t in found])
    else:
        source = SpikeTimes(dict(enumerate(times)) if form == "dict" else times)
    steps, size = raster.shape
    assert np.array_equal(source.raster(size, steps, dt), raster)
    assert source.length(dt) == (np.flatnonzero(raster.any(axis=1)).max(initial=-1) + 1)
    assert isinstance(source, SpikeSource)


def test_faults_33_a_device_runs_what_is_described():
    device = opened()
    times = SpikeTimes({0: [2e-3, 5e-3], 3: [5e-3]})
    run = device.run({"eye": times})
    assert run.steps == 6
    assert [t.tolist() for t in run.times("cells")] == [[0.002, 0.005], [], [], [0.005]]
    device.reset()
    assert device.run({"eye": times, "ear": np.zeros((9, 2))}).steps == 9
    device.reset()
    assert device.run({"eye": Poisson(100.0, seed=1), "ear": times_for_ear()}, steps=20).steps == 20
    with pytest.raises(InputError, match="give steps"):
        device.run({"eye": Poisson(100.0, seed=1)})
    with pytest.raises(InputError, match="input has 6 steps, but steps is 3"):
        device.run({"eye": times}, steps=3)
    assert device.run(Regular(np.inf), steps=3).spikes.all()


def times_for_ear():
    return Events([(1e-3, 1)])


def test_faults_33_a_device_streams_what_is_described():
    device = opened()
    parts = list(device.stream({"eye": Poisson(200.0, seed=3)}, steps=25, every=10))
    assert [part.steps for part in parts] == [10, 10, 5]
    whole = opened().run({"eye": Poisson(200.0, seed=3)}, steps=25)
    assert np.array_equal(np.concatenate([part.spikes for part in parts]), whole.spikes)
    assert whole.spikes.any()
    parts = list(opened().stream({"eye": SpikeTimes({0: [2e-3]})}, steps=25, every=10))
    assert sum(int(part.spikes.sum()) for part in parts) == 1


@given(st.integers(0, 10**6), st.floats(0, 1000))
def test_faults_33_poisson_spikes_have_their_rate_and_seed(seed, rate):
    raster = Poisson(rate, seed).raster(50, 400, DT)
    assert np.array_equal(raster, Poisson(rate, seed).raster(50, 400, DT))
    expected = rate * DT
    assert raster.mean() == pytest.approx(expected, abs=6 * np.sqrt(expected / raster.size) + 1e-9)


def test_rates_may_be_of_each_input():
    raster = Poisson([0.0, 1000.0], seed=0).raster(2, 30, DT)
    assert raster.any(axis=0).tolist() == [False, True]
    assert raster[:, 1].all()
    regular = Regular([100.0, np.inf, 0.0]).raster(3, 50, DT)
    assert regular.sum(axis=0).tolist() == [5, 50, 0]
    assert np.ptp(np.diff(np.flatnonzero(regular[:, 0]))) == 0


def test_two_spikes_in_one_step_are_said():
    with pytest.warns(RoundingWarning, match="1 of 3 input spikes"):
        raster = SpikeTimes({0: [1.1e-3, 1.9e-3, 5e-3]}).raster(1, 6, DT)
    assert np.flatnonzero(raster).tolist() == [1, 5]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: SpikeTimes({0: [-1.0]}), "from 0 on"),
        (lambda: SpikeTimes({0: [np.nan]}), "from 0 on"),
        (lambda: SpikeTimes({0: "now"}), "'now'"),
        (lambda: SpikeTimes({-1: [0.1]}), "neuron is -1"),
        (lambda: SpikeTimes({"x": [0.1]}), "neuron is 'x'"),
        (lambda: SpikeTimes({9: [0.001]}).raster(4, 10, DT), "neuron 9.*0…3"),
        (lambda: SpikeTimes({0: [0.5]}).raster(4, 10, DT), "0.5 s.*10 steps"),
        (lambda: Events([(0.1, 0.5)]), "neuron is 0.5"),
        (lambda: Events([(0.1,)]), "pairs"),
        (lambda: Events(["ab"]), "pairs"),
        (lambda: Poisson(-1.0, seed=1), "from 0 on"),
        (lambda: Poisson(np.inf, seed=1), "from 0 on"),
        (lambda: Poisson("x", seed=1), "hertz"),
        (lambda: Poisson(1.0, seed=None), "seed is None"),
        (lambda: Poisson(2000.0, seed=1).raster(1, 1, DT), "at most 1000 Hz"),
        (lambda: Poisson([1.0, 2.0], seed=1).raster(3, 1, DT), "2 rates for 3 inputs"),
        (lambda: Regular(-1.0), "from 0 on"),
        (lambda: Regular([1.0]).raster(2, 1, DT), "1 rates for 2"),
    ],
)
def test_what_makes_no_sense_is_refused(make, match):
    with pytest.raises(InputError, match=match):
        make()


def test_a_warning_points_at_the_line_of_the_user():
    net = Network()
    net.connect(net.input("in", 1), net.population("out", 1, LIF(20e-3)), 0.5)
    device = spikeloom.open("golden:", spikeloom.compile(net))
    with pytest.warns(RoundingWarning) as found:
        device.run({"in": SpikeTimes([[0.0011, 0.0012]])})
    assert found[0].filename == __file__
