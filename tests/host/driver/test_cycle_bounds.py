"""A board takes as long as docs/explanation/architecture.md lets it, or a little longer."""

import numpy as np
from designs import CONFIG, DESIGN, learning_config, make_design
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.compiler.place import place
from spikeloom.driver.cycle_bounds import chunks, clearing_cycles, run_cycles, step_cycles, sweeps


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
    walk = max(config.neurons, config.axons)
    columns = config.neurons * layout.axon_groups
    worst = rows + walk + columns + config.lanes + 45
    assert (cycles >= worst).all()
    if sweeps(config):
        swept = (start + np.arange(16) + 1) % (1 << sweep_log2) == 0
        assert (
            cycles[swept] >= worst[swept] + 2 * config.axons * layout.groups + config.neurons
        ).all()
        plain = step_cycles(config, arrivals, start, None)
        assert (cycles[~swept] == plain[~swept]).all()
    else:
        assert sweep is None


@given(cores=st.sampled_from([1, 2, 4, 9]), seed=st.integers(0, 20))
def test_the_slowest_core_and_all_packets_are_allowed_for(cores, seed):
    design = place(make_design(CONFIG, seed), cores=cores, placement="random", seed=seed)
    placement, core = design.placement, design.chip.core
    raster = np.random.default_rng(seed).random((6, design.config.axons)) < 0.5
    allowed = run_cycles(design, raster, 0)
    packets = placement.destinations(design.image)
    for k in range(cores):
        hosts = raster[:, placement.axons_on(k)[0]].sum(axis=1)
        to_it = sum(int(np.sum(rows[:, 1] == k)) for rows in packets)
        assert (allowed >= step_cycles(core, hosts + to_it, 0) + sum(map(len, packets))).all()


def test_many_cores_are_cleared_side_by_side():
    placed = place(DESIGN, cores=4, placement="order")
    assert clearing_cycles(placed.chip) < clearing_cycles(DESIGN.chip)


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
