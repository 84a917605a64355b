"""The page docs/explanation/mutation.md, from `results.json` and what is said of survivors."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mutated_chips import CHIPS
from survivors import Judgement, judge

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "mutation.md"

HEAD = """# Mutation testing

A test that cannot fail shows nothing. `make mutants` breaks the generated netlists of small chips
in two hundred places each, one at a time, and runs the scenario of the
[co-simulation](../how-to/run-cosim-tests.md) on each: a mutant is *killed* if a spike, a state, a
weight, a parameter, an address or a counter differs from the golden model, or the case takes
three times as long as on the chip itself. This page is written by the command.

- **Mutants.** Yosys flattens the chip and chooses the places (`mutate -list`): a bit of an input
  or output of a cell is inverted, fixed at 0 or 1, or inverted where another bit of the port is 0
  or 1. Only the core is mutated, or the fabric with its cores; the link has [proofs](proofs.md)
  of its own. Clocks are left alone, and what the reset does: it comes once, when registers hold
  the same values anyway.
- **One netlist.** Each place gets a multiplexer (`mutate -ctrl`), and an input of the chip
  chooses which one is switched. So Verilator compiles each chip once.
- **Proofs.** Of a mutant that survives, registers and memories are cut out: if from *any* state,
  with any inputs, all next states and outputs are equal, it is the same chip. Yosys' `sat` proves
  that. Of a memory's ports only what is enabled counts.
- **Judgements.** Other survivors are looked at. `tests/mutation/survivors.py` says why one cannot
  be noticed: it behaves as the chip in all states that are reached, or only takes more cycles,
  within what a step may take. A survivor that nobody has judged is *open*, and counts as a hole in
  the scenario.
"""


def write_page() -> None:
    """Write the page."""
    found = json.loads(RESULTS.read_text())
    PAGE.write_text("\n".join([HEAD, *summary(found), *lists(found)]).rstrip() + "\n")


def verdicts(name: str, result: dict[str, Any]) -> list[tuple[dict[str, Any], Judgement | None]]:
    """Survivors of a chip that are not proven equivalent, and what is said of them."""
    return [(s, judge(s, name)) for s in result["survivors"] if not s["proven"]]


def summary(found: dict[str, Any]) -> Iterator[str]:
    """A line for each chip, and one for all."""
    titles = (
        "mutants",
        "killed",
        "proven equivalent",
        "judged so",
        "only slower",
        "open",
        "score",
    )
    yield f"| chip | {' | '.join(titles)} |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    total = [0] * 6
    for name in CHIPS:
        if name not in found["chips"]:
            continue
        result = found["chips"][name]
        judged = [j.verdict if j else "open" for _, j in verdicts(name, result)]
        row = [
            result["mutants"],
            result["mutants"] - len(result["survivors"]),
            len(result["survivors"]) - len(judged),
            *(judged.count(verdict) for verdict in ("equivalent", "slower", "open")),
        ]
        total = [a + b for a, b in zip(total, row, strict=True)]
        yield _row(f"`{name}`", row)
    yield _row("all", total)
    mutants, killed, proven = total[:3]
    versions = ", ".join(f"{name} {version}" for name, version in found["tools"].items())
    cases = {f"{r['cases']} cases, commit `{r['commit']}`" for r in found["chips"].values()}
    yield "\n" + _wrapped(
        "The score is the share that is killed of those that are neither proven nor judged to be "
        f"equivalent. Of those that are not *proven* equivalent {killed / (mutants - proven):.1%} are "
        "killed."
    )
    yield f"\n{'; '.join(sorted(cases))}; {versions}."
    if missing := [name for name in CHIPS if name not in found["chips"]]:
        yield f"\nNot measured: {', '.join(missing)}."


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 98, break_long_words=False, break_on_hyphens=False)


def _row(name: str, row: list[int]) -> str:
    mutants, killed, proven, judged = row[:4]
    score = killed / max(1, mutants - proven - judged)
    return f"| {name} | {' | '.join(map(str, row))} | {score:.1%} |"


def lists(found: dict[str, Any]) -> Iterator[str]:
    """Survivors that are not proven equivalent."""
    yield "\n## What kills them\n"
    by: dict[str, int] = {}
    for result in found["chips"].values():
        for what, count in result["killed_by"].items():
            by[what] = by.get(what, 0) + count
    most = sorted(by.items(), key=lambda item: -item[1])
    yield _wrapped(", ".join(f"{what} {count}" for what, count in most) + ".")
    yield "\n## Survivors that are not proven equivalent\n"
    yield "| chip | place | source | |\n|---|---|---|---|"
    for name, result in found["chips"].items():
        for survivor, judgement in verdicts(name, result):
            lines = " ".join(f"`{line}`" for line in survivor["lines"])
            why = f"{judgement.verdict}: {judgement.reason}" if judgement else "open"
            place = survivor["place"].replace("|", "\\|")
            yield f"| {name} | `{place}` | {lines} | {why} |"
    yield ""
