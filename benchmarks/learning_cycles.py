"""Cycles per step while learning, read from the hardware's own counters (verilated), against the bound.

For every rule, with 4, 8 and 16 lanes: steps with 0 … A input spikes, and with none, some and all
neurons firing.  Exits with 1 if a step takes more than 1.1 × (|S|·⌈N/P⌉ + max(N, A) + |spikes|·⌈A/P⌉ +
P + 49), where a sweep adds A·⌈N/P⌉ + 16 (with scaling 2·A·⌈N/P⌉ + N + P + 45).  `sdsp` has no
columns, and stays far below.  `--markdown` writes the table of docs/explanation/benchmarks.md.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spikeloom.design.design import Design
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.hdl.contract.rules import RULES
from spikeloom.link.link import Link
from spikeloom.sim.twin import TwinPort
from spikeloom.sim.twin.build import build_streams

SLACK = 1.1
HEADINGS = ("rule", "rounding", "N", "A", "P", "|S|", "spikes", "sweep", "cycles", "bound")


@dataclass(frozen=True)
class Measurement:
    config: CoreConfig
    arrivals: int
    firing: int
    swept: bool
    cycles: int

    @property
    def rule(self) -> str:
        assert self.config.learning is not None
        return self.config.learning.rule

    @property
    def formula(self) -> int:
        c = self.config
        groups, columns = math.ceil(c.neurons / c.lanes), math.ceil(c.axons / c.lanes)
        sweep = 0
        if self.swept:
            sweep = c.axons * groups + 16
        if self.swept and self.rule == "symmetric":
            sweep = 2 * c.axons * groups + c.neurons + c.lanes + 49
        return (
            self.arrivals * groups
            + max(c.neurons, c.axons)
            + self.firing * columns
            + c.lanes
            + 49
            + sweep
        )

    @property
    def ratio(self) -> float:
        return self.cycles / self.formula

    def cells(self) -> tuple[str, ...]:
        c = self.config
        assert c.learning is not None
        rounding = "stochastic" if c.learning.stochastic else "nearest"
        numbers = (c.neurons, c.axons, c.lanes, self.arrivals, self.firing)
        swept = "yes" if self.swept else "no"
        return (
            self.rule, rounding, *map(str, numbers), swept, str(self.cycles), str(self.formula),
        )  # fmt: skip


def configs(rules: list[str]) -> Iterator[CoreConfig]:
    for rule in rules:
        for lanes in (4, 8, 16):
            yield CoreConfig(
                neurons=128,
                axons=192,
                lanes=lanes,
                learning=LearningConfig(rule=rule, fraction_bits=4, stochastic=lanes == 4),
            )


def measure(config: CoreConfig) -> Iterator[Measurement]:
    """Steps with 0 … A arrivals at random axons, in which none, some or all neurons fire."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-64, 64, (config.axons, config.neurons))
    parameters = {"d_syn": 400, "d_mem": 200, "v_threshold": 30_000}
    learning = {f.name: min(f.maximum, 40) for f in config.layout.learning}
    learning |= {"enabled": 1, "w_min": -128, "w_max": 127, "d_x": 200, "d_y": 200}
    learning = {f.name: learning[f.name] for f in config.layout.learning}
    sweeps = "sweep_log2" in learning
    with TwinPort(build_streams(config), seed=1) as port:
        board = Board(Link(port, 0.1, "the simulation"), progress=False)
        board.load(Design(config, Image(config, weights, parameters, learning=learning,
                                        plastic=np.bool_(True))))  # fmt: skip
        for log2 in (15, 0) if sweeps else (15,):
            if sweeps:
                board.write("sweep_log2", log2)
            for threshold in (30_000, 150, -30_000):
                board.write("v_threshold", threshold)
                for arrivals in (0, 1, 2, 8, 32, config.axons):
                    board.reset()
                    raster = np.zeros((1, config.axons), dtype=bool)
                    raster[0, rng.permutation(config.axons)[:arrivals]] = True
                    spikes = board.run(raster).spikes
                    cycles = board.counters()["cycles"]
                    yield Measurement(config, arrivals, int(spikes.sum()), log2 == 0, cycles)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    parser.add_argument("--rules", nargs="*", default=list(RULES), choices=list(RULES))
    options = parser.parse_args()
    console = Console(stderr=options.markdown)
    chosen = list(configs(options.rules))
    rows = [
        row
        for config in track(chosen, "measuring", console=Console(stderr=True))
        for row in measure(config)
    ]
    if options.markdown:
        print(f"| {' | '.join(HEADINGS)} | ratio |")
        print("|--" * (len(HEADINGS) + 1) + "|")
        for row in rows:
            print(f"| {' | '.join(row.cells())} | {row.ratio:.2f} |")
    else:
        table = Table(title="cycles per step while learning (verilated; hardware counters)")
        for head in (*HEADINGS, "ratio"):
            table.add_column(head, justify="right")
        for row in rows:
            colour = "green" if row.ratio <= SLACK else "red"
            table.add_row(*row.cells(), f"[{colour}]{row.ratio:.2f}")
        console.print(table)
    worst = max(rows, key=lambda r: r.ratio)
    console.print(f"worst ratio {worst.ratio:.2f} (allowed {SLACK})")
    return 0 if worst.ratio <= SLACK else 1


if __name__ == "__main__":
    sys.exit(main())
