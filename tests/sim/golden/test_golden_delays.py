"""Spikes for later steps in the golden model: routes and delays, worked out by hand."""

import dataclasses

import numpy as np
import pytest

from spikeloom.hdl import NO_AXON, CoreConfig, Image, ImageError
from spikeloom.sim import GoldenCore


def test_routed_spikes_arrive_in_the_next_step_and_merge():
    """Neurons 0 and 1 drive axon 1, which the host drives too; neuron 2 listens to it."""
    config = CoreConfig(neurons=3, axons=2, synapse="delta", leak="none", refractory_bits=0)
    weights = [[1, 1, 0], [0, 0, 1]]
    core = GoldenCore(Image(config, np.array(weights), {"v_threshold": 1}, [1, 1, NO_AXON]))
    core.inject([1, 0])
    assert core.step().tolist() == [[True, True, False]]
    assert core.counters["duplicates"] == [1]
    assert core.arrivals.tolist() == [[False, True]]
    core.inject([0, 1])
    assert core.counters["duplicates"] == [2]
    assert core.step().tolist() == [[False, False, True]]
    assert core.counters["synaptic_operations"] == [6]
    assert core.arrivals.tolist() == [[False, False]]


def test_delays_worked_out_by_hand():
    """Neuron 0 fires in step 0 and drives axon 1 with axonal delay 2; its synapse on neuron 1 waits 3."""
    config = CoreConfig(
        neurons=2, axons=2, synapse="delta", leak="none", delay_slots=4, route_entries=2,
        axonal_delay_slots=4,
    )  # fmt: skip
    weights, delays = [[1, 0], [0, 1]], [[0, 0], [0, 3]]
    destinations = [[0, 0, 1, 2], [0, 0, 1, 0]]
    core = GoldenCore(
        Image(config, weights, {"v_threshold": 1}, delays=delays, destinations=destinations)
    )
    core.inject([1, 0])
    spikes = core.run(np.zeros((10, 2)))
    # Arrivals in steps 1 (0 + 1 + 0) and 3 (0 + 1 + 2), effects three steps after them.
    assert [np.flatnonzero(column).tolist() for column in spikes.T] == [[0], [4, 6]]


def test_duplicates_are_counted_for_each_step_that_spikes_arrive_in():
    config = CoreConfig(neurons=3, axons=2, bias=True, route_entries=9, axonal_delay_slots=4)
    destinations = [[0, 0, 1, 1], [1, 0, 1, 1], [2, 0, 1, 0], [2, 0, 0, 1]]
    core = GoldenCore(
        Image(
            config, np.zeros((2, 3), int), {"v_threshold": 1, "bias": 1, "refractory": 9},
            destinations=destinations,
        )
    )  # fmt: skip
    core.step()  # all fire: two spikes for axon 1 in step 2, one for it in step 1
    assert core.counters["duplicates"] == [1]
    assert core.arrivals.tolist() == [[False, True]]
    assert core.later_arrivals.tolist() == [[[True, True], [False, False], [False, False]]]
    core.step()
    core.inject([1, 1])
    assert core.counters["duplicates"] == [3]


def test_destinations_on_another_core_are_refused():
    config = CoreConfig(neurons=1, axons=1, route_entries=1)
    elsewhere = Image(config, [[0]], destinations=[[0, 3, 0, 0]])
    with pytest.raises(ImageError, match="on core 3"):
        GoldenCore(elsewhere)


def test_sums_wrap_when_delays_are_rewritten_under_way():
    """Two arrivals of one axon meet in one slot, which is as wide as one of each axon needs."""
    config = CoreConfig(neurons=1, axons=1, weight_bits=4, synapse="delta", leak="none",
                        delay_slots=2)  # fmt: skip
    loaded = Image(config, np.array([[7]]))
    core = GoldenCore(dataclasses.replace(loaded, delays=np.array([[1]])))
    core.run([[1]])
    core.image = loaded
    core.run([[1]])
    assert core.state("v") == [[14 - 16]]
