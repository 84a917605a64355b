"""Brief cases: spread over configurations and processes, each counted once, and mistakes are found."""

from __future__ import annotations

import numpy as np
import pytest

from spikeloom.sim.cosim import brief, scenario
from spikeloom.sim.cosim.report import CosimReport


@pytest.mark.timeout(600)
def test_brief_cases_find_no_difference() -> None:
    seen: list[int] = []
    report = brief.run_brief(7, 2, jobs=1, progress=lambda what, done, total: seen.append(done))
    assert report.to_dict()["mismatches"] == []
    assert (report.cases, report.configs) == (7, 2)
    assert report.steps == 7 * scenario.RUN_STEPS
    assert seen[-1] == 7


@pytest.mark.timeout(600)
def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    original = scenario.GoldenDevice.read

    def spoiled(self: scenario.GoldenDevice, name: str) -> np.ndarray:
        return original(self, name) + (name == "v")

    monkeypatch.setattr(scenario.GoldenDevice, "read", spoiled)
    report = brief._run(0, 5, 2)
    assert [mismatch["seed"] for mismatch in report.mismatches] == [5, 6]
    assert not report.ok


@pytest.mark.parametrize(("cases", "configs"), [(1, 1), (250, 2), (1001, 4), (3, 40)])
def test_every_case_is_run_once(cases: int, configs: int) -> None:
    spread = [cases // configs + (k < cases % configs) for k in range(configs)]
    parts = list(brief._parts(spread, 10))
    ran = [(number, seed) for number, first, n in parts for seed in range(first, first + n)]
    assert len(ran) == len(set(ran)) == cases
    assert all(seed >= 10 for _, seed in ran)


def test_configurations_are_small_and_of_all_kinds() -> None:
    configs = [brief.small_config(k) for k in range(brief.CONFIGS)]
    assert all(c.neurons * c.axons <= brief.MOST_SYNAPSES for c in configs)
    assert configs == [brief.small_config(k) for k in range(brief.CONFIGS)]
    assert {c.lanes for c in configs} == {1, 2, 4, 8}
    assert {c.receptors for c in configs} == {1, 2}
    assert {c.learning.rule for c in configs if c.learning} >= {"pair", "sdsp", "three_factor"}
    assert any(c.delay_slots > 1 for c in configs)


def test_merged_reports_count_everything() -> None:
    whole, part = CosimReport(), CosimReport(cases=3, steps=4, cycles=5, weight_updates=6)
    part.mismatches.append({"seed": 1, "error": "v"})
    whole.merge(part)
    whole.merge(part)
    counted = (whole.cases, whole.steps, whole.cycles, whole.weight_updates, len(whole.mismatches))
    assert counted == (6, 8, 10, 12, 2)
