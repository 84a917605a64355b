"""Networks of SuperNeuroMAT run here as they do there, spike for spike."""

import json
import os
import warnings

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from superneuromat_networks import random_snn, run_imported

import spikeloom
from spikeloom import FitWarning, ForeignNetworkError
from spikeloom.exchange.importer import import_network

superneuromat = pytest.importorskip("superneuromat")
SNN = superneuromat.SNN

NETWORKS = int(os.environ.get("SPIKELOOM_NETWORKS", "25"))
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.FitWarning")


def kept(snn):
    """Neurons that are no hidden ones."""
    hidden = {n.idx for s in snn.synapses if s.delay < -1 for n in s.delay_chain[1:-1]}
    return [k for k in range(snn.num_neurons) if k not in hidden]


def same_spikes(snn, steps, device="golden:"):
    imported = spikeloom.from_superneuromat(snn)
    spikes, opened = run_imported(imported, steps, device)
    with opened:
        assert opened.counters()["clamps"] == 0
    before = len(snn.spike_train)
    snn.simulate(steps)
    expected = snn.ispikes[before:][:, kept(snn)]
    assert np.array_equal(spikes, expected)
    return int(expected.sum())


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=NETWORKS, deadline=None)
def test_random_networks_have_the_same_spikes(seed):
    note(f"seed {seed}")
    snn, steps = random_snn(seed)
    same_spikes(snn, steps)
    # What is on its way when a network is imported arrives as it does there.
    same_spikes(snn, 30)
