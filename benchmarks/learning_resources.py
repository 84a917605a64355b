"""What learning costs in look-up tables: the core alone, synthesised with and without each rule.

8 lanes, 8-bit weights, exponential LIF, without bias and refractory period; 256 neurons ×
256 axons, and 64 × 64 on iCE40, none of which holds the larger synapse memory.  With `fraction_bits` = 8
the rows with and without stochastic rounding differ in nothing else.  Synthesised with Yosys, not routed;
one core takes about a minute.
`--markdown` writes the tables of docs/explanation/benchmarks.md, `--json` every figure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from spikeloom.boards import ResourceEstimate, synthesise
from spikeloom.boards.families import families
from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.contract.rules import RULES

LANES = 8
CLOCK_HZ = 100_000_000
FRACTION_BITS = 8
SIZES = {"ice40": 64}
"""Neurons, and axons, where they are not 256."""
TITLES = {
    "xilinx": "Xilinx 7 series (LUT1–6)",
    "ecp5": "ECP5 (LUT4, carry cells as two)",
    "ice40": "iCE40 (LUT4), 64 neurons × 64 axons",
}
HEADINGS = (
    "rule", "F", "rounding", "LUTs", "more per lane", "flip-flops", "block RAM", "multipliers",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One core, and how many more LUTs than the core without learning it takes."""

    learning: LearningConfig | None
    estimate: ResourceEstimate
    more: int

    def cells(self) -> tuple[str, ...]:
        e, c = self.estimate, self.learning
        names = ("none", "–", "–")
        if c is not None:
            names = (c.rule, str(c.fraction_bits), "stochastic" if c.stochastic else "nearest")
        per_lane = f"{self.more / LANES:+.0f}" if c is not None else "–"
        luts = f"{e.luts:,}".replace(",", " ")
        numbers = (luts, per_lane)
        return (*names, *numbers, str(e.flip_flops), str(e.block_rams), str(e.dsps))

    def to_dict(self) -> dict[str, Any]:
        rule = self.learning and vars(self.learning)
        return {
            "learning": rule,
            "luts_per_lane": self.more / LANES,
            **self.estimate.to_dict(),
        }


def variants(rules: list[str]) -> Iterator[LearningConfig | None]:
    """Without learning first, because the others are compared with it."""
    yield None
    if "pair" in rules:
        yield LearningConfig(rule="pair")
    for rule in rules:
        for stochastic in (False, True):
            yield LearningConfig(rule=rule, fraction_bits=FRACTION_BITS, stochastic=stochastic)


def measure(family: str, rules: list[str]) -> list[Row]:
    rows: list[Row] = []
    size = SIZES.get(family, 256)
    console = Console(stderr=True)
    for learning in track(list(variants(rules)), description=f"{family}…", console=console):
        config = CoreConfig(
            neurons=size, axons=size, lanes=LANES, bias=False, refractory_bits=0, learning=learning
        )
        found = synthesise(config, family, part="core")
        rows.append(Row(learning, found, found.luts - rows[0].estimate.luts if rows else 0))
        console.print(family, *rows[-1].cells(), highlight=False)
    return rows


def remark(rows: list[Row]) -> str:
    """Speed for the area, of the core with pair STDP."""
    luts = [row.estimate.luts for row in rows if row.learning == LearningConfig(rule="pair")]
    if not luts:
        return ""
    rate = LANES * CLOCK_HZ / luts[0] / 1e3
    return f"Pair STDP, F = 0: {rate:.0f} k synaptic operations per second per LUT at 100 MHz."


def rounding(rows: list[Row]) -> str:
    """What stochastic rounding alone costs each rule."""
    found: dict[str, dict[bool, int]] = {}
    for c, luts in ((row.learning, row.estimate.luts) for row in rows):
        if c is not None and c.fraction_bits == FRACTION_BITS:
            found.setdefault(c.rule, {})[c.stochastic] = luts
    costs = {rule: luts[True] - luts[False] for rule, luts in found.items()}
    parts = (f"`{rule}` {more} LUTs ({more / LANES:.0f} per lane)" for rule, more in costs.items())
    return f"Stochastic rounding alone: {', '.join(parts)}."


def markdown(family: str, rows: list[Row]) -> str:
    lines = [f"{TITLES[family]}:", "", "| " + " | ".join(HEADINGS) + " |"]
    lines.append("|" + "|".join("---" if k in (0, 2) else "--:" for k in range(8)) + "|")
    for row in rows:
        rule, *cells = row.cells()
        lines.append(f"| {rule if row.learning is None else f'`{rule}`'} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", rounding(rows), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", choices=families(), default=list(TITLES))
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES))
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: dict[str, list[dict[str, Any]]] = {}
    for family in arguments.families:
        rows = measure(family, arguments.rules)
        found[family] = [row.to_dict() for row in rows]
        if arguments.markdown:
            print(markdown(family, rows), flush=True)
        elif not arguments.json:
            table = Table(*HEADINGS, title=TITLES[family], caption=remark(rows))
            for row in rows:
                table.add_row(*row.cells())
            Console(width=120).print(table)
    if arguments.json:
        print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
