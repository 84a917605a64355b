"""Maps of weights, as files and for the terminal.

Weights below 0 have the colour of inhibition, weights above 0 that of excitation, and the colour
bar has their unit: `unit=`, or by default "network's unit" for floats and "integers" for integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.text import Text

from spikeloom.hdl.contract.errors import InputError

from .style import (
    EXCITATORY,
    INHIBITORY,
    ZERO,
    axes_for,
    bare_canvas,
    colour_bar,
    diverging,
    figure_of,
    file_format,
    styled_drawing,
    whole_numbers,
)
from .values import checked_array, weight_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_COLUMNS = 10
_MAX_MAPS = 400
SHAPE = "(sources, targets)"


@styled_drawing
def weight_map(
    weights: ArrayLike,
    path: str | Path | None = None,
    *,
    unit: str | None = None,
    bounds: tuple[float, float] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw weights as a map, sources from top to bottom and targets from left to right.

    Parameters
    ----------
    weights : array_like, (sources, targets)
        NaN is drawn as nothing.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    unit : str, optional
        Of the weights.  Default: "network's unit" for floats, "integers" for integers.
    bounds : (float, float), optional
        Least and largest weight.  Default: those that there are.  The scale is symmetric about 0.
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
        For another shape, infinite values, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    array = weights_of(weights)
    shape = np.array(array.shape[::-1], dtype=np.float64)
    width, height = np.clip(5.0 * shape / shape.max(), 1.4, None)
    axes = axes_for(ax, width + 2.0, height + 1.2)
    picture = draw_map(axes, array, bound_of([array], bounds), title)
    axes.set_xlabel("target")
    axes.set_ylabel("source")
    colour_bar(axes, picture, f"weight ({weight_unit(array, unit)})", beside=ax is None)
    return figure_of(axes, path)


@styled_drawing
def weight_maps(
    weights: Sequence[ArrayLike],
    path: str | Path | None = None,
    *,
    titles: Sequence[str] = (),
    title: str = "",
    unit: str | None = None,
    bounds: tuple[float, float] | None = None,
    ax: Sequence[Axes] | None = None,
) -> Figure:
    """Draw weights at several times side by side, on one scale.

    Parameters
    ----------
    weights : sequence of array_like, each (sources, targets)
        At most 400.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    titles : sequence of str
        One for each array, for instance its step.
    title : str
        Of all.
    unit : str, optional
        Of the weights.  Default: "network's unit" for floats, "integers" for integers.
    bounds : (float, float), optional
        Least and largest weight.  Default: those that there are.  The scale is symmetric about 0.
    ax : sequence of matplotlib.axes.Axes, optional
        One for each array.  Default: in a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        That has been drawn in.

    Raises
    ------
    InputError
        For other shapes or numbers of axes, infinite values, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    maps = [weights_of(w) for w in weights]
    if not maps:
        raise InputError("there are no weights to draw; give at least one array")
    label = f"weight ({weight_unit(maps[0], unit)})"
    bound = bound_of(maps, bounds)
    return _grid(maps, path, list(titles), title, bound, label, ax, ("target", "source"))


@styled_drawing
def receptive_fields(
    weights: ArrayLike,
    shape: tuple[int, int],
    path: str | Path | None = None,
    *,
    titles: Sequence[str] | None = None,
    title: str = "",
    unit: str | None = None,
    bounds: tuple[float, float] | None = None,
    ax: Sequence[Axes] | None = None,
) -> Figure:
    """Draw what each target receives as an image whose pixels are the sources, row by row.

    Parameters
    ----------
    weights : array_like, (height · width, targets)
        At most 400 targets.
    shape : (int, int)
        (height, width) of an image in pixels.
    path, title, unit, bounds, ax
        As in `weight_maps`, for images instead of arrays.
    titles : sequence of str, optional
        One for each target.  Default: their numbers.

    Returns
    -------
    matplotlib.figure.Figure
        That has been drawn in.

    Raises
    ------
    InputError
        As `weight_maps`, and for weights that do not fill images of this shape.
    MissingToolError
        Without matplotlib.
    """
    array = weights_of(weights)
    if len(array) != shape[0] * shape[1]:
        raise InputError(
            f"weights have {len(array)} sources, which make no picture of {shape[0]} × {shape[1]}; "
            f"choose the rows of the input that is one: weights[design.inputs[NAME]]"
        )
    maps = [array[:, j].reshape(shape) for j in range(array.shape[1])]
    names = [f"target {j}" for j in range(len(maps))] if titles is None else list(titles)
    label = f"weight ({weight_unit(array, unit)})"
    return _grid(maps, path, names, title, bound_of(maps, bounds), label, ax, None)


def weight_text(weights: ArrayLike, *, width: int = 72) -> Text:
    """Draw weights as coloured blocks for a terminal, two rows in a line; for `rich.live.Live`.

    Parameters
    ----------
    weights : array_like, (sources, targets)
    width : int
        Columns of the terminal, at least 1.  Larger maps are thinned out to it: neighbours are
        averaged.

    Returns
    -------
    rich.text.Text

    Raises
    ------
    InputError
        For another shape, infinite values or a width below 1.
    """
    array = np.nan_to_num(weights_of(weights).astype(np.float64))
    if width < 1:
        raise InputError(f"width is {width}; give at least 1")
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
    """The colour of a weight between −1 and 1, as `diverging` has it."""
    ends = (ZERO, EXCITATORY if value > 0 else INHIBITORY)
    zero, full = (np.array(list(bytes.fromhex(end[1:]))) for end in ends)
    return "#" + bytes(np.rint(zero + (full - zero) * abs(value)).astype(np.uint8)).hex()


def weights_of(values: ArrayLike) -> NDArray[Any]:
    """(sources, targets) floats; `InputError` for any other shape."""
    return checked_array(values, SHAPE, 2, "weights")


def bound_of(maps: Sequence[NDArray[Any]], bounds: tuple[float, float] | None) -> float:
    """Absolute value at both ends of the colour bar."""
    values = [np.asarray(bounds or (0.0, 0.0)), *([] if bounds else maps)]
    with np.errstate(invalid="ignore"):
        largest = max(np.nanmax(np.abs(v.astype(np.float64)), initial=0.0) for v in values)
    return float(largest) or 1.0


def checked_axes(ax: Any, count: int) -> list[Axes]:
    """So many axes to draw into; `InputError` for another number."""
    chosen = list(np.ravel(np.asarray(ax, dtype=object)))
    if len(chosen) != count:
        raise InputError(f"ax has {len(chosen)} axes; give {count}, one for each picture")
    return [axes_for(each, 1, 1) for each in chosen]


def draw_map(axes: Axes, array: NDArray[Any], bound: float, title: str, **font: Any) -> Any:
    """Draw one map, its colours from −bound to bound; returns matplotlib's image."""
    picture = axes.imshow(array, cmap=diverging(), vmin=-bound, vmax=bound, interpolation="nearest")
    if max(array.shape) / min(array.shape) >= 4:
        axes.set_aspect("auto")
    axes.set_title(title, **font)
    whole_numbers(axes.xaxis)
    whole_numbers(axes.yaxis)
    return picture


def _grid(
    maps: list[NDArray[Any]],
    path: str | Path | None,
    titles: list[str],
    title: str,
    bound: float,
    label: str,
    ax: Sequence[Axes] | None,
    labels: tuple[str, str] | None,
) -> Figure:
    """Maps in rows of at most ten; with `labels`, those of the axes, at the edge."""
    if path is not None:
        file_format(path)
    if len(maps) > _MAX_MAPS:
        raise InputError(f"there are {len(maps)} maps; at most {_MAX_MAPS} can be drawn at once")
    columns = min(len(maps), _MAX_COLUMNS)
    rows = -(-len(maps) // columns)
    if ax is None:
        side = float(np.clip(12.0 / columns, 1.1, 4.0))
        figure = bare_canvas(columns * side + 1.0, rows * (side + 0.25) + (0.6 if title else 0.3))
        grid = list(figure.subplots(rows, columns, squeeze=False).flat)
        for spare in grid[len(maps) :]:
            spare.set_axis_off()
        ax = grid[: len(maps)]
        if title:
            figure.suptitle(title, x=0.01, ha="left")
    chosen = checked_axes(ax, len(maps))
    for k, axes in enumerate(chosen):
        name = titles[k] if k < len(titles) else ""
        if labels is None:
            picture = draw_map(axes, maps[k], bound, name, fontsize=9, fontweight="normal", pad=4)
            axes.set_xticks([])
            axes.set_yticks([])
            continue
        picture = draw_map(axes, maps[k], bound, name)
        if k + columns >= len(maps):
            axes.set_xlabel(labels[0])
        if k % columns == 0:
            axes.set_ylabel(labels[1])
    colour_bar(chosen, picture, label)
    return figure_of(chosen[0], path)
