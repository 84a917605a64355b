import os
import random
import threading

import numpy as np
import pytest
import serial
from fake_board import FakeBoard
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.bus.protocol import join_words, read_request, to_halfwords, write_request
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.contract.commands import Opcode
from spikeloom.hdl.contract.errors import LinkError
from spikeloom.hdl.contract.frames import DELIMITER, Frame, FrameType
from spikeloom.hdl.contract.memory_map import LINK_VERSION, MAGIC, MAP_VERSION
from spikeloom.link.link import TIMEOUT, TRIES, Link

CONFIG = CoreConfig(neurons=4, axons=6, monitors=4)
MONITORS = 3 << 28


def opened(**options):
    board = FakeBoard(CONFIG, **options)
    link = Link(board)
    link.open()
    return board, link


def ask(link, count=3):
    """The first words of the identity block."""
    link.send(read_request(0, count))
    reply = to_halfwords(link.receive(2 * (2 * count + 3)))
    assert reply[0] == Opcode.READ
    return join_words(reply[2:-1]).tolist()


def assert_usable(link):
    assert ask(link) == [MAGIC, LINK_VERSION, MAP_VERSION]


def once(change, when=lambda data: True):
    """A filter that changes the first piece of bytes for which `when` holds."""
    left = [1]

    def apply(data):
        if left[0] and when(data):
            left[0] = 0
            return change(data)
        return data

    return apply


def flip(data, position=3, mask=0x10):
    spoiled = bytearray(data)
    spoiled[position % len(spoiled)] ^= mask
    return bytes(spoiled)


def kind_is(kind, connection):
    """Whether a piece of bytes is a frame of this type; `connection` gives the id when asked."""

    def check(data):
        return any(
            Frame.from_bytes(part, connection()).type == kind
            for part in data.split(DELIMITER)
            if part
        )

    return check


def test_a_connection_begins_with_two_zero_bytes_and_a_fresh_id():
    board = FakeBoard(CONFIG)
    sent = []
    board.to_board = lambda data: sent.append(data) or data
    link = Link(board)
    for _ in range(2):
        link.open()
    ids = set()
    for data in sent:
        assert data[:2] == 2 * DELIMITER
        frame = Frame.from_bytes(data[2:-1], 0)
        assert frame.type == FrameType.SABM
        ids.add(int.from_bytes(frame.payload, "little"))
    assert len(ids) == 2
    assert 0 not in ids
    assert_usable(link)


def test_a_board_that_does_not_answer_is_reported_with_hints():
    board = FakeBoard(CONFIG)
    sent = []
    board.to_board = lambda data: sent.append(data) or b""
    link = Link(board, name="COM9")
    with pytest.raises(LinkError, match=r"COM9 does not answer.*baud rate.*bitstream") as caught:
        link.open()
    assert "nothing came" in str(caught.value)
    assert len(sent) > 5
    assert board.now() < 1.2 * TRIES * TIMEOUT
    assert link.broken


def test_noise_is_told_from_silence():
    board = FakeBoard(CONFIG)
    board.to_host = lambda data: b"\x55" * 7
    with pytest.raises(LinkError, match=r"\d+ bytes came"):
        Link(board).open()


def test_a_lost_hello_is_sent_again():
    board = FakeBoard(CONFIG)
    board.to_board = once(lambda data: b"")
    link = Link(board)
    link.open()
    assert_usable(link)


def test_remains_of_an_older_connection_do_not_matter():
    board, link = opened()
    link.send(read_request(0, 5) * 3)
    board.read(1)
    link.reopen()
    assert_usable(link)


@given(
    window=st.integers(1, 1200).map(lambda half: 2 * half),
    appetite=st.integers(1, 700),
    reply_bytes=st.integers(1, 512).map(lambda half: 2 * half),
    values=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=600),
)
def test_any_window_is_kept_and_nothing_is_lost(window, appetite, reply_bytes, values):
    _, link = opened(window=window, appetite=appetite, reply_bytes=reply_bytes)
    words = np.array(values, dtype=np.uint32)
    parts = [words[k : k + 4] for k in range(0, len(words), 4)]
    # All requests in one piece: replies come in while the rest waits for room.
    link.send(b"".join(write_request(MONITORS, p) + read_request(MONITORS, len(p)) for p in parts))
    for part in parts:
        link.receive(2 * 5)
        reply = to_halfwords(link.receive(2 * (2 * len(part) + 3)))
        assert join_words(reply[2:-1]).tolist() == part.tolist()
    assert link.statistics.errors == 0


def test_what_comes_while_sending_is_taken_in_at_once():
    board, link = opened(window=65_534)
    most = [0]

    def watch(data):
        most[0] = max(most[0], board.in_waiting)
        return data

    board.to_board = watch
    link.send(write_request(MONITORS, np.arange(4, dtype=np.uint32)) * 2500)
    assert link.statistics.frames_sent > 50
    assert most[0] < 4096, "a small buffer of the operating system would have overflowed"


def spoiled(direction, filter_for, **options):
    board, link = opened(**{"window": 64, **options})
    setattr(board, direction, filter_for(lambda: link._connection.identifier))
    return board, link


def test_a_spoiled_frame_from_the_board_comes_again():
    _, link = spoiled("to_host", lambda id_: once(flip))
    assert_usable(link)
    assert link.statistics.frames_spoiled == 1
    assert link.statistics.errors == 0


def test_a_lost_frame_from_the_board_shows_in_the_next_position():
    board, link = spoiled(
        "to_host", lambda id_: once(lambda data: b"", when=kind_is(FrameType.I, id_))
    )
    link.send(read_request(0, 5) * 4)
    reply = link.receive(4 * 26)
    assert reply == 4 * reply[:26]
    assert link.statistics.frames_missed == 1
    assert board.now() < TIMEOUT / 4


def test_a_lost_frame_to_the_board_is_rejected_and_sent_again():
    board, link = spoiled("to_board", lambda id_: once(lambda data: b""), window=2048)
    link.send(read_request(0, 5) * 200)
    reply = link.receive(200 * 26)
    assert reply == 200 * reply[:26]
    assert board.requests == 200 * ["READ 0x0 5"]
    assert board.link_counters["out_of_sequence"] >= 1
    assert link.statistics.frames_resent >= 1


@pytest.mark.parametrize("direction", ["to_board", "to_host"])
def test_a_lost_last_frame_is_found_by_a_question(direction):
    board, link = spoiled(direction, lambda id_: once(flip, when=kind_is(FrameType.I, id_)))
    assert_usable(link)
    assert link.statistics.polls + link.statistics.frames_missed >= 1
    assert board.now() < TIMEOUT / 4


def test_nothing_is_executed_twice():
    """A reply that is lost comes again without its request."""
    board, link = spoiled(
        "to_host", lambda id_: once(lambda data: b"", when=kind_is(FrameType.I, id_))
    )
    assert_usable(link)
    assert len(board.requests) == len(set(board.requests)) == 1


def test_a_silent_board_is_an_error_in_the_clock_of_the_port():
    board, link = spoiled("to_board", lambda id_: lambda data: b"")
    with pytest.raises(LinkError, match=r"nothing came.*8 bytes unacknowledged"):
        ask(link)
    assert TIMEOUT <= board.now() < 2 * TIMEOUT
    with pytest.raises(LinkError, match="not open"):
        link.send(read_request(0, 1))
    board.to_board = bytes
    link.reopen()
    assert_usable(link)


def test_a_board_that_answers_but_does_not_go_on_is_another_error():
    board, link = opened(appetite=0)
    link.send(read_request(0, 1))
    with pytest.raises(LinkError, match="answers, but has not gone on"):
        link.receive(2, allowance=3.0)
    assert board.now() > TIMEOUT + 3


@given(data=st.data(), seed=st.integers(0, 2**32 - 1), rate=st.sampled_from([0.1, 0.2, 0.4]))
def test_every_byte_arrives_once_however_many_frames_are_lost(data, seed, rate):
    chance = random.Random(seed)
    board, link = opened(window=data.draw(st.sampled_from([64, 256, 2048])), reply_bytes=32)

    def spoil(piece):
        return b"" if chance.random() < rate else piece

    board.to_board = board.to_host = spoil
    words = np.arange(4, dtype=np.uint32)
    for k in range(20):
        link.send(write_request(MONITORS, words + k) + read_request(MONITORS, 4), allowance=20.0)
        assert to_halfwords(link.receive(10, 20.0))[0] == 0x5202
        reply = to_halfwords(link.receive(22, 20.0))
        assert join_words(reply[2:-1]).tolist() == (words + k).tolist()
    assert len(board.requests) == 40


def test_frames_are_shorter_on_a_bad_line_and_grow_again():
    board, link = opened(window=2048, reply_bytes=512)
    sizes = []

    def watch(piece):
        sizes.append(len(piece))
        return piece

    board.to_board = watch
    request = write_request(MONITORS, np.arange(4, dtype=np.uint32))
    link.send(request * 100)
    assert max(sizes) > 1000
    board.to_board = lambda piece: watch(piece)[: len(piece) if len(piece) < 100 else 50]
    sizes.clear()
    link.send(request * 100)
    assert min(sizes[-10:]) < 100
    board.to_board = watch
    sizes.clear()
    link.send(request * 1000)
    assert max(sizes) > 1000


def test_a_slow_line_and_a_slow_board_get_more_time():
    board, link = spoiled("to_board", lambda id_: lambda data: b"")
    board.baudrate = 1200
    link.send(read_request(0, 1))
    with pytest.raises(LinkError, match="nothing came"):
        link.receive(2, allowance=3.0)
    assert board.now() > TIMEOUT + 3 + 10 * 1024 / board.baudrate


def test_an_answer_to_a_frame_that_was_not_sent_is_a_link_error():
    board, link = opened()
    board._nr = 5
    board._put_window(FrameType.RR)
    with pytest.raises(LinkError, match="acknowledges position 5"):
        ask(link)


def test_endless_noise_without_a_delimiter_is_a_link_error():
    board, link = opened()
    board.to_host = lambda data: 600 * b"\x01"
    with pytest.raises(LinkError, match="nothing came"):
        ask(link)
    assert link._line.incomplete < 4096


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_port_that_disappears_is_a_link_error(method, monkeypatch):
    board, link = opened()

    def unplugged(*_):
        raise serial.SerialException("device disconnected")

    monkeypatch.setattr(board, method, unplugged)
    with pytest.raises(LinkError, match="was lost: device disconnected"):
        ask(link)
    monkeypatch.undo()
    link.reopen()
    assert_usable(link)


@given(
    direction=st.sampled_from(["to_board", "to_host"]),
    position=st.integers(0, 400),
    length=st.integers(0, 3),
    replacement=st.binary(max_size=3),
)
def test_a_spoiled_line_never_gives_wrong_data(direction, position, length, replacement):
    board, link = opened(window=64, reply_bytes=16)
    seen = [0]

    def spoil(data):
        begin = position - seen[0]
        seen[0] += len(data)
        if 0 <= begin < len(data):
            return data[:begin] + replacement + data[begin + length :]
        return data

    setattr(board, direction, spoil)
    for _ in range(4):
        assert ask(link, 5) == [*ask(link), CONFIG.digest & 0xFFFFFFFF, CONFIG.digest >> 32]
    assert link.statistics.errors == 0


def test_an_odd_number_of_bytes_is_a_programming_error():
    _, link = opened()
    with pytest.raises(ValueError, match="16-bit"):
        link.send(b"abc")


def test_statistics_count_what_went_over_the_line():
    board, link = opened()
    before = link.statistics.bytes_sent, link.statistics.bytes_received
    sent, received = [], []
    board.to_board = lambda data: sent.append(data) or data
    board.to_host = lambda data: received.append(data) or data
    ask(link)
    link.close()
    assert board.closed
    assert link.statistics.bytes_sent - before[0] == sum(map(len, sent))
    assert link.statistics.bytes_received - before[1] == sum(map(len, received))
    assert link.statistics.connections == 1


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="pseudo-terminals are POSIX")
def test_it_works_over_a_serial_port_of_the_operating_system():
    board = FakeBoard(CONFIG, window=1024)
    board.timeout = 0.0
    ours, theirs = os.openpty()
    over = threading.Event()

    def serve():
        while not over.is_set():
            board.write(os.read(ours, 4096))
            while data := board.read(4096):
                os.write(ours, data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with serial.serial_for_url(os.ttyname(theirs), baudrate=115200) as port:
        link = Link(port)
        link.open()
        assert_usable(link)
        words = np.arange(4, dtype=np.uint32)
        link.send(write_request(MONITORS, words) * 500)
        assert len(link.receive(500 * 10)) == 5000
        assert_usable(link)
        over.set()
        port.write(DELIMITER)
        thread.join(5)
    os.close(ours)
    os.close(theirs)
