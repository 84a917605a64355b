"""Runs that are cut short leave whole steps; a board with another image is refused by name."""

import contextlib

import numpy as np
import pytest
from designs import CONFIG, DESIGN, learning_config, make_design
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.bus.protocol import run_request
from spikeloom.bus.unfinished_run import RunFacts, UnfinishedRun
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl.contract.errors import BoardRefusedError, LinkError, SpikeLoomError
from spikeloom.link.link import Link
from spikeloom.sharing.client import AttachedLink

OTHER = make_design(seed=1)


def interrupt(fake, nth, error=KeyboardInterrupt):
    """Let the `nth` read of the port from now on raise an error."""
    original, count = fake.read, [0]

    def read(size=1):
        count[0] += 1
        if count[0] == nth:
            raise error
        return original(size)

    fake.read = read
    return lambda: setattr(fake, "read", original)


@settings(max_examples=25)
@given(
    design=st.sampled_from([DESIGN, make_design(learning_config("pair"))]),
    seed=st.integers(0, 99),
    rate=st.sampled_from([0.05, 0.4, 0.9]),
    appetite=st.integers(3, 12),
    nth=st.integers(1, 60),
    monitors=st.booleans(),
)
def test_faults_15_of_a_run_cut_short_whole_steps_remain(
    design, seed, rate, appetite, nth, monitors
):
    fake = FakeBoard(design.config, appetite=appetite)
    board, golden = Board(Link(fake), design), GoldenDevice(design)
    board.load()
    if monitors:
        board.monitor([0, 2])
    spikes = np.random.default_rng(seed).random((25, design.config.axons)) < rate
    calm = interrupt(fake, nth)
    try:
        board.run(spikes)
    except KeyboardInterrupt:
        held = fake.core.step_number  # nothing is left to a next command, which may never come
    else:
        held = len(spikes)
    calm()
    assert board.step == held
    golden.run(spikes[:held])
    assert board.snapshot() == golden.snapshot()
    ours, theirs = board.run(spikes), golden.run(spikes)
    assert ours.start == theirs.start == held
    assert (ours.spikes == theirs.spikes).all()
    assert board.snapshot() == golden.snapshot()


@pytest.mark.parametrize("nth", range(1, 40, 3))
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_faults_15_a_second_interrupt_delays_the_end_of_the_step(nth, error):
    """Cut short while the step is being finished: the next command finishes it."""
    fake = FakeBoard(CONFIG, appetite=3)
    board, golden = Board(Link(fake), DESIGN), GoldenDevice(DESIGN)
    board.load()
    spikes = np.random.default_rng(nth).random((25, CONFIG.axons)) < 0.6
    calm = interrupt(fake, 12)
    again = interrupt(fake, nth + 12, error)
    with pytest.raises((KeyboardInterrupt, LinkError)):
        board.run(spikes)
    again()
    calm()
    golden.run(spikes[: board.step])
    assert board.snapshot() == golden.snapshot()
    assert (board.run(spikes).spikes == golden.run(spikes).spikes).all()


def test_faults_15_a_line_that_was_lost_leaves_whole_steps():
    fake = FakeBoard(CONFIG, appetite=3)
    board, golden = Board(Link(fake), DESIGN), GoldenDevice(DESIGN)
    board.load()
    spikes = np.random.default_rng(0).random((90, CONFIG.axons)) < 0.6
    fake.to_host = lambda data: data if fake.core.step_number < 7 else b""
    fake.to_board = lambda data: data if fake.core.step_number < 7 else b""
    with pytest.raises(LinkError):
        board.run(spikes)
    fake.to_host = fake.to_board = bytes
    golden.run(spikes[: board.step])
    assert 0 < golden.step < 90
    assert board.snapshot() == golden.snapshot()


@pytest.mark.parametrize("nth", range(1, 30, 4))
@pytest.mark.parametrize("who", [0, 1])
def test_faults_15_the_owner_of_a_shared_board_finishes_steps(owner, client, boards, who, nth):
    """Whoever shares the board next finds whole steps, even if the one that left never returns."""
    one, other = (owner, client)[:: 1 - 2 * who]
    golden = GoldenDevice(DESIGN)
    spikes = np.random.default_rng(nth).random((25, CONFIG.axons)) < 0.6
    boards[0]._appetite = 3
    count, ask = [0], AttachedLink._ask

    def cut(self, header, body=b""):
        count[0] += 1
        if count[0] == nth + 3:
            raise KeyboardInterrupt
        return ask(self, header, body)

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(AttachedLink, "_ask", cut)
        one.run(spikes)
    golden.run(spikes[: other.step])
    assert other.snapshot() == golden.snapshot()
    assert (other.run(spikes[:9]).spikes == golden.run(spikes[:9]).spikes).all()
    assert one.step == golden.step
    assert (one.run(spikes).spikes == golden.run(spikes).spikes).all()


@given(
    start=st.sampled_from([0, 7, 2**32 - 3]),
    steps=st.integers(1, 30),
    axons=st.integers(1, 70),
    rate=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    live=st.booleans(),
)
def test_a_run_is_read_back_from_its_request(start, steps, axons, rate, live):
    raster = np.random.default_rng(steps).random((steps, axons)) < rate
    facts = RunFacts(start, steps, axons, 3, 0, 0.5)
    run = UnfinishedRun(facts, run_request(start, raster, live=live))
    assert (run.raster() == raster).all()


# Other images


@pytest.fixture(params=["blank", "foreign"])
def stranger(request):
    """A board that does not hold the image of its design."""
    fake = FakeBoard(CONFIG)
    if request.param == "foreign":
        Board(Link(fake), OTHER).load()
    return Board(Link(fake), DESIGN)


COMMANDS = {
    "run": lambda board: board.run(steps=2),
    "run_live": lambda board: board.run_live(steps=2, tick_period_cycles=500),
    "stream": lambda board: next(board.stream(steps=2)),
    "read": lambda board: board.read("weights"),
    "view": lambda board: board.weights[0, 0],
    "write a view": lambda board: board.weights.__setitem__((0, 0), 1),
    "state": lambda board: np.asarray(board.states["v"]),
    "parameter": lambda board: np.asarray(board.parameters["v_threshold"]),
    "write": lambda board: board.write("v_threshold", 3),
    "write_step": lambda board: board.write_step(4),
    "snapshot": lambda board: board.snapshot(),
    "restore": lambda board: board.restore(GoldenDevice(DESIGN).snapshot()),
    "watch_weights": lambda board: next(board.watch_weights(steps=4, every=2)),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_faults_19_a_board_with_another_image_is_refused_by_name(stranger, command):
    fake = stranger.link._line.port
    before = stranger.info()["image"], stranger.step
    fake.requests.clear()
    name = f"the image {OTHER.identity:08x}" if before[0] else "no image"
    with pytest.raises(BoardRefusedError, match=rf"board holds {name}.*load\(\) its design"):
        COMMANDS[command](stranger)
    assert not [request for request in fake.requests if not request.startswith("READ")]
    assert (stranger.info()["image"], stranger.step) == before
    stranger.load()
    COMMANDS[command](stranger)


def test_faults_19_what_is_there_can_be_accepted(stranger):
    blank = not stranger.info()["image"]
    stranger.accept_image()
    held = stranger.read("weights")
    assert blank or (held == OTHER.image.weights).all()
    stranger.write("v_threshold", 9)
    assert (stranger.parameters["v_threshold"][...] == 9).all()
    if blank:
        with pytest.raises(BoardRefusedError, match="no image"):
            stranger.run(steps=1)
    else:
        assert stranger.run(steps=1).steps == 1
    with pytest.raises(BoardRefusedError, match="the snapshot is of"):
        stranger.restore(GoldenDevice(DESIGN).snapshot())


def test_faults_19_an_accepted_image_is_not_any_image(owner, client):
    owner.accept_image()
    assert owner.read("weights").any()
    client.load(OTHER)
    with pytest.raises(BoardRefusedError, match="but this program worked with"):
        owner.read("weights")
    owner.load(OTHER)
    client.load(DESIGN)
    with pytest.raises(BoardRefusedError, match="but this program worked with"):
        owner.run(steps=1)


def test_a_reading_costs_one_question_about_the_image():
    fake = FakeBoard(CONFIG)
    board = Board(Link(fake), DESIGN)
    board.load()
    fake.requests.clear()
    for _ in range(3):
        board.read("v_threshold")
    assert len(fake.requests) == 3


def test_every_error_of_a_command_is_typed_when_there_is_no_design():
    board = Board(Link(FakeBoard(CONFIG)))
    for name in COMMANDS.keys() - {"write_step"}:
        with pytest.raises(SpikeLoomError, match=r"needs a design|no image"):
            COMMANDS[name](board)
