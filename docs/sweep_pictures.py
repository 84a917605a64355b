"""The pictures of docs/explanation/design-space.md: the digits demo as a design space."""

# ruff: noqa: E402

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

import spikeloom
from spikeloom.boards import find_board
from spikeloom.demos import digits_network as digits
from spikeloom.display.style import COLOURS, FAINT, INK, INPUT
from spikeloom.estimate.energy_figures import figures_of
from spikeloom.exploration.point import figures_for
from spikeloom.exploration.space import Space

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "examples"))

from digits_space import accuracy_and_run, perceptron

SPACE = ROOT / "examples" / "digits_space.toml"
OUT = ROOT / "out" / "sweep" / "digits_space"
PRESETS = {"icebreaker": "ice40"}
"""Boards whose chips, as they are by default, hold the demo, and their families."""
STEPS, WEIGHT_BITS, HIDDEN = (1, 2, 3, 4, 6, 8, 12, 16, 32), (2, 3, 4, 5, 6, 8), 64
SPIKE_BITS = (1, 2, 3, 4, 5)


@cache
def _sweep() -> spikeloom.Sweep:
    return spikeloom.sweep(Space.from_toml(SPACE), out=OUT)


@cache
def _presets() -> dict[str, dict[str, float]]:
    """The demo as it is, on the chips of these boards."""
    network, accuracy, _ = accuracy_and_run(digits.HIDDEN, digits.PRESENTATION, 8)
    samples = [{"pixels": train} for train in digits.encode(digits.digits()[1])]
    found = {}
    for board, family in PRESETS.items():
        design = spikeloom.compile(network, config=find_board(board).config)
        with spikeloom.open("fast:", design) as device:
            runs = device.run_batch(samples, digits.STEPS)
        figures = figures_for(design, runs, {"family": family})
        found[board] = {**figures, "accuracy": accuracy, "steps_per_image": digits.STEPS}
    return found


def _rows() -> list[dict[str, Any]]:
    return [p.row for p in _sweep() if not p.reason]


def _per_image(row: dict[str, Any], name: str) -> float:
    return float(row[name]) * float(row["steps_per_image"])


def _front(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """Points with no other of smaller x and larger y, by x."""
    best, chosen = -np.inf, []
    for a, b in sorted(zip(x, y, strict=True), key=lambda pair: (pair[0], -pair[1])):
        if b > best:
            best = b
            chosen.append((a, b))
    xs, ys = zip(*chosen, strict=True)
    return list(xs), list(ys)


def _axes(title: str, across: str, up: str = "accuracy (%)") -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8.0, 4.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=10.5, weight="bold", color=INK)
    axes.set_xlabel(across, color=INK)
    axes.set_ylabel(up, color=INK)
    axes.set_xscale("log")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _scatter(path: Path, name: str, across: str, title: str, *, per_image: bool) -> None:
    def value(row: dict[str, Any]) -> float:
        return _per_image(row, name) if per_image else float(row[name])

    rows = _rows()
    x = [value(row) for row in rows]
    y = [100 * row["accuracy"] for row in rows]
    figure, axes = _axes(title, across)
    axes.scatter(x, y, s=14, color=INPUT, alpha=0.6, label=f"{len(rows)} points")
    axes.plot(*_front(x, y), color=COLOURS[0], marker="o", markersize=4, label="front")
    _mark(axes, value)
    axes.set_ylim(max(60.0, min(y) - 2), 100)
    axes.set_xscale("log" if per_image else "linear")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    figure.savefig(path, format="png")


def _mark(axes: Axes, value: Any) -> None:
    for (board, figures), colour in zip(_presets().items(), COLOURS[1:], strict=False):
        label = f"preset {board} ({PRESETS[board]})"
        point = value(figures), 100 * figures["accuracy"]
        axes.scatter(*point, marker="*", s=150, color=colour, zorder=5, label=label)


def luts(path: Path) -> None:
    """Accuracy against look-up tables."""
    title = "Digits: accuracy against LUTs (iCE40, fitted table)"
    _scatter(path, "luts", "look-up tables of the whole chip", title, per_image=False)


def cycles(path: Path) -> None:
    """Accuracy against clock cycles for each image."""
    title = "Digits: accuracy against time"
    _scatter(path, "cycles_per_step", "clock cycles per image", title, per_image=True)


def energies(path: Path) -> None:
    """Accuracy against the range of energy for each image."""
    low, high = "energy_low_nj_per_step", "energy_high_nj_per_step"
    rows = _rows()
    x = [_per_image(row, high) for row in rows]
    y = [100 * row["accuracy"] for row in rows]
    part = figures_of("ice40").part
    figure, axes = _axes(
        f"Digits: accuracy against energy ({part}, estimated, dynamic only)",
        "nJ per image: from the low to the high bound",
    )
    axes.scatter(x, y, s=10, color=INPUT, alpha=0.5, label=f"{len(rows)} points, high bound")
    at = dict(zip(zip(x, y, strict=True), rows, strict=True))
    chosen = list(zip(*_front(x, y), strict=True))
    lows = [_per_image(at[point], low) for point in chosen]
    highs, heights = zip(*chosen, strict=True)
    axes.hlines(heights, lows, highs, color=COLOURS[0], linewidth=3, label="front, its ranges")
    for (board, figures), colour in zip(_presets().items(), COLOURS[1:], strict=False):
        span = _per_image(figures, low), _per_image(figures, high)
        label = f"preset {board} ({PRESETS[board]})"
        height = 100 * figures["accuracy"]
        axes.hlines(height, *span, color=colour, linewidth=2, label=label)
        axes.scatter(span, [height] * 2, marker="*", s=90, color=colour, zorder=5)
    axes.set_ylim(max(60.0, min(y) - 2), 100)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    figure.savefig(path, format="png")


def bit_budget(path: Path) -> None:
    """Accuracy against weight bits × time steps × spike bits, spiking and not."""
    figure, axes = _axes(
        "Digits: the bit budget, at equal cost",
        "bit budget: weight bits × time steps × spike bits",
    )
    for bits, colour in zip(WEIGHT_BITS, COLOURS, strict=False):
        budgets = [bits * steps for steps in STEPS]
        found = [100 * accuracy_and_run(HIDDEN, steps, bits)[1] for steps in STEPS]
        axes.plot(
            budgets, found, color=colour, marker="o", markersize=3.5,
            label=f"spikes of 1 bit, {bits}-bit weights",
        )  # fmt: skip
        network = perceptron(HIDDEN)
        budgets = [bits * spike_bits for spike_bits in SPIKE_BITS]
        found = [100 * quantised_accuracy(network, bits, spike_bits) for spike_bits in SPIKE_BITS]
        axes.plot(budgets, found, color=colour, linestyle="--", marker="s", markersize=3.5)
    axes.plot([], [], color=INK, linestyle="--", marker="s", label="1 step, values of 1…5 bits")
    axes.set_ylim(40, 100)
    axes.legend(frameon=False, fontsize=8.5, loc="lower right")
    figure.savefig(path, format="png")


def quantised_accuracy(network: Any, weight_bits: int, spike_bits: int) -> float:
    """Of the same perceptron without spikes: one step, pixels and hidden units in so many bits."""
    (w_hidden, w_output), (b_hidden, b_output) = network
    train_x, test_x, _, labels = digits.digits()
    levels = 2**spike_bits - 1

    def hidden(images: NDArray[np.float64]) -> NDArray[np.float64]:
        pixels = np.round(images / digits.BRIGHTEST * levels) / levels
        return np.maximum(pixels @ _rounded(w_hidden, weight_bits) + b_hidden, 0)

    full = float(np.percentile(hidden(train_x), 99.9))
    values = np.round(np.clip(hidden(test_x) / full, 0, 1) * levels) / levels * full
    seen = np.argmax(values @ _rounded(w_output, weight_bits) + b_output, axis=1)
    return float(np.mean(seen == labels))


def _rounded(weights: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Signed integers of so many bits, with a scale for each neuron."""
    top = 2 ** (bits - 1) - 1
    unit = np.abs(weights).max(axis=0) / top
    return np.asarray(np.round(weights / unit) * unit)
