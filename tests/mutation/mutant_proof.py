"""Proofs that a mutant is the same chip: it does the same from any state that is the same.

Registers and memories are cut out: what they hold is the same on both sides, anything at all, and
what they get next has to be equal, like every output.  That is one step of an induction over clock
cycles, whose start is the same power-up.  Where a bit of a register gets something else, it may hold
something else from then on: so the proof is tried again with that bit on its own on either side,
until no more bits differ, or an output or a memory does.

A proof needs no luck with seeds; without one a mutant may still be the same chip, because some states
are never reached.
"""

from __future__ import annotations

import dataclasses
import re
import subprocess

from mutated_netlist import Mutant, run_yosys
from rtlil_cells import Bits, cut

from spikeloom.hdl.chip.verilog import TOP_NAME

_SECONDS = 120
"""A proof may take, each time that it is tried."""
_ATTEMPTS = 5
_PROVEN = "SUCCESS!"
_VALUE = re.compile(r"^\s+\\(gold|gate)_(\S+)\s.*\s([01x]+)$", re.MULTILINE)


class Proofs:
    """Proofs about the mutants of one chip.

    Parameters
    ----------
    original : RTLIL of the flat chip.
    """

    def __init__(self, original: str) -> None:
        self._original = original
        self._gold = self._unmapped(None)

    def equivalent(self, mutant: Mutant) -> bool:
        """Whether the mutant is proven to be the chip itself."""
        gate, own = self._unmapped(mutant), Bits()
        for _ in range(_ATTEMPTS):
            more = self._different(gate, own)
            if not more:
                return more is not None
            own |= more
        return False

    def _different(self, gate: str, own: Bits) -> Bits | None:
        """Bits of registers that get something else, none if nothing is different; None: more is."""
        script = f"""
read_rtlil gold.il
rename {TOP_NAME} gold
read_rtlil gate.il
rename {TOP_NAME} gate
miter -equiv -flatten -make_outputs gold gate miter
hierarchy -top miter
opt -full
clean
tee -o result.txt sat -prove trigger 0 -show-outputs miter
"""
        files = {"gold.il": cut(self._gold, own, "gold"), "gate.il": cut(gate, own, "gate")}
        try:
            said = run_yosys(script, files, "result.txt", timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        if _PROVEN in said:
            return Bits()
        values: dict[str, dict[str, str]] = {"gold": {}, "gate": {}}
        for side, name, value in _VALUE.findall(said):
            values[side][name] = value
        bits = set()
        for name, value in values["gold"].items():
            other = values["gate"][name]
            different = [
                k for k, (a, b) in enumerate(zip(value[::-1], other[::-1], strict=True)) if a != b
            ]
            if different and not name.startswith("next_"):
                return None
            bits |= {(name.removeprefix("next_"), k) for k in different}
        return Bits(bits) or None

    def _unmapped(self, mutant: Mutant | None) -> str:
        """The chip, or the mutant, with registers that are nothing but registers."""
        change = mutant.command() if mutant else ""
        # Values at power-up do not matter, and a register whose output is cut off has none.
        script = f"""
read_rtlil flat.il
{change}
setattr -unset init w:*
dffunmap
write_rtlil unmapped.il
"""
        return run_yosys(script, {"flat.il": self._original}, "unmapped.il")


def without_mutant(mutant: Mutant) -> Mutant:
    """The same place with nothing wrong: a mutant that has to be proven equivalent."""
    return dataclasses.replace(mutant, mode="none")
