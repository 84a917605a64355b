"""Random numbers and stochastic rounding: the published hash, no bias, no correlation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.hdl.contract.image import default_tags
from spikeloom.sim import GoldenCore
from spikeloom.sim.golden.learning.random_numbers import (
    POST,
    PRE,
    SWEEP,
    absorb,
    finish,
    random_numbers,
)

AXONS, NEURONS = default_tags(64, "axon"), default_tags(48, "neuron")


def sampled(steps, phase=PRE, seed=1):
    """(steps, 64, 48) random numbers, from −1/2 to 1/2."""
    ends = (AXONS[:, None], NEURONS) if phase != POST else (NEURONS, AXONS[:, None])
    return np.stack([random_numbers(seed, t, phase, *ends) for t in steps]) / 65536 - 0.5


def correlation(a, b):
    """Of numbers that are uniform in −1/2…1/2."""
    return float(np.mean(a * b) * 12)


@pytest.mark.parametrize(
    ("text", "hashed"),
    [("a", 0xCA2E9442), ("The quick brown fox jumps over the lazy dog", 0x519E91F5)],
)
def test_the_hash_is_the_published_one(text, hashed):
    """Values from Jenkins' one-at-a-time, as commonly quoted for these two keys."""
    h = 0
    for byte in text.encode():
        h = absorb(h, byte)
    assert finish(h) == hashed


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**40), st.integers(0, 2))
def test_random_numbers_have_16_bits_and_use_32_bits_of_the_step(seed, step, phase):
    numbers = random_numbers(seed, step, phase, AXONS[:, None], NEURONS)
    assert numbers.shape == (64, 48)
    assert numbers.min() >= 0
    assert numbers.max() < 1 << 16
    again = random_numbers(seed, step % 2**32, phase, AXONS[:, None], NEURONS)
    assert np.array_equal(numbers, again)


def test_numbers_of_each_synapse_are_uniform():
    numbers = sampled(range(2000))
    # The mean of n uniform numbers deviates by 1/sqrt(12 n).
    z = numbers.mean(axis=0) * np.sqrt(12 * 2000)
    assert np.abs(z).max() < 5
    assert 0.9 < z.std() < 1.1
    counts = np.bincount(((numbers.ravel() + 0.5) * 256).astype(int), minlength=256)
    assert np.abs(counts / numbers.size * 256 - 1).max() < 0.05


def test_numbers_of_steps_phases_seeds_and_rows_are_not_correlated():
    numbers = sampled(range(400))
    for lag in (1, 2, 3, 4, 8, 64):
        assert abs(correlation(numbers[lag:], numbers[:-lag])) < 0.01, f"steps {lag} apart"
    assert abs(correlation(numbers, sampled(range(400), POST))) < 0.01
    assert abs(correlation(numbers, sampled(range(400), SWEEP))) < 0.01
    assert abs(correlation(numbers, sampled(range(400), seed=2))) < 0.01
    assert abs(correlation(numbers[:, 1:], numbers[:, :-1])) < 0.01
    rows = numbers.transpose(1, 0, 2).reshape(64, -1)
    matrix = rows @ rows.T / rows.shape[1] * 12 - np.eye(64)
    assert np.abs(matrix).max() < 0.15


def test_numbers_of_columns_are_not_correlated_on_average():
    """Within a row, two columns differ by sums of ±2^k, so pairs are correlated, of either sign."""
    columns = sampled(range(400)).reshape(-1, 48)
    matrix = columns.T @ columns / len(columns) * 12
    pairs = matrix[np.triu_indices(48, 1)]
    assert abs(pairs.mean()) < 0.05
    assert abs(np.diag(matrix, 1).mean()) < 0.15
    assert np.sqrt(np.mean(pairs**2)) < 0.5


@pytest.mark.parametrize("change", [1, 5, 32, 63])
def test_stochastic_rounding_is_unbiased(change):
    """Changes by 1/64 … 63/64 of a unit: after n of them, n·change/64, up and down."""
    learning = LearningConfig(rule="pair", fraction_bits=6, stochastic=True)
    config = CoreConfig(neurons=40, axons=40, weight_bits=16, learning=learning)
    steps = 300
    # Potentiation sees the axons' traces, depression those of the neurons, which fire always.
    for trace, sign in (("x", 1), ("y", -1)):
        parameters = {"enabled": 1, "seed": 9, f"{trace}_inc": change, f"d_{trace}": 4096}
        core = GoldenCore(
            Image(
                config,
                np.zeros((40, 40), int),
                {"v_threshold": -(1 << 15), "v_reset": 0},
                learning=parameters,
                plastic=True,
            )
        )
        core.run(np.ones((steps + 1, 40)))
        # The neurons' trace acts from the second step on.
        count = steps + 1 if trace == "x" else steps
        share = change / 64
        mean = sign * count * share
        deviation = np.sqrt(count * share * (1 - share))
        assert abs(core.weights.mean() - mean) < 5 * deviation / np.sqrt(1600 / 10)
        assert np.abs(core.weights - mean).max() < 6 * deviation
        assert core.weights.std() > deviation / 2
