"""What is encoded has the numbers that it stands for, and they are decoded from it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import spikeloom
from spikeloom import IF, Network
from spikeloom.hdl.contract.errors import InputError
from spikeloom.signals import decode, encode

values = hnp.arrays(float, st.integers(1, 8), elements=st.floats(0, 1))


@given(values, st.integers(1, 300))
def test_faults_33_a_regular_rate_counts_to_its_value(found, steps):
    raster = encode.regular(found, steps, highest=1000.0, dt=1e-3)
    assert np.all(np.abs(decode.count(raster) - found * steps) <= 1)


@given(values, st.integers(0, 1000))
def test_faults_33_a_random_rate_is_that_of_its_value_and_seed(found, seed):
    def coded():
        return encode.rate(found, 2000, highest=500.0, dt=1e-3, seed=seed)

    assert np.array_equal(coded(), coded())
    assert np.all(np.abs(decode.rate(coded(), 1e-3) - 500 * found) <= 70)
    assert not decode.count(coded())[found == 0].any()


@given(values, st.integers(2, 100))
def test_faults_33_latencies_are_earlier_for_larger_values(found, steps):
    raster = encode.latency(found, steps)
    assert np.array_equal(decode.count(raster), found > 0)
    first = decode.first_spike(raster)
    assert np.all(first[found == 0] == steps)
    back = 1 - first / (steps - 1)
    assert np.all(np.abs(back - found)[found > 0] <= 0.5 / (steps - 1) + 1e-9)


@given(
    hnp.arrays(float, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.floats(-3, 3))
)
def test_faults_33_delta_spikes_follow_a_signal(signal):
    slow = np.cumsum(signal / 6, axis=0)  # moves by half a threshold at most
    raster = encode.delta(slow, 1.0)
    size = slow.shape[1]
    up, down = raster[:, :size], raster[:, size:]
    level = slow[0] + np.cumsum(up.astype(int) - down, axis=0)
    assert np.all(np.abs(level - slow) < 1.0 + 1e-9)
    assert not (up & down).any()
    assert np.array_equal(encode.delta(slow[:, 0], 1.0), raster[:, [0, size]])


def test_samples_are_encoded_and_decoded_together():
    samples = np.random.default_rng(0).random((5, 3))
    for raster in (
        encode.rate(samples, 20, highest=500.0, dt=1e-3, seed=1),
        encode.regular(samples, 20, highest=500.0, dt=1e-3),
        encode.latency(samples, 20),
    ):
        assert raster.shape == (5, 20, 3)
        assert decode.count(raster).shape == decode.first_spike(raster).shape == (5, 3)
        assert np.array_equal(decode.count(raster)[2], decode.count(raster[2]))
    assert np.array_equal(encode.latency(samples, 20)[3], encode.latency(samples[3], 20))
    assert decode.first_spike(np.zeros((0, 3))).tolist() == [0, 0, 0]


def test_faults_33_potentials_are_decoded_from_a_run():
    net = Network()
    eye, cells = net.input("eye", 3), net.population("cells", 3, IF(v_threshold=4.0))
    net.connect(eye, cells, np.eye(3))
    device = spikeloom.open("golden:", spikeloom.compile(net, monitors=3))
    spikes = np.array([[1, 0, 1], [1, 0, 0]])
    run = device.run({"eye": spikes})
    with pytest.raises(InputError, match=r'3 of the 3.*device.monitor\("cells", "v"\)'):
        decode.potential(run, "cells")
    device.reset()
    device.monitor("cells")
    run = device.run({"eye": spikes})
    assert decode.potential(run, "cells") == pytest.approx([2.0, 0.0, 1.0], abs=0.02)
    assert decode.potential(run, "cells", step=0) == pytest.approx([1.0, 0.0, 1.0], abs=0.02)
    with pytest.raises(InputError, match="2 steps"):
        decode.potential(run, "cells", step=2)
    with pytest.raises(InputError, match="no population 'eye'"):
        decode.potential(run, "eye")


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: encode.latency([1.5], 10), "from 0 to 1"),
        (lambda: encode.latency([np.nan], 10), "from 0 to 1"),
        (lambda: encode.latency("x", 10), "'x'"),
        (lambda: encode.latency([0.5], 0), "steps is 0"),
        (lambda: encode.regular([0.5], 10, highest=2000.0, dt=1e-3), "highest is 2000"),
        (lambda: encode.rate([0.5], 10, highest=100.0, dt=1e-3, seed="x"), "seed is 'x'"),
        (lambda: encode.delta([[0.0]], 0.0), "threshold is 0"),
        (lambda: encode.delta([[np.inf]], 1.0), "finite"),
        (lambda: decode.count([1, 0]), r"shape \(2,\)"),
        (lambda: decode.count([np.zeros((2, 3)), np.zeros((3, 3))]), "lengths"),
    ],
)
def test_what_makes_no_sense_is_refused(make, match):
    with pytest.raises(InputError, match=match):
        make()
