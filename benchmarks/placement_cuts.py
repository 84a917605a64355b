"""What placement costs and what it saves: packets between cores, for three ways to place.

512 neurons in two kinds of network, on 4, 8 and 16 cores: `random`, every neuron joined with any other with
a probability of 5 %; and `small world`, every neuron joined with most of its 28 neighbours on a ring and
with one in 250 of all others, numbered in random order.  `--markdown` writes the table of
docs/explanation/benchmarks.md.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spikeloom.compiler.compile import compile
from spikeloom.compiler.partition import METHODS
from spikeloom.compiler.place import place, report
from spikeloom.network.network import LIF, Network

NEURONS = 512
HEADINGS = (
    "network", "cores", "placement", "packets per step", "hops", "cut", "copies", "axons", "seconds",
)  # fmt: skip


def networks() -> dict[str, np.ndarray]:
    """(N, N) bool by name."""
    rng = np.random.default_rng(1)
    at = np.arange(NEURONS)
    distance = abs(at - at[:, None])
    near = np.minimum(distance, NEURONS - distance) < 15
    chance = rng.random((NEURONS, NEURONS))
    order = rng.permutation(NEURONS)
    small_world = np.where(near, chance < 0.6, chance < 0.004)
    return {"random": chance < 0.05, "small world": small_world[order][:, order]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    rows = []
    cases = [(n, c, m) for n in networks() for c in (4, 8, 16) for m in METHODS]
    for name, cores, method in track(cases, console=Console(stderr=True)):
        network = Network()
        neurons = network.population("n", NEURONS, LIF(20e-3))
        network.connect(neurons, neurons, 0.1 * networks()[name])
        design = compile(network)
        began = time.perf_counter()
        placed = place(design, cores=cores, placement=method)
        seconds = time.perf_counter() - began
        found = report(placed)
        numbers = (
            f"{found.packets:.1f}", f"{found.hops:.2f}", f"{found.cut / found.synapses:.0%}",
            f"{found.copies:.2f}", str(found.axons), f"{seconds:.2f}",
        )  # fmt: skip
        rows.append((name, str(cores), method, *numbers))
    if arguments.markdown:
        print("| " + " | ".join(HEADINGS) + " |")
        print("|" + "---|" * len(HEADINGS))
        for row in rows:
            print("| " + " | ".join(row) + " |")
        return
    table = Table(*HEADINGS, title=f"{NEURONS} neurons, 0.02 spikes per neuron and step")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
