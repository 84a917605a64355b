"""Cores of which the memories are cells of an FPGA equal the golden model, too."""

from __future__ import annotations

import functools
from importlib.resources import files
from pathlib import Path

import pytest

from spikeloom.boards import board_named
from spikeloom.boards.netlist import cell_library, require_models
from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.technology import Technology
from spikeloom.sim.cosim.campaign import run_campaign
from spikeloom.sim.twin.build import build_streams

PAIR = LearningConfig(rule="pair")
FRACTION = LearningConfig(rule="pair", fraction_bits=4, stochastic=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "config",
    [
        # What is written comes 4 and 6 cycles after it was read, of a lane that writes last.
        CoreConfig(neurons=5, axons=3, lanes=4, learning=PAIR),
        CoreConfig(neurons=21, axons=37, lanes=2, learning=FRACTION),
        CoreConfig(neurons=9, axons=20, lanes=4, delay_slots=4, receptors=2),
    ],
    ids=["pair", "fraction", "delays"],
)
def test_synapses_in_spram(config: CoreConfig) -> None:
    library = cell_library(require_models(board_named("icebreaker")))
    build = functools.partial(build_streams, synapse_storage="spram", models=[library])
    report = run_campaign([config], range(3), build=build)
    assert (report.cases, report.mismatches) == (3, [])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_block_rams_of_ecp5() -> None:
    model = Path(str(files("spikeloom.boards"))) / "models" / "ecp5_dp16kd.v"
    build = functools.partial(
        build_streams, technology=Technology(block_ram="dp16kd"), models=[model]
    )
    config = CoreConfig(neurons=21, axons=37, lanes=4, learning=PAIR)
    report = run_campaign([config], range(3), build=build)
    assert (report.cases, report.mismatches) == (3, [])
