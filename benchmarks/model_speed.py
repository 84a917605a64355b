"""Steps per second of the fast and the golden model, one thread, beside other simulators.

W1 to W4 and W6 are recurrent, W5 is feed-forward (`workloads.py`).  Each simulator has a process and an
environment of its own (`peers/environments.py`); they run a workload in turns, and of each the run
with the least processor time counts, without building and compiling.

    python benchmarks/model_speed.py                      all, with all environments that exist
    python benchmarks/model_speed.py W1 W5                some: W6 takes 6 GB of memory
    python benchmarks/model_speed.py --peer nest=PYTHON   an interpreter that has NEST
    python benchmarks/model_speed.py --before FOLDER      also the golden model of another checkout
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peers.environments import PACKAGES, interpreter
from rich.console import Console
from rich.table import Table
from workloads import RECURRENT, W5_TITLE

PEERS = Path(__file__).parent / "peers"
TITLES = {w.name: w.title for w in RECURRENT} | {"W5": W5_TITLE}
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
BEFORE = "golden, before"
SMALL, STATIC, LARGE, BATCHED = {"W1", "W2", "W3", "W4"}, {"W1", "W3"}, {"W6"}, {"W5"}

Result = dict[str, Any]
"""`per_second`, and what the simulator says of itself: `version`, `firing`, `note`."""


@dataclass(frozen=True)
class Simulator:
    """A contestant.

    Attributes
    ----------
    name : as in tables and results.
    environment : one of `peers/environments.py`; "" is this one.
    command : a script of `peers/` and what it gets after the workload.
    workloads : those that it can do.
    """

    name: str
    environment: str
    command: tuple[str, ...]
    workloads: set[str]


SIMULATORS = (
    Simulator("fast", "", ("spikeloom_speed.py", "fast"), SMALL | BATCHED | LARGE),
    Simulator("golden", "", ("spikeloom_speed.py", "golden"), SMALL | BATCHED),
    Simulator(BEFORE, "", ("spikeloom_speed.py", "golden"), SMALL | BATCHED),
    Simulator("Brian2, C++", "brian2", ("brian2_speed.py", "cpp"), SMALL | LARGE),
    Simulator("Brian2, Cython", "brian2", ("brian2_speed.py", "cython"), SMALL),
    Simulator("Brian2, NumPy", "brian2", ("brian2_speed.py", "numpy"), SMALL),
    Simulator("NEST", "nest", ("nest_speed.py",), STATIC | LARGE),
    Simulator("SuperNeuroMAT", "superneuromat", ("superneuromat_speed.py",), SMALL),
    Simulator("snnTorch", "snntorch", ("torch_speed.py", "snntorch"), BATCHED),
    Simulator("Norse", "norse", ("torch_speed.py", "norse"), BATCHED),
    Simulator("BindsNET", "bindsnet", ("torch_speed.py", "bindsnet"), BATCHED),
)


class Runner:
    """A simulator that has built a workload and waits for its turns."""

    def __init__(self, simulator: Simulator, workload: str, python: Path, rooms: Path | None):
        script, *options = simulator.command
        paths = {"PYTHONPATH": str(rooms)} if rooms else {}
        self._process = subprocess.Popen(
            [python, PEERS / script, workload, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if not os.environ.get("SHOW_ERRORS") else None,
            text=True,
            env=os.environ | ONE_THREAD | paths,
        )
        self.about = self._line()
        self.seconds: list[float] = []

    def turn(self) -> None:
        """Run once."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.seconds.append(self._line()["seconds"])

    def result(self) -> Result:
        """The fastest run; the process ends."""
        self._process.communicate()
        about = dict(self.about)
        return {"per_second": about.pop("steps") / min(self.seconds), **about}

    def _line(self) -> Result:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
        _, errors = self._process.communicate()
        raise RuntimeError((errors or "").strip().splitlines()[-1:] or "it ended without a word")


def measure(
    workload: str, pythons: dict[str, Path], rounds: int, before: Path | None, show: Console
) -> dict[str, Result]:
    """All simulators on a workload, in turns."""
    runners: dict[str, Runner] = {}
    for simulator in SIMULATORS:
        python = pythons.get(simulator.environment)
        rooms = before if simulator.name == BEFORE else None
        if workload not in simulator.workloads or python is None:
            continue
        if simulator.name == BEFORE and before is None:
            continue
        try:
            runners[simulator.name] = Runner(simulator, workload, python, rooms)
        except RuntimeError as error:
            show.print(f"{workload}: {simulator.name} does not run: {error}")
    for _ in range(rounds):
        for runner in runners.values():
            runner.turn()
    return {name: runner.result() for name, runner in runners.items()}


def rooms_of(checkout: Path) -> Path:
    """A folder from which `spikeloom` of another checkout is imported."""
    rooms = checkout / ".types"
    folder = rooms / "spikeloom"
    if not folder.exists():
        folder.mkdir(parents=True)
        for source in (*checkout.glob("host/*"), *(checkout / n for n in ("hdl", "sim", "boards"))):
            (folder / source.name).symlink_to(source.resolve())
    return rooms


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=sorted(TITLES))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--before", type=Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="written, or added to")
    given = parser.parse_args()
    pythons = {name: interpreter(name) for name in PACKAGES if interpreter(name).exists()}
    pythons |= {name: Path(python) for name, _, python in (p.partition("=") for p in given.peer)}
    pythons[""] = Path(sys.executable)
    console = Console(width=110)
    results: dict[str, dict[str, Result]] = {}
    if given.json and given.json.exists():
        results = json.loads(given.json.read_text())
    for name in given.names:
        before = rooms_of(given.before) if given.before else None
        found = measure(name, pythons, given.rounds, before, console)
        results.setdefault(name, {}).update(found)
        console.print(table(name, found))
        if given.json:
            given.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    console.print("steps (of W5 samples) per second of processor time, one thread, compiled before")
    return 0


def table(workload: str, found: dict[str, Result]) -> Table:
    """The simulators on a workload."""
    shown = Table(
        "simulator", "per second", "fast / it", "neurons that fire", "version", "",
        title=f"{workload}: {TITLES[workload]}",
    )  # fmt: skip
    for name, result in found.items():
        ratio = found["fast"]["per_second"] / result["per_second"] if "fast" in found else 0.0
        firing = result.get("firing", result.get("output_firing", 0.0))
        shown.add_row(
            name, f"{result['per_second']:,.0f}".replace(",", " "), f"{ratio:.2f}",
            f"{100 * firing:.1f} %", result.get("version", ""), result.get("note", ""),
        )  # fmt: skip
    return shown


if __name__ == "__main__":
    sys.exit(main())
