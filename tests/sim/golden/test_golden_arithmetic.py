"""Decay and leak of the golden model: toward zero, never across it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.sim.golden.arithmetic import decay, toward_zero


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 4096))
def test_decay_moves_to_zero_without_crossing(x, d):
    after = int(decay(np.int64(x), np.int64(d)))
    assert abs(after) < abs(x) or x == after == 0
    assert after * x >= 0
    assert int(decay(np.int64(-x), np.int64(d))) == -after
    exact = abs(x) * (4096 - d) / 4096  # a double holds the 43 bits of the product
    assert abs(after) == max(min(int(exact + 0.5), abs(x) - 1), 0)


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-100, 100), st.integers(0, 4096))
def test_decay_is_monotone(x, difference, d):
    low, high = sorted((x, x + difference))
    assert decay(np.int64(low), np.int64(d)) <= decay(np.int64(high), np.int64(d))


@given(st.integers(-300, 300), st.integers(1, 4096))
def test_decay_always_reaches_zero(x, d):
    value = np.int64(x)
    for _ in range(abs(x)):
        value = decay(value, np.int64(d))
    assert value == 0
    assert decay(np.int64(x), np.int64(0)) == x


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**31 - 1))
def test_toward_zero_stops_at_zero(x, c):
    after = int(toward_zero(np.int64(x), np.int64(c)))
    assert abs(x) - abs(after) == min(abs(x), c)
    assert after * x >= 0
