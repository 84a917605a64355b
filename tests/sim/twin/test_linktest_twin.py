"""The link of the simulated chip, over lines that spoil one byte in 200, and one in 20."""

import functools

import pytest
from shared_builds import STREAM_CORE as CONFIG

from spikeloom.link.link import Port
from spikeloom.linktest.latency import LatencyPort
from spikeloom.linktest.report import LinkTestReport
from spikeloom.linktest.setup import DEFAULT_CONFIG, trial_design
from spikeloom.linktest.trial import link_test
from spikeloom.sim.twin import TwinPort, open_port
from spikeloom.sim.twin.build import TwinLibrary, build_streams

MOST_STALL = 2.0
"""Seconds of simulated time."""
DIVISOR_4 = 6_000_000


@functools.cache
def library() -> TwinLibrary:
    """The chip without its UART: it takes and gives bytes at random moments."""
    return build_streams(CONFIG)


def trial(port: Port, config=CONFIG, *, rate, seed, count) -> LinkTestReport:
    report = link_test(port, trial_design(config), rates=rate, seed=seed, count=count)
    assert report.finding == ""
    assert report.statistics["connections"] == 1
    assert min(report.stream_bytes.values()) >= count
    assert report.longest_stall < MOST_STALL
    return report


def spoiled(report: LinkTestReport) -> int:
    return sum(sum(counts.values()) for counts in report.faults.values())


@pytest.mark.timeout(300)
def test_a_line_that_takes_its_time():
    report = trial(LatencyPort(TwinPort(library(), seed=1), 1e-4), rate=0.0, seed=1, count=2000)
    assert spoiled(report) == 0
    assert not any(report.counters.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("rate", "count"), [(1e-3, 3000), (1e-2, 200)])
def test_everything_gets_through(rate, count, seed):
    report = trial(TwinPort(library(), seed=seed), rate=rate, seed=seed, count=count)
    assert spoiled(report) > 20
    assert report.counters["link_bad_frames"] > 0
    assert report.statistics["frames_resent"] > 0


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(20))
def test_a_million_bytes_each_way(seed):
    port = open_port(DEFAULT_CONFIG, seed=seed, baud=DIVISOR_4)
    report = trial(port, DEFAULT_CONFIG, rate=1e-3, seed=seed, count=1_000_000)
    for counts in report.faults.values():
        assert min(counts.values()) > 800


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(3))
def test_a_very_bad_line(seed):
    port = open_port(DEFAULT_CONFIG, seed=seed, baud=DIVISOR_4)
    report = trial(port, DEFAULT_CONFIG, rate=1e-2, seed=seed, count=10_000)
    for counts in report.faults.values():
        assert min(counts.values()) > 80
