"""Running co-simulations: build a chip with Verilator, run seeds under cocotb, report mismatches."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spikeloom.hdl import CoreConfig
from spikeloom.hdl.chip.verilog import TOP_NAME, generate_chip
from spikeloom.hdl.contract.errors import SpikeLoomError
from spikeloom.hdl.contract.neurons import NEURONS
from spikeloom.hdl.contract.registry import plugin_environment
from spikeloom.hdl.contract.rules import RULES

from ..twin import verilator
from .bench import Job
from .campaign import run_campaign
from .cases import random_config
from .effort import MAX_SECONDS, describe, drawn_within
from .port import PORTS
from .report import CosimReport, Progress

_BENCH = "spikeloom.sim.cosim.bench"
_WAVES = "dump.vcd"


def run(
    config: CoreConfig | None = None,
    seeds: Sequence[int] = range(10),
    *,
    neuron: str = "lif",
    out: Path | None = None,
    progress: Progress | None = None,
    cocotb: bool = False,
) -> CosimReport:
    """Compare `config` with the golden model.

    By default it is a random one of this neuron model, from the first seed, and not too large.

    Each seed gives a random network, spike trains, stalls on both directions of the link, and writes
    between steps; memories start with random contents.  Cases run in a C++ harness, or under cocotb,
    which is several times slower.  A failing case is run again under cocotb with a waveform, which is
    written to `out` (default: the current folder).
    """
    if config is None:
        rng = np.random.default_rng(seeds[0] if len(seeds) else 0)
        config = drawn_within(MAX_SECONDS, lambda: random_config(rng, neuron))
    if cocotb:
        return run_many([config], seeds, out=out, progress=progress)
    report = run_campaign([config], seeds, progress=progress)
    for mismatch in report.mismatches:
        mismatch["waves"] = _waveform(config, mismatch["seed"], out or Path())
    return report


def run_many(
    configs: Sequence[CoreConfig],
    seeds: Sequence[int],
    *,
    out: Path | None = None,
    progress: Progress | None = None,
) -> CosimReport:
    """As `run` under cocotb, for several configurations one after the other."""
    report = CosimReport()
    began = time.monotonic()
    total = len(configs) * len(seeds)
    for index, config in enumerate(configs):
        tell = progress or (lambda *_: None)
        tell(f"configuration {index + 1} of {len(configs)}: compiling", index * len(seeds), total)
        build = _build(config, waves=False)
        what = f"configuration {index + 1} of {len(configs)} ({describe(config, len(seeds), cocotb=True)})"
        tell(what, index * len(seeds), total)
        for result in _simulate(build, config, seeds, waves=False):
            if "error" in result:
                result["waves"] = _waveform(config, result["seed"], out or Path())
            report.add(config, result)
            tell(what, report.cases, total)
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
    sources: list[Path | tuple[str, str]] = [
        main,
        ("public.vlt", "\n".join(["`verilator_config", *public, ""])),
        (f"{TOP_NAME}.v", text),
    ]
    return verilator.compile_cached(
        "cosim",
        sources,
        arguments,
        TOP_NAME,
        message=f"Compiling the co-simulation with Verilator ({verilator.compile_time(sources)})",
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
        # A failure of the runner is judged by the results below.
        with _tools(), contextlib.suppress(SystemExit, RuntimeError):
            runner.test(
                test_module=_BENCH,
                hdl_toplevel_lang="verilog",
                hdl_toplevel=TOP_NAME,
                build_dir=build,
                test_dir=work,
                results_xml=str(work / "results.xml"),
                plusargs=["+verilator+rand+reset+2", f"+verilator+seed+{1 + seeds[0]}"],
                extra_env={**job.export(), **_plugins(config), "COCOTB_LOG_LEVEL": "WARNING"},
                seed=int(seeds[0]),
                waves=waves,
                timescale=("1ns", "1ps"),
                log_file=work / "run.log",
            )
        lines = Path(job.results).read_text().splitlines() if Path(job.results).exists() else []
        if keep is not None and (work / _WAVES).exists():
            shutil.move(work / _WAVES, keep)
        if len(lines) != len(seeds):
            tail = "\n".join((work / "run.log").read_text().splitlines()[-30:])
            raise SpikeLoomError(
                f"the simulation stopped after {len(lines)} of {len(seeds)} cases:\n{tail}"
            )
    return [json.loads(line) for line in lines]


def _plugins(config: CoreConfig) -> dict[str, str]:
    """Where the simulator's process finds parts that are not SpikeLoom's own."""
    rule = None if config.learning is None else RULES.origin(config.learning.rule)
    return plugin_environment([NEURONS.origin(config.neuron_model), rule])


def _waveform(config: CoreConfig, seed: int, out: Path) -> str:
    """Run a failing case again with a waveform; its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"mismatch-{config.digest:016x}-{seed}.vcd"
    _simulate(_build(config, waves=True), config, [seed], waves=True, keep=path)
    return str(path)
