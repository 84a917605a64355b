"""A placed network on a board, driven by the network's own arrays, equals the golden model."""

import numpy as np
from delayed_networks import delayed_networks
from fake_fabric import FakeFabricBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.board import Board
from spikeloom.compiler import compile
from spikeloom.fields import state_formats
from spikeloom.golden_device import GoldenDevice
from spikeloom.learning import PairSTDP
from spikeloom.link import Link
from spikeloom.network import LIF, Network

RULE = PairSTDP(
    tau_plus=3e-3, tau_minus=3e-3, a_plus=0.5, a_minus=0.5, w_min=-3, w_max=3, stochastic=True
)


def network(learning=RULE, neuron=LIF(9e-3, tau_syn=4e-3, refractory=2e-3)):
    rng = np.random.default_rng(5)
    made = Network(learning=learning)
    source = made.input("in", 5)
    first, second = made.population("a", 7, neuron), made.population("b", 4, neuron)
    for s, t, least in (
        (source, first, 0),
        (first, second, 1),
        (second, first, 1),
        (first, first, 1),
    ):
        shape = (s.size, t.size)
        weights = rng.uniform(-0.5, 1.5, shape) * (rng.random(shape) < 0.6)
        delay = rng.integers(least, 5, shape) * 1e-3
        plastic = learning is not None and rng.random(shape) < 0.5
        made.connect(
            s, t, weights, delay=delay, plastic=plastic, axonal_delay=2e-3 if s is second else None
        )
    return made


def pair(design):
    return Board(Link(FakeFabricBoard(design.chip))), GoldenDevice(design)


def opened(design, **options):
    board = FakeFabricBoard(design.chip, **options)
    return board, Board(Link(board), design, progress=False)


def heard(design):
    """Axons that are somewhere."""
    return np.unique(design.placement.copies[:, 0])


def assert_equal(board, golden):
    design = golden.design
    assert np.array_equal(board.read_weights(), golden.read_weights())
    for name, format_ in state_formats(design.config).items():
        ours, theirs = board.read_state(name), golden.read_state(name)
        if format_.owner == "axon":
            ours, theirs = ours[heard(design)], theirs[heard(design)]
        assert np.array_equal(ours, theirs), name
    there = heard(design)
    assert np.array_equal(board.read_arrivals()[there], golden.read_arrivals()[there])
    assert board.step == golden.step


@settings(max_examples=15)
@given(
    made=st.one_of(delayed_networks(), delayed_networks(learning=RULE)),
    cores=st.sampled_from([1, 2, 4, 9]), method=st.sampled_from(["order", "random"]),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_a_placed_network_runs_as_the_golden_model(made, cores, method, seed):
    design = compile(made, cores=cores, placement=method, scale=1)
    _, board = opened(design)
    board.load(verify=True)
    golden = GoldenDevice(design)
    raster = np.random.default_rng(seed).random((12, design.config.axons)) < 0.3
    raster[:, sum(p.size for p in made.inputs.values()) :] = False
    for part in (raster[:5], raster[5:]):
        assert np.array_equal(board.run(part).spikes, golden.run(part).spikes)
        assert_equal(board, golden)
