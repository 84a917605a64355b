"""A placed network on a board, driven by the network's own arrays, equals the golden model."""

import dataclasses

import numpy as np
import pytest
from delayed_networks import delayed_networks
from designs import CONFIG, DESIGN
from fake_board import FakeBoard
from fake_fabric import FakeFabricBoard
from hypothesis import given, settings
from hypothesis import strategies as st
from placements import random_placement

from spikeloom.compiler.compile import compile
from spikeloom.compiler.place import place
from spikeloom.design.contents import of_kind
from spikeloom.device.golden import GoldenDevice
from spikeloom.diagnosis.lockstep import Lockstep
from spikeloom.driver.board import Board
from spikeloom.hdl import ImageError
from spikeloom.hdl.contract.errors import BoardRefusedError, InputError, LinkError, WrongBoardError
from spikeloom.link.link import Link
from spikeloom.network.learning_rules import PairSTDP, ThreeFactor
from spikeloom.network.network import IF, LIF, Network

# Networks of any kind, which need not do anything.
pytestmark = pytest.mark.filterwarnings("ignore::spikeloom.hdl.contract.errors.FitWarning")

RULE = PairSTDP(
    tau_plus=3e-3, tau_minus=3e-3, a_plus=0.5, a_minus=0.5, w_min=-3, w_max=3, stochastic=True
)


def network(learning=RULE, neuron=LIF(9e-3, tau_syn=4e-3, refractory=2e-3)):
    rng = np.random.default_rng(5)
    made = Network(learning=learning)
    source = made.input("in", 5)
    first, second = made.population("a", 7, neuron), made.population("b", 4, LIF(6e-3))
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
            s,
            t,
            weights,
            delay=delay,
            plastic=plastic,
            axonal_delay=2e-3 if s is second else None,
        )
    return made


def opened(design, **options):
    board = FakeFabricBoard(design.chip, **options)
    return board, Board(Link(board), design, progress=False)


def heard(design):
    """Axons that are somewhere."""
    return np.unique(design.placement.copies[:, 0])


def assert_equal(board, golden):
    design = golden.design
    assert np.array_equal(board.read("weights"), golden.read("weights"))
    for name, format_ in of_kind(design.config, "state").items():
        ours, theirs = board.read(name), golden.read(name)
        if format_.owner == "axon":
            ours, theirs = ours[heard(design)], theirs[heard(design)]
        assert np.array_equal(ours, theirs), name
    there = heard(design)
    assert np.array_equal(board.read("arrivals")[there], golden.read("arrivals")[there])
    later = board.read("later_arrivals"), golden.read("later_arrivals")
    assert np.array_equal(later[0][:, there], later[1][:, there])
    if design.config.delay_slots > 1:
        assert np.array_equal(board.read("pending"), golden.read("pending"))
        synapses = (design.image.weights != 0) | design.image.plastic
        delays = board.read("delays") * synapses, golden.read("delays") * synapses
        assert np.array_equal(*delays)
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


@pytest.fixture(scope="module")
def design():
    """Neurons and axons anywhere on four cores, and numbered there in any order."""
    network_ = compile(network(), cores=1)
    placement = random_placement(network_.image, np.random.default_rng(2), 4)
    return dataclasses.replace(network_, placement=placement)


def both(design):
    """A board with the design loaded, and the golden model, after the same steps."""
    _, board = opened(design)
    board.load()
    golden = GoldenDevice(design)
    raster = np.random.default_rng(1).random((8, 5)) < 0.5
    for device in (board, golden):
        device.run({"in": raster})
    return board, golden


def synapses(design):
    return (design.image.weights != 0) | design.image.plastic


def write_everything(device, seed):
    design, rng = device.design, np.random.default_rng(seed)
    config, there = design.config, synapses(design)
    device.write("weights", rng.integers(-100, 100, there.shape) * there)
    device.write("plastic", there & (rng.random(there.shape) < 0.5))
    device.write("seed", int(rng.integers(1, 1 << 20)))
    for f in config.layout.parameters:
        high = min(f.maximum, 200)
        device.write(f.name, rng.integers(0, high, config.neurons, endpoint=True))
    for name, format_ in of_kind(config, "state").items():
        high = min(format_.high, 50)
        device.write(name, rng.integers(0, high, format_.shape, endpoint=True))
    device.write("arrivals", rng.random(config.axons) < 0.5)
    device.write("later_arrivals", rng.random((config.axonal_delay_slots - 1, config.axons)) < 0.2)
    device.write("delays", rng.integers(0, config.delay_slots, there.shape) * there)
    shape = (config.layout.accumulators, config.delay_slots, config.neurons)
    device.write("pending", rng.integers(-40, 40, shape))
    device.write_step(1234)


@settings(max_examples=8)
@given(seed=st.integers(0, 999))
def test_what_is_written_is_read_and_acts(design, seed):
    board, golden = both(design)
    for device in (board, golden):
        write_everything(device, seed)
    for f in design.config.layout.parameters:
        assert np.array_equal(board.read(f.name), golden.read(f.name))
    assert np.array_equal(board.read("plastic"), golden.read("plastic"))
    assert board.read("seed") == golden.read("seed")
    assert_equal(board, golden)
    ours, theirs = board.run(steps=6), golden.run(steps=6)
    assert np.array_equal(ours.spikes, theirs.spikes)
    assert ours.spikes.any()
    assert_equal(board, golden)


def test_views_read_and_write_parts(design):
    board, golden = both(design)
    there = np.argwhere(design.image.weights != 0)
    axon, neuron = there[len(there) // 2]
    for device in (board, golden):
        device.weights.raw[axon, neuron] = 17
        device.weights.raw[2:6] //= 2
        device.states.raw.v[3:9] = [5, -6, 7, -8, 9, -10]
        device.states.raw.v[-1] = 3
        device.states.raw.x[heard(design)[1]] = 1
        device.parameters.raw.v_threshold[4] = 9
        assert device.states.raw.v[4] == -6
    assert board.weights.raw[axon, neuron] == 17
    assert np.array_equal(board.parameters.v_threshold, golden.parameters.v_threshold)
    assert_equal(board, golden)


def test_monitors_follow_neurons_and_axons(design):
    board, golden = both(design)
    for device in (board, golden):
        device.monitor([0, 10, 5], "v")
        device.monitor(heard(design)[[3, -1]].tolist(), "x")
    ours, theirs = board.run(steps=6), golden.run(steps=6)
    assert list(ours.monitored) == list(theirs.monitored)
    for label, values in theirs.monitored.items():
        assert np.array_equal(ours.monitored[label], values), label
    assert any(values.any() for values in ours.monitored.values())


def test_a_live_run_is_the_same(design):
    board, golden = both(design)
    raster = np.ones((4, 5), dtype=bool)
    ours = board.run_live({"in": raster}, tick_period_cycles=10_000)
    assert np.array_equal(ours.spikes, golden.run({"in": raster}).spikes)


def test_axons_may_be_nowhere():
    made = network()
    made.connect(made.input("more", 3), made.populations["b"], [[0] * 4, [1] * 4, [0] * 4])
    design = compile(made, cores=2)
    assert len(heard(design)) == design.config.axons
    placement = design.placement
    copies = placement.copies[~np.isin(placement.copies[:, 0], [5, 7])]
    design = dataclasses.replace(design, placement=dataclasses.replace(placement, copies=copies))
    board, golden = both(design)
    silent = [k for k in range(design.config.axons) if k not in heard(design)]
    assert silent == [5, 7]
    for device in (board, golden):
        device.write("x", 3)
        device.run({"more": np.ones((1, 3))})
    assert not board.read("x")[silent].any()
    assert_equal(board, golden)
    board.monitor([5], "x")
    with pytest.raises(InputError, match="axon 5 has no synapses, so it is on no core"):
        board.run(steps=1)


def test_a_synapse_that_has_no_place_is_refused(design):
    board, golden = both(design)
    weights = design.image.weights.copy()
    mask = design.placement.copies_mask(len(weights))[:, design.placement.neuron_core]
    weights[tuple(np.argwhere(~mask)[0])] = 1
    for write in (
        lambda w: board.write("weights", w),
        lambda w: board.write("weights", w[:-1], slice(0, len(w) - 1)),
    ):
        with pytest.raises(InputError, match=r"weights from axon .* no copy of the axon on core"):
            write(weights)
    with pytest.raises(InputError, match="plastic from axon"):
        board.write("plastic", True)
    assert_equal(board, golden)


def test_values_that_do_not_fit_are_refused(design):
    board, golden = both(design)
    with pytest.raises(ImageError):
        board.write("weights", design.image.weights + 1000)
    with pytest.raises(ImageError):
        board.write("v", 1 << 40)
    with pytest.raises(ImageError):
        board.write("v_threshold", 1 << 40)
    with pytest.raises(InputError, match="nothing called"):
        board.read("colour")
    with pytest.raises(InputError, match="nothing called"):
        board.read("colour")
    assert_equal(board, golden)


def test_snapshots_go_from_any_placement_to_any_other(design):
    board, golden = both(design)
    _, other = opened(place(design, cores=9, placement="random", seed=3))
    other.load()
    other.restore(board.snapshot())
    for device in (board, other, golden):
        device.run({"in": np.ones((5, 5))})
    assert_equal(other, golden)
    assert other.snapshot() == board.snapshot()


def test_learning_with_eligibilities_and_modulators():
    rule = ThreeFactor(
        rate=0.2, period=4e-3, tau_eligibility=20e-3, tau_plus=5e-3, tau_minus=5e-3,
        a_plus=1.0, a_minus=0.5, w_min=-2, w_max=2,
    )  # fmt: skip
    made = network(rule)
    reward = made.input("reward", 1)
    made.connect(reward, made.populations["a"], np.ones((1, 7)), modulatory=True)
    design = compile(made, cores=4)
    board, golden = both(design)
    for device in (board, golden):
        device.run({"in": np.ones((9, 5)), "reward": np.ones((9, 1))})
    assert golden.read("eligibility").any()
    assert_equal(board, golden)
    values = np.where(design.image.plastic, 3, 0)
    for device in (board, golden):
        device.write("eligibility", values)
    assert_equal(board, golden)


def test_cores_may_share_their_parameters():
    made = Network()
    neurons = made.population("n", 8, IF(v_threshold=2.0))
    made.connect(made.input("in", 8), neurons, np.eye(8))
    made.connect(neurons, neurons, 0.6 * np.ones((8, 8)))
    design = compile(made, cores=4, placement="random", scale="global")
    assert design.placement.fabric.core.parameters == "shared"
    _, board = opened(design)
    board.load(verify=True)
    golden = GoldenDevice(design)
    for device in (board, golden):
        device.write("v_threshold", 40)
        device.parameters.raw.v_threshold[...] = device.parameters.raw.v_threshold[0] + 1
        device.run({"in": np.ones((5, 8))})
    assert board.read("v_threshold").tolist() == [41] * 8
    assert_equal(board, golden)


def test_another_fabric_is_refused(design):
    other, made = place(design, cores=2), FakeFabricBoard(design.chip)
    with pytest.raises(WrongBoardError, match="another fabric"):
        Board(Link(made), other)
    _, board = opened(design)
    with pytest.raises(WrongBoardError, match="another fabric"):
        board.load(other)


def test_another_placement_is_another_image(design):
    made, board = opened(design)
    board.load()
    again = place(design, fabric=design.chip, placement="order")
    assert again.chip == design.chip
    board.require_image()
    with pytest.raises(BoardRefusedError, match=r"load\(\) its design first"):
        Board(Link(made), again).require_image()


def test_verify_finds_what_a_core_holds_wrongly(design):
    made, board = opened(design)
    board.load()
    part = made.parts[2]
    address = part.map.synapse_row(0)
    part._memory[address] ^= 1
    with pytest.raises(LinkError, match=r"weights\[0, 0\] reads back"):
        board.store.verify_image(design.image)


def test_a_shadow_compares_what_does_not_depend_on_the_placement():
    made = network()
    made.input("unheard", 2)
    design = compile(made, cores=9)
    _, board = opened(design)
    board.load()
    lockstep = Lockstep(board)
    lockstep.run({"in": np.ones((9, 5)), "unheard": np.ones((9, 2))})
    lockstep.read_weights()
    lockstep.compare()
    assert lockstep.differences.total == 0
    board.write("v", 0)
    board.run(steps=1)
    lockstep.compare()
    assert lockstep.differences.states > 0
    assert lockstep.differences.counters > 0


def test_overruns_are_told_by_core(design):
    made, board = opened(design)
    made.overruns[:] = [0, 3, 65535, 1]
    assert board.core_overruns().tolist() == [0, 3, 65535, 1]
    assert board.counters()["overruns"] == 0
    single = Board(Link(FakeBoard(CONFIG)), DESIGN)
    with pytest.raises(InputError, match="single core"):
        single.core_overruns()
