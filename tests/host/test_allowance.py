"""A board may take as long as docs/semantics.md and docs/architecture.md let it, or a little longer."""

import numpy as np
from designs import CONFIG, learning_config
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.allowance import chunks, clearing_cycles, step_cycles, sweeps


@given(
    st.sampled_from(["pair", "symmetric", "three_factor"]), st.integers(0, 40), st.integers(0, 5)
)
def test_learning_is_allowed_for(case, start, sweep_log2):
    config = learning_config(case, neurons=30, axons=50, lanes=4)
    layout = config.layout
    arrivals = np.arange(16) * 7
    sweep = sweep_log2 if sweeps(config) else None
    cycles = step_cycles(config, arrivals, start, sweep)
    rows = np.minimum(arrivals, 50) * layout.groups
    units = max(config.neurons, config.axons) // config.update_units
    columns = config.neurons * layout.axon_groups
    worst = rows + units + columns + layout.arrival_words + 32
    assert (cycles >= worst).all()
    if sweeps(config):
        swept = (start + np.arange(16) + 1) % (1 << sweep_log2) == 0
        assert (cycles[swept] >= worst[swept] + 2 * config.axons * layout.groups).all()
        plain = step_cycles(config, arrivals, start, None)
        assert (cycles[~swept] == plain[~swept]).all()
    else:
        assert sweep is None


def test_a_core_without_learning_has_no_longer_allowance():
    learns = learning_config("pair", neurons=11, axons=9)
    assert (
        step_cycles(CONFIG, np.zeros(3, int), 0) < step_cycles(learns, np.zeros(3, int), 0)
    ).all()
    assert clearing_cycles(CONFIG) < clearing_cycles(learns)


@given(st.lists(st.integers(1, 50), max_size=30), st.integers(1, 100))
def test_chunks_cover_a_run_and_keep_to_the_limit(cycles, limit):
    cycles = np.array(cycles, dtype=np.int64)
    parts = list(chunks(cycles, limit))
    assert [k for part in parts for k in range(part.start, part.stop)] == list(range(len(cycles)))
    for part in parts:
        assert cycles[part].sum() <= limit or part.stop - part.start == 1
