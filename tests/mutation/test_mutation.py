"""Mutants: three that are wrong in what anyone can see are killed, one that is the chip is not."""

import dataclasses

import mutation_page
import pytest
from mutant_proof import Proofs, without_mutant
from mutant_trial import try_mutants
from mutated_netlist import choose_mutants, find_mutants, flat_chip, with_mutants

from spikeloom.hdl import CoreConfig

TINY = CoreConfig(neurons=3, axons=3, lanes=1, monitors=1)
PLACES = [
    ("core.fired__spike", "inv"),
    ("core.arrivals.list.write_address", "inv"),
    ("core.neuron_update.soma.v_late_0", "inv"),
]


@pytest.fixture(scope="module")
def original():
    return flat_chip(TINY)


@pytest.mark.timeout(600)
def test_wrong_chips_are_killed_and_the_chip_itself_is_not(original):
    wrong = find_mutants(original, PLACES)
    same = dataclasses.replace(without_mutant(wrong[0]), number=len(wrong) + 1)
    netlist = with_mutants(original, (*wrong, same))
    library = netlist.build()
    outcomes = try_mutants(library, TINY, range(1, len(wrong) + 2), range(2), jobs=2)
    killed = {outcome.number: outcome.killed for outcome in outcomes}
    assert killed == {1: True, 2: True, 3: True, same.number: False}


def test_a_proof_tells_a_wrong_chip_from_the_chip_itself(original):
    wrong = find_mutants(original, PLACES[:1])[0]
    proofs = Proofs(original)
    assert not proofs.equivalent(wrong)
    assert proofs.equivalent(without_mutant(wrong))


def test_mutants_are_of_the_core_and_of_no_clock(original):
    mutants = choose_mutants(original, 60, seed=3)
    assert [m.number for m in mutants] == list(range(1, 61))
    assert all(m.block == "core" or m.block.startswith("core.") for m in mutants)
    assert not any(m.port.endswith("CLK") for m in mutants)
    assert len({m.block for m in mutants}) > 5
    assert choose_mutants(original, 60, seed=3) == mutants


def test_a_signal_that_is_not_there_is_named(original):
    with pytest.raises(ValueError, match=r"drives core\.nothing"):
        find_mutants(original, [("core.nothing", "inv")])


def test_the_page_is_what_the_results_give(tmp_path, monkeypatch):
    written = mutation_page.PAGE.read_text()
    monkeypatch.setattr(mutation_page, "PAGE", tmp_path / "page.md")
    mutation_page.write_page()
    assert mutation_page.PAGE.read_text() == written
