"""Running co-simulations: build a chip with Verilator, run seeds under cocotb, report mismatches."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from spikeloom.errors import SpikeLoomError
from spikeloom.hdl import CoreConfig
from spikeloom.hdl.verilog import TOP_NAME, generate_chip

from .. import verilator
from .bench import Job
from .cases import random_config
from .port import PORTS

Progress = Callable[[str, int, int], None]
"""Called with (what, cases done, cases in all)."""
_BENCH = "spikeloom.sim.cosim.bench"
_WAVES = "dump.vcd"


@dataclass
class CosimReport:
    """What a co-simulation found.

    Attributes
    ----------
    configs, cases, steps, cycles : how much was compared, and the clock cycles that it took.
    mismatches : configuration, seed, first difference, and waveform file of each failing case.
    seconds : wall time.
    """

    configs: int = 0
    cases: int = 0
    steps: int = 0
    cycles: int = 0
    mismatches: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Something was compared, and nothing differed."""
        return self.cases > 0 and not self.mismatches

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ok": self.ok,
            "configs": self.configs,
            "cases": self.cases,
            "steps": self.steps,
            "cycles": self.cycles,
            "mismatches": self.mismatches,
            "seconds": round(self.seconds, 1),
        }

    def __rich__(self) -> Table:
        table = Table(title="co-simulation against the golden model", show_header=False)
        table.add_row("configurations", str(self.configs))
        table.add_row("cases", str(self.cases))
        table.add_row("steps compared", str(self.steps))
        table.add_row("clock cycles", str(self.cycles))
        table.add_row("mismatches", f"[{'red' if self.mismatches else 'green'}]{len(self.mismatches)}")
        for mismatch in self.mismatches:
            table.add_row(f"seed {mismatch['seed']}", f"{mismatch['error']}\n{mismatch['waves']}")
        return table


def run(
    config: CoreConfig | None = None,
    seeds: Sequence[int] = range(10),
    *,
    out: Path | None = None,
    progress: Progress | None = None,
) -> CosimReport:
    """Compare `config` (default: a random one, from the first seed) with the golden model.

    Each seed gives a random network, spike trains, stalls on both directions of the link, and writes
    between steps; memories start with random contents.  A failing case is run again with a
    waveform, which is written to `out` (default: the current folder).
    """
    if config is None:
        config = random_config(np.random.default_rng(seeds[0] if len(seeds) else 0))
    return run_many([config], seeds, out=out, progress=progress)


def run_many(
    configs: Sequence[CoreConfig],
    seeds: Sequence[int],
    *,
    out: Path | None = None,
    progress: Progress | None = None,
) -> CosimReport:
    """As `run`, for several configurations one after the other."""
    report = CosimReport()
    began = time.monotonic()
    total = len(configs) * len(seeds)
    for index, config in enumerate(configs):
        tell = progress or (lambda *_: None)
        tell(f"configuration {index + 1} of {len(configs)}: compiling", index * len(seeds), total)
        build = _build(config, waves=False)
        tell(f"configuration {index + 1} of {len(configs)}", index * len(seeds), total)
        for result in _simulate(build, config, seeds, waves=False):
            report.cases += 1
            report.steps += result.get("steps", 0)
            report.cycles += result["cycles"]
            if "error" in result:
                waves = _waveform(config, result["seed"], out or Path())
                report.mismatches.append({"config": config.to_dict(), **result, "waves": waves})
            tell(f"configuration {index + 1} of {len(configs)}", report.cases, total)
        report.configs += 1
    report.seconds = time.monotonic() - began
    return report


def _build(config: CoreConfig, *, waves: bool) -> Path:
    """Folder with the compiled simulation, from the cache if it was made before.

    As cocotb's runner builds it, but only the ports are visible from Python: with every signal
    public, as there, Verilator optimises nothing and runs several times slower.
    """
    import cocotb_tools.config

    text = verilator.without_memory_contents(generate_chip(config, build="co-simulation"))
    main = Path(cocotb_tools.config.share_dir) / "lib" / "verilator" / "verilator.cpp"
    libraries = cocotb_tools.config.libs_dir
    link = f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"
    public = [f'public_flat_rw -module "{TOP_NAME}" -var "{port}"' for port in PORTS]
    arguments = [
        *("--cc", "--exe", "--build", "-j", "2", "-O3", "--vpi", "--x-initial", "unique"),
        *("-Wno-lint", "-Wno-fatal", "--timescale", "1ns/1ps", "--prefix", "Vtop"),
        *("--top-module", TOP_NAME, "-o", TOP_NAME, "-LDFLAGS", link),
        *("-MAKEFLAGS", f"{verilator.MAKE_FLAGS} OPT_FAST=-O1 OPT_SLOW=-O0 OPT_GLOBAL=-O1"),
        *(("--trace",) if waves else ()),
    ]
    sources = [
        main,
        ("public.vlt", "\n".join(["`verilator_config", *public, ""])),
        (f"{TOP_NAME}.v", text),
    ]
    return verilator.compile_cached(
        "cosim",
        sources,
        arguments,
        TOP_NAME,
        message="Compiling the co-simulation with Verilator (10–30 s, once per configuration)",
    ).parent


@contextlib.contextmanager
def _tools() -> Iterator[None]:
    """Verilator's environment for the runner, which takes it from the process."""
    environment = verilator.environment()
    wanted = {k: environment[k] for k in ("PATH", "VERILATOR_ROOT")}
    before = {k: os.environ.get(k) for k in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _simulate(
    build: Path, config: CoreConfig, seeds: Sequence[int], *, waves: bool, keep: Path | None = None
) -> list[dict[str, Any]]:
    """Results of the seeds, in order; raises `SpikeLoomError` when the simulation itself failed."""
    from cocotb_tools.runner import get_runner

    runner = get_runner("verilator")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        job = Job(config.to_dict(), [int(s) for s in seeds], str(work / "results.jsonl"))
        with _tools():
            try:
                runner.test(
                    test_module=_BENCH,
                    hdl_toplevel_lang="verilog",
                    hdl_toplevel=TOP_NAME,
                    build_dir=build,
                    test_dir=work,
                    results_xml=str(work / "results.xml"),
                    plusargs=["+verilator+rand+reset+2", f"+verilator+seed+{1 + seeds[0]}"],
                    extra_env={**job.export(), "COCOTB_LOG_LEVEL": "WARNING"},
                    seed=int(seeds[0]),
                    waves=waves,
                    timescale=("1ns", "1ps"),
                    log_file=work / "run.log",
                )
            except (SystemExit, RuntimeError):
                pass  # judged by the results below
        lines = Path(job.results).read_text().splitlines() if Path(job.results).exists() else []
        if keep is not None and (work / _WAVES).exists():
            shutil.move(work / _WAVES, keep)
        if len(lines) != len(seeds):
            tail = "\n".join((work / "run.log").read_text().splitlines()[-30:])
            raise SpikeLoomError(
                f"the simulation stopped after {len(lines)} of {len(seeds)} cases:\n{tail}"
            )
    return [json.loads(line) for line in lines]


def _waveform(config: CoreConfig, seed: int, out: Path) -> str:
    """Run a failing case again with a waveform; its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"mismatch-{config.digest:016x}-{seed}.vcd"
    _simulate(_build(config, waves=True), config, [seed], waves=True, keep=path)
    return str(path)
