"""The link of the simulated chip, over lines that spoil one byte in 200, and one in 20."""

import pytest
from test_twin import CONFIG

from spikeloom.latency import LatencyPort
from spikeloom.linktest import link_test
from spikeloom.linktest_report import LinkTestReport
from spikeloom.linktest_setup import DEFAULT_CONFIG, trial_design
from spikeloom.sim.twin import open_port

MOST_STALL = 2.0
"""Seconds of simulated time."""


def trial(config=CONFIG, *, rate, seed, count, latency=0.0) -> LinkTestReport:
    port = open_port(config, seed=seed)
    line = LatencyPort(port, latency) if latency else port
    report = link_test(line, trial_design(config), rates=rate, seed=seed, count=count)
    assert report.finding == ""
    assert min(report.stream_bytes.values()) >= count
    assert report.longest_stall < MOST_STALL
    return report


def spoiled(report: LinkTestReport) -> int:
    return sum(sum(counts.values()) for counts in report.faults.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("latency", [0.0, 1e-3])
def test_a_line_without_faults(latency):
    report = trial(rate=0.0, seed=1, count=3000, latency=latency)
    assert spoiled(report) == 0
    assert not any(report.counters.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("rate", "count"), [(1e-3, 6000), (1e-2, 2000)])
def test_everything_gets_through(rate, count, seed):
    report = trial(rate=rate, seed=seed, count=count)
    assert spoiled(report) > count * rate
    assert report.commands > 5


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(20))
def test_a_million_bytes_each_way(seed):
    report = trial(DEFAULT_CONFIG, rate=1e-3, seed=seed, count=1_000_000)
    for counts in report.faults.values():
        assert min(counts.values()) > 800


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(3))
def test_a_very_bad_line(seed):
    report = trial(DEFAULT_CONFIG, rate=1e-2, seed=seed, count=10_000)
    for counts in report.faults.values():
        assert min(counts.values()) > 50
