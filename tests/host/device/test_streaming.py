"""Streams: the parts of a long run, input without end, ticks, and what stops them."""

import itertools
import warnings

import numpy as np
import pytest
from designs import CONFIG, DESIGN
from fake_board import FakeBoard
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeloom.device.golden import GoldenDevice
from spikeloom.device.streaming import DEFAULT_EVERY, Part, RealTimeWarning
from spikeloom.driver.board import Board
from spikeloom.hdl.contract.errors import BoardRefusedError, InputError, LinkError
from spikeloom.link.link import Link

KINDS = ("golden", "board")


def open_device(kind):
    if kind == "golden":
        return GoldenDevice(DESIGN)
    fake = FakeBoard(CONFIG, window=2048, appetite=10_000, reply_bytes=1024)
    board = Board(Link(fake), DESIGN)
    board.fake = fake
    board.load()
    return board


@pytest.fixture(params=KINDS)
def device(request):
    return open_device(request.param)


def spikes_for(steps, seed=0):
    return np.random.default_rng(seed).random((steps, CONFIG.axons)) < 0.3


def assert_same_as_one_run(parts, spikes, steps=None):
    golden = GoldenDevice(DESIGN)
    golden.monitor([3])
    whole = golden.run(spikes, steps)
    assert np.array_equal(np.concatenate([p.spikes for p in parts]), whole.spikes)
    ours = np.concatenate([p.monitored["v[3]"] for p in parts])
    assert np.array_equal(ours, whole.monitored["v[3]"])
    starts = np.cumsum([0] + [p.steps for p in parts])
    assert [p.start for p in parts] == starts[:-1].tolist()


@settings(max_examples=25)
@given(
    st.sampled_from(KINDS),
    st.lists(st.integers(0, 9), max_size=5),
    st.none() | st.integers(0, 30),
    st.none() | st.integers(1, 12),
)
def test_parts_are_one_run_however_the_input_comes(kind, lengths, steps, every):
    device = open_device(kind)
    device.monitor([3])
    pieces = [spikes_for(n, seed) for seed, n in enumerate(lengths)]
    spikes = np.concatenate([*pieces, np.zeros((0, CONFIG.axons), bool)])
    parts = list(device.stream(iter(pieces), steps, every=every))
    wanted = len(spikes) if steps is None else steps
    if parts:
        assert_same_as_one_run(parts, spikes[:wanted], wanted)
    assert device.step == sum(p.steps for p in parts) == wanted
    sizes = [p.steps for p in parts]
    if every is not None:
        assert sizes == [every] * (wanted // every) + [wanted % every] * (wanted % every > 0)
    elif steps is None:
        assert sizes == lengths
    assert all((p.overruns, p.late, p.stalls, p.missed) == (0, 0, 0, 0) for p in parts)


def test_arrays_and_names_stream_as_they_run(device):
    device.monitor([3])
    spikes = spikes_for(70)
    assert_same_as_one_run(list(device.stream(spikes, every=30)), spikes)
    device.reset()
    named = {"in": spikes[:, :4]}
    only = np.hstack([spikes[:, :4], np.zeros((70, 5), bool)])
    assert_same_as_one_run(list(device.stream(named, 80, every=30)), only, 80)
    device.reset()
    assert_same_as_one_run(list(device.stream({"in": row[:4]} for row in spikes)), only)
    device.reset()
    parts = list(device.stream(spikes, DEFAULT_EVERY + 1))
    assert [p.steps for p in parts] == [DEFAULT_EVERY, 1]


def test_input_may_be_endless_and_stopping_leaves_the_device_at_the_last_part(device):
    asked = []

    def endless():
        for seed in itertools.count():
            asked.append(seed)
            yield spikes_for(7, seed)

    parts = []
    for part in device.stream(endless(), every=5):
        parts.append(part)
        if len(parts) == 9:
            break
    assert device.step == 45
    # Nothing was asked for before it was needed.
    assert len(asked) == 7
    device.monitor([3])
    rest = device.run(spikes_for(7, 6)[3:])
    golden = GoldenDevice(DESIGN)
    golden.monitor([3])
    golden.run(np.concatenate([spikes_for(7, seed) for seed in range(6)] + [spikes_for(7, 6)[:3]]))
    assert np.array_equal(rest.spikes, golden.run(spikes_for(7, 6)[3:]).spikes)


def test_a_generator_can_answer_what_the_network_did(device):
    seen = []

    def closed_loop():
        while True:
            yield np.full(CONFIG.axons, len(seen) % 2 == 0)

    for part in itertools.islice(device.stream(closed_loop()), 6):
        seen.append(part)
    alternating = np.tile([[True], [False]], (3, CONFIG.axons))
    assert np.array_equal(
        np.concatenate([p.spikes for p in seen]), GoldenDevice(DESIGN).run(alternating).spikes
    )


def test_without_input_it_runs_until_stopped(device):
    parts = list(itertools.islice(device.stream(every=4), 3))
    assert [p.start for p in parts] == [0, 4, 8]
    assert [p.start for p in device.stream(steps=5, every=4)] == [12, 16]
    assert device.step == 17


def test_a_threshold_changed_in_a_stream_changes_the_next_part(device):
    spikes = itertools.repeat(spikes_for(10))
    device.parameters.raw.v_threshold = 32767
    fired = []
    for k, part in enumerate(device.stream(spikes, steps=40)):
        fired.append(int(part.spikes.sum()))
        if k == 1:
            device.parameters.v_threshold = 1
            assert device.parameters.v_threshold.effective_from == 20
    assert fired[:2] == [0, 0]
    assert min(fired[2:]) > 0


@pytest.mark.parametrize("stray", [lambda d: d.run(steps=3), lambda d: d.reset()])
def test_somebody_elses_steps_end_a_stream_and_are_not_mixed_in(device, stray):
    stream = device.stream(every=5)
    next(stream)
    stray(device)
    step = device.step
    with pytest.raises(BoardRefusedError, match=f"step 5, but the .*next step is {step}"):
        next(stream)
    assert device.step == step
    assert device.run(steps=1).start == step


def test_a_board_that_is_stepped_by_another_host_refuses_run_and_stream():
    board = open_device("board")
    board.run(steps=2)
    board.fake.core.step_number = 7
    with pytest.raises(BoardRefusedError, match="step 2, but the board's next step is 7"):
        board.run(steps=1)
    with pytest.raises(BoardRefusedError, match="step 9, but the board's next step is 7"):
        board.run(steps=1, start=9)
    assert board.run(steps=1, start=7).start == 7


# Ticks


def test_parts_with_ticks_are_the_same_run(device):
    device.monitor([3])
    spikes = spikes_for(12)
    parts = list(device.stream(spikes, every=5, tick_seconds=10e-3))
    assert_same_as_one_run(parts, spikes)
    if isinstance(device, Board):
        assert device.fake._tick == 10_000


def test_what_goes_wrong_with_ticks_is_counted_by_part_and_warned_of_once():
    board = open_device("board")
    fake = board.fake
    counted = fake.core.counters
    late = counted["late"].copy()

    def go_wrong():
        for k in range(4):
            if k in (1, 2):
                counted["overruns"] = np.array([3 * k])
                counted["late"] = late + k
                counted["stalls"] = np.array([50])
            yield spikes_for(4)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parts = list(board.stream(go_wrong(), tick_period_cycles=500))
    assert [(p.overruns, p.late, p.stalls) for p in parts] == [
        (0, 0, 0),
        (3, 1, 50),
        (3, 1, 0),
        (0, 0, 0),
    ]
    (warning,) = caught
    assert warning.category is RealTimeWarning
    assert "steps 4…7" in str(warning.message)
    assert "overruns: 3, late spikes dropped: 1, cycles stalled: 50" in str(warning.message)
    assert warning.filename == __file__
    assert "overruns: 3" in repr(parts[2])
    assert "overrun" not in repr(parts[3])


def test_ticks_between_parts_are_counted_as_missed():
    board = open_device("board")
    fake = board.fake
    stream = board.stream(spikes_for(9), every=3, tick_seconds=1e-3)
    parts = [next(stream)]
    fake._time += 20.5e-3
    with pytest.warns(RealTimeWarning, match="ticks missed between parts: 20"):
        parts += stream
    assert [p.missed for p in parts] == [0, 20, 0]


def test_the_golden_model_keeps_to_the_clock_and_counts_overruns(monkeypatch):
    device = GoldenDevice(DESIGN)
    now = [100.0]
    monkeypatch.setattr("spikeloom.device.golden.time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "spikeloom.device.golden.time.sleep", lambda s: now.__setitem__(0, now[0] + s)
    )
    device.run_live(steps=10, tick_seconds=0.01)
    assert now[0] == pytest.approx(100.1)
    assert device.counters()["overruns"] == 0
    step = device._core.step

    def slow():
        now[0] += 0.025 if device.step == 12 else 0.001
        return step()

    monkeypatch.setattr(device._core, "step", slow)
    device.run_live(steps=6, tick_seconds=0.01)
    assert device.counters()["overruns"] == 2
    assert now[0] == pytest.approx(100.1 + 0.08 + 0.001)
    device.reset()
    assert device.counters()["overruns"] == 0


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"every": 0}, "every is 0"),
        ({"every": 2.5}, "every is 2.5"),
        ({"steps": -1}, "steps is -1"),
        ({"spikes": np.zeros((5, 3))}, r"\(5, 3\)"),
        ({"spikes": np.zeros((5, 9)), "steps": 4}, "at least 5"),
        ({"tick_seconds": 0.0}, "tick_seconds is 0"),
        ({"tick_seconds": 1e-3, "tick_period_cycles": 3}, "tick"),
    ],
)
def test_mistakes_are_named_by_the_call_itself(device, arguments, match):
    with pytest.raises(InputError, match=match):
        device.stream(**arguments)
    assert device.step == 0


def test_a_bad_item_ends_a_stream_at_the_part_before(device):
    stream = device.stream(iter([spikes_for(3), np.zeros((2, 4))]))
    next(stream)
    with pytest.raises(InputError, match=r"\(2, 4\)"):
        next(stream)
    assert device.step == 3


def test_only_boards_count_cycles():
    with pytest.raises(InputError, match="give tick_seconds"):
        GoldenDevice(DESIGN).stream(steps=3, tick_period_cycles=100)
    with pytest.raises(InputError, match=r"give 1e-06…4294.967295"):
        open_device("board").run_live(steps=1, tick_seconds=1e-9)


# Interrupts


@pytest.mark.parametrize("what", ["run", "load", "stream", "view", "run_live"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_ctrl_c_leaves_a_board_that_answers(what, nth):
    board = open_device("board")
    spikes = spikes_for(30)
    calls = {
        "run": lambda: [board.run(spikes) for _ in range(3)],
        "load": board.load,
        "stream": lambda: list(board.stream(spikes, every=4)),
        "view": lambda: board.weights.raw.__setitem__(..., -board.weights.raw // 2),
        "run_live": lambda: [board.run_live(spikes, tick_seconds=1e-3) for _ in range(3)],
    }
    reads = itertools.count(1)
    read = board.fake.read

    def interrupted(size):
        data = read(size)
        if next(reads) == nth:
            raise KeyboardInterrupt
        return data

    board.fake.read = interrupted
    with pytest.raises(KeyboardInterrupt):
        calls[what]()
    board.fake.read = read
    assert board.link.broken
    assert board.step == board.fake.core.step_number
    assert not board.link.broken
    if what == "load" and not board.info()["image"]:
        with pytest.raises(BoardRefusedError, match="no image"):
            board.run(spikes)
    board.load()
    assert np.array_equal(board.run(spikes).spikes, GoldenDevice(DESIGN).run(spikes).spikes)


def test_a_line_that_is_lost_in_a_stream_ends_it_and_the_next_one_goes_on():
    board = open_device("board")
    stream = board.stream(spikes_for(30), every=4)
    next(stream)
    board.fake.to_host = lambda data: b""
    with pytest.raises(LinkError):
        next(stream)
    board.fake.to_host = bytes
    again = next(iter(board.stream(spikes_for(30), every=4)))
    assert isinstance(again, Part)
    assert again.start + again.steps == board.step == board.fake.core.step_number
