"""A network whose values share a unit is what runs, to the spike; one of floats, within its bounds.

`SPIKELOOM_NETWORKS=3000 pytest tests/host/compiler/test_exact_networks.py` takes more of them.
"""

import os
import warnings

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_networks import random_exact_network, random_float_network, simulate

import spikeloom
from spikeloom import FitWarning
from spikeloom.design.input_raster import input_raster
from spikeloom.sim import GoldenCore

NETWORKS = int(os.environ.get("SPIKELOOM_NETWORKS", "60"))
many = settings(max_examples=NETWORKS, deadline=None, print_blob=True)
seeds = st.integers(0, 2**32 - 1)


def run(network, spikes, **options):
    """Design, spikes, clamps and warnings of the network as it was compiled."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        design = spikeloom.compile(network, **options)
    device = spikeloom.open("golden:", design)
    fired = device.run(spikes).spikes
    said = [str(w.message) for w in found if w.category is FitWarning]
    return design, fired, device.counters()["clamps"], said


@many
@given(seeds)
def test_integers_and_dyadic_values_run_to_the_spike(seed):
    network, spikes = random_exact_network(seed)
    design, fired, _, said = run(network, spikes)
    wanted, _, _ = simulate(network, spikes, len(fired))
    assert not [s for s in said if "fire without input" not in s]
    assert design.report.exact == design.config.neurons
    assert not design.report.bound().any()
    assert np.array_equal(fired, wanted)


@many
@given(seeds, st.sampled_from([0.1, 1 / 3, 0.37, 1e-4, 65.0, 1 / 7, 1e6]))
def test_multiples_of_any_unit_run_as_integers_do(seed, unit):
    network, spikes = random_exact_network(seed, unit)
    design, fired, _, _ = run(network, spikes)
    wanted, _, _ = simulate(random_exact_network(seed, 1.0)[0], spikes, len(fired))
    assert design.report.exact == design.config.neurons
    assert np.array_equal(fired, wanted)


@many
@given(seeds)
def test_floats_differ_within_the_bound_or_a_warning_said_why(seed):
    network, spikes = random_float_network(seed)
    design, fired, clamps, said = run(network, spikes)
    wanted, margins, potentials = simulate(network, spikes, len(fired))
    different = np.flatnonzero(np.any(fired != wanted, axis=1))
    first = different[0] if different.size else len(fired)
    core = GoldenCore(design.image)
    for t, row in enumerate(input_raster(design, spikes)[:first]):
        core.inject(row)
        core.step()
        error = np.abs(core.states["v"][0] / design.scale - potentials[t])
        if not clamps:
            assert np.all(error <= design.report.bound(t + 1) * (1 + 1e-6) + 1e-9)
    if first == len(fired):
        return
    neurons = np.flatnonzero(fired[first] != wanted[first])
    bounds = design.report.bound(first + 1)
    # Floats round too.
    within = np.abs(margins[first, neurons]) <= bounds[neurons] * (1 + 1e-6) + 1e-12
    assert np.all(within) or clamps or said
