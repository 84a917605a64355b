"""The fast model in the place of the golden one, against the simulated chip: 20 configurations."""

from __future__ import annotations

import pytest

from spikeloom.fast import FastDevice
from spikeloom.hdl import CoreConfig
from spikeloom.sim.cosim import campaign_configs, run_campaign, scenario
from spikeloom.sim.cosim.campaign import learning_configs
from spikeloom.sim.fast import unsupported

SHARES = {"pair": 2, "rectangular": 1, "symmetric": 1, "three_factor": 2, "sdsp": 1, "lag_table": 2}
CAMPAIGN = [
    (campaign_configs("lif"), 8),
    (campaign_configs("adlif"), 3),
    *((learning_configs(rule), share) for rule, share in SHARES.items()),
]
"""Configurations of the campaign, and how many of them are chosen."""


def chosen(configs: list[CoreConfig], count: int) -> list[CoreConfig]:
    """Some of those that the fast model has, far apart, of few lanes, which are compiled sooner."""
    possible = [c for c in configs if not unsupported(c) and c.lanes <= 8]
    return possible[:: len(possible) // count][:count]


CONFIGS = [config for configs, count in CAMPAIGN for config in chosen(configs, count)]


def test_there_are_twenty() -> None:
    assert len(set(CONFIGS)) == 20


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_no_difference(config: CoreConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario, "GoldenDevice", FastDevice)
    report = run_campaign([config], range(3))
    assert report.to_dict()["mismatches"] == []
    assert report.cases == 3
