"""The page docs/reference/measurements.md and its picture, from `results/*.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workloads import RECURRENT, W5_TITLE

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "reference" / "measurements.md"
PICTURE = ROOT / "docs" / "images" / "benchmark-history.png"
PICTURES = {"growth": "growth.png"}
"""Drawn by the scripts of parts."""
TITLES = {w.name: w.title for w in RECURRENT} | {"W5": W5_TITLE}
REQUIRED = {
    "W1": ({"Brian2, C++"}, 3.0, 4.5),
    "W2": ({"Brian2, C++"}, 5.0, 7.0),
    "W3": ({"Brian2, C++"}, 1.0, 1.4),
    "W4": ({"Brian2, C++"}, 2.0, 2.5),
    "W5": ({"snnTorch", "Norse", "BindsNET"}, 1.5, 1.6),
    "W6": ({"NEST"}, 1.0, 2.0),
}
"""Of each workload: peers, how much faster than the fastest of them `fast:` has to be, and the goal."""

Results = dict[str, Any]


def all_results() -> list[Results]:
    """Of all commits, the oldest first."""
    found = [json.loads(path.read_text()) for path in RESULTS.glob("*.json")]
    return sorted(found, key=lambda results: results["date"])


def newest(results: list[Results]) -> dict[str, tuple[Results, Results]]:
    """Of each part the newest, and the file that it is from.

    The workloads of the models count one by one: a run need not have all.
    """
    parts: dict[str, tuple[Results, Results]] = {}
    for file in results:
        for name, part in file["parts"].items():
            if "workloads" in part:
                commits = dict.fromkeys(part["workloads"], file["commit"])
                older = parts[name][0] if name in parts else {"workloads": {}, "commits": {}}
                part = {
                    **part,
                    "workloads": older["workloads"] | part["workloads"],
                    "commits": older["commits"] | commits,
                }
            parts[name] = part, file
    return parts


def ratio(workload: str, found: Results) -> float | None:
    """How much faster `fast:` is than the fastest of the peers that it has to beat."""
    peers = [found[name]["per_second"] for name in REQUIRED[workload][0] if name in found]
    return found["fast"]["per_second"] / max(peers) if peers and "fast" in found else None


def number(value: float) -> str:
    """With three digits that count, in groups of three."""
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}".replace(",", " ")


def models(part: Results) -> Iterator[str]:
    """The speed of the models as Markdown."""
    yield "| workload | needed (goal) | reached | against |\n|---|--:|--:|---|"
    for name, found in sorted(part["workloads"].items()):
        reached = ratio(name, found)
        if reached is not None:
            peers, least, goal = REQUIRED[name]
            against = ", ".join(sorted(peers))
            yield f"| {name} | {least:g} ({goal:g}) | {reached:.2f} | {against} |"
    for name, found in sorted(part["workloads"].items()):
        yield f"\n{name}: {TITLES[name]} (commit `{part['commits'][name]}`)\n"
        yield "| simulator | per second | `fast:` / it | active | version | |"
        yield "|---|--:|--:|--:|---|---|"
        for simulator, result in found.items():
            faster = found["fast"]["per_second"] / result["per_second"]
            active = result.get("firing", result.get("output_firing"))
            cells = (
                simulator, number(result["per_second"]), f"{faster:.2f}",
                "" if active is None else f"{100 * active:.1f} %",
                result.get("version", ""), result.get("note", ""),
            )  # fmt: skip
            yield f"| {' | '.join(cells)} |"


HEAD = """# Measurements

Every figure with its command, from `benchmarks/results`, which has one file per commit. `make
bench` measures the quick parts and writes this page; `python benchmarks/bench.py PART` measures
others. For what the figures mean see [benchmarks](../explanation/benchmarks.md). Nothing has run on
hardware.
"""

MODELS = """Steps per second of processor time (of W5: samples), one thread, of each simulator the fastest of
several runs; the simulators run in turns, each in a process and an environment of its own. Building
and compiling are not counted. *Active* is the share of neurons (of W5: outputs) that fire in a
step. *Golden, before* is the golden model of commit `937562e`.
"""


def write_page() -> None:
    """Write the page, and draw the history."""
    results = all_results()
    lines = [HEAD]
    for name, (part, file) in newest(results).items():
        lines.append(f"\n## {part['title']}\n")
        measured = "" if "workloads" in part else f", commit `{file['commit']}`"
        lines.append(f"`{part['command']}`{measured},\n{file['date'][:10]}.\n")
        if name == "models":
            lines += [MODELS, *models(part)]
            lines.append("\n![Ratios from commit to commit](../images/benchmark-history.png)")
            draw_history(results)
        else:
            lines.append(part["markdown"])
        if name in PICTURES:
            lines.append(f"\n![{part['title']}](../images/{PICTURES[name]})")
    PAGE.write_text("\n".join(lines).rstrip() + "\n")


def draw_history(results: list[Results]) -> None:
    """`fast:` beside the fastest of the peers, for each workload, from commit to commit."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from spikeloom.display.style import COLOURS

    figure = Figure(figsize=(7, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    files = [f for f in results if "models" in f["parts"]]
    for colour, name in zip(COLOURS, REQUIRED, strict=False):
        at, ratios = [], []
        for k, file in enumerate(files):
            found = file["parts"]["models"]["workloads"].get(name)
            reached = ratio(name, found) if found else None
            if reached is not None:
                at.append(k)
                ratios.append(reached / REQUIRED[name][1])
        axes.plot(at, ratios, "o-", color=colour, label=name)
    axes.axhline(1, color="#999", lw=0.8)
    axes.set_xticks(range(len(files)), [f["commit"] for f in files], fontsize=7)
    axes.set_ylabel("speed / speed needed")
    axes.set_ylim(bottom=0)
    axes.legend(ncols=6, frameon=False, fontsize=8, loc="lower center")
    figure.savefig(PICTURE, dpi=110)
