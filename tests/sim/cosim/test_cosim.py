"""Co-simulation: a sample of the campaign, cocotb included, and proof that it finds mistakes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shared_builds import STREAM_CORE

from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.sim.cosim import bench, campaign_configs, run, run_campaign, runner, scenario
from spikeloom.sim.cosim.cases import OPTIONS, random_config
from spikeloom.sim.cosim.placed import (
    FAMILIES,
    SHAPES,
    family_config,
    family_fabric,
    random_network,
    random_placement,
    run_placed,
)
from spikeloom.sim.cosim.report import CosimReport

CONFIG = STREAM_CORE


def learning(rule: str, *, neurons: int, axons: int, **settings: Any) -> CoreConfig:
    """A core with stochastic rounding; few synapses, which are read and written one by one."""
    rounding = {"fraction_bits": 5, "stochastic": True}
    return CoreConfig(
        neurons=neurons,
        axons=axons,
        lanes=4,
        receptors=2,
        monitors=4,
        learning=LearningConfig(rule=rule, **rounding, **settings),
    )


LEARNING = [
    learning("three_factor", neurons=9, axons=10, eligibility_bits=9),
    learning("symmetric", neurons=4, axons=33, pairing="nearest"),
    learning("pair", neurons=11, axons=7, bounds="soft"),
]


@pytest.mark.timeout(600)
def test_cocotb_finds_no_difference(tmp_path: Path) -> None:
    report = run(LEARNING[0], range(3), out=tmp_path, cocotb=True)
    assert report.to_dict()["mismatches"] == []
    assert report.ok
    assert report.cases == 3
    assert report.cycles > 0


SAMPLE = {"stream": CONFIG, "corner": campaign_configs()[0]} | {
    config.learning.rule: config for config in LEARNING if config.learning
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("config", SAMPLE.values(), ids=SAMPLE)
def test_campaign_sample_finds_no_difference(config: CoreConfig) -> None:
    report = run_campaign([config], range(6))
    assert report.to_dict()["mismatches"] == []
    assert report.cases == 6


@pytest.mark.timeout(600)
def test_placed_networks_find_no_difference() -> None:
    report = run_placed([1], range(3), (2,))
    assert report.to_dict()["mismatches"] == []
    assert report.cases == 3


@pytest.mark.parametrize("family", range(FAMILIES))
def test_a_family_is_the_same_network_on_every_fabric(family: int) -> None:
    config = family_config(family)
    design = random_network(config, np.random.default_rng(3))
    lanes = set()
    for cores in SHAPES:
        rng = np.random.default_rng([family, cores])
        fabric = family_fabric(config, cores, rng)
        placement = random_placement(design.image, fabric, rng)
        assert placement.core_images(design.image)
        assert fabric.cores == cores
        lanes.add(fabric.core.lanes)
    assert len(lanes) > 1
    again = random_network(config, np.random.default_rng(3))
    assert again.image.identity == design.image.identity


def test_a_difference_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The golden model is spoiled; the report must say where it differs first."""
    original = scenario.GoldenDevice.read

    def spoiled(self: scenario.GoldenDevice, name: str) -> np.ndarray:
        values = original(self, name)
        if name == "v" and self.counters()["steps"] == 2:
            values[7] += 1
        return values

    monkeypatch.setattr(scenario.GoldenDevice, "read", spoiled)
    report = run_campaign([CONFIG], range(1))
    assert not report.ok
    assert re.match(r"step \d+: v\[7\] is ", report.mismatches[0]["error"])


def test_the_cover_has_every_pair_and_the_corners() -> None:
    configs = campaign_configs()
    assert len(configs) >= 60
    for option in ("receptors", "synapse", "leak", "reset", "bias", "parameters", "lanes"):
        assert {getattr(c, option) for c in configs} == set(OPTIONS[option])
    pairs = {(c.lanes, c.weight_bits) for c in configs}
    assert len(pairs) == len(OPTIONS["lanes"]) * len(OPTIONS["weight_bits"])
    assert any(c.axons == 1 for c in configs)
    assert any(c.neurons == c.lanes == 32 for c in configs)
    assert any(c.neurons % c.lanes for c in configs)


@pytest.mark.parametrize("seed", range(5))
def test_random_configurations_are_reproducible(seed: int) -> None:
    first, second = (random_config(np.random.default_rng(seed)) for _ in range(2))
    assert first == second


def test_a_job_survives_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    job = bench.Job(CONFIG.to_dict(), [3, 4], "results.jsonl")
    for name, value in job.export().items():
        monkeypatch.setenv(name, value)
    assert bench.Job.from_environment() == job


def test_no_seeds_is_not_ok() -> None:
    assert not runner.CosimReport().ok


def test_a_failing_case_is_run_again_for_its_waveform(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def campaign(configs: list[CoreConfig], seeds: range, progress: object) -> CosimReport:
        report = CosimReport()
        for seed in seeds:
            report.add(
                configs[0], {"seed": seed, "cycles": 1} | ({"error": "v"} if seed == 4 else {})
            )
        return report

    def waveform(config: CoreConfig, seed: int, out: Path) -> str:
        asked.append((config, seed))
        return str(out / "wave.vcd")

    monkeypatch.setattr(runner, "run_campaign", campaign)
    monkeypatch.setattr(runner, "_waveform", waveform)
    report = run(CONFIG, range(3, 6), out=Path("waves"))
    assert asked == [(CONFIG, 4)]
    assert [m["waves"] for m in report.mismatches] == [str(Path("waves/wave.vcd"))]
