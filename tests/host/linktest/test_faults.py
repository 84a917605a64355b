"""Ports that spoil and delay: what comes out for what went in."""

from itertools import groupby, pairwise

import pytest
from designs import CONFIG
from fake_board import FakeBoard
from hypothesis import given
from hypothesis import strategies as st

from spikeloom.hdl.contract.errors import InputError
from spikeloom.link.link import Link
from spikeloom.linktest.faults import FAULT_KINDS, HOLD_BYTES, FaultRates, FaultyLine, FaultyPort
from spikeloom.linktest.latency import LatencyPort
from spikeloom.linktest.port_wrapper import PortWrapper

DATA = st.binary(max_size=400)
SEED = st.integers(0, 2**32)
RATE = st.sampled_from([0.02, 0.3, 1.0])


class Wire:
    """A port in a time of its own: bytes come when they are due, and what is written is kept."""

    def __init__(self, timeout=0.1):
        self.timeout = timeout
        self.baudrate = 1000
        self.time = 0.0
        self.coming = []
        self.written = []

    def now(self):
        return self.time

    def advance(self, seconds):
        self.time += seconds

    @property
    def out_waiting(self):
        return 0

    @property
    def in_waiting(self):
        return sum(at <= self.time for at, _ in self.coming)

    def read(self, size=1):
        end = self.time + self.timeout
        while self.in_waiting < size and self.time < end:
            self.time = min([end, *(at for at, _ in self.coming if at > self.time)])
        taken = self.coming[: min(size, self.in_waiting)]
        self.coming = self.coming[len(taken) :]
        return bytes(value for _, value in taken)

    def write(self, data):
        self.written += [(self.time, value) for value in data]
        return len(data)

    def close(self):
        self.timeout = None


def through(data, seed=0, **rates):
    """What a line makes of `data`, delayed bytes included, and the line."""
    line = FaultyLine(FaultRates(**rates), seed)
    return line.carry(data, 0.0) + line.overdue(float("inf")), line


def is_subsequence(part, whole):
    rest = iter(whole)
    return all(value in rest for value in part)


@given(DATA, SEED)
def test_without_faults_everything_passes(data, seed):
    out, line = through(data, seed)
    assert out == data
    assert line.carried == len(data)
    assert not any(line.counts.values())


@given(DATA, SEED, RATE)
def test_drops_leave_a_subsequence(data, seed, rate):
    out, line = through(data, seed, drop=rate)
    assert is_subsequence(out, data)
    assert len(data) - len(out) == line.counts["drop"]


@given(DATA, SEED, RATE)
def test_flips_change_one_bit_of_a_byte(data, seed, rate):
    out, line = through(data, seed, flip=rate)
    assert len(out) == len(data)
    flipped = [(a ^ b).bit_count() for a, b in zip(data, out, strict=True) if a != b]
    assert flipped == [1] * line.counts["flip"]


@given(DATA, SEED, RATE)
def test_duplicates_stand_beside_each_other(data, seed, rate):
    out, line = through(data, seed, duplicate=rate)
    assert len(out) - len(data) == line.counts["duplicate"]
    # Without their repetitions, both are the same: a byte was repeated where it stood.
    assert [v for v, _ in groupby(out)] == [v for v, _ in groupby(data)]


@given(DATA, SEED, RATE)
def test_inserted_bytes_come_between_the_others(data, seed, rate):
    out, line = through(data, seed, insert=rate)
    assert is_subsequence(data, out)
    assert len(out) - len(data) == line.counts["insert"]


@given(st.integers(0, 250), SEED, RATE)
def test_delayed_bytes_come_a_little_later(count, seed, rate):
    data = bytes(range(count))
    out, line = through(data, seed, delay=rate)
    assert sorted(out) == list(data)
    late = [value for value in data if any(v > value for v in out[: out.index(value)])]
    assert len(late) <= line.counts["delay"]
    for value in data:
        overtaken_by = sum(v > value for v in out[: out.index(value)])
        assert overtaken_by <= HOLD_BYTES


@given(DATA, SEED, st.lists(st.integers(0, 400), max_size=6))
def test_faults_depend_on_seed_and_position_alone(data, seed, cuts):
    rates = FaultRates.of_every_kind(0.05)
    whole, parts = FaultyLine(rates, seed), FaultyLine(rates, seed)
    expected = whole.carry(data, 0.0)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [parts.carry(data[a:b], 0.0) for a, b in pairwise(edges)]
    assert b"".join(pieces) == expected
    assert parts.counts == whole.counts


def test_rates_are_kept():
    data = bytes(200_000)
    rates = {"drop": 0.01, "flip": 0.02, "duplicate": 0.005, "delay": 0.01, "insert": 0.04}
    _, line = through(data, **rates)
    for kind, rate in rates.items():
        expected = rate * len(data)
        assert abs(line.counts[kind] - expected) < 5 * expected**0.5, kind
    assert line.counts != through(data, 1, **rates)[1].counts


@pytest.mark.parametrize("rates", [{"drop": -0.1}, {"flip": 1.1}, {"insert": float("nan")}])
def test_rates_are_probabilities(rates):
    (kind,) = rates
    with pytest.raises(InputError, match=f"rate of {kind} faults"):
        FaultRates(**rates)


def test_rates_of_all_kinds_leave_room_for_each_other():
    assert FaultRates.of_every_kind(0.2).total == pytest.approx(1)
    with pytest.raises(InputError, match=r"0\.2 for each"):
        FaultRates.of_every_kind(0.21)


@given(DATA, SEED, st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_a_port_spoils_both_directions(data, seed, sizes):
    wire = Wire(timeout=0.01)
    port = FaultyPort(wire, 0.05, seed)
    wire.coming = [(0.001 * k, value) for k, value in enumerate(data)]
    assert port.write(data) == len(data)
    port.timeout = 0.7
    came = b"".join(port.read(size) for size in sizes) + port.read(2000) + port.read(2000)
    assert port.in_waiting == 0
    for line, arrived in ((port.to_host, len(came)), (port.to_board, len(wire.written))):
        assert line.carried == len(data)
        gained = line.counts["duplicate"] + line.counts["insert"] - line.counts["drop"]
        assert arrived == len(data) + gained
    assert port.fault_counts == {
        "to_board": dict(port.to_board.counts),
        "to_host": dict(port.to_host.counts),
    }


def test_the_seed_chooses_the_faults_of_each_direction():
    def spoiled(seed):
        wire = Wire(timeout=0.1)
        port = FaultyPort(wire, 0.05, seed)
        wire.coming = [(0.0, value) for value in range(256)]
        port.write(bytes(range(256)))
        return bytes(value for _, value in wire.written), port.read(256)

    assert spoiled(1) == spoiled(1)
    directions = {data for seed in (1, 2) for data in spoiled(seed)}
    assert len(directions) == 4


def test_a_delayed_byte_which_nothing_follows_is_sent_by_time():
    wire = Wire(timeout=0.5)
    port = FaultyPort(wire, to_board=FaultRates(delay=1.0), hold_seconds=0.2)
    wire.coming = [(0.1, 7)]
    port.write(b"\x05")
    assert port.read(2) == b"\x07"
    assert wire.time == pytest.approx(0.5)
    assert wire.written == [(pytest.approx(0.2), 5)]


def test_a_delayed_byte_which_nothing_follows_is_read_by_time():
    wire = Wire(timeout=0.5)
    port = FaultyPort(wire, to_host=FaultRates(delay=1.0), hold_seconds=0.2)
    wire.coming = [(0.1, 7)]
    assert port.read(1) == b"\x07"
    assert wire.time == pytest.approx(0.3)


def test_wrapped_ports_have_what_the_inner_port_has():
    wire = Wire()
    port = FaultyPort(LatencyPort(wire, 0.5))
    assert port.now() == 0.0
    assert port.baudrate == 1000
    port.baudrate = 2000
    assert wire.baudrate == 2000
    port.close()
    assert wire.timeout is None
    for bare in (PortWrapper(FakeBoard(CONFIG)), FaultyPort(FakeBoard(CONFIG))):
        assert not hasattr(bare, "baudrate")
        assert hasattr(bare, "now")


def test_a_wrapper_changes_nothing():
    wire = Wire()
    port = PortWrapper(wire)
    wire.coming = [(0.05, 1), (0.2, 2)]
    assert port.in_waiting == 0
    assert port.read(2) == b"\x01"
    assert wire.time == pytest.approx(0.1)
    assert port.write(b"ab") == 2
    assert bytes(value for _, value in wire.written) == b"ab"


@given(st.lists(st.floats(0, 2), max_size=30), st.floats(0.01, 1))
def test_latency_shifts_what_comes(gaps, seconds):
    wire, at = Wire(timeout=0.01), 0.0
    for k, gap in enumerate(gaps):
        at += gap
        wire.coming.append((at, k))
    due = [at for at, _ in wire.coming]
    port = LatencyPort(wire, seconds)
    port.timeout = 10.0
    for k, expected in enumerate(due):
        assert port.read(1) == bytes([k])
        assert expected + seconds - 1e-9 <= wire.time <= expected + seconds * (1 + 1 / 60)
    assert port.in_waiting == 0


def test_latency_shifts_what_is_sent():
    wire = Wire(timeout=0.1)
    port = LatencyPort(wire, 1.0)
    port.timeout = 0.25
    port.write(b"a")
    assert port.out_waiting == 1
    assert port.read(1) == b""
    assert wire.time == pytest.approx(0.25)
    port.write(b"b")
    port.flush()
    assert [value for _, value in wire.written] == list(b"ab")
    assert [time for time, _ in wire.written] == pytest.approx([1.0, 1.25])
    assert port.out_waiting == 0


def test_no_latency_is_no_change():
    wire = Wire(timeout=0.1)
    port = LatencyPort(wire, 0.0)
    wire.coming = [(0.05, 1)]
    port.write(b"x")
    assert wire.written == [(0.0, ord("x"))]
    assert port.read(1) == b"\x01"
    assert wire.time == pytest.approx(0.05)


def test_latency_needs_simulated_time():
    with pytest.raises(InputError, match="time of its own"):
        LatencyPort(FakeBoard(CONFIG), 0.1)
    with pytest.raises(InputError, match="0 or more"):
        LatencyPort(Wire(), -1.0)


def test_a_link_opens_through_a_faulty_port_without_faults():
    port = FaultyPort(FakeBoard(CONFIG))
    link = Link(port)
    link.open()
    assert port.to_board.carried == link.statistics.bytes_sent > 0
    assert port.to_host.carried == link.statistics.bytes_received > 0
    assert set(port.to_board.counts) == set(FAULT_KINDS)
