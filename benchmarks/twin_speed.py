"""Clock cycles per second of the simulated board, and what its compilation takes, one thread.

The chip waits for a command while it is simulated, and then executes steps.  `--fresh` compiles into an
empty cache; with `--markdown` the table is Markdown.
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

CONFIGS = {
    "64 neurons, 96 axons, 4 lanes": CoreConfig(neurons=64, axons=96, lanes=4),
    "64 neurons, 96 axons, 8 lanes, pair STDP": CoreConfig(
        neurons=64, axons=96, lanes=8, learning=LearningConfig(rule="pair")
    ),
}
STEPS = 400
HEADER = ("configuration", "compiling, s", "cycles per second", "steps per second")


def measure(config: CoreConfig) -> tuple[float, float, float]:
    """Seconds of compiling, and cycles and steps per second while it runs, in processor time."""
    weights = np.random.default_rng(1).integers(-20, 20, (config.axons, config.neurons))
    raster = np.random.default_rng(2).random((STEPS, config.axons)) < 0.1
    design = spikeloom.Design(config, Image(config, weights, {"v_threshold": 200, "d_mem": 200}))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with spikeloom.open("twin:", design) as device:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        device.run(raster)
        cycles, began = device.link.port.cycles, time.process_time()
        device.run(raster)
        seconds, cycles = time.process_time() - began, device.link.port.cycles - cycles
    compiling = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return compiling, cycles / seconds, STEPS / seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.fresh:
            os.environ["SPIKELOOM_CACHE"] = folder
        rows = []
        for name, config in CONFIGS.items():
            compiling, cycles, steps = measure(config)
            shown = f"{compiling:.0f}" if compiling > 1 else "cached"
            rows.append((name, shown, f"{cycles / 1e6:.2f} million", f"{steps:.0f}"))
    if given.markdown:
        print("| " + " | ".join(HEADER) + " |\n|---|--:|--:|--:|")
        print("\n".join(f"| {' | '.join(row)} |" for row in rows))
        return 0
    table = Table(*HEADER)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
