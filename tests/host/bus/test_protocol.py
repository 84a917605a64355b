import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.bus.protocol import (
    MAX_COUNT,
    RunReply,
    encode_events,
    join_words,
    read_request,
    run_request,
    split_words,
    to_halfwords,
    write_request,
)
from spikeloom.hdl.contract.commands import (
    ADVANCE,
    BITMAP,
    END,
    MAX_ADVANCE,
    MONITOR,
    Opcode,
    Status,
    bitmap_halfwords,
)
from spikeloom.hdl.contract.errors import LinkError

NEURONS = 5


def walk(events, ids, start=0):
    """Ids with their step, and where the cursor ends, as hdl/commands.py says, one by one."""
    cursor, found = start, []
    rest = iter(events.tolist())
    for event in rest:
        if event == END:
            assert not list(rest)
            return found, cursor
        if event == BITMAP:
            for w in range(bitmap_halfwords(ids)):
                halfword = next(rest)
                found += [(cursor, 16 * w + b) for b in range(16) if halfword >> b & 1]
        elif event & 0xC000 == ADVANCE:
            assert event & MAX_ADVANCE >= 1
            cursor += event & MAX_ADVANCE
        else:
            assert event < ADVANCE
            found.append((cursor, event))
    raise AssertionError("no END")


def bitmap(row):
    """BITMAP and its halfwords, bit by bit."""
    words = [0] * bitmap_halfwords(len(row))
    for k in np.flatnonzero(row).tolist():
        words[k // 16] |= 1 << k % 16
    return [BITMAP, *words]


def reply_words(start, spikes, values, step, status=0, dense=()):
    """What a board says, written out event by event; `dense` steps as bitmaps."""
    words = [Opcode.RUN, status, start & 0xFFFF, start >> 16]
    said = 0
    for t, row in enumerate(spikes):
        if row.any() or values.shape[1] or t in dense:
            while said < t:
                n = min(MAX_ADVANCE, t - said)
                words.append(ADVANCE | n)
                said += n
        words += bitmap(row) if t in dense else np.flatnonzero(row).tolist()
        if values.shape[1]:
            words.append(MONITOR | values.shape[1])
            words += split_words(values[t].astype(np.uint32)).tolist()
    words += [END, step & 0xFFFF, step >> 16, status]
    return np.array(words, dtype=np.uint16)


@st.composite
def sparse_rasters(draw):
    """Rasters with gaps beyond MAX_ADVANCE, given by a few spikes."""
    steps = draw(st.sampled_from([1, 2, 7, MAX_ADVANCE, MAX_ADVANCE + 1, 2 * MAX_ADVANCE + 3]))
    axons = draw(st.integers(1, 9))
    raster = np.zeros((steps, axons), dtype=bool)
    near = st.sampled_from([0, 1, MAX_ADVANCE - 1, MAX_ADVANCE, MAX_ADVANCE + 1, steps - 1])
    for t, i in draw(st.lists(st.tuples(near, st.integers(0, axons - 1)), max_size=12)):
        if t < steps:
            raster[t, i] = True
    return raster


@st.composite
def rasters(draw):
    """Rasters whose steps are silent, sparse, dense and full."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps, ids = draw(st.integers(0, 12)), draw(st.integers(1, 70))
    density = rng.choice([0, 0.05, 0.1, 0.3, 1], (steps, 1))
    return rng.random((steps, ids)) < density


@given(sparse_rasters() | rasters())
def test_events_say_the_raster_and_move_the_cursor_over_all_steps(raster):
    found, cursor = walk(encode_events(raster), raster.shape[1])
    assert found == list(zip(*(k.tolist() for k in np.nonzero(raster)), strict=True))
    assert cursor == len(raster)


@given(sparse_rasters() | rasters())
def test_each_step_is_told_in_the_shorter_form(raster):
    gaps = np.diff(np.flatnonzero(raster.any(axis=1)), prepend=0, append=len(raster))
    moves = sum(-(-gap // MAX_ADVANCE) for gap in gaps.tolist())
    sizes = np.minimum(raster.sum(axis=1), 1 + bitmap_halfwords(raster.shape[1]))
    assert len(encode_events(raster)) == moves + sizes.sum() + 1


@given(rasters())
def test_a_board_that_encodes_likewise_is_understood(raster):
    head = np.array(HEAD, dtype=np.uint16)
    tail = np.array([len(raster), 0, 0], dtype=np.uint16)
    reply = RunReply(0, *raster.shape)
    reply.feed(np.concatenate([head, encode_events(raster), tail]))
    assert reply.done
    assert (reply.spikes == raster).all()


def test_an_empty_run_is_only_an_end():
    assert encode_events(np.zeros((0, 3), dtype=bool)).tolist() == [END]


def test_bitmaps_byte_by_byte():
    raster = np.zeros((2, 18), dtype=bool)
    raster[1, [0, 3, 15, 16]] = True
    assert encode_events(raster).tolist() == [ADVANCE | 1, BITMAP, 0x8009, 1, ADVANCE | 1, END]
    raster[1, 3] = False  # as long as a bitmap
    assert encode_events(raster).tolist() == [ADVANCE | 1, 0, 15, 16, ADVANCE | 1, END]


def test_requests_byte_by_byte():
    assert read_request(0x8000_0102, 3).hex() == "0152030002010080"
    words = np.array([0xDEADBEEF], dtype=np.uint32)
    assert write_request(0x10000001, words).hex() == "0252010001000010efbeadde"
    raster = np.array([[0, 1], [0, 0]], dtype=bool)
    assert run_request(0x10002, raster).hex() == "0352020001000000000001000280ffff"
    assert run_request(0, raster, live=True).hex() == "0352000000000200000001000280ffff"


@pytest.mark.parametrize("count", [0, MAX_COUNT + 1])
def test_a_command_has_a_length_that_fits_its_field(count):
    with pytest.raises(ValueError, match=str(MAX_COUNT)):
        read_request(0, count)
    with pytest.raises(ValueError, match=str(MAX_COUNT)):
        write_request(0, np.zeros(count, dtype=np.uint32))


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_words_survive_being_split(values):
    words = np.array(values, dtype=np.uint32)
    assert join_words(split_words(words)).tolist() == values


@given(
    data=st.data(),
    start=st.integers(0, 2**32 - 100),
    steps=st.integers(0, 12),
    monitors=st.integers(0, 3),
    neurons=st.integers(1, 40),
)
def test_a_reply_is_decoded_however_it_is_cut(data, start, steps, monitors, neurons):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    # Full bitmaps look like END.
    spikes = rng.random((steps, neurons)) < rng.choice([0.3, 1], (steps, 1))
    dense = np.flatnonzero(rng.random(steps) < 0.5).tolist()
    # Negative numbers and these make payloads that look like END and MONITOR.
    pool = np.array([-1, 0, 0x7FFF_FFFF, -(2**31), MONITOR | monitors, (MONITOR | 1) << 16, 5])
    values = rng.choice(pool, (steps, monitors)).astype(np.int32).astype(np.int64)
    words = reply_words(start, spikes, values, start + steps, dense=dense)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(words) - 1), max_size=8)))

    reply = RunReply(start, steps, neurons, monitors)
    for piece in np.split(words, cuts):
        assert not reply.done
        reply.feed(piece)
    assert reply.done
    assert reply.status == Status.OK
    assert reply.step == start + steps
    assert (reply.spikes == spikes).all()
    assert (reply.monitored == values).all()


def test_a_step_may_be_told_in_several_ways_at_once():
    said = [BITMAP, 0b1000, 0, BITMAP, 0, 0b10, ADVANCE | 1, BITMAP, 1, 0]
    reply = RunReply(0, 2, 20)
    reply.feed(np.array([*HEAD, 5, *said, *TAIL], dtype=np.uint16))
    assert reply.done
    assert np.argwhere(reply.spikes).tolist() == [[0, 3], [0, 5], [0, 17], [1, 0]]


def test_a_refused_run_has_no_events():
    reply = RunReply(7, 4, NEURONS, monitors=2)
    none = np.zeros((0, 2), dtype=np.int64)
    reply.feed(reply_words(0, none.astype(bool), none, 3, Status.WRONG_START))
    assert reply.done
    assert (reply.status, reply.step) == (Status.WRONG_START, 3)


HEAD = [Opcode.RUN, 0, 0, 0]
TAIL = [END, 2, 0, 0]
VALUE = [MONITOR | 1, 0, 0]


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ([Opcode.READ], "READ|0x5201"),
        ([Opcode.PROTOCOL_ERROR], "not understand"),
        ([Opcode.RUN, 99, 0, 0], "status 99"),
        ([Opcode.RUN, 0, 1, 0], "began at step 1"),
        ([*HEAD, NEURONS, *TAIL], f"neuron {NEURONS}"),
        ([*HEAD, ADVANCE | 2, 0, *TAIL], "step 2, after the end"),
        ([*HEAD, 0xE000, *TAIL], "0xe000"),
        ([*HEAD, BITMAP | 1, *TAIL], "0xd001"),
        ([*HEAD, BITMAP, 1 << NEURONS, *TAIL], f"neuron {NEURONS}"),
        ([*HEAD, ADVANCE | 2, BITMAP, 1, *TAIL], "step 2, after the end"),
        ([*HEAD, MONITOR | 2, 0, 0, 0, 0, *TAIL], "2 monitored words came instead of 1"),
        ([*HEAD, MONITOR | 1, 0, 0, *TAIL], "no monitored values came for step 1"),
        ([*HEAD, ADVANCE | 1, MONITOR | 1, 0, 0, *TAIL], "no monitored values came for step 0"),
        ([*HEAD, *VALUE, ADVANCE | 1, *VALUE, *TAIL, 5], "1 halfwords came after the end"),
    ],
)
def test_what_is_no_reply_is_a_link_error(words, match):
    reply = RunReply(0, 2, NEURONS, monitors=1)
    with pytest.raises(LinkError, match=match):
        reply.feed(np.array(words, dtype=np.uint16))


@pytest.mark.parametrize("density", [0.05, 0.1])  # a list is shorter, or a bitmap
def test_a_million_events_take_no_time(density):
    rng = np.random.default_rng(1)
    raster = rng.random((round(2000 / density), 500)) < density
    began = time.perf_counter()
    events = encode_events(raster)
    words = np.concatenate([HEAD, events, [len(raster), 0, 0]]).astype(np.uint16)
    reply = RunReply(0, *raster.shape)
    for piece in np.array_split(words, 1000):
        reply.feed(piece)
    assert (reply.spikes == raster).all()
    assert time.perf_counter() - began < 2
    assert raster.sum() > 900_000


def test_halfwords_are_little_endian():
    assert to_halfwords(b"\x01\x52").tolist() == [Opcode.READ]
