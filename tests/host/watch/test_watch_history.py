"""Ring buffers of the live view, against plain slicing of everything that happened."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from spikeloom.watch.history import SpikeHistory, ValueHistory, binned, broken_at_gaps
from spikeloom.watch.maps import pooled

PARTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 7)), max_size=8)
"""Steps that are left out before each part, and steps of the part."""


def numbered(parts):
    """Numbers of the steps of each part."""
    step, numbers = 0, []
    for gap, length in parts:
        numbers.append(np.arange(step + gap, step + gap + length))
        step += gap + length
    return numbers


@given(PARTS, st.integers(1, 20), st.integers(1, 30), st.integers(0, 99))
def test_spikes_of_the_window_are_kept_the_last_ones_if_there_are_too_many(
    parts, window, limit, seed
):
    rng = np.random.default_rng(seed)
    history, every, end = SpikeHistory(window, limit), [], 0
    for steps in numbered(parts):
        if not len(steps):
            continue
        raster = rng.random((len(steps), 3)) < 0.4
        history.append(int(steps[0]), raster)
        every += [(steps[t], row) for t, row in np.argwhere(raster)]
        end = steps[-1] + 1
    expected = [event for event in every if event[0] >= end - window][-limit:]
    assert list(zip(*history.events(), strict=True)) == expected
    history.clear()
    assert not len(history.events()[0])


@given(PARTS, st.integers(1, 20))
def test_values_of_the_window_are_kept(parts, window):
    history, every = ValueHistory(window, 2), np.zeros(0, dtype=np.int64)
    for steps in numbered(parts):
        history.append(steps, np.stack([steps, -steps], axis=1))
        every = np.concatenate([every, steps])
    expected = every[every > every.max(initial=0) - window]
    steps, values = history.values()
    assert np.array_equal(steps, expected)
    assert np.array_equal(values, np.stack([expected, -expected], axis=1))


@given(st.sets(st.integers(0, 60)), st.integers(1, 9))
def test_bins_are_means_of_the_steps_that_are_there_and_the_last_one_is_whole(steps, width):
    steps = np.array(sorted(steps), dtype=np.int64)
    values = np.stack([steps**2, -steps], axis=1).astype(float)
    bins, means = binned(steps, values, width)
    whole = set(steps // width)
    if len(steps) and (steps[-1] + 1) % width:
        whole.remove(steps[-1] // width)
    assert bins.tolist() == [width * k for k in sorted(whole)]
    for first, mean in zip(bins, means, strict=True):
        there = (steps >= first) & (steps < first + width)
        assert np.allclose(mean, values[there].mean(axis=0))


@given(st.sets(st.integers(0, 60)), st.integers(1, 9))
def test_lines_are_broken_at_long_gaps_only(steps, longest):
    steps = np.array(sorted(steps), dtype=np.int64)
    at, values = broken_at_gaps(steps, steps[:, None] * 2.0, longest)
    kept = ~np.isnan(at)
    assert np.array_equal(at[kept], steps)
    assert np.array_equal(np.isnan(values[:, 0]), ~kept)
    assert np.array_equal(values[kept, 0], steps * 2.0)
    before, after = at[:-1][~kept[1:]], at[1:][~kept[:-1]]
    assert np.all(after - before > longest)
    assert np.count_nonzero(~kept) == np.count_nonzero(np.diff(steps) > longest)


@given(
    hnp.arrays(np.int64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
               elements=st.integers(-99, 99)),
    st.integers(1, 9),
)  # fmt: skip
def test_a_pooled_map_is_small_and_loses_no_extreme(values, most):
    small = pooled(values, most)
    assert small.shape == tuple(min(side, most) for side in values.shape)
    assert np.abs(small).max() == np.abs(values).max()
    assert set(small.flat) <= set(values.flat)
