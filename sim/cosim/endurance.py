"""Endurance: one long run of a learning core, a million weight updates and more, against the golden model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeloom.design.design import Design
from spikeloom.device.golden import GoldenDevice
from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig, Image, LearningConfig
from spikeloom.link.link import Link

from ..twin.build import build_streams
from ..twin.port import TwinPort
from .report import CosimReport, Progress
from .scenario import Mismatch, Scenario, compare

LINK_TIMEOUT = 0.1
_CHUNK = 100


@dataclass(frozen=True)
class LongRun:
    """A network of moderate size that keeps learning: parameters of neurons, and of each rule."""

    neurons: int = 48
    axons: int = 64
    rate: float = 0.1

    def config(self, rule: str) -> CoreConfig:
        """8-bit weights, eight lanes, stochastic rounding, an adaptive threshold that keeps neurons busy."""
        return CoreConfig(
            neurons=self.neurons,
            axons=self.axons,
            lanes=8,
            refractory_bits=2,
            adaptation="rate",
            learning=LearningConfig(rule=rule, fraction_bits=6, stochastic=True),
        )

    def design(self, rule: str, seed: int) -> Design:
        """Small amplitudes, weights from everywhere."""
        config = self.config(rule)
        rng = np.random.default_rng(seed)
        wanted = {
            "enabled": 1, "seed": seed, "sweep_log2": 4, "w_min": -100, "w_max": 100,
            "x_inc": 40, "d_x": 200, "y_inc": 30, "d_y": 200, "x_window": 20, "y_window": 20,
            "a_plus": 40, "a_minus": 30, "c_pre": 5, "c_post": 25,
            "scaling_target": 400, "scaling_shift": 3, "e_pre": 1, "e_post": 0,
            "d_e": 1000, "d_mod": 500, "d_mod_first": 500, "m_spike": -4,
            "theta_m": 500, "ca_1": 5, "ca_2": 120, "ca_3": 200,
        }  # fmt: skip
        # Parameters of rules that are not SpikeLoom's own are small.
        learning = {f.name: wanted.get(f.name, f.maximum // 16) for f in config.layout.learning}
        modulatory = np.arange(config.axons) >= config.axons - 4
        has_modulator = config.learning is not None and config.learning.format.modulator
        neurons: dict[str, Any] = {
            "v_threshold": 600, "d_syn": 800, "d_mem": 300, "th_inc": 200, "th_dec": 20,
        }  # fmt: skip
        image = Image(
            config,
            rng.integers(-60, 100, (config.axons, config.neurons)),
            neurons,
            learning=learning,
            plastic=rng.random((config.axons, config.neurons)) < 0.95,
            modulatory=modulatory if has_modulator else None,  # type: ignore[arg-type]
        )
        return Design(config, image)


def run_endurance(
    rule: str, updates: int, *, seed: int = 0, progress: Progress | None = None
) -> CosimReport:
    """Run until the rule was applied `updates` times; every spike, and every state now and then.

    All states are compared every 100 steps: a difference in between would have to heal without a spike.
    """
    long_run = LongRun()
    design = long_run.design(rule, seed)
    report = CosimReport()
    began = time.monotonic()
    if progress:
        progress(f"{rule}: compiling", 0, updates)
    with TwinPort(build_streams(design.config), seed=seed) as port:
        board = Board(Link(port, LINK_TIMEOUT, "the simulation"), progress=False)
        golden = GoldenDevice(design)
        scenario = Scenario(board, design.config, seed, design=design)
        board.load(design)
        rng = np.random.default_rng(seed)
        result: dict[str, object] = {"seed": seed}
        done = 0
        try:
            while done < updates:
                raster = rng.random((_CHUNK, design.config.axons)) < long_run.rate
                expected, found = golden.run(raster), board.run(raster)
                for k in range(_CHUNK):
                    step = expected.start + k
                    compare(
                        step, "spike", expected.spikes[k].astype(int), found.spikes[k].astype(int)
                    )
                scenario.compare_with(golden)
                done = golden.counters()["weight_updates"]
                if progress:
                    progress(f"{rule}: weight updates", min(done, updates), updates)
            result["steps"] = golden.step
        except Mismatch as difference:
            result["error"] = str(difference)
        report.add(design.config, result | {"cycles": port.cycles})
        report.configs, report.weight_updates = 1, done
    report.seconds = time.monotonic() - began
    return report
