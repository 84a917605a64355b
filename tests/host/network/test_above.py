"""Neurons that fire above their threshold only, and not at it."""

import numpy as np
import pytest

import spikeloom
from spikeloom import IF, LI, LIF, InputError, Network


def fired(neuron, weights, x, **settings):
    net = Network(dt=1e-3)
    net.connect(net.input("in", len(weights)), net.population("out", 1, neuron), weights)
    found = []
    for where in ("golden:", "float:"):
        with spikeloom.open(
            where, spikeloom.compile(net, **settings) if where == "golden:" else net
        ) as d:
            found.append(d.run(np.array(x))["out"][:, 0].astype(int).tolist())
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("neuron", [IF, lambda **k: LIF(tau_mem=20e-3, **k)])
@pytest.mark.parametrize("threshold", [1.0, 0.3, 7.0])
def test_a_weight_equal_to_the_threshold_fires_at_it_or_not(neuron, threshold):
    x = [[1, 0], [0, 0], [0, 1]]
    weights = [[threshold], [3 * threshold]]
    at = fired(neuron(v_threshold=threshold), weights, x)
    above = fired(neuron(v_threshold=threshold, above=True), weights, x)
    assert (at, above) == ([1, 0, 1], [0, 0, 1])


@pytest.mark.parametrize(("reset", "exact"), [("value", 2), ("subtract", 0)])
def test_the_next_unit_is_an_error_only_where_it_is_subtracted(reset, exact):
    net = Network(dt=1e-3)
    cells = net.population("out", 2, IF(v_threshold=3.0, above=True, reset=reset))
    net.connect(net.input("in", 2), cells, [[1.0, 2.0], [-1.0, 1.0]])
    design = spikeloom.compile(net)
    units = (design.image.parameters["v_threshold"] - 1)[:2] / design.scale[:2]
    assert units.tolist() == [3.0, 3.0]
    assert design.report.exact == exact
    assert (design.report.bounds.threshold == 0).all()
    assert (design.report.bounds.step == 0).all() == (reset == "value")


def test_a_sum_that_rounding_took_beyond_the_threshold_does_not_fire():
    # In 4 bits 0.35, 0.45 and 0.2 round up or down.
    x = [[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    weights = [[0.35], [0.45], [0.2]]
    assert fired(IF(v_threshold=1.0, above=True), weights, x, weight_bits=4) == [0, 0, 1, 0, 0, 0]


def test_a_read_out_has_no_such_thing():
    with pytest.raises(InputError, match="above has no meaning in an LI"):
        LI(tau_mem=1e-2, above=True)
    with pytest.raises(InputError, match="above is 1"):
        IF(above=1)
