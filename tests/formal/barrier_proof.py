"""The proof of the barrier, and barriers that are broken on purpose."""

from pathlib import Path

from barrier_harness import BarrierHarness
from prove import Verdict, run

from spikeloom.hdl.fabric import barrier

BARRIER_MUTANTS = {
    "one core is enough": ("idle.all()", "idle.any()"),
    "packets are not waited for": ("done & (under_way == 0)", "done"),
    "a core's packets do not count": ("population(left)", "population(left[1:])"),
    "an arrival counts for nothing": ("population(came)", "population(came[1:])"),
    "cores that begin count as done": (
        "idle.eq(self.finished & ~self.release.replicate(cores))",
        "idle.eq(self.finished)",
    ),
    "a release lasts": (" & ~self.release)\n        return", ")\n        return"),
}


def prove_barrier(
    dut: type[barrier.Barrier] = barrier.Barrier, mode: str = "prove", depth: int = 2
) -> Verdict:
    """By induction over two cycles, or covers within `depth` cycles."""
    return run(f"barrier-{mode}", BarrierHarness(barrier=dut), mode=mode, depth=depth, keep=False)


def refute_barrier(name: str) -> Verdict:
    """Run the proof for one of `BARRIER_MUTANTS`."""
    old, new = BARRIER_MUTANTS[name]
    source = Path(str(barrier.__file__)).read_text()
    if source.count(old) != 1:
        raise ValueError(f"{source.count(old)} × {old!r} in the barrier; mutate another place")
    module = {"__name__": "mutant", "__package__": barrier.__package__}
    exec(compile(source.replace(old, new), "mutant", "exec"), module)
    return prove_barrier(module["Barrier"])  # type: ignore[arg-type]
