"""What the mesh carries: accepted packets and latency against the load that is offered, verilated.

Every core has a source that knows nothing of the mesh and a queue without end before its router; latency
counts from a packet's birth to its delivery.  Patterns: uniform (every core is as likely, the own one too),
hotspot (a part of all packets goes to one core), bursty (uniform targets, a packet per cycle in bursts),
transpose (column and row change places).  `--markdown` writes the table of docs/explanation/routers.md,
`--picture` its
picture.
"""

from __future__ import annotations

import argparse
import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from amaranth.back import verilog
from amaranth.hdl import Elaboratable, Module, Signal
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from spikeloom.display.style import COLOURS, FAINT, INK
from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.fabric.mesh import Mesh
from spikeloom.sim.twin.verilator import MAKE_FLAGS, compile_cached

PATTERNS = ("uniform", "hotspot", "bursty", "transpose")
SIDES = (4, 8)
PART = 0.1
"""Of hotspot traffic, what goes to the hot core; the rest is uniform."""
BURST = 16
"""Mean length of bursts, in packets."""
WARM_UP, MEASURED = 2000, 10_000
BINS = 1 << 16
STEPS = 12
HARNESS = Path(__file__).with_name("router_traffic.cpp")
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "router-traffic.png"
COLOUR = dict(zip(PATTERNS, COLOURS, strict=False))


class Bench(Elaboratable):
    """A mesh with few ports: a bit, or a byte, for each core."""

    def __init__(self, side: int) -> None:
        core = CoreConfig(neurons=64, axons=256, route_entries=1)
        self._mesh = Mesh(FabricConfig(core, side, side))
        cores = side * side
        self.valid = Signal(cores)
        self.ready = Signal(cores)
        self.delivered = Signal(cores)
        self.place = Signal(8 * cores)
        self.source = Signal(8 * cores)
        self.ports = [self.valid, self.ready, self.delivered, self.place, self.source]

    def elaborate(self, platform: object) -> Module:
        """A packet says who sent it, in its axon."""
        m = Module()
        m.submodules.mesh = mesh = self._mesh
        for k, (inject, deliver) in enumerate(zip(mesh.inject, mesh.deliver, strict=True)):
            place = self.place.word_select(k, 8)
            m.d.comb += [
                inject.valid.eq(self.valid[k]),
                self.ready[k].eq(inject.ready),
                inject.payload.column.eq(place[:4]),
                inject.payload.row.eq(place[4:]),
                inject.payload.axon.eq(k),
                self.delivered[k].eq(deliver.valid),
                self.source.word_select(k, 8).eq(deliver.payload.axon),
                deliver.ready.eq(1),
            ]
        return m


def compile_mesh(side: int) -> ctypes.CDLL:
    """The mesh and its traffic as a library."""
    bench = Bench(side)
    text = verilog.convert(bench, name="bench", ports=bench.ports, emit_src=False)
    flags = '-fPIC -fvisibility=hidden -DTRAFFIC_CLASS=Vbench -DTRAFFIC_HEADER=\\"Vbench.h\\"'
    path = compile_cached(
        "router_traffic",
        [("bench.v", text), ("router_traffic.cpp", HARNESS.read_text())],
        [
            *(
                "--cc",
                "--exe",
                "--build",
                "-j",
                "1",
                "-O3",
                "--noassert",
                "-Wno-lint",
                "-Wno-fatal",
            ),
            *("--top-module", "bench", "--prefix", "Vbench", "-CFLAGS", flags),
            *("-LDFLAGS", "-shared", "-o", "libtraffic.so"),
            *("-MAKEFLAGS", f"{MAKE_FLAGS} OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1"),
        ],
        "libtraffic.so",
        message=f"Compiling a {side} × {side} mesh with Verilator",
    )
    return ctypes.CDLL(str(path))


def limit(pattern: str, side: int) -> float:
    """Packets per core and cycle that no mesh with dimension-order routing exceeds.

    Uniform: half of all packets cross the middle, `side` links in each direction (W. J. Dally and B. Towles,
    "Principles and Practices of Interconnection Networks", 2004, chapter 3).  Hotspot: one core takes a
    packet per cycle.  Transpose: all packets of a row turn at one router.
    """
    cores = side * side
    uniform = min(1.0, 4 / side)
    if pattern == "hotspot":
        return min(uniform / (1 - PART), 1 / (cores * PART + 1 - PART))
    return 1 / (side - 1) if pattern == "transpose" else uniform


@dataclass(frozen=True)
class Point:
    """One load: packets per core and cycle that were born and that arrived; latency in cycles."""

    offered: float
    accepted: float
    mean: float
    late: float

    @property
    def stable(self) -> bool:
        """The queues do not grow."""
        return self.accepted > 0.97 * self.offered


def measure(library: ctypes.CDLL, pattern: str, side: int, load: float, seed: int = 1) -> Point:
    """Simulate one load; `RuntimeError` if a packet is lost or comes out of order."""
    accepted = ctypes.c_uint64()
    histogram = np.zeros(BINS, dtype=np.uint64)
    wrong = library.traffic(
        PATTERNS.index(pattern),
        side,
        *(ctypes.c_double(x) for x in (load, PART, BURST)),
        *(ctypes.c_uint64(x) for x in (WARM_UP, MEASURED, seed)),
        ctypes.byref(accepted),
        histogram.ctypes.data_as(ctypes.POINTER(ctypes.c_uint64)),
        BINS,
    )
    if wrong:
        raise RuntimeError(f"packets went wrong: {pattern}, {side} × {side}, load {load:.3f}")
    total = histogram.sum()
    mean = float((histogram * np.arange(BINS)).sum() / total)
    late = int(np.searchsorted(np.cumsum(histogram), 0.99 * float(total)))
    return Point(load, accepted.value / (side * side * MEASURED), mean, late)


Curves = dict[tuple[int, str], list[Point]]


def curves(sides: list[int]) -> Curves:
    """All patterns at loads up to 1.2 × their limit, at most one packet per core and cycle."""
    libraries = {side: compile_mesh(side) for side in sides}
    work = [
        (side, pattern, min(1.0, 1.2 * limit(pattern, side) * step / STEPS))
        for side in sides
        for pattern in PATTERNS
        for step in range(1, STEPS + 1)
    ]
    found: Curves = {}
    for side, pattern, load in track(work, "simulating…", console=Console(stderr=True)):
        points = found.setdefault((side, pattern), [])
        if not points or points[-1].offered < load:
            points.append(measure(libraries[side], pattern, side, load))
    return found


HEADINGS = (
    "mesh", "pattern", "limit", "accepted at most", "of the limit", "latency at 10 %", "at 50 %", "at 80 %",
)  # fmt: skip


def rows(found: Curves) -> list[tuple[str, ...]]:
    """Cells of the table: latencies are mean / 99th percentile, at so much of the limit."""
    cells = []
    for (side, pattern), points in found.items():
        most, bound = max(p.accepted for p in points), limit(pattern, side)
        latencies = []
        for share in (0.1, 0.5, 0.8):
            point = min(points, key=lambda p: abs(p.offered - share * bound))
            latencies.append(f"{point.mean:.1f} / {point.late:.0f}" if point.stable else "–")
        shares = (f"{bound:.3f}", f"{most:.3f}", f"{100 * most / bound:.0f} %")
        cells.append((f"{side} × {side}", pattern, *shares, *latencies))
    return cells


def draw(found: Curves, path: Path) -> None:
    """Accepted packets and latency over the load, a column for each size."""
    figure = Figure(figsize=(9.6, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    sides = sorted({side for side, _ in found})
    axes = figure.subplots(2, len(sides), sharex="col", squeeze=False)
    for column, side in enumerate(sides):
        top, bottom = axes[0, column], axes[1, column]
        for pattern in PATTERNS:
            points, colour = found[side, pattern], COLOUR[pattern]
            offered = [p.offered for p in points]
            top.plot(offered, [p.accepted for p in points], "o-", ms=3, color=colour, label=pattern)
            top.axhline(limit(pattern, side), color=colour, ls=":", lw=1)
            stable = [p for p in points if p.stable]
            x = [p.offered for p in stable]
            bottom.plot(x, [p.mean for p in stable], "o-", ms=3, color=colour)
            bottom.plot(x, [p.late for p in stable], "--", lw=1, color=colour)
        most = max(p.offered for p in found[side, "uniform"])
        top.plot([0, most], [0, most], color=FAINT, zorder=0)
        top.set_title(f"{side} × {side} cores", color=INK)
        bottom.set_yscale("log")
        bottom.set_xlabel("offered (packets per core and cycle)")
        for axis in (top, bottom):
            axis.grid(color=FAINT, lw=0.5)
            axis.set_xlim(0, most)
    axes[0, 0].set_ylabel("accepted (packets per core and cycle)\ndotted: theoretical limit")
    axes[1, 0].set_ylabel("latency (cycles)\nsolid: mean, dashed: 99th percentile")
    axes[0, 0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", type=int, nargs="+", choices=range(2, 9), default=list(SIDES))
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--picture", action="store_true", help=f"draw {PICTURE.name}")
    arguments = parser.parse_args()
    found = curves(arguments.sides)
    if arguments.picture:
        draw(found, PICTURE)
    if arguments.markdown:
        print("| " + " | ".join(HEADINGS) + " |")
        print("|---|---|" + "--:|" * 6)
        print("\n".join("| " + " | ".join(cells) + " |" for cells in rows(found)))
    else:
        table = Table(*HEADINGS)
        for cells in rows(found):
            table.add_row(*cells)
        Console(width=120).print(table)


if __name__ == "__main__":
    main()
