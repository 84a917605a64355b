"""Cycles per step, read from the hardware's own counters (verilated), against the stated bound.

For every lane count, and with delays: steps with 0 … A input spikes.  Exits with 1
if a step takes more than 1.1 × (|S|·⌈N/P⌉ + N + P + 49).
`--markdown` writes the tables of docs/explanation/benchmarks.md.
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
from spikeloom.hdl import CoreConfig, Image
from spikeloom.link.link import Link
from spikeloom.sim.twin import TwinPort
from spikeloom.sim.twin.build import build_streams

SLACK = 1.1
NEUROCOREX_CYCLES = 96_000
"""Every step of its 90-neuron network, measured in simulation of its VHDL."""


@dataclass(frozen=True)
class Measurement:
    config: CoreConfig
    arrivals: int
    firing: int
    cycles: int

    @property
    def formula(self) -> int:
        c = self.config
        groups = math.ceil(c.neurons / c.lanes)
        return self.arrivals * groups + c.neurons + c.lanes + 49

    @property
    def ratio(self) -> float:
        return self.cycles / self.formula


def configs() -> Iterator[CoreConfig]:
    for lanes in (1, 2, 4, 8, 16, 32):
        yield CoreConfig(neurons=96, axons=192, lanes=lanes)
    yield CoreConfig(neurons=32, axons=1024, lanes=32)
    for slots in (1, 16):
        yield CoreConfig(neurons=256, axons=256, lanes=8, delay_slots=slots)


def measure(config: CoreConfig) -> Iterator[Measurement]:
    """Steps with 0 … A arrivals at random axons."""
    rng = np.random.default_rng(0)
    weights = rng.integers(-128, 128, (config.axons, config.neurons))
    delays = np.arange(weights.size).reshape(weights.shape) % config.delay_slots
    parameters = {"d_syn": 400, "d_mem": 200, "v_threshold": 400}
    image = Image(config, weights, parameters, delays=delays)
    with TwinPort(build_streams(config), seed=1) as port:
        board = Board(Link(port, 0.1, "the simulation"), progress=False)
        board.load(Design(config, image))
        for arrivals in (0, 1, 2, 8, 32, config.axons):
            board.reset()
            raster = np.zeros((1, config.axons), dtype=bool)
            raster[0, rng.permutation(config.axons)[:arrivals]] = True
            spikes = board.run(raster).spikes
            yield Measurement(config, arrivals, int(spikes.sum()), board.counters()["cycles"])


def table(rows: list[Measurement]) -> Table:
    result = Table(title="cycles per step (verilated; hardware counters)")
    for head in ("N", "A", "P", "D", "|S|", "spikes", "cycles", "formula", "ratio"):
        result.add_column(head, justify="right")
    for row in rows:
        c = row.config
        colour = "green" if row.ratio <= SLACK else "red"
        cells = (
            c.neurons,
            c.axons,
            c.lanes,
            c.delay_slots,
            row.arrivals,
            row.firing,
            row.cycles,
            row.formula,
        )
        result.add_row(*map(str, cells), f"[{colour}]{row.ratio:.2f}")
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    options = parser.parse_args()
    console = Console()
    rows = [
        row
        for config in track(list(configs()), "measuring", console=Console(stderr=True))
        for row in measure(config)
    ]
    if options.markdown:
        print("| N | A | P | D | input spikes | output spikes | cycles | formula | ratio |")
        print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
        for row in rows:
            c = row.config
            print(
                f"| {c.neurons} | {c.axons} | {c.lanes} | {c.delay_slots} "
                f"| {row.arrivals} | {row.firing} | {row.cycles} | {row.formula} | {row.ratio:.2f} |"
            )
    else:
        console.print(table(rows))
    ours = next(r for r in rows if r.config.lanes == 4 and r.arrivals == 2)
    console.print(
        f"96 neurons, 96 external + 96 recurrent axons, 4 lanes, two input spikes: {ours.cycles} cycles; "
        f"NeuroCoreX, 90 neurons, one input spike per step: {NEUROCOREX_CYCLES} "
        f"({NEUROCOREX_CYCLES / ours.cycles:.0f} times as many)"
    )
    worst = max(rows, key=lambda r: r.ratio)
    console.print(f"worst ratio {worst.ratio:.2f} (allowed {SLACK})")
    return 0 if worst.ratio <= SLACK else 1


if __name__ == "__main__":
    sys.exit(main())
