import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.errors import LinkError
from spikeloom.hdl.commands import ADVANCE, END, MAX_ADVANCE, MONITOR, Opcode, Status
from spikeloom.protocol import (
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

NEURONS = 5


def walk(events, start=0):
    """Ids with their step, and where the cursor ends, as hdl/commands.py says, one by one."""
    cursor, found = start, []
    for position, event in enumerate(int(e) for e in events):
        if event == END:
            assert position == len(events) - 1
            return found, cursor
        if event & 0xC000 == ADVANCE:
            assert event & MAX_ADVANCE >= 1
            cursor += event & MAX_ADVANCE
        else:
            assert event < ADVANCE
            found.append((cursor, event))
    raise AssertionError("no END")


def reply_words(start, spikes, values, step, status=0):
    """What a board says, written out event by event."""
    words = [Opcode.RUN, status, start & 0xFFFF, start >> 16]
    said = 0
    for t, row in enumerate(spikes):
        if row.any() or values.shape[1]:
            while said < t:
                n = min(MAX_ADVANCE, t - said)
                words.append(ADVANCE | n)
                said += n
        words += np.flatnonzero(row).tolist()
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


@given(sparse_rasters())
def test_events_say_the_raster_and_move_the_cursor_over_all_steps(raster):
    found, cursor = walk(encode_events(raster))
    assert found == list(zip(*(k.tolist() for k in np.nonzero(raster)), strict=True))
    assert cursor == len(raster)


def test_an_empty_run_is_only_an_end():
    assert encode_events(np.zeros((0, 3), dtype=bool)).tolist() == [END]


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
)
def test_a_reply_is_decoded_however_it_is_cut(data, start, steps, monitors):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    spikes = rng.random((steps, NEURONS)) < 0.3
    # Negative numbers and these make payloads that look like END and MONITOR.
    pool = np.array([-1, 0, 0x7FFF_FFFF, -(2**31), MONITOR | monitors, (MONITOR | 1) << 16, 5])
    values = rng.choice(pool, (steps, monitors)).astype(np.int32).astype(np.int64)
    words = reply_words(start, spikes, values, start + steps)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(words) - 1), max_size=8)))

    reply = RunReply(start, steps, NEURONS, monitors)
    for piece in np.split(words, cuts):
        assert not reply.done
        reply.feed(piece)
    assert reply.done
    assert reply.status == Status.OK
    assert reply.step == start + steps
    assert (reply.spikes == spikes).all()
    assert (reply.monitored == values).all()


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
        ([*HEAD, 0xD000, *TAIL], "0xd000"),
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


def test_a_million_events_take_no_time():
    rng = np.random.default_rng(1)
    raster = rng.random((20_000, 500)) < 0.1
    began = time.perf_counter()
    events = encode_events(raster)
    words = np.concatenate([[Opcode.RUN, 0, 0, 0], events, [20_000, 0, 0]]).astype(np.uint16)
    reply = RunReply(0, len(raster), raster.shape[1])
    for piece in np.array_split(words, 1000):
        reply.feed(piece)
    assert (reply.spikes == raster).all()
    assert time.perf_counter() - began < 2
    assert raster.sum() > 900_000


def test_halfwords_are_little_endian():
    assert to_halfwords(b"\x01\x52").tolist() == [Opcode.READ]
