"""What learning adds to a core: read, written, loaded and verified, on a board as on the golden model."""

import numpy as np
import pytest
from designs import CONFIG, DESIGN, LEARNING, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.design.contents import of_kind
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import ImageError
from spikeloom.hdl.contract.errors import InputError, LinkError, SpikeLoomError, WrongBoardError
from spikeloom.hdl.contract.memory_map import Region
from spikeloom.link.link import Link

CASES = sorted(LEARNING)


def boards(design):
    board = Board(Link(FakeBoard(design.config, window=2048, appetite=10_000)), design)
    board.load(verify=True)
    return GoldenDevice(design), board


def assert_same(golden, board):
    config = golden.design.config
    assert board.step == golden.step
    assert np.array_equal(board.read("weights"), golden.read("weights"))
    assert np.array_equal(board.read("plastic"), golden.read("plastic"))
    assert np.array_equal(board.read("arrivals"), golden.read("arrivals"))
    for name, state in of_kind(config, "state").items():
        ours, theirs = board.read(name), golden.read(name)
        assert ours.shape == theirs.shape == state.shape
        assert np.array_equal(ours, theirs), name
    for field in config.layout.learning:
        assert board.read(field.name) == golden.read(field.name)


@settings(max_examples=12)
@given(st.sampled_from(CASES), st.integers(0, 1000), st.integers(1, 40), st.integers(1, 40))
def test_a_board_that_learns_is_a_device_like_the_golden_model(case, seed, neurons, axons):
    config = learning_config(case, neurons=neurons, axons=axons, lanes=1)
    design = make_design(config, seed)
    golden, board = boards(design)
    spikes = np.random.default_rng(seed).random((12, axons)) < 0.3
    ours, theirs = board.run(spikes), golden.run(spikes)
    assert np.array_equal(ours.spikes, theirs.spikes)
    assert_same(golden, board)
    counted = golden.counters()
    assert {name: board.counters()[name] for name in counted} == counted


@pytest.mark.parametrize("case", CASES)
def test_learning_changes_the_weights_of_plastic_synapses_alone(case):
    design = make_design(learning_config(case, state_bits=16))
    golden, board = boards(design)
    for device in (golden, board):
        device.write("v_threshold", 10)
    before = board.read("weights")
    spikes = np.random.default_rng(3).random((60, design.config.axons)) < 0.4
    board.run(spikes)
    golden.run(spikes)
    changed = board.read("weights") != before
    assert changed.any()
    assert not changed[~design.image.plastic].any()
    assert_same(golden, board)


@settings(max_examples=12)
@given(st.sampled_from(CASES), st.integers(0, 1000))
def test_what_is_written_is_read_and_used(case, seed):
    design = make_design(learning_config(case), seed)
    golden, board = boards(design)
    rng = np.random.default_rng(seed)
    for name, state in of_kind(design.config, "state").items():
        low, high = state.low, state.high
        values = rng.integers(low, high, state.shape, endpoint=True)
        for device in (golden, board):
            device.write(name, values)
            assert np.array_equal(device.read(name), values)
    plastic = rng.random((design.config.axons, design.config.neurons)) < 0.5
    arrivals = rng.random(design.config.axons) < 0.5
    for device in (golden, board):
        device.write("plastic", plastic)
        device.write("arrivals", arrivals)
        device.write("w_max", 7)
        device.write_step(1000)
        assert np.array_equal(device.read("plastic"), plastic)
        assert np.array_equal(device.read("arrivals"), arrivals)
        assert device.read("w_max") == 7
        assert device.step == 1000
    spikes = rng.random((9, design.config.axons)) < 0.3
    ours, theirs = board.run(spikes), golden.run(spikes)
    assert ours.start == 1000
    assert np.array_equal(ours.spikes, theirs.spikes)
    assert_same(golden, board)


@pytest.mark.parametrize(("case", "state"), [("pair", "x"), ("three_factor", "m"), ("sdsp", "y")])
def test_traces_can_be_monitored(case, state):
    design = make_design(learning_config(case, neurons=7, axons=9))
    golden, board = boards(design)
    size = of_kind(golden.design.config, "state")[state].shape[0]
    spikes = np.random.default_rng(0).random((25, 9)) < 0.4
    for device in (golden, board):
        with pytest.raises(InputError, match=f"no (axon|neuron) {size} in this core"):
            device.monitor([size], state)
        device.monitor([0, size - 1], state)
        device.write("weights", np.minimum(np.abs(design.image.weights), 31))
    ours, theirs = board.run(spikes), golden.run(spikes)
    for label in (f"{state}[0]", f"{state}[{size - 1}]"):
        assert theirs.monitored[label].any()
        assert np.array_equal(ours.monitored[label], theirs.monitored[label])


@pytest.mark.parametrize("make", [lambda: GoldenDevice(DESIGN), lambda: boards(DESIGN)[1]])
def test_a_core_without_learning_has_nothing_of_it(make):
    device = make()
    for call in (
        lambda: device.read("plastic"),
        lambda: device.write("plastic", True),
        lambda: device.read("w_max"),
        lambda: device.write("w_max", 1),
        lambda: device.read("x"),
        lambda: device.write("eligibility", 0),
    ):
        with pytest.raises(InputError, match=r"without learning|it has .*v, i_exc, i_inh, ref"):
            call()


def test_a_core_without_learning_is_never_asked_for_it():
    fake = FakeBoard(CONFIG)
    board = Board(Link(fake), DESIGN)
    board.load(verify=True)
    board.restore(board.snapshot())
    board.run(steps=3)
    learns = [f" {region.value:#x}" for region in Region if region >= Region.AXONS]
    assert not any(start in request for start in learns for request in fake.requests)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda d: d.write("w_max", 99), ImageError, "w_max is 99"),
        (lambda d: d.write("w_max", 1.5), ImageError, "float64"),
        (lambda d: d.write("tau", 1), InputError, "nothing called 'tau'.*w_max"),
        (lambda d: d.read("tau"), InputError, "nothing called 'tau'.*w_max"),
        (lambda d: d.write("plastic", np.ones((2, 2))), ImageError, "plastic.*not flags"),
        (lambda d: d.write("plastic", 2), ImageError, "plastic.*not flags"),
        (lambda d: d.write("arrivals", np.ones(3, int)), ImageError, r"\(9,\) of 0 and 1"),
        (lambda d: d.write("x", 256), ImageError, "x is 256.*0…255"),
        (
            lambda d: d.write("x", np.zeros(11, int)),
            ImageError,
            r"give an integer, or \(9,\)",
        ),
        (lambda d: d.write("eligibility", 32), ImageError, "-32…31"),
        (lambda d: d.write("u", 1), InputError, "nothing called 'u'.*x, y, m, eligibility"),
        (lambda d: d.monitor([0], "eligibility"), InputError, "no state 'eligibility'"),
        (lambda d: d.write_step(-1), InputError, "step is -1"),
        (lambda d: d.write_step(1 << 32), InputError, "step is"),
        (lambda d: d.restore("a.sls"), InputError, r"'a\.sls'; give a Snapshot.*Snapshot\.load"),
        (lambda d: d.write("w_min", 1 << 20), SpikeLoomError, "w_min"),
    ],
)
@pytest.mark.parametrize("kind", [0, 1])
def test_bad_arguments_are_named_and_change_nothing(call, error, match, kind):
    device = boards(make_design(learning_config("three_factor")))[kind]
    before = device.snapshot()
    with pytest.raises(error, match=match):
        call(device)
    assert device.snapshot() == before


def test_verify_finds_learning_that_the_board_does_not_hold():
    design = make_design(learning_config("three_factor"))
    for place, found in (
        (lambda m: m.learning("d_e"), "d_e"),
        (lambda m: m.synapse_row(3, "plastic"), r"plastic\[3, 0\]"),
        (lambda m: m.axon_field("tag", 2), r"axon_tags\[2\]"),
        (lambda m: m.neuron_field("tag", 5), r"neuron_tags\[5\]"),
        (lambda m: m.axon_field("modulatory", 8), r"modulatory\[8\]"),
    ):
        fake = FakeBoard(design.config)
        board, original = Board(Link(fake), design), fake._set
        held = place(board.store.map)
        fake._set = lambda at, value, held=held, set_=original: set_(at, value ^ (at == held))
        with pytest.raises(LinkError, match=f"{found} reads back as"):
            board.load(verify=True)


def test_a_design_that_learns_does_not_fit_a_core_that_does_not():
    golden = GoldenDevice(make_design(learning_config("pair")))
    with pytest.raises(WrongBoardError, match=r"learning = None \(here \{'rule': 'pair'"):
        golden.load(make_design(learning_config("pair").__class__(neurons=11, axons=9)))
