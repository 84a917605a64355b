"""What the C++ compiler's optimisation costs and gives the simulated chip: compiling against running.

Each configuration is compiled into an empty cache with each option, and runs steps of random input.
Seconds are of the processor, of all processes.

    python benchmarks/twin_flags.py [--markdown] [-O0 -O1 -Os -O2 -O3]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time

import numpy as np
from rich.console import Console
from rich.table import Table

import spikeloom
from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.sim.twin import build

LEVELS = ("-O0", "-O1", "-Os", "-O2", "-O3")
CONFIGS = {
    "64 neurons, 96 axons, 4 lanes": CoreConfig(neurons=64, axons=96, lanes=4),
    "64 neurons, 96 axons, 32 lanes, three factors": CoreConfig(
        neurons=64,
        axons=96,
        lanes=32,
        learning=LearningConfig(rule="three_factor", fraction_bits=8, stochastic=True),
    ),
}
STEPS = 200
RUNS = 3
HEADER = ("configuration", "option", "compiling, s", "cycles per second", "as long as")


def measure(config: CoreConfig, level: str) -> tuple[float, float]:
    """Seconds of compiling, and cycles per second."""
    build.OPTIMISATION = level
    weights = np.random.default_rng(1).integers(-20, 20, (config.axons, config.neurons))
    raster = np.random.default_rng(2).random((STEPS, config.axons)) < 0.1
    design = spikeloom.Design(config, Image(config, weights, {"v_threshold": 200, "d_mem": 200}))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with spikeloom.open("twin:", design) as device:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = 0.0
        for _ in range(RUNS):
            simulated, began = device.now(), time.process_time()
            device.run(raster)
            cycles = (device.now() - simulated) * build.CLOCK_HZ
            best = max(best, cycles / (time.process_time() - began))
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, best


def rows(levels: list[str]) -> list[tuple[str, ...]]:
    """One of each configuration and option; the last column is how many cycles take as long as compiling."""
    found = []
    for name, config in CONFIGS.items():
        for level in levels:
            with tempfile.TemporaryDirectory() as folder:
                os.environ["SPIKELOOM_CACHE"] = folder
                # Verilator's own objects are compiled once for all chips, and are no part of it.
                measure(CoreConfig(neurons=1, axons=1), level)
                compiling, speed = measure(config, level)
            shown = f"{compiling * speed / 1e6:.0f} million"
            found.append((name, level, f"{compiling:.1f}", f"{speed / 1e6:.2f} million", shown))
            print(*found[-1], sep="; ", file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", action="store_true")
    given, levels = parser.parse_known_args()
    unknown = sorted(set(levels) - set(LEVELS))
    if unknown:
        parser.error(f"no option {', '.join(unknown)}; there are {', '.join(LEVELS)}")
    measured = rows(levels or list(LEVELS))
    if given.markdown:
        print("| " + " | ".join(HEADER) + " |\n|---|---|--:|--:|--:|")
        print("\n".join(f"| {' | '.join(row)} |" for row in measured))
        return 0
    table = Table(*HEADER)
    for row in measured:
        table.add_row(*row)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
