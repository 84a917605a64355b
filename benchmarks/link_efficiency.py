"""What the link makes of its line: bytes for loading weights, and streams in both directions (simulated).

The simulated chip behind a UART of 3 Mbaud at 24 MHz (divisor 8), with latency added in both directions.
*Wire bytes*: everything on the line in both directions.  *Efficiency*: the share of a direction's line
rate that carries the stream itself (commands, weights, spikes), without framing, acknowledgements and
waiting, from the first byte of the first command to the last byte of the last reply.

Exits with 1 if loading 96 × 96 weights takes more than 1.06 × their 9 216 bytes, or if a stream is below
90 % at 2 ms.  `--markdown` writes the tables of docs/explanation/benchmarks.md, `--json` all figures.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from spikeloom.design.design import Design
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, Image
from spikeloom.link.link import Link
from spikeloom.linktest.latency import LatencyPort
from spikeloom.sim.twin import build_twin, open_port
from spikeloom.sim.twin.build import BAUD, CLOCK_HZ

ROUND_TRIPS = (0.0, 2e-3, 16e-3)
MOST_WIRE, LEAST_EFFICIENCY = 1.06, 0.9
GOAL_AT = 2e-3
LINE_RATE = BAUD / 10
"""Bytes per second."""

SMALL = CoreConfig(neurons=96, axons=96, lanes=4, monitors=16)
LARGE = CoreConfig(neurons=128, axons=512, lanes=4)
"""A core whose weights take a fifth of a second on the line."""

STREAM_BYTES = 60_000
"""Of each measured run, about."""
_PROBE_STEPS = 64

NEUROCOREX = "NeuroCoreX: 21 895 bytes and at least 1.4 s to load its network of 90 neurons"


@dataclass(frozen=True)
class Load:
    what: str
    round_trip: float
    payload: int
    wire_to_board: int
    wire_to_host: int
    seconds: float

    @property
    def ratio(self) -> float:
        return (self.wire_to_board + self.wire_to_host) / self.payload


@dataclass(frozen=True)
class Stream:
    what: str
    direction: str
    round_trip: float
    stream_bytes: int
    seconds: float

    @property
    def efficiency(self) -> float:
        return self.stream_bytes / self.seconds / LINE_RATE


class Bench:
    """A twin behind a latency, with a network whose neurons always fire."""

    def __init__(self, config: CoreConfig, round_trip: float) -> None:
        self.config, self.round_trip = config, round_trip
        self.rng = np.random.default_rng(1)
        bound = 1 << (config.weight_bits - 1)
        self.weights = self.rng.integers(-bound, bound, (config.axons, config.neurons))
        self.port = LatencyPort(open_port(config), round_trip / 2)
        image = Image(config, self.weights, {"v_threshold": np.array(-(1 << 15))})
        self.design = Design(config, image)
        self.board = Board(Link(self.port, name="the twin"), self.design, progress=False)

    def load(self, what: str, payload: int, action: Callable[[], object]) -> Load:
        sent, received, seconds = self._measure(action, "bytes")
        return Load(what, self.round_trip, payload, sent, received, seconds)

    def stream(self, what: str, to_board: bool, action: Callable[[], object]) -> Stream:
        sent, received, seconds = self._measure(action, "stream_bytes")
        direction = "to board" if to_board else "to host"
        return Stream(what, direction, self.round_trip, sent if to_board else received, seconds)

    def run(self, what: str, to_board: bool, density: float) -> Stream:
        """A run whose stream has about `STREAM_BYTES`, with spikes at this share of the axons."""

        def raster(steps: int) -> np.ndarray:
            return self.rng.random((steps, self.config.axons)) < density

        probe = raster(_PROBE_STEPS)
        size = self.stream(what, to_board, lambda: self.board.run(probe)).stream_bytes
        spikes = raster(_PROBE_STEPS * STREAM_BYTES // size)
        return self.stream(what, to_board, lambda: self.board.run(spikes))

    def _measure(self, action: Callable[[], object], unit: str) -> tuple[int, int, float]:
        """What an action adds to the link's statistics, and the simulated time that it takes."""

        def counted() -> np.ndarray:
            values = dataclasses.asdict(self.board.link.statistics)
            return np.array([values[f"{unit}_sent"], values[f"{unit}_received"]])

        before, began = counted(), self.port.now()
        action()
        sent, received = counted() - before
        return int(sent), int(received), self.port.now() - began


def loads(round_trip: float) -> Iterator[Load]:
    bench = Bench(SMALL, round_trip)
    size = bench.weights.size
    bench.board.load()
    yield bench.load("96×96 weights", size, lambda: bench.board.write("weights", bench.weights))
    yield bench.load("the whole image", size, bench.board.load)
    bench.board.close()


def streams(round_trip: float) -> Iterator[Stream]:
    bench = Bench(LARGE, round_trip)
    bench.board.load()
    yield bench.stream("bulk write", True, lambda: bench.board.write("weights", bench.weights))
    yield bench.stream("bulk read", False, bench.board.read_weights)
    bench.board.close()

    bench = Bench(SMALL, round_trip)
    bench.board.load()
    yield bench.run("spikes of all neurons", False, 0.0)
    bench.board.monitor(range(16))
    yield bench.run("16 potentials, all spikes", False, 0.0)
    bench.board.monitor([])
    bench.board.write("v_threshold", 1)
    bench.board.write("weights", np.zeros_like(bench.weights))  # which keeps the neurons silent
    bench.board.write("v", 0)
    bench.board.write("i", 0)
    for density in (0.02, 0.3):
        yield bench.run(f"spikes at {density:.0%} of axons", True, density)
    bench.board.close()


def measure(round_trips: list[float]) -> tuple[list[Load], list[Stream]]:
    found_loads: list[Load] = []
    found_streams: list[Stream] = []
    for config in (SMALL, LARGE):
        build_twin(config)  # which shows a progress of its own
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=8 * len(round_trips))
        for round_trip in round_trips:
            for load in loads(round_trip):
                found_loads.append(load)
                progress.advance(task)
            for stream in streams(round_trip):
                found_streams.append(stream)
                progress.advance(task)
    return found_loads, found_streams


def rows_of_loads(found: list[Load]) -> list[tuple[str, ...]]:
    return [
        (
            load.what,
            f"{1000 * load.round_trip:g} ms",
            str(load.wire_to_board),
            str(load.wire_to_host),
            f"{load.ratio:.3f}",
            f"{1000 * load.seconds:.1f} ms",
        )
        for load in found
    ]


def rows_of_streams(found: list[Stream]) -> list[tuple[str, ...]]:
    """A row for each stream, a column for each latency."""
    names = list(dict.fromkeys((s.what, s.direction) for s in found))
    return [
        (*name, *(f"{s.efficiency:.1%}" for s in found if (s.what, s.direction) == name))
        for name in names
    ]


def show(
    title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]], markdown: bool
) -> None:
    if markdown:
        print(f"| {' | '.join(headings)} |")
        print("|--" * len(headings) + "|")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        print()
        return
    table = Table(title=title, title_justify="left")
    for k, heading in enumerate(headings):
        table.add_column(heading, justify="right" if k else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument(
        "--round-trips", nargs="*", type=float, default=list(ROUND_TRIPS), help="in seconds"
    )
    options = parser.parse_args()
    found_loads, found_streams = measure(options.round_trips)
    wire = max(load.ratio for load in found_loads if load.what == "96×96 weights")
    goal = [s for s in found_streams if s.round_trip == GOAL_AT]
    slowest = min(goal, key=lambda s: s.efficiency, default=None)
    ok = wire <= MOST_WIRE and (slowest is None or slowest.efficiency >= LEAST_EFFICIENCY)
    if options.json:
        figures = {
            "clock_hz": CLOCK_HZ,
            "baud": BAUD,
            "ok": ok,
            "loads": [dataclasses.asdict(x) | {"ratio": x.ratio} for x in found_loads],
            "streams": [
                dataclasses.asdict(x) | {"efficiency": x.efficiency} for x in found_streams
            ],
        }
        print(json.dumps(figures, indent=1))
        return 0 if ok else 1
    console = Console(stderr=options.markdown)
    headings = ("loading", "round trip", "bytes to board", "to host", "of payload", "time")
    show("bytes on the wire (simulated)", headings, rows_of_loads(found_loads), options.markdown)
    latencies = tuple(f"at {1000 * t:g} ms" for t in options.round_trips)
    title = f"share of the line rate, {BAUD / 1e6:g} Mbaud (simulated)"
    rows = rows_of_streams(found_streams)
    show(title, ("stream", "direction", *latencies), rows, options.markdown)
    console.print(f"loading: {wire:.3f} × payload (allowed {MOST_WIRE}); {NEUROCOREX}")
    if slowest is not None:
        console.print(
            f"slowest stream at {1000 * GOAL_AT:g} ms: {slowest.what}, "
            f"{slowest.efficiency:.1%} (goal {LEAST_EFFICIENCY:.0%})"
        )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
