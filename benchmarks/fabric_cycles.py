"""Cycles per step on 1 to 16 cores, read from the hardware's own counters (verilated): the speed-up, and
where it is lost.

Two networks of 256 neurons that fit one core too: a ring whose neurons reach their neighbours and a few far
ones, and one in which every neuron reaches every other.  All cores have 4 lanes.  *Ideal*
is the one core's cycles divided by the cores; *slowest core* what the busiest core of each step needs by
itself (the bound of docs/explanation/benchmarks.md); the rest goes to packets, reports and the barrier.
`--markdown` writes the table of docs/explanation/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spikeloom.design.design import Design
from spikeloom.design.placement import Placement
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, FabricConfig, Image
from spikeloom.link.link import Link
from spikeloom.sim.twin import TwinPort
from spikeloom.sim.twin.build import build_streams

NEURONS, INPUTS = 256, 64
LANES = 4
STEPS = 100
SHAPES = {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (4, 2), 16: (4, 4)}
REACH, FAR = 16, 4
"""Neighbours on either side, and others, that a neuron of the ring reaches."""


def ring(rng: np.random.Generator) -> np.ndarray:
    """(A, N) weights: inputs first, then a row for each neuron."""
    distance = np.abs(np.arange(NEURONS)[:, None] - np.arange(NEURONS))
    near = np.minimum(distance, NEURONS - distance) <= REACH
    far = rng.random((NEURONS, NEURONS)) < FAR / NEURONS
    recurrent = np.where(near | far, rng.integers(-9, 10, near.shape), 0)
    source = np.arange(INPUTS)[:, None] * NEURONS // INPUTS
    inputs = np.where(np.abs(source - np.arange(NEURONS)) <= REACH, 60, 0)
    return np.concatenate([inputs, recurrent])


def everywhere(rng: np.random.Generator) -> np.ndarray:
    """(A, N) weights: every axon to every neuron."""
    recurrent = rng.integers(-3, 4, (NEURONS, NEURONS)) | 1
    return np.concatenate([rng.integers(1, 12, (INPUTS, NEURONS)), recurrent])


NETWORKS = {"ring": ring, "all to all": everywhere}


def network(weights: np.ndarray) -> Design:
    """A design on one core, with a destination for each neuron."""
    config = CoreConfig(
        neurons=NEURONS, axons=len(weights), lanes=LANES, bias=False, route_entries=NEURONS
    )
    rows = np.zeros((NEURONS, 4), dtype=np.int64)
    rows[:, 0] = np.arange(NEURONS)
    rows[:, 2] = INPUTS + np.arange(NEURONS)
    parameters = {"v_threshold": 150, "d_syn": 2000, "d_mem": 400}
    return Design(config, Image(config, weights, parameters, destinations=rows))


def in_order(design: Design, cores: int) -> Placement:
    """Neighbours together, in equal shares; axons wherever they reach something."""
    size = NEURONS // cores
    home = np.arange(NEURONS) // size
    heard = [
        np.flatnonzero((design.image.weights[:, home == k] != 0).any(axis=1)) for k in range(cores)
    ]
    copies = [(axon, k, slot) for k, axons in enumerate(heard) for slot, axon in enumerate(axons)]
    entries = sum(int((axons >= INPUTS).sum()) for axons in heard)
    core = replace(
        design.config,
        neurons=size,
        axons=max(map(len, heard)),
        route_entries=max(16, 2 * entries // cores),
    )
    return Placement(
        FabricConfig(core, *SHAPES[cores]), home, np.arange(NEURONS) % size, np.array(copies)
    )


@dataclass(frozen=True)
class Measurement:
    """Cycles per step, all in the mean over the run."""

    network: str
    cores: int
    copies: float
    spikes: float
    packets: float
    slowest: float
    cycles: float


def slowest_core(placement: Placement, raster: np.ndarray, spikes: np.ndarray) -> float:
    """Cycles per step of the busiest core, by the bound of one core."""
    core = placement.fabric.core
    driven = np.zeros((len(raster), INPUTS + NEURONS), dtype=bool)
    driven[:, :INPUTS] = raster[:, :INPUTS]
    driven[1:, INPUTS:] = spikes[:-1]
    cost = []
    for k in range(placement.fabric.cores):
        arrived = driven[:, placement.axons_on(k)[0]].sum(axis=1)
        cost.append(arrived * core.layout.groups + core.neurons + core.layout.arrival_words + 32)
    return float(np.max(cost, axis=0).mean())


def measure(name: str, cores: int) -> Measurement:
    rng = np.random.default_rng(1)
    design = network(NETWORKS[name](rng))
    raster = np.zeros((STEPS, design.config.axons), dtype=bool)
    raster[:, :INPUTS] = rng.random((STEPS, INPUTS)) < 0.1
    placement = in_order(design, cores)
    with TwinPort(build_streams(placement.fabric), seed=1) as port:
        board = Board(
            Link(port, 0.1, "the simulation"), replace(design, placement=placement), progress=False
        )
        board.load()
        spikes = board.run(raster).spikes
        counters = board.counters()
    copies = np.bincount(placement.copies[:, 0], minlength=INPUTS + NEURONS)
    return Measurement(
        name,
        cores,
        float(copies.mean()),
        spikes.sum() / STEPS,
        float((spikes * copies[INPUTS:]).sum() / STEPS),
        slowest_core(placement, raster, spikes),
        counters["cycles"] / counters["steps"],
    )


def rows(measured: list[Measurement]) -> Iterator[tuple[str, ...]]:
    alone = {m.network: m.cycles for m in measured if m.cores == 1}
    for m in measured:
        speedup = alone[m.network] / m.cycles
        yield (
            m.network,
            str(m.cores),
            f"{m.copies:.1f}",
            f"{m.spikes:.1f}",
            f"{m.packets:.0f}",
            f"{alone[m.network] / m.cores:.0f}",
            f"{m.slowest:.0f}",
            f"{m.cycles:.0f}",
            f"{speedup:.2f}",
            f"{speedup / m.cores:.0%}",
        )


COLUMNS = (
    *("network", "cores", "copies of an axon", "spikes per step", "packets per step"),
    *("ideal cycles", "slowest core", "cycles", "speed-up", "of ideal"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    cases = [(name, cores) for name in NETWORKS for cores in SHAPES]
    console = Console(stderr=True)
    measured = [measure(*case) for case in track(cases, "simulating", console=console)]
    if arguments.markdown:
        print("| " + " | ".join(COLUMNS) + " |\n" + "|--" * len(COLUMNS) + "|")
        for row in rows(measured):
            print("| " + " | ".join(row) + " |")
        return
    table = Table(title="cycles per step (simulated)")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for row in rows(measured):
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
