"""Pictures of weights and of how they change, as PNG files and for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.text import Text

from spikeloom.hdl.contract.errors import InputError

from ..device.run import WeightFrame
from .style import COLOURS, FAINT, INK, bare, bare_canvas, diverging, save, styled_drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_COLUMNS = 10
_NEGATIVE, _ZERO, _POSITIVE = (164, 36, 59), (251, 251, 250), (11, 92, 122)
"""The colours of `drawing.diverging`, for terminals."""


def _weights(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size:
        raise InputError(f"weights have shape {array.shape}; give (sources, targets)")
    return array


@styled_drawing
def weight_maps(
    weights: Sequence[ArrayLike],
    path: str | Path,
    *,
    titles: Sequence[str] = (),
    title: str = "",
    bounds: tuple[float, float] | None = None,
) -> Path:
    """Draw weights at several times side by side, on one scale, red below 0 and blue above.

    Parameters
    ----------
    weights : (sources, targets) arrays.
    path : of the PNG file; returned.
    titles : one for each array, for instance its step.
    bounds : least and largest weight; default: those that there are.

    Raises `InputError` for another shape, `MissingToolError` without matplotlib.
    """
    maps = [_weights(w) for w in weights]
    if not maps:
        raise InputError("there are no weights to draw; give at least one array")
    return _grid(maps, path, list(titles), title, bounds)


@styled_drawing
def receptive_fields(
    weights: ArrayLike,
    shape: tuple[int, int],
    path: str | Path,
    *,
    titles: Sequence[str] = (),
    title: str = "",
    bounds: tuple[float, float] | None = None,
) -> Path:
    """Draw what each target receives as a picture of `shape`, whose pixels are the sources, by rows.

    `weights` is (height·width, targets).  The rest is as in `weight_maps`.
    """
    array = _weights(weights)
    if len(array) != shape[0] * shape[1]:
        raise InputError(
            f"weights have {len(array)} sources, which make no picture of {shape[0]} × {shape[1]}; "
            f"choose the rows of the input that is one: weights[design.inputs[NAME]]"
        )
    maps = [array[:, j].reshape(shape) for j in range(array.shape[1])]
    return _grid(maps, path, list(titles), title, bounds, ticks=False)


@styled_drawing
def weight_changes(
    before: ArrayLike,
    after: ArrayLike,
    path: str | Path,
    *,
    plastic: ArrayLike | None = None,
    title: str | None = None,
) -> Path:
    """Draw how many weights changed by how much.

    Parameters
    ----------
    before, after : (sources, targets) weights.
    path : of the PNG file; returned.
    plastic : (sources, targets) bool, which of them to count; default: all.
    title : default: how many changed, and by how much on average.

    Raises `InputError` for other shapes, `MissingToolError` without matplotlib.
    """
    change = _change(before, after, plastic)
    figure = bare_canvas(6.4, 3.4)
    axes = figure.add_subplot()
    _histogram(axes, change, title)
    return save(figure, path)


@styled_drawing
def weight_frame(
    before: ArrayLike, frame: WeightFrame, path: str | Path, *, plastic: ArrayLike | None = None
) -> Path:
    """Draw the weights of one frame, and beside them how they have changed since `before`."""
    change = _change(before, frame.weights, plastic)
    figure = bare_canvas(9.6, 4.0)
    left, right = figure.subplots(1, 2)
    array = _weights(frame.weights)
    bound = max(float(np.abs(_weights(before)).max()), float(np.abs(array).max())) or 1.0
    _map(figure, left, array, (-bound, bound), f"weights before step {frame.step}")
    left.set_xlabel("target")
    left.set_ylabel("source")
    _histogram(right, change, None)
    return save(figure, path)


def live(
    frames: Iterable[WeightFrame], path: str | Path, *, plastic: ArrayLike | None = None
) -> Iterator[WeightFrame]:
    """Pass frames on, and draw each over the same PNG file: open it in a viewer that reloads.

    >>> for frame in live(device.watch_weights(spikes, every=500), "weights.png"):
    ...     print(frame.step)
    """
    before: NDArray[np.int64] | None = None
    for frame in frames:
        before = frame.weights if before is None else before
        weight_frame(before, frame, path, plastic=plastic)
        yield frame


def weight_text(weights: ArrayLike, *, width: int = 72) -> Text:
    """Weights as coloured blocks for a terminal, two rows in a line; for `rich.live.Live`.

    Larger maps are thinned out to `width` columns: neighbours are averaged.
    """
    array = _weights(weights)
    columns = min(width, array.shape[1])
    rows = max(2, round(array.shape[0] * columns / array.shape[1])) if array.shape[0] > 1 else 1
    array = _thin(_thin(array, min(rows, array.shape[0])).T, columns).T
    bound = float(np.abs(array).max()) or 1.0
    text = Text()
    for top in range(0, len(array), 2):
        for j in range(columns):
            colours = [_colour(array[k, j] / bound) for k in range(top, min(top + 2, len(array)))]
            text.append("▀", style=" on ".join(colours))
        text.append("\n")
    return text


def _thin(array: NDArray[np.float64], rows: int) -> NDArray[np.float64]:
    """Averages of neighbouring rows, so many as asked for."""
    return np.stack([part.mean(axis=0) for part in np.array_split(array, rows)])


def _colour(value: float) -> str:
    end = _POSITIVE if value > 0 else _NEGATIVE
    mixed = (
        round(zero + (full - zero) * abs(value)) for zero, full in zip(_ZERO, end, strict=True)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _change(before: ArrayLike, after: ArrayLike, plastic: ArrayLike | None) -> NDArray[np.float64]:
    old, new = _weights(before), _weights(after)
    counted = np.ones(old.shape, dtype=bool) if plastic is None else np.asarray(plastic, dtype=bool)
    if old.shape != new.shape or counted.shape != old.shape:
        raise InputError(
            f"weights before and after, and plastic, have shapes {old.shape}, {new.shape} and "
            f"{counted.shape}; give equal ones"
        )
    return (new - old)[counted]


def _histogram(axes: Axes, change: NDArray[np.float64], title: str | None) -> None:
    """A logarithmic count: few weights change by much."""
    changed = int(np.count_nonzero(change))
    reach = float(np.abs(change).max(initial=1.0))
    bins = np.linspace(-reach, reach, 42) if reach > 20 else np.arange(-reach - 0.5, reach + 1)
    for sign, colour in ((-1, COLOURS[1]), (1, COLOURS[0])):
        axes.hist(change[np.sign(change) == sign], bins=list(bins), color=colour)
    axes.hist(change[change == 0], bins=list(bins), color=FAINT)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("change of the weight")
    axes.set_ylabel("synapses")
    mean = float(np.abs(change).mean()) if change.size else 0.0
    default = f"{changed} of {change.size} changed, by {mean:.3g} on average"
    axes.set_title(default if title is None else title)
    axes.tick_params(length=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    bare(axes)


def _map(
    figure: Figure,
    axes: Axes,
    array: NDArray[np.float64],
    bounds: tuple[float, float],
    title: str,
    bar: bool = True,
) -> None:
    picture = axes.imshow(
        array, cmap=diverging(), vmin=bounds[0], vmax=bounds[1], interpolation="nearest"
    )
    if max(array.shape) / min(array.shape) >= 4:
        axes.set_aspect("auto")
    axes.set_title(title)
    axes.tick_params(length=0)
    axes.locator_params(integer=True)
    bare(axes)
    if bar:
        scale = figure.colorbar(picture, ax=axes, label="weight", fraction=0.05, pad=0.03)
        scale.outline.set_visible(False)  # type: ignore[operator]


def _grid(
    maps: list[NDArray[np.float64]],
    path: str | Path,
    titles: list[str],
    title: str,
    bounds: tuple[float, float] | None,
    ticks: bool = True,
) -> Path:
    columns = min(len(maps), _MAX_COLUMNS)
    rows = -(-len(maps) // columns)
    side = float(np.clip(12.0 / columns, 1.1, 4.0))
    figure = bare_canvas(columns * side + 0.8, rows * (side + 0.25) + (0.5 if title else 0.2))
    grid = figure.subplots(rows, columns, squeeze=False)
    low, high = bounds or (min(m.min() for m in maps), max(m.max() for m in maps))
    bound = max(abs(low), abs(high)) or 1.0
    for k, axes in enumerate(grid.flat):
        if k >= len(maps):
            axes.set_axis_off()
            continue
        label = titles[k] if k < len(titles) else ""
        _map(figure, axes, maps[k], (-bound, bound), label, bar=False)
        if not ticks:
            axes.set_xticks([])
            axes.set_yticks([])
    picture = grid.flat[0].images[0]
    scale = figure.colorbar(picture, ax=grid, label="weight", fraction=0.03, pad=0.02)
    scale.outline.set_visible(False)
    if title:
        figure.suptitle(title, color=INK, fontweight="bold", x=0.01, ha="left")
    return save(figure, path)
