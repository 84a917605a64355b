"""How the speed of the fast model grows: with neurons, and with the spikes that arrive in a step.

Each axon reaches the same number of neurons, however many there are.  The figures are of one thread, in
processor time, each the fastest of several runs.

    python benchmarks/growth.py                     tables
    python benchmarks/growth.py --markdown          the same as Markdown
    python benchmarks/growth.py --picture FILE      also draws them
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from spikeloom.display.style import COLOURS
from spikeloom.hdl import CoreConfig, Image
from spikeloom.hdl.contract import core_config
from spikeloom.sim.fast import FastCore

NEURONS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
FEW_AXONS = 128
FEW_SPIKES = (0, 10, 100)
"""Spikes per step, each a curve, where neurons grow."""

SPIKES = (0, 1, 3, 10, 30, 60, 100)
AXONS = (128, 1_024, 8_192)
"""Each a curve where spikes per step grow."""
FIXED_NEURONS = 2_000

FAN_OUT = 100
"""Synapses of each axon."""
LEAST_SECONDS, RUNS = 0.02, 4

# Spikes of a core are numbers of 14 bits.  The compiled loop has no such bound, and grows beyond it here.
core_config.RANGES["neurons"] = (1, max(NEURONS))


def network(neurons: int, axons: int) -> FastCore:
    """LIF neurons, of which each axon reaches `FAN_OUT`."""
    rng = np.random.default_rng(neurons + axons)
    config = CoreConfig(neurons=neurons, axons=axons, synapse="delta", refractory_bits=0)
    weights = np.zeros((axons, neurons), dtype=np.int64)
    for row in weights:
        row[rng.choice(neurons, FAN_OUT, replace=False)] = rng.choice([-9, 9], FAN_OUT)
    parameters = {"v_threshold": 30_000, "d_mem": 200}
    return FastCore(Image(config, weights, parameters), threads=1)


def steps_per_second(core: FastCore, spikes: int) -> float:
    """With so many spikes in every step."""
    rng = np.random.default_rng(spikes)
    axons = core.config.axons
    best, steps, runs = 0.0, 50, 0
    while runs < RUNS:
        raster = np.zeros((1, steps, axons), dtype=bool)
        for row in raster[0]:
            row[rng.choice(axons, spikes, replace=False)] = True
        began = time.process_time()
        core.run_watched(raster, steps)
        seconds = time.process_time() - began
        if seconds < LEAST_SECONDS:
            steps *= 3
            continue
        best, runs = max(best, steps / seconds), runs + 1
    return best


def measure() -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Steps per second: by spikes, of each of `NEURONS`; and by axons, of each of `SPIKES`."""
    cores = [network(neurons, FEW_AXONS) for neurons in NEURONS]
    by_neurons = {n: [steps_per_second(core, n) for core in cores] for n in FEW_SPIKES}
    by_spikes = {}
    for axons in AXONS:
        core = network(FIXED_NEURONS, axons)
        by_spikes[axons] = [steps_per_second(core, n) for n in SPIKES]
    return by_neurons, by_spikes


def grouped(number: float) -> str:
    """With three digits that count, in groups of three."""
    digits = max(0, len(str(int(number))) - 3)
    return f"{round(number, -digits):,.0f}".replace(",", " ")


def synapses(axons: int) -> str:
    """How many there are, as a label."""
    return f"{axons * FAN_OUT:,} synapses".replace(",", " ")


def tables(
    by_neurons: dict[int, list[float]], by_spikes: dict[int, list[float]]
) -> list[tuple[str, list[str], list[list[str]]]]:
    """Title, header and rows of the two tables."""
    header = ["neurons", *(f"{n} spikes per step" for n in FEW_SPIKES)]
    rows = [
        [grouped(n), *(grouped(by_neurons[spikes][k]) for spikes in FEW_SPIKES)]
        for k, n in enumerate(NEURONS)
    ]
    title = f"Steps per second against neurons, {synapses(FEW_AXONS)}"
    others = ["spikes per step", *(synapses(axons) for axons in AXONS)]
    more = [
        [str(n), *(f"{1e6 / by_spikes[axons][k]:.2f}" for axons in AXONS)]
        for k, n in enumerate(SPIKES)
    ]
    other = f"µs per step against spikes, {grouped(FIXED_NEURONS)} neurons"
    return [(title, header, rows), (other, others, more)]


def draw(by_neurons: dict[int, list[float]], by_spikes: dict[int, list[float]], path: Path) -> None:
    """Both as curves."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for colour, (spikes, speeds) in zip(COLOURS, by_neurons.items(), strict=False):
        left.loglog(NEURONS, speeds, "o-", color=colour, label=f"{spikes} spikes per step")
    left.set_xlabel("neurons")
    left.set_ylabel("steps per second")
    left.set_title(synapses(FEW_AXONS))
    left.legend(frameon=False)
    for colour, (axons, speeds) in zip(COLOURS, by_spikes.items(), strict=False):
        right.plot(SPIKES, 1e6 / np.array(speeds), "o-", color=colour, label=synapses(axons))
    right.set_xlabel("spikes per step")
    right.set_ylabel("µs per step")
    right.set_ylim(bottom=0)
    right.set_title(f"{grouped(FIXED_NEURONS)} neurons")
    right.legend(frameon=False)
    figure.savefig(path, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--picture", type=Path, metavar="FILE")
    given = parser.parse_args()
    found = measure()
    if given.picture:
        draw(*found, given.picture)
    for title, header, rows in tables(*found):
        if given.markdown:
            print(f"{title}:\n\n| {' | '.join(header)} |\n|{'--:|' * len(header)}")
            print("\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n")
            continue
        table = Table(*header, title=title)
        for row in rows:
            table.add_row(*row)
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
