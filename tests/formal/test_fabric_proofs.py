"""Proofs about routers, mesh and arrivals hold, and fail for what is broken (docs/explanation/proofs.md)."""

import pytest
from fabric_proofs import FABRIC_MUTANTS, FABRIC_PROOFS, FabricMutant, prove_fabric, refute_fabric

from spikeloom.hdl.fabric import router

QUICK = {"carries 8×8 3,4", "carries 3×1 1,0", "waits 3×3 2,0", "mesh 1×2", "list 2"}
QUICK_MUTANTS = {"rows first", "a newer packet overtakes"}


def quick_ones(names, quick):
    assert quick <= set(names)
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", quick_ones(FABRIC_PROOFS, QUICK))
def test_holds(name):
    verdict = prove_fabric(name)
    assert verdict.holds, verdict.report


@pytest.mark.parametrize("name", quick_ones(FABRIC_MUTANTS, QUICK_MUTANTS))
def test_fails_for_what_is_broken(name):
    verdict = refute_fabric(FABRIC_MUTANTS[name])
    assert not verdict.holds
    assert verdict.broken


def test_mutants_are_of_today():
    for mutant in FABRIC_MUTANTS.values():
        assert mutant.source()
    with pytest.raises(ValueError, match="0 × 'nowhere'"):
        FabricMutant("mesh 2×2", router, "nowhere", "").source()
