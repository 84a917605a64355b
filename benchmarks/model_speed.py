"""Steps per second of the fast and the golden model, one thread, compile time apart; beside Brian2.

W1 to W4 and W6 are recurrent (`workloads.py`), W5 is feed-forward: 64–128–10, 1 000 samples of 32
steps.  Each is run several times, and the fastest run counts.

    python benchmarks/model_speed.py                      W1 to W5
    python benchmarks/model_speed.py W6                   takes 6 GB of memory
    python benchmarks/model_speed.py --brian2 venv/bin/python   an interpreter that has Brian2
"""

# ruff: noqa: E402

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

# One thread, also of linear algebra; read when NumPy is loaded.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

import numpy as np
from rich.console import Console
from rich.table import Table
from workloads import (
    D_MEM,
    D_TRACE,
    FRACTION_BITS,
    INCREMENT,
    RECURRENT,
    THRESHOLD,
    W_MAX,
    Workload,
)

from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.sim.fast import FastCore, prepare
from spikeloom.sim.golden import GoldenCore

LEAST_RUNS, LEAST_SECONDS = 3, 2.0
SAMPLES, SAMPLE_STEPS = 1_000, 32
LAYERS = (64, 128, 10)
GOLDEN_SHARE = 20
"""The golden model runs a part of the steps, one in so many."""


def recurrent_image(w: Workload) -> Image:
    """The network as a core's image."""
    learning = LearningConfig(rule="pair", fraction_bits=FRACTION_BITS) if w.learns else None
    config = CoreConfig(
        neurons=w.neurons, axons=w.neurons, synapse="delta", refractory_bits=0,
        parameters="per_neuron", learning=learning,
    )  # fmt: skip
    weights = w.weights()
    rule = {"x_inc": INCREMENT, "y_inc": INCREMENT, "d_x": D_TRACE, "d_y": D_TRACE}
    learns = {
        "learning": {"enabled": 1, "w_min": -W_MAX, "w_max": W_MAX, **rule},
        "plastic": weights != 0,
    }
    parameters = {"v_threshold": THRESHOLD, "d_mem": D_MEM, "bias": w.bias()}
    routes = np.arange(w.neurons)
    return Image(config, weights, parameters, routes, **(learns if w.learns else {}))


def feed_forward() -> tuple[Image, np.ndarray]:
    """The network of W5, and (samples, steps, axons) of input at 10 %."""
    inputs, hidden, outputs = LAYERS
    rng = np.random.default_rng(5)
    config = CoreConfig(
        neurons=hidden + outputs, axons=inputs + hidden, synapse="delta", refractory_bits=0,
        bias=False,
    )  # fmt: skip
    weights = np.zeros((config.axons, config.neurons), dtype=np.int64)
    weights[:inputs, :hidden] = rng.integers(-40, 80, (inputs, hidden))
    weights[inputs:, hidden:] = rng.integers(-40, 80, (hidden, outputs))
    routes = np.concatenate([inputs + np.arange(hidden), np.full(outputs, -1)])
    image = Image(config, weights, {"v_threshold": 800, "d_mem": D_MEM}, routes)
    raster = np.zeros((SAMPLES, SAMPLE_STEPS, config.axons), dtype=bool)
    raster[:, :, :inputs] = rng.random((SAMPLES, SAMPLE_STEPS, inputs)) < 0.1
    return image, raster


def fastest(run: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs: on a busy machine others are slower."""
    times: list[float] = []
    while len(times) < LEAST_RUNS or sum(times) < LEAST_SECONDS:
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def measure_recurrent(w: Workload) -> dict[str, float]:
    """Steps per second of both models, and the share of neurons that fire in a step."""
    image = recurrent_image(w)
    fast, found = FastCore(image), {}
    fast.states["v"][0] = w.potentials()
    fast.run_watched(None, 10)
    seconds = fastest(lambda: fast.run_watched(None, w.steps))
    found["fast"] = w.steps / seconds
    counters = fast.counters
    found["firing"] = counters["spikes"][0] / counters["steps"][0] / w.neurons
    if w.neurons <= 1024:
        golden, steps = GoldenCore(image), w.steps // GOLDEN_SHARE
        golden.states["v"][0] = w.potentials()
        silence = np.zeros((steps, w.neurons), dtype=bool)
        found["golden"] = steps / fastest(lambda: golden.run(silence))
    return found


def measure_feed_forward() -> dict[str, float]:
    """Samples per second of both models; the fast one runs them in one thread."""
    image, raster = feed_forward()
    core = FastCore(image, SAMPLES, threads=1)

    def run() -> None:
        core.reset()
        core.run_watched(raster, SAMPLE_STEPS)

    core.step()
    batch = raster[:100]
    golden = GoldenCore(image, len(batch))

    def run_golden() -> None:
        golden.reset()
        golden.run(batch)

    return {
        "fast": SAMPLES / fastest(run),
        "golden": len(batch) / fastest(run_golden),
        "firing": float(
            core.counters["spikes"].sum() / SAMPLES / SAMPLE_STEPS / core.config.neurons
        ),
    }


def measure_brian2(python: Path, name: str) -> dict[str, float]:
    """What `peers/brian2_speed.py` measures in its own environment."""
    script = Path(__file__).parent / "peers" / "brian2_speed.py"
    shown = subprocess.run(
        [python, script, name], capture_output=True, text=True, check=True
    ).stdout
    return dict(json.loads(shown.splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["W1", "W2", "W3", "W4", "W5"])
    parser.add_argument("--brian2", type=Path, metavar="PYTHON")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    began = time.perf_counter()
    prepare()
    compiled = time.perf_counter() - began
    results: dict[str, dict[str, float]] = {}
    table = Table(
        "workload", "firing", "golden", "fast", "fast / golden", "Brian2 C++", "fast / Brian2"
    )
    for w in (w for w in RECURRENT if w.name in given.names):
        found = measure_recurrent(w)
        if given.brian2:
            found |= measure_brian2(given.brian2, w.name)
        results[w.name] = found
        table.add_row(f"{w.name} {w.title}", *cells(found))
    if "W5" in given.names:
        found = results["W5"] = measure_feed_forward()
        table.add_row(f"W5 {'–'.join(map(str, LAYERS))}, samples", *cells(found))
    console = Console(width=120)
    console.print(table)
    console.print(
        f"steps (of W5 samples) per second, one thread; {compiled:.1f} s to compile, or to load"
    )
    if given.json:
        given.json.write_text(json.dumps(results | {"compile_seconds": compiled}, indent=2))
    return 0


def cells(found: dict[str, float]) -> list[str]:
    """A row of the table."""

    def per_second(name: str) -> str:
        return f"{found[name]:,.0f}".replace(",", " ") if name in found else "–"

    def ratio(name: str) -> str:
        return f"{found['fast'] / found[name]:.2f}" if name in found else "–"

    firing = f"{100 * found['firing']:.1f} %"
    return [
        firing, per_second("golden"), per_second("fast"), ratio("golden"), per_second("brian2"),
        ratio("brian2"),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
