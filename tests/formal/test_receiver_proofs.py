"""The receiver's proofs hold, and fail for receivers that are broken (docs/explanation/proofs.md)."""

import pytest
from mutants import MUTANTS, Mutant
from proofs import PROOFS, StartHarness, prove, refute
from prove import run

QUICK = {"start-any", "encoder-15", "any-decoder", "any-crc_0", "any-answers"}
QUICK_MUTANTS = {
    "any CRC will do",
    "any connection will do",
    "a delimiter ends no frame",
    "bad payload stays",
}


def quick_ones(names, quick):
    assert quick <= set(names)
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", quick_ones(PROOFS, QUICK))
def test_holds(name):
    verdict = prove(name)
    assert verdict.holds, verdict.report


@pytest.mark.parametrize("name", quick_ones(MUTANTS, QUICK_MUTANTS))
def test_fails_for_a_broken_receiver(name):
    verdict = refute(MUTANTS[name])
    assert not verdict.holds
    assert all(claim.startswith(f"{MUTANTS[name].part}_") for claim in verdict.broken)
    assert verdict.broken


def test_power_up_is_one_state_only():
    assert not run(
        "start-power-up", StartHarness(any_state=False), mode="cover", depth=1, keep=False
    ).holds


def test_mutants_are_receivers_of_today():
    for mutant in MUTANTS.values():
        assert mutant.source()
    with pytest.raises(ValueError, match="0 × 'nowhere'"):
        Mutant("decoder", "nowhere", "").source()
