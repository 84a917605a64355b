"""Proofs that a mutant is the same chip: from any state of registers and memories, the same next one.

Registers and memories are cut out: what they hold is the same on both sides, anything at all, and
what they get next has to be equal, like every output.  That is one step of an induction over clock
cycles, whose start is the same power-up.  A proof needs no luck with seeds; without one a mutant may
still be the same chip, because some states are never reached or do not matter.
"""

from __future__ import annotations

import dataclasses
import subprocess

from mutated_netlist import Mutant, run_yosys
from rtlil_cells import cut

from spikeloom.hdl.chip.verilog import TOP_NAME

_SECONDS = 60
"""A proof may take."""
_PROVEN = "SUCCESS!"


class Proofs:
    """Proofs about the mutants of one chip.

    Parameters
    ----------
    original : RTLIL of the flat chip.
    """

    def __init__(self, original: str) -> None:
        self._original = original
        self._gold = self._combinational(None)

    def equivalent(self, mutant: Mutant) -> bool:
        """Whether the mutant is proven to be the chip itself."""
        script = f"""
read_rtlil gold.il
rename {TOP_NAME} gold
read_rtlil gate.il
rename {TOP_NAME} gate
miter -equiv -flatten gold gate miter
hierarchy -top miter
opt -full
clean
tee -o result.txt sat -prove trigger 0 miter
"""
        files = {"gold.il": self._gold, "gate.il": self._combinational(mutant)}
        try:
            return _PROVEN in run_yosys(script, files, "result.txt", timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return False

    def _combinational(self, mutant: Mutant | None) -> str:
        change = mutant.command() if mutant else ""
        script = f"read_rtlil flat.il\n{change}\ndffunmap\nwrite_rtlil unmapped.il\n"
        return cut(run_yosys(script, {"flat.il": self._original}, "unmapped.il"))


def without_mutant(mutant: Mutant) -> Mutant:
    """The same place with nothing wrong: a mutant that has to be proven equivalent."""
    return dataclasses.replace(mutant, mode="none")
