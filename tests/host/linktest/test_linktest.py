"""The trial of a link: it passes what is right, and finds what is not."""

import json
import sys

import pytest
from designs import CONFIG, DESIGN
from fake_board import FakeBoard

from spikeloom import cli
from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.errors import InputError, LinkError
from spikeloom.hdl.contract.memory_map import Region, Register
from spikeloom.linktest.faults import FAULT_KINDS, FaultRates
from spikeloom.linktest.report import LinkTestReport, LinkTestSummary
from spikeloom.linktest.setup import board_config, trial_design
from spikeloom.linktest.trial import MeteredLine, link_test

COUNT = 3000
LEARNING = CoreConfig(
    neurons=6, axons=8, lanes=2, learning=LearningConfig(rule="three_factor", fraction_bits=4)
)


class SpoiledBoard(FakeBoard):
    """After so many of what it counts, it does one thing wrong, once."""

    def __init__(self, config, countdown):
        super().__init__(config)
        self.countdown = countdown

    def due(self):
        self.countdown -= 1
        return self.countdown == 0


class ForgetsAWrite(SpoiledBoard):
    def _set(self, address, value):
        if not (address >> 28 == Region.SYNAPSES and self.due()):
            super()._set(address, value)


class WritesTwice(SpoiledBoard):
    """A write is executed again, after others to the same weight."""

    overwritten = None

    def _set(self, address, value):
        if address >> 28 == Region.SYNAPSES and self.core.step_number:
            old = address, self._memory[address]
            self.overwritten = self.overwritten or (value != old[1] and old)
        super()._set(address, value)

    def _keep(self):
        super()._keep()
        if self.overwritten and self.due():
            super()._set(*self.overwritten)


class ReadsTwice(SpoiledBoard):
    """A command that changes nothing is executed twice."""

    def _serve_read(self):
        yield from super()._serve_read()
        if self.core.step_number and self.due():
            self.requests.append("again")


class StepsTwice(SpoiledBoard):
    def _step(self):
        if self.due():
            super()._step()
        super()._step()


class LosesASpike(SpoiledBoard):
    def _step(self):
        if self.core.arrivals[0].any() and self.due():
            self.core.arrivals[0] = False
        super()._step()


class DoublesASpike(SpoiledBoard):
    def _step(self):
        came = self.core.arrivals[0].nonzero()[0]
        if len(came) and self.due():
            self.core.inject_ids([int(came[0])])
        super()._step()


class ReadsWrongly(SpoiledBoard):
    def _get(self, address):
        value = super()._get(address)
        return value ^ 1 if address >> 28 == Region.SYNAPSES and self.due() else value


class ResetsTwice(SpoiledBoard):
    def _set(self, address, value):
        super()._set(address, value)
        if address >> 28 == Region.PARAMETERS and self.core.step_number and self.due():
            super()._set(Region.CONTROL.base + Register.RESET, 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_good_link_passes(seed):
    told = []
    report = link_test(FakeBoard(CONFIG), DESIGN, seed=seed, count=COUNT, advance=told.append)
    assert report.finding == ""
    assert report.ok
    assert report.commands > 5
    assert min(report.stream_bytes.values()) >= COUNT
    assert all(report.line_bytes[way] > count for way, count in report.stream_bytes.items())
    assert report.line_bytes["to_host"] == report.statistics["bytes_received"]
    assert sum(told) == COUNT
    assert report.faults == {way: dict.fromkeys(FAULT_KINDS, 0) for way in ("to_board", "to_host")}


def test_a_learning_core_passes():
    design = trial_design(LEARNING)
    assert link_test(FakeBoard(LEARNING), design, seed=2, count=COUNT).finding == ""


def test_the_same_seed_is_the_same_trial():
    first, second, other = (
        link_test(FakeBoard(CONFIG), DESIGN, seed=seed, count=COUNT).commands for seed in (3, 3, 4)
    )
    assert first == second != other


@pytest.mark.parametrize("countdown", [1, 7])
@pytest.mark.parametrize(
    "board",
    [
        ForgetsAWrite, WritesTwice, ReadsTwice, StepsTwice, LosesASpike, DoublesASpike, ReadsWrongly,
        ResetsTwice,
    ],
)  # fmt: skip
def test_a_single_wrong_thing_is_found(board, countdown):
    spoiled = board(CONFIG, countdown)
    report = link_test(spoiled, DESIGN, seed=1, count=2 * COUNT)
    assert spoiled.countdown <= 0, "the trial never came to it"
    assert not report.ok
    assert spoiled.closed


def test_a_link_that_gives_up_is_a_finding():
    board = FakeBoard(CONFIG)
    report = link_test(board, DESIGN, rates=FaultRates(drop=1.0), count=COUNT)
    assert report.finding.startswith("LinkError: ")
    assert report.faults["to_board"]["drop"] == report.line_bytes["to_board"] > 0
    assert board.closed


def test_the_longest_time_without_progress_is_measured():
    board, progress = FakeBoard(CONFIG), iter([0, 0, 0, 1, 2, 2, 2, 2, 2, 3, 3])
    board.timeout = 0.5
    line = MeteredLine(board, FaultRates(), 0)
    line.progress = lambda: next(progress)
    for _ in range(11):
        line.read(1)
    assert line.time == pytest.approx(5.5)
    assert line.longest_stall == pytest.approx(2.5)


def summary(*findings):
    reports = [
        LinkTestReport(
            k,
            seconds=0.5,
            stream_bytes={"to_board": 5000, "to_host": 7000},
            faults={"to_board": {"drop": 3}},
            finding=finding,
        )
        for k, finding in enumerate(findings)
    ]
    return LinkTestSummary(FaultRates(drop=0.25), reports)


def test_a_summary_is_as_good_as_its_worst_trial():
    assert summary("", "").ok
    assert not summary("", "LinkError: gone").ok
    found = json.loads(json.dumps(summary("", "LinkError: gone").to_dict()))
    assert found["rates"]["drop"] == 0.25
    assert [trial["ok"] for trial in found["trials"]] == [True, False]
    assert found["trials"][0]["throughput"] == {"to_board": 10_000, "to_host": 14_000}


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command line on fake boards; gives exit code, stdout, stderr."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(
        "spikeloom.cli.linktest.port_opener",
        lambda where, config, baud: lambda seed: FakeBoard(config),
    )

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["spikeloom", "linktest", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def test_the_command_reports_every_seed(run, tmp_path):
    file = tmp_path / "net.slm"
    DESIGN.save(file)
    code, out, _ = run("twin:", "--design", file, "--seeds", 2, "--first", 5, "--bytes", 500)
    assert code == 0
    assert "equal to the golden model" in out
    assert [line.split()[1] for line in out.splitlines() if "ok" in line.split()] == ["5", "6"]


def test_the_command_fails_on_any_finding(run, tmp_path, monkeypatch):
    file = tmp_path / "core.toml"
    file.write_text(CONFIG.to_toml())
    monkeypatch.setattr(
        "spikeloom.cli.linktest.port_opener",
        lambda where, config, baud: lambda seed: StepsTwice(config, 1),
    )
    code, out, _ = run("twin:", "--config", file, "--bytes", 2000, "--json")
    assert code == 1
    found = json.loads(out)
    assert not found["ok"]
    assert found["trials"][0]["finding"]
    code, out, _ = run("twin:", "--config", file, "--bytes", 2000)
    assert code == 1
    assert "1 of 1 trials failed" in out


def test_latency_is_for_simulated_lines(run, tmp_path):
    code, _, err = run("twin:", "--set", "neurons=4", "--set", "axons=4", "--latency", 5)
    assert code == 1
    assert "time of its own" in err


@pytest.mark.parametrize("rate", [-0.1, 0.3])
def test_impossible_rates_are_refused(run, rate):
    code, _, err = run("twin:", "--faults", rate, "--set", "neurons=4", "--set", "axons=4")
    assert code == 1
    assert "fault" in err


def test_a_core_that_no_board_gets_by_default_needs_a_name(monkeypatch):
    from spikeloom.boards import BOARDS

    monkeypatch.setattr("spikeloom.linktest.setup.open_serial", lambda *_: FakeBoard(CONFIG))
    with pytest.raises(InputError, match=f"{CONFIG.digest:016x}.*name the design"):
        board_config("COM5", None)
    known = BOARDS["icebreaker"].config
    monkeypatch.setattr("spikeloom.linktest.setup.open_serial", lambda *_: FakeBoard(known))
    assert board_config("COM5", 9600) == known


def test_a_silent_port_is_a_link_error(monkeypatch):
    board = FakeBoard(CONFIG)
    board.to_host = lambda data: b""
    monkeypatch.setattr("spikeloom.linktest.setup.open_serial", lambda *_: board)
    with pytest.raises(LinkError, match="9600 baud does not answer"):
        board_config("COM5", 9600)
