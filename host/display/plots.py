"""Pictures of spikes, and of which class was taken for which.  They draw without a display."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from .style import (
    COLOURS,
    FAINT,
    INK,
    ZERO,
    Kind,
    axes_for,
    figure_of,
    file_format,
    kind_of,
    looks,
    styled_drawing,
    whole_numbers,
)
from .values import checked_array, time_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_POINTS = 72
"""In an inch."""
_TWO_LINES, _ONE_LINE = 26.0, 12.0
"""Height of a label in points."""
_MAX_CLASSES = 256


@styled_drawing
def raster(
    spikes: ArrayLike,
    path: str | Path | None = None,
    *,
    populations: Mapping[str, slice] | None = None,
    start: int = 0,
    dt: float | None = None,
    kinds: Mapping[str, Kind] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw which neuron fired when: a band of rows for each population, the first one on top.

    Parameters
    ----------
    spikes : array_like of bool, (steps, N)
        Such as `run.spikes`.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    populations : mapping of str to slice, optional
        Columns of each population, such as `run.populations`.  Default: all are in one.
    start : int
        Number of the first step, such as `run.start`.
    dt : float, optional
        Length of a step in seconds, such as `design.dt`.  Default: time is counted in steps.
    kinds : mapping of str to {"excitatory", "inhibitory", "input"}, optional
        Which populations have the colours of these kinds.  Default: their names decide, see
        `spikeloom.display.style.looks`.
    title : str
    ax : matplotlib.axes.Axes, optional
        Draw there.  Default: in a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        That has been drawn in.

    Raises
    ------
    InputError
        For another shape, values beside 0 and 1, or a file that cannot be written.
    MissingToolError
        Without matplotlib.

    Examples
    --------
    >>> raster(run.spikes, "run.svg", populations=run.populations, dt=design.dt)
    """
    if path is not None:
        file_format(path)
    array = checked_array(spikes, "(steps, N)", 2, "spikes", empty=True)
    if not np.isin(array, (0, 1)).all():
        raise InputError("spikes hold values beside 0 and 1; give bool, (steps, N)")
    steps, neurons = array.shape
    columns = {n: np.arange(neurons)[where] for n, where in (populations or {}).items()}
    columns = {n: found for n, found in columns.items() if len(found)} or {"": np.arange(neurons)}
    unit, time_label = time_axis(dt, steps)

    rows = sum(map(len, columns.values()))
    gap = max(1.0, rows * 0.015)
    # A few neurons beside very many have taller rows: they would be invisible.
    least = rows * 0.02
    total = sum(max(len(where), least) + gap for where in columns.values()) - gap
    height = max(2.6, min(1.4 + rows * 0.035, 9.0), 1.3 + 0.25 * len(columns))
    axes = axes_for(ax, 8.0, height)
    size = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    row_points = _POINTS * size.height / max(total, 1)
    width = float(np.clip(0.7 * _POINTS * size.width / max(steps, 1), 0.5, 1.8))

    top, middles, numbers = -0.5, [], []
    for (name, where), look in zip(columns.items(), looks(columns, kinds).values(), strict=True):
        band = max(len(where), least)
        row = band / len(where)
        step, neuron = np.nonzero(array[:, where])
        x, y = (start + step) * unit, top + neuron * row
        axes.axhspan(top, top + band, color=look.colour, alpha=0.07, linewidth=0)
        if not look.dash:
            axes.vlines(x, y + 0.08 * row, y + 0.92 * row, color=look.colour, linewidth=width)
        else:
            points = float(np.clip(0.8 * row_points, 1.5, 5.0)) ** 2
            axes.scatter(
                x, y + row / 2, points, color=look.colour, marker=look.marker, linewidths=0.8
            )
        middles.append(top + band / 2)
        noun = "input" if kind_of(name, kinds) == "input" else "neuron"
        numbers.append(f"{len(where)} {noun}{'s' * (len(where) != 1)}")
        top += band + gap
    axes.set_ylim(total - 0.5, -0.5)
    axes.set_xlim((start - 0.5) * unit, (start + max(steps, 1) - 0.5) * unit)
    axes.set_xlabel(time_label)
    axes.set_title(title)
    axes.grid(axis="x", color=FAINT, linewidth=0.6)
    if "" in columns:
        axes.set_ylabel("neuron")
        whole_numbers(axes.yaxis)
    else:
        _label(axes, list(columns), numbers, middles, row_points)
    return figure_of(axes, path)


def _label(
    axes: Axes, names: list[str], numbers: list[str], middles: list[float], row_points: float
) -> None:
    """Write names and sizes beside the bands, in one line or two, apart from each other."""
    between = float(np.diff(middles).min(initial=np.inf)) * row_points
    lines, height = ("\n", _TWO_LINES) if between >= _TWO_LINES else (", ", _ONE_LINE)
    labels = [f"{name}{lines}{number}" for name, number in zip(names, numbers, strict=True)]
    places = _apart(np.array(middles), height / row_points)
    axes.set_yticks(list(places), [label.replace("$", r"\$") for label in labels])


def _apart(places: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Rising places moved as little as is needed for this distance between neighbours."""
    k = np.arange(len(places)) * least
    # The mean of pushing down from the first and up from the last keeps groups where they are.
    down = np.maximum.accumulate(places - k) + k
    up = np.minimum.accumulate((places - k)[::-1])[::-1] + k
    return np.asarray((down + up) / 2)


@styled_drawing
def confusion(
    labels: ArrayLike,
    predictions: ArrayLike,
    path: str | Path | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw how often each class was taken for each: a row for each true class, with counts.

    Parameters
    ----------
    labels, predictions : array_like of int, (samples,)
        Classes, from 0.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    title : str, optional
        Default: the share of correct ones.
    ax : matplotlib.axes.Axes, optional
        Draw there.  Default: in a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        That has been drawn in.

    Raises
    ------
    InputError
        For other shapes or values, more than 256 classes, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    true = checked_array(labels, "(samples,)", 1, "labels")
    guess = checked_array(predictions, "(samples,)", 1, "predictions")
    if true.shape != guess.shape:
        raise InputError(
            f"labels and predictions have shapes {true.shape} and {guess.shape}; "
            "give one of each for every sample"
        )
    if {true.dtype.kind, guess.dtype.kind} - {"i", "u"} or min(true.min(), guess.min()) < 0:
        raise InputError("labels and predictions are not classes; give integers from 0")
    classes = int(max(true.max(), guess.max())) + 1
    if classes > _MAX_CLASSES:
        raise InputError(f"there are {classes} classes; at most {_MAX_CLASSES} can be drawn")
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (true, guess), 1)
    _draw_counts(axes := axes_for(ax, *_sides(classes)), counts)
    share = np.trace(counts) / counts.sum()
    default = f"{share:.1%} of {counts.sum()} correct"
    axes.set_title(default if title is None else title)
    return figure_of(axes, path)


def _sides(classes: int) -> tuple[float, float]:
    side = float(np.clip(1.6 + 0.42 * classes, 3.6, 12.0))
    return side, side


def _draw_counts(axes: Axes, counts: NDArray[np.int64]) -> None:
    """The diagonal and the rest, each on a scale of its own: else mistakes would be invisible."""
    from matplotlib.colors import LinearSegmentedColormap

    classes = len(counts)
    right = np.where(np.eye(classes, dtype=bool), counts, 0)
    wrong = counts - right
    shade = right / max(right.max(), 1) - wrong / max(wrong.max(), 1)
    colours = LinearSegmentedColormap.from_list("confusion", [COLOURS[5], ZERO, COLOURS[0]])
    axes.imshow(shade, cmap=colours, vmin=-1, vmax=1)
    size = axes.get_window_extent().width / axes.figure.dpi * _POINTS / classes
    for i, j in np.argwhere(counts > 0) if size >= 8 else ():
        colour = "white" if abs(shade[i, j]) > 0.5 else INK
        axes.text(
            j, i, str(counts[i, j]), ha="center", va="center", color=colour,
            fontsize=float(np.clip(0.8 * size / len(str(counts.max())), 3, 9)),
        )  # fmt: skip
    stride = max(1, int(np.ceil(12 / size)))
    axes.set_xticks(range(0, classes, stride))
    axes.set_yticks(range(0, classes, stride))
    axes.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=min(1.5, size / 12))
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("predicted class (in the cells: samples)")
    axes.set_ylabel("true class")
