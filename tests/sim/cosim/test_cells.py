"""Cores of which the memories are cells of an FPGA equal the golden model, too."""

from __future__ import annotations

import functools
from importlib.resources import files
from pathlib import Path

import pytest

from spikeloom.boards import board_named
from spikeloom.boards.families import family_named
from spikeloom.boards.netlist import cell_library, require_models
from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.sim.cosim.campaign import run_campaign
from spikeloom.sim.twin.build import build_streams

PAIR = LearningConfig(rule="pair")
SOFT = LearningConfig(rule="pair", fraction_bits=6, bounds="soft")
FRACTION = LearningConfig(rule="pair", fraction_bits=4, stochastic=True)
THREE_FACTOR = LearningConfig(rule="three_factor", fraction_bits=4)
SYMMETRIC = LearningConfig(rule="symmetric", fraction_bits=4, stochastic=True)
_FOLDER = Path(str(files("spikeloom.boards"))) / "models"
MODELS = {family: sorted(_FOLDER.glob(f"{family}_*.v")) for family in ("ecp5", "xilinx")}


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


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "config",
    [
        CoreConfig(neurons=21, axons=37, lanes=8, refractory_bits=2, bias=True, learning=PAIR),
        pytest.param(
            CoreConfig(neurons=9, axons=20, lanes=2, learning=SOFT), marks=pytest.mark.slow
        ),
        pytest.param(
            CoreConfig(neurons=12, axons=17, lanes=4, learning=FRACTION), marks=pytest.mark.slow
        ),
        pytest.param(
            CoreConfig(neurons=7, axons=10, lanes=4, receptors=2, learning=THREE_FACTOR),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            CoreConfig(neurons=7, axons=10, lanes=2, delay_slots=4, learning=SYMMETRIC),
            marks=pytest.mark.slow,
        ),
        CoreConfig(
            neurons=21, axons=37, lanes=4, adaptation="exponential", parameters="per_neuron"
        ),
    ],
    ids=["pair", "soft", "fraction", "three_factor", "symmetric", "static"],
)
@pytest.mark.parametrize(
    ("family", "cores"),
    [
        ("ecp5", 1),
        pytest.param("ecp5", 16, marks=pytest.mark.slow),
        pytest.param("xilinx", 1, marks=pytest.mark.slow),
    ],
    ids=["ecp5", "many", "xilinx"],
)
def test_cells_of_a_family(config: CoreConfig, family: str, cores: int) -> None:
    """What a board's chip is generated with: block RAMs, multipliers, adders, registers on long ways."""
    technology = family_named(family).technology_for(cores)
    build = functools.partial(build_streams, technology=technology, models=MODELS[family])
    report = run_campaign([config], range(3), build=build)
    assert (report.cases, report.mismatches) == (3, [])
