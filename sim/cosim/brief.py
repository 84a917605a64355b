"""Many brief cases: small networks for a few steps, on several processors, each against the golden model."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

import numpy as np

from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig
from spikeloom.link.link import Link

from ..twin.build import build_streams
from ..twin.port import TwinPort
from .cases import random_config
from .report import CosimReport, Progress
from .scenario import Mismatch, Scenario

LINK_TIMEOUT = 20e-3
MOST_SYNAPSES, MOST_LANES = 200, 8
CONFIGS = 40
_PART = 100
"""Cases after which a process reports."""


def small_config(number: int) -> CoreConfig:
    """Any configuration of few synapses and lanes; the same for the same number."""
    rng = np.random.default_rng([number, 17])
    config = random_config(rng)
    while config.neurons * config.axons > MOST_SYNAPSES or config.lanes > MOST_LANES:
        config = random_config(rng)
    return config


def run_brief(
    cases: int,
    configs: int | None = None,
    *,
    first: int = 0,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> CosimReport:
    """Run so many cases, spread over small random configurations; all mismatches are reported.

    A case loads a network, runs it, and compares all spikes, and then all states, weights and counters.

    Parameters
    ----------
    configs : how many; default: `CONFIGS`.
    first : seed of the first case of each configuration.
    jobs : processes; default: one for each processor.
    """
    report, began = CosimReport(), time.monotonic()
    configs = configs or CONFIGS
    spread = [cases // configs + (k < cases % configs) for k in range(configs)]
    context = multiprocessing.get_context("spawn")  # compilers and simulators run in threads
    with ProcessPoolExecutor(jobs or os.cpu_count(), mp_context=context) as pool:
        parts = [pool.submit(_run, *part) for part in _parts(spread, first)]
        try:
            for part in as_completed(parts):
                report.merge(part.result())
                if progress:
                    progress("brief cases", report.cases, cases)
        finally:
            pool.shutdown(cancel_futures=True)
    report.configs = sum(count > 0 for count in spread)
    report.seconds = time.monotonic() - began
    return report


def _parts(spread: list[int], first: int) -> Iterator[tuple[int, int, int]]:
    """Configuration, first seed and number of cases of what a process does at a time."""
    for number, count in enumerate(spread):
        for begin in range(0, count, _PART):
            yield number, first + begin, min(_PART, count - begin)


def _run(number: int, first: int, count: int) -> CosimReport:
    """Some cases of one configuration, in a process of their own."""
    config, report = small_config(number), CosimReport()
    library = build_streams(config)
    for seed in range(first, first + count):
        with TwinPort(library, seed=seed) as port:
            board = Board(Link(port, LINK_TIMEOUT, "the simulation"), progress=False)
            scenario = Scenario(board, config, seed)
            result: dict[str, object] = {"seed": seed}
            try:
                result["steps"] = scenario.run_briefly()
            except Mismatch as found:
                result["error"] = str(found)
            report.add(config, result | {"cycles": port.cycles})
    return report
