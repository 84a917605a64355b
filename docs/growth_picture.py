"""How the speed of the fast model grows: with neurons, and with the spikes that arrive in a step."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spikeloom.display.style import COLOURS
from spikeloom.hdl import CoreConfig, Image
from spikeloom.sim.fast import FastCore

NEURONS = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
AXONS = (128, 1_024, 8_192)
SPIKES = (0, 1, 3, 10, 30, 100)
FAN_OUT = 100
"""Synapses of each axon."""
FEW = 10
"""Spikes per step where neurons grow."""
FIXED = 2_000
"""Neurons where spikes grow."""
LEAST_SECONDS, RUNS = 0.02, 4


def steps_per_second(neurons: int, axons: int, spikes: int) -> float:
    """Of a network of so many neurons, of which each axon reaches `FAN_OUT`; in processor time."""
    rng = np.random.default_rng(neurons + axons)
    config = CoreConfig(neurons=neurons, axons=axons, synapse="delta", refractory_bits=0)
    weights = np.zeros((axons, neurons), dtype=np.int64)
    for row in weights:
        row[rng.choice(neurons, FAN_OUT, replace=False)] = rng.choice([-9, 9], FAN_OUT)
    core = FastCore(Image(config, weights, {"v_threshold": 30_000, "d_mem": 200}))
    steps, best = 50, 0.0
    for _ in range(RUNS):
        seconds = 0.0
        while seconds < LEAST_SECONDS:
            raster = np.zeros((1, steps, axons), dtype=bool)
            for row in raster[0]:
                row[rng.choice(axons, spikes, replace=False)] = True
            began = time.process_time()
            core.run_watched(raster, steps)
            seconds = time.process_time() - began
            best = max(best, steps / max(seconds, 1e-9))
            if seconds < LEAST_SECONDS:
                steps *= 3
    return best


def growth(path: Path) -> None:
    """Draw steps per second against neurons, and against spikes per step for more and more synapses."""
    figure = Figure(figsize=(8.2, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    speeds = [steps_per_second(n, AXONS[0], FEW) for n in NEURONS]
    left.loglog(NEURONS, speeds, "o-", color=COLOURS[0])
    left.set_xlabel("neurons")
    left.set_ylabel("steps per second")
    left.set_title(f"{AXONS[0] * FAN_OUT:,} synapses, {FEW} spikes per step".replace(",", " "))
    for colour, axons in zip(COLOURS, AXONS, strict=False):
        speeds = [steps_per_second(FIXED, axons, spikes) for spikes in SPIKES]
        label = f"{axons * FAN_OUT:,} synapses".replace(",", " ")
        right.plot(SPIKES, 1e6 / np.array(speeds), "o-", color=colour, label=label)
    right.set_xlabel("spikes per step")
    right.set_ylabel("µs per step")
    right.set_ylim(bottom=0)
    right.set_title(f"{FIXED} neurons")
    right.legend(frameon=False)
    figure.savefig(path, dpi=110)
