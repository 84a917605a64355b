"""The cocotb test: runs inside the simulator, as many seeds as it is told to, and writes what it found.

The environment says what to do (see `Job`); the host library runs in a thread beside the simulation.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.simtime import get_sim_time
from cocotb.task import bridge
from cocotb.triggers import ClockCycles, with_timeout

from spikeloom.driver.board import Board
from spikeloom.hdl import CoreConfig
from spikeloom.link.link import Link

from .port import CLOCK_NS, PATTERNS, SimPort, Stalls
from .scenario import Mismatch, Scenario

JOB_VARIABLE = "SPIKELOOM_COSIM_JOB"
LINK_TIMEOUT = 2e-3
"""Simulated seconds without a byte after which the chip counts as hung."""
CASE_TIMEOUT_MS = 2000


@dataclass(frozen=True)
class Job:
    """What one simulation does: these seeds of this configuration; results go to a JSON file."""

    config: dict[str, Any]
    seeds: list[int]
    results: str

    def export(self) -> dict[str, str]:
        """As environment variables."""
        return {JOB_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> Job:
        """What `export` wrote."""
        return cls(**json.loads(os.environ[JOB_VARIABLE]))


def run_case(port: SimPort, config: CoreConfig, seed: int) -> dict[str, Any]:
    """One case, in the thread: its result as the report has it."""
    board = Board(Link(port, LINK_TIMEOUT, "the simulation"), progress=False)
    try:
        steps = Scenario(board, config, seed).run()
    except Mismatch as found:
        return {"seed": seed, "error": str(found)}
    except Exception as error:
        return {"seed": seed, "error": f"{type(error).__name__}: {error}"}
    return {"seed": seed, "steps": steps}


@cocotb.test()
async def compare_with_golden_model(dut: Any) -> None:
    """Every seed: reset the chip, run the scenario, note the result."""
    job = Job.from_environment()
    config = CoreConfig.from_dict(job.config)
    Clock(dut.clk, CLOCK_NS, "ns").start()
    with Path(job.results).open("w") as results:
        for seed in job.seeds:
            rng = random.Random(seed)
            dut.rst.value = 1
            dut.received__valid.value = 0
            dut.sent__ready.value = 0
            await ClockCycles(dut.clk, 3)
            dut.rst.value = 0
            stalls = [Stalls(rng.choice(PATTERNS), rng) for _ in range(2)]
            port = SimPort(dut, *stalls)
            tasks = [cocotb.start_soon(port.drive()), cocotb.start_soon(port.collect())]
            case = bridge(run_case)(port, config, seed)
            began = get_sim_time("ns")
            result = await with_timeout(case, CASE_TIMEOUT_MS, "ms")
            result["cycles"] = round((get_sim_time("ns") - began) / CLOCK_NS)
            for task in tasks:
                task.cancel()
            results.write(json.dumps(result) + "\n")
            results.flush()
