"""Pictures as PNG files: spikes, confusion, weights.  Draws without a display."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl.contract.errors import InputError

from .style import COLOURS, FAINT, INK, canvas, diverging, save, styled_drawing


@styled_drawing
def raster(
    spikes: ArrayLike,
    populations: dict[str, slice] | None,
    path: str | Path,
    *,
    start: int = 0,
    dt: float | None = None,
    title: str = "",
) -> Path:
    """Draw which neuron fired when, a band of rows for each population, the first on top.

    Parameters
    ----------
    spikes : (steps, N) of 0 and 1.
    populations : column range of each population; None: one for all.
    path : of the PNG file; returned.
    start : number of the first step.
    dt : length of a step in seconds; None counts time in steps.

    Raises `InputError` for another shape, `MissingToolError` without matplotlib.
    """
    array = np.asarray(spikes).astype(bool)
    if array.ndim != 2:
        raise InputError(f"spikes have shape {array.shape}; give an array (steps, N)")
    named = populations or {}
    ranges = {name: where.indices(array.shape[1])[:2] for name, where in named.items()}
    ranges = ranges or {"": (0, array.shape[1])}

    rows = sum(stop - first for first, stop in ranges.values())
    height = float(np.clip(1.4 + rows * 0.045, 2.6, 9.0))
    figure, axes = canvas(8.0, height)
    unit = 1.0 if dt is None else dt * 1e3
    top, gap, ticks = 0.0, max(1.0, rows * 0.025), []
    for k, (name, (first, stop)) in enumerate(ranges.items()):
        size, colour = stop - first, COLOURS[k % len(COLOURS)]
        step, neuron = np.nonzero(array[:, first:stop])
        axes.axhspan(top - 0.5, top + size - 0.5, color=colour, alpha=0.06, linewidth=0)
        times = (start + step) * unit
        axes.vlines(times, top + neuron - 0.42, top + neuron + 0.42, color=colour, linewidth=1.3)
        ticks.append((top + (size - 1) / 2, f"{name}\n{size}" if name else ""))
        top += size + gap
    axes.set_ylim(top - gap - 0.5, -0.5)
    axes.set_xlim((start - 0.5) * unit, (start + max(len(array), 1) - 0.5) * unit)
    axes.set_yticks([where for where, _ in ticks], [label for _, label in ticks])
    axes.set_xlabel("time step" if dt is None else "time (ms)")
    axes.set_title(title)
    axes.tick_params(length=0)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    axes.set_ylabel("neuron" if "" in ranges else "")
    return save(figure, path)


@styled_drawing
def confusion(
    labels: ArrayLike, predictions: ArrayLike, path: str | Path, *, title: str | None = None
) -> Path:
    """Draw how often each class was taken for each: a row for each true class, with counts.

    Parameters
    ----------
    labels, predictions : (n,) classes, integers from 0.
    path : of the PNG file; returned.
    title : default: the share of correct ones.

    Raises `InputError` for other shapes, `MissingToolError` without matplotlib.
    """
    true, guess = np.asarray(labels), np.asarray(predictions)
    if true.shape != guess.shape or true.ndim != 1 or not true.size:
        raise InputError(
            f"labels and predictions have shapes {true.shape} and {guess.shape}; "
            "give one of each for every sample"
        )
    if min(true.dtype.kind, guess.dtype.kind) not in "iu" or min(true.min(), guess.min()) < 0:
        raise InputError("labels and predictions are not classes; give integers from 0")
    classes = int(max(true.max(), guess.max())) + 1
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (true, guess), 1)

    side = float(np.clip(1.6 + 0.42 * classes, 3.6, 12.0))
    figure, axes = canvas(side, side)
    # Right ones blue, wrong ones red, each on its own scale: else the errors would be invisible.
    right = np.where(np.eye(classes, dtype=bool), counts, 0)
    wrong = counts - right
    shade = right / max(right.max(), 1) * 0.85 - wrong / max(wrong.max(), 1) * 0.75
    axes.imshow(shade, cmap=diverging(), vmin=-1, vmax=1)
    for i, j in np.argwhere(counts > 0):
        colour = "white" if abs(shade[i, j]) > 0.5 else INK
        axes.text(j, i, str(counts[i, j]), ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(classes))
    axes.set_yticks(range(classes))
    axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    share = np.trace(counts) / counts.sum()
    default = f"{share:.1%} of {counts.sum()} correct"
    axes.set_title(default if title is None else title)
    return save(figure, path)


@styled_drawing
def weight_map(weights: ArrayLike, path: str | Path, *, title: str = "") -> Path:
    """Draw (sources, targets) weights as a map, red below 0, blue above.

    Returns the path of the PNG file.  Raises `InputError` for another shape, `MissingToolError`
    without matplotlib.
    """
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise InputError(f"weights have shape {array.shape}; give (sources, targets)")
    rows, columns = array.shape
    shape = np.array([columns, rows], dtype=np.float64)
    width, height = np.clip(5.0 * shape / shape.max(), 1.2, None)
    figure, axes = canvas(width + 2.0, height + 1.2)
    bound = float(np.abs(array).max()) or 1.0
    picture = axes.imshow(array, cmap=diverging(), vmin=-bound, vmax=bound, interpolation="nearest")
    if shape.max() / shape.min() >= 4:
        axes.set_aspect("auto")
    axes.set_xlabel("target")
    axes.set_ylabel("source")
    axes.set_title(title)
    axes.tick_params(length=0)
    axes.locator_params(integer=True)
    bar = figure.colorbar(picture, ax=axes, label="weight", fraction=0.05, pad=0.03)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return save(figure, path)
