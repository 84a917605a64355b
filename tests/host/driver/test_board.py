import dataclasses

import numpy as np
import pytest
from designs import CONFIG, DESIGN, make_design
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, ImageError
from spikeloom.hdl.contract.errors import BoardRefusedError, InputError, LinkError, WrongBoardError
from spikeloom.hdl.contract.memory_map import COUNTERS, MAP_VERSION, Identity, Region, Register
from spikeloom.link.link import Link


@pytest.fixture
def fake():
    return FakeBoard(CONFIG)


@pytest.fixture
def board(fake):
    board = Board(Link(fake), DESIGN)
    board.load()
    return board


def spikes_for(config, steps, seed=1, rate=0.3):
    return np.random.default_rng(seed).random((steps, config.axons)) < rate


def assert_runs_like_the_golden_model(board, steps=30):
    golden = GoldenDevice(board.design)
    board.reset()
    spikes = spikes_for(board.design.config, steps)
    ours, theirs = board.run(spikes), golden.run(spikes)
    assert theirs.spikes.any()
    assert (ours.spikes == theirs.spikes).all()
    for field in board.design.config.layout.states:
        assert (board.read(field.name) == golden.read(field.name)).all()


configs = st.builds(
    CoreConfig,
    neurons=st.integers(1, 40),
    axons=st.integers(1, 40),
    weight_bits=st.integers(2, 16),
    state_bits=st.integers(12, 32),
    receptors=st.sampled_from([1, 2]),
    synapse=st.sampled_from(["exponential", "delta"]),
    leak=st.sampled_from(["exponential", "linear", "none"]),
    reset=st.sampled_from(["value", "subtract"]),
    refractory_bits=st.sampled_from([0, 3]),
    bias=st.booleans(),
    parameters=st.sampled_from(["shared", "per_neuron"]),
    monitors=st.just(4),
)


@settings(max_examples=25)
@given(config=configs, seed=st.integers(0, 1000), data=st.data())
def test_a_board_is_a_device_like_the_golden_model(config, seed, data):
    design = make_design(config, seed)
    golden, board = GoldenDevice(design), Board(Link(FakeBoard(config)), design)
    board.load(verify=True)
    assert (board.read("weights") == design.image.weights).all()
    for name, values in design.image.parameters.items():
        assert (board.read(name) == values).all()
    for round_ in range(2):
        watched = data.draw(st.lists(st.integers(0, config.neurons - 1), max_size=4))
        state = data.draw(st.sampled_from([f.name for f in config.layout.states]))
        for device in (golden, board):
            for field in config.layout.states:
                device.monitor([], field.name)
            device.monitor(watched, state)
        spikes = spikes_for(config, data.draw(st.integers(0, 20)), seed)
        steps = len(spikes) + data.draw(st.integers(0, 3))
        ours, theirs = board.run(spikes, steps), golden.run(spikes, steps)
        assert (ours.start, ours.steps) == (theirs.start, theirs.steps)
        assert (ours.spikes == theirs.spikes).all()
        assert list(ours.monitored) == list(theirs.monitored)
        for label, values in theirs.monitored.items():
            assert (ours.monitored[label] == values).all()
        assert board.step == golden.step
        for field in config.layout.states:
            assert (board.read(field.name) == golden.read(field.name)).all()
        counted = golden.counters()
        assert {name: board.counters()[name] for name in counted} == counted
        if not round_:
            weights = np.flip(design.image.weights, axis=0)
            threshold = design.image.parameters["v_threshold"] // 2 + 1
            for device in (golden, board):
                device.write("weights", weights)
                device.write("v_threshold", threshold)
                if data.draw(st.booleans(), label="reset") and device is board:
                    golden.reset()
                    board.reset()


def test_input_is_by_name_and_spikes_by_population(board):
    golden = GoldenDevice(DESIGN)
    spikes = {"in": spikes_for(CONFIG, 12)[:, :4]}
    assert (board.run(spikes)["all"] == golden.run(spikes)["all"]).all()


def test_a_long_run_is_cut_into_commands_and_joined(board, fake, monkeypatch):
    monkeypatch.setattr("spikeloom.driver.board.CHUNK_SECONDS", 0.002)
    board.monitor([2])
    fake.requests.clear()
    run = board.run(spikes_for(CONFIG, 40))
    assert sum(request.startswith("RUN") for request in fake.requests) > 4
    golden = GoldenDevice(DESIGN)
    golden.monitor([2])
    whole = golden.run(spikes_for(CONFIG, 40))
    assert (run.spikes == whole.spikes).all()
    assert (run.monitored["v[2]"] == whole.monitored["v[2]"]).all()
    assert run.start == 0


def test_a_live_run_sets_the_tick_and_a_later_run_clears_it(board, fake):
    spikes = spikes_for(CONFIG, 10)
    live = board.run_live(spikes, tick_period_cycles=500)
    assert fake._tick == 500
    assert "RUN 0 10" in fake.requests
    golden = GoldenDevice(DESIGN)
    assert (live.spikes == golden.run(spikes).spikes).all()
    assert (board.run(spikes).spikes == golden.run(spikes).spikes).all()
    assert fake._tick == 0
    with pytest.raises(InputError, match="tick_period_cycles is 0"):
        board.run_live(spikes, tick_period_cycles=0)


def test_settings_are_sent_only_when_they_change(board, fake):
    board.run(steps=1)
    fake.requests.clear()
    board.run(steps=1)
    assert fake.requests == ["RUN 1 0"]


def test_monitors_outlast_a_load_and_a_board_that_forgot_them(board, fake):
    golden = GoldenDevice(DESIGN)
    spikes = spikes_for(CONFIG, 12)
    for device in (board, golden):
        device.monitor([4, 1])
        device.run(spikes)
        device.load()
    assert (board.run(spikes).monitored["v[4]"] == golden.run(spikes).monitored["v[4]"]).all()
    fake._monitor_count = 0
    board.link.broken = True
    assert (board.run(spikes).monitored["v[1]"] == golden.run(spikes).monitored["v[1]"]).all()


def test_states_can_be_overwritten(board):
    values = np.arange(CONFIG.neurons) - 5
    board.write("v", values)
    assert (board.read("v") == values).all()
    with pytest.raises(ImageError, match="-32768…32767"):
        board.write("v", 40_000)
    with pytest.raises(ImageError, match=r"\(11,\) integers"):
        board.write("v", [1.5])


# What does not fit together


def test_opening_checks_the_identity_and_changes_nothing(fake):
    Board(Link(fake), DESIGN)
    assert not [request for request in fake.requests if not request.startswith("READ")]


@pytest.mark.parametrize(
    ("word", "match"),
    [
        (Identity.MAGIC, "no SpikeLoom core.*0x00000063.*spikeloom build"),
        (Identity.LINK_VERSION, "link version 99, this SpikeLoom has 2"),
        (Identity.MAP_VERSION, f"memory map version 99, this SpikeLoom has {MAP_VERSION}"),
        (Identity.DIGEST_HIGH, f"needs configuration {CONFIG.digest:016x}, the board has 00000063"),
    ],
)
def test_another_board_is_refused_and_its_port_closed(fake, word, match):
    fake.identity[Region.IDENTITY.base + word] = 99
    with pytest.raises(WrongBoardError, match=match):
        Board(Link(fake), DESIGN)
    assert fake.closed


def test_a_closed_board_says_so(board):
    board.close()
    for call in (board.snapshot, board.counters, lambda: board.run(steps=1), board.load):
        with pytest.raises(LinkError, match="was closed; open the board anew"):
            call()


def test_a_design_for_another_configuration_leaves_the_board_as_it_was(board):
    other = make_design(dataclasses.replace(CONFIG, neurons=12))
    with pytest.raises(WrongBoardError, match=f"{other.config.digest:016x}"):
        board.load(other)
    assert board.design is DESIGN
    assert_runs_like_the_golden_model(board)


def test_without_a_design_the_board_says_who_it_is(fake):
    board = Board(Link(fake, name="COM3"))
    info = board.info()
    assert info["port"] == "COM3"
    assert info["identity"]["digest"] == f"{CONFIG.digest:016x}"
    assert info["identity"]["build"] == "fake"
    assert info["clock_hz"] == 1_000_000
    assert info["config"] is None
    assert set(board.counters()) == set(COUNTERS)
    board.reset()
    for call in (board.run, lambda: board.read("weights"), board.load, lambda: board.monitor([0])):
        with pytest.raises(InputError, match="design"):
            call()
    board.load(DESIGN)
    assert board.info()["image"] == DESIGN.identity
    assert_runs_like_the_golden_model(board)


# What the board refuses


def test_a_run_without_an_image_is_refused(fake):
    board = Board(Link(fake), DESIGN)
    with pytest.raises(BoardRefusedError, match=r"no image.*load"):
        board.run(spikes_for(CONFIG, 5))
    board.load()
    assert_runs_like_the_golden_model(board)


def test_a_run_from_another_step_is_refused_and_the_next_one_goes_on(board, fake):
    board.run(steps=2)
    fake.core.step_number = 7
    with pytest.raises(BoardRefusedError, match="step 2, but the board's next step is 7"):
        board.run(steps=1)
    assert board.run(steps=1).start == 7
    assert_runs_like_the_golden_model(board)


def test_unmapped_addresses_are_refused(board):
    for call in (
        lambda: board._bus.read(0x7000_0000, 3),
        lambda: board._bus.write_word(Region.CONTROL.base + Register.CLOCK_HZ, 1),
    ):
        with pytest.raises(BoardRefusedError, match=r"0x70000000…0x70000002|read-only"):
            call()
    assert_runs_like_the_golden_model(board)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda b: b.write("weights", np.full((9, 11), 16)), ImageError, r"weights\[0, 0\] is 16"),
        (lambda b: b.write("weights", np.zeros((3, 3), int)), ImageError, r"\(3, 3\)"),
        (lambda b: b.write("d_mem", 5000), ImageError, "d_mem"),
        (lambda b: b.write("leak", 1), InputError, "nothing called 'leak'.*d_mem"),
        (lambda b: b.read("tau"), InputError, "nothing called 'tau'"),
        (lambda b: b.read("u"), InputError, "nothing called 'u'.*i_exc"),
        (lambda b: b.monitor([11]), InputError, "no neuron 11.*0…10"),
        (lambda b: b.monitor(range(7)), InputError, "7 values.*6 slots"),
        (lambda b: b.run(np.zeros((2, 10))), InputError, "shape"),
    ],
)
def test_bad_arguments_are_named_before_anything_is_sent(board, fake, call, error, match):
    fake.requests.clear()
    with pytest.raises(error, match=match):
        call(board)
    assert fake.requests == []
    assert_runs_like_the_golden_model(board)


def test_verify_finds_what_the_board_does_not_hold(board, fake):
    held = board.store.map.parameter("d_mem", 3)
    original = fake._set

    def faulty(address, value):
        original(address, value ^ (address == held))

    fake._set = faulty
    with pytest.raises(LinkError, match=r"d_mem\[3\] reads back as"):
        board.load(verify=True)
    with pytest.raises(BoardRefusedError, match="no image"):
        board.run(steps=1)


# What the line does


@pytest.mark.parametrize("direction", ["to_board", "to_host"])
@pytest.mark.parametrize("nth", [1, 2, 5, 9])
def test_a_spoiled_line_does_no_harm(board, fake, direction, nth):
    board.monitor([1])
    count = [0]

    def spoil(data):
        count[0] += 1
        return data[:-2] + bytes([data[-2] ^ 0x10]) + data[-1:] if count[0] == nth else data

    setattr(fake, direction, spoil)
    board.load()
    assert_runs_like_the_golden_model(board)
    assert count[0] >= nth
    assert board.link.statistics.errors == 0


def test_a_run_cut_short_goes_on_from_where_the_board_is(board, fake):
    def spoil(data):
        return b"" if len(data) > 24 else data

    fake.to_host = spoil
    with pytest.raises(LinkError):
        board.run(spikes_for(CONFIG, 30))
    fake.to_host = bytes
    assert board.step == fake.core.step_number > 0
    assert board.run(steps=3).start + 3 == board.step
    assert_runs_like_the_golden_model(board)


def test_an_interrupt_from_the_keyboard_leaves_a_usable_board(board, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(board.link, "receive_some", interrupt)
        with pytest.raises(KeyboardInterrupt):
            board.run(spikes_for(CONFIG, 30))
    assert_runs_like_the_golden_model(board)


def test_a_board_that_changed_behind_the_port_is_noticed(board, fake):
    board.link.broken = True
    fake.identity[Region.IDENTITY.base + Identity.DIGEST_LOW] = 1
    for _ in range(2):
        with pytest.raises(WrongBoardError):
            board.run(steps=1)
    fake.identity[Region.IDENTITY.base + Identity.DIGEST_LOW] = CONFIG.digest & 0xFFFFFFFF
    assert_runs_like_the_golden_model(board)


def test_large_blocks_are_cut_at_rows_of_synapses():
    # 3 words in a row: rows have gaps between their addresses, and no power of two is a multiple.
    config = CoreConfig(neurons=9, axons=1500, weight_bits=8)
    design = make_design(config)
    fake = FakeBoard(config, window=2048, appetite=10_000, reply_bytes=1024)
    board = Board(Link(fake), design)
    board.load()
    assert (board.read("weights") == design.image.weights).all()
    assert sum(request.startswith("WRITE 0x8") for request in fake.requests) == 2


def test_progress_is_shown_when_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("spikeloom.driver.core_memory._BAR_WORDS", 1)
    Board(Link(FakeBoard(CONFIG)), DESIGN, progress=True).load()
    captured = capsys.readouterr()
    assert "load" in captured.err
    Board(Link(FakeBoard(CONFIG)), DESIGN).load()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
