"""The barrier's proof holds, and fails for barriers that are broken (docs/formal.md)."""

from pathlib import Path

import pytest
from barrier_harness import BarrierHarness
from prove import run

from spikeloom.hdl.fabric import barrier

MUTANTS = {
    "one core is enough": ("self.finished.all()", "self.finished.any()"),
    "packets are not waited for": ("done & (under_way == 0)", "done"),
    "a core's packets do not count": ("population(self.sent)", "population(self.sent[1:])"),
    "an arrival counts for nothing": ("population(self.arrived)", "population(self.arrived[1:])"),
    "cores that begin count as done": (
        "done.eq(self.finished",
        "done.eq(self.release | self.finished",
    ),
    "a release lasts": (" & ~self.release)\n        return", ")\n        return"),
}


def prove(dut=barrier.Barrier, mode="prove", depth=2):
    return run("barrier", BarrierHarness(barrier=dut), mode=mode, depth=depth, keep=False)


def broken(old, new):
    source = Path(barrier.__file__).read_text()
    assert source.count(old) == 1
    module = {"__name__": "mutant", "__package__": barrier.__package__}
    exec(compile(source.replace(old, new), "mutant", "exec"), module)
    return module["Barrier"]


def test_no_step_begins_early():
    verdict = prove()
    assert verdict.holds, verdict.report


def test_the_barrier_does_release():
    assert prove(mode="cover", depth=9).holds


@pytest.mark.parametrize("name", MUTANTS)
def test_fails_for_a_broken_barrier(name):
    assert not prove(broken(*MUTANTS[name])).holds
