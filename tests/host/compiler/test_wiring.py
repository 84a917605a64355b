from collections import Counter

import numpy as np
import pytest
from delayed_networks import delayed_networks
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.compiler.compile import compile
from spikeloom.compiler.wiring import wire
from spikeloom.design.design import Design
from spikeloom.device.golden import GoldenDevice
from spikeloom.hdl.contract.errors import FitWarning, InputError
from spikeloom.network.network import IF, Network


def asked_for(network, populations, inputs):
    """Weight by (kind, source, target, delay in steps), from the projections."""
    found = Counter()
    for p in network.projections:
        neuron = p.source.neuron is not None
        first = (populations if neuron else inputs)[p.source.name].start
        for i, j in zip(*np.nonzero(p.weights), strict=True):
            delay = int(neuron) + p.delays[i, j] + p.axonal_delay
            target = populations[p.target.name].start + j
            found[neuron, first + i, target, delay] += p.weights[i, j]
    return {key: w for key, w in found.items() if w}


@given(network=delayed_networks())
def test_every_synapse_is_there_with_its_delay(network):
    wired = wire(network)
    inputs = sum(p.size for p in network.inputs.values())
    drivers = {i: [(False, i, 0)] for i in range(inputs)}
    for neuron, core, axon, delay in wired.destinations:
        assert core == 0
        drivers.setdefault(axon, []).append((True, neuron, delay))
    assert all(len(d) == 1 for d in drivers.values())
    assert sorted(drivers) == list(range(len(wired.weights)))
    found = Counter()
    for i, j in zip(*np.nonzero(wired.weights), strict=True):
        ((neuron, source, axonal),) = drivers[i]
        found[neuron, source, j, int(neuron) + wired.delays[i, j] + axonal] += wired.weights[i, j]
    found = {key: w for key, w in found.items() if w}
    assert found == asked_for(network, wired.populations, wired.inputs)


@given(network=delayed_networks())
def test_the_core_is_as_small_as_delays_allow(network):
    design = compile(network, scale=1)
    wired, config = wire(network), design.config
    for slots, delays in (
        (config.delay_slots, wired.delays),
        (config.axonal_delay_slots, wired.destinations[:, 3]),
    ):
        longest = delays.max(initial=0)
        assert longest < slots
        assert slots == 1 or slots // 2 <= longest
    several = len(np.unique(wired.destinations[:, 0])) < len(wired.destinations)
    assert bool(config.route_entries) == (several or config.axonal_delay_slots > 1)
    if config.route_entries:
        assert config.route_entries == len(design.image.destinations)


def pair(dt=1e-3):
    network = Network(dt=dt)
    return network, network.input("in", 2), network.population("n", 3, IF())


@given(data=st.data(), neuron=st.booleans(), dt=st.sampled_from([1e-4, 1e-3, 0.3e-3]))
def test_delays_in_seconds_are_whole_steps(data, neuron, dt):
    network, source, target = pair(dt)
    source = target if neuron else source
    steps = data.draw(st.integers(neuron, 63 + neuron))
    p = network.connect(source, target, np.ones((source.size, 3)), delay=steps * dt)
    assert np.all(p.delays == steps - neuron)
    assert not p.deviations


@pytest.mark.parametrize(
    ("neuron", "delay", "says"),
    [
        (True, 0.0, r"is 0 s, that is 0 steps of 0\.001 s; the shortest is 0\.001 s \(1 steps\)"),
        (True, 65e-3, r"longest 0\.064 s \(64 steps\).*or a dt of at least 0\.001016 s"),
        (False, 64e-3, r"the longest 0\.063 s \(63 steps\)"),
        (False, -1e-3, r"the shortest is 0 s"),
        (True, np.nan, "NaN"),
        (True, "soon", "must be a number"),
        (True, np.ones(3), r"shape \(3,\); give a number, or an array of shape \(3, 3\)"),
    ],
)
def test_a_delay_that_no_core_has(neuron, delay, says):
    network, source, target = pair()
    source = target if neuron else source
    with pytest.raises(InputError, match=says):
        network.connect(source, target, np.ones((source.size, 3)), delay=delay)
    assert not network.projections


def test_the_largest_dt_that_the_message_names_works():
    network, _, target = pair(65e-3 / 64)
    network.connect(target, target, np.ones((3, 3)), delay=65e-3)


def test_axonal_delays_are_the_neurons():
    network, source, target = pair()
    with pytest.raises(InputError, match="host says when"):
        network.connect(source, target, np.ones((2, 3)), axonal_delay=1e-3)
    with pytest.raises(InputError, match=r"longest 0\.063 s"):
        network.connect(target, target, np.ones((3, 3)), axonal_delay=64e-3)


def test_an_input_may_have_several_delays_to_a_neuron():
    network, source, target = pair()
    network.connect(source, target, np.ones((2, 3)))
    network.connect(source, target, [[0, 0, 0], [0, 1, 0]], delay=2e-3)
    design = compile(network)
    assert design.mirrors.tolist() == [[1, 2]]
    assert Design.from_bytes(design.to_bytes()).mirrors.tolist() == [[1, 2]]
    run = GoldenDevice(design).run({"in": [[0, 1], [0, 0], [0, 0]]})
    assert run.spikes.tolist() == [[True] * 3, [False] * 3, [False, True, False]]


def test_a_rounded_delay_is_reported():
    network, _, target = pair()
    network.connect(target, target, np.ones((3, 3)), delay=2.4e-3, axonal_delay=0.7e-3)
    network.connect(target, target, np.ones((3, 3)), delay=2.1e-3)
    with pytest.warns(FitWarning, match="axonal_delay from 'n' to 'n' is 0.0007 s, which becomes"):
        rows = {row.name: row for row in compile(network).report.parameters}
    assert rows["delay"].requested == 2.4e-3
    assert rows["delay"].realised == pytest.approx(2e-3)
    assert rows["axonal_delay"].realised == pytest.approx(1e-3)
