"""The barrier's proof holds, and fails for barriers that are broken (docs/explanation/proofs.md)."""

import pytest
from barrier_proof import BARRIER_MUTANTS, prove_barrier, refute_barrier


def test_no_step_begins_early():
    verdict = prove_barrier()
    assert verdict.holds, verdict.report


def test_the_barrier_does_release():
    assert prove_barrier(mode="cover", depth=9).holds


@pytest.mark.parametrize("name", BARRIER_MUTANTS)
def test_fails_for_a_broken_barrier(name):
    assert not refute_barrier(name).holds
