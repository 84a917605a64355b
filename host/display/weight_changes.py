"""Pictures of how weights change.

Weights below 0 have the colour of inhibition, weights above 0 that of excitation, and the colour
bar has their unit: `unit=`, or by default "network's unit" for floats and "integers" for integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from .style import (
    EXCITATORY,
    FAINT,
    INHIBITORY,
    INK,
    axes_for,
    bare_canvas,
    colour_bar,
    figure_of,
    file_format,
    styled_drawing,
)
from .values import weight_unit
from .weight_maps import bound_of, checked_axes, draw_map, weights_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Frame(Protocol):
    """Weights at one time, such as those that `device.watch_weights` yields."""

    @property
    def step(self) -> int:
        """Number of the next step."""

    @property
    def weights(self) -> NDArray[Any]:
        """(sources, targets)."""


_Frame = TypeVar("_Frame", bound=Frame)


@styled_drawing
def weight_changes(
    before: ArrayLike,
    after: ArrayLike,
    path: str | Path | None = None,
    *,
    plastic: ArrayLike | None = None,
    unit: str | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure:
    """Draw how many weights changed by how much.

    Parameters
    ----------
    before, after : array_like, (sources, targets)
        Weights.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    plastic : array_like of bool, (sources, targets), optional
        Which of them to count.  Default: all.
    unit : str, optional
        Of the weights.  Default: "network's unit" for floats, "integers" for integers.
    title : str, optional
        Default: how many changed, and by how much on average.
    ax : matplotlib.axes.Axes, optional
        Draw there.  Default: in a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        That has been drawn in.

    Raises
    ------
    InputError
        For other shapes, infinite values, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    change = _change(before, after, plastic)
    axes = axes_for(ax, 6.4, 3.6)
    _histogram(axes, change, title, weight_unit(change, unit))
    return figure_of(axes, path)


@styled_drawing
def weight_frame(
    before: ArrayLike,
    now: ArrayLike,
    path: str | Path | None = None,
    *,
    step: int | None = None,
    plastic: ArrayLike | None = None,
    unit: str | None = None,
    ax: Sequence[Axes] | None = None,
) -> Figure:
    """Draw weights as a map, and beside it a histogram of how they have changed.

    Parameters
    ----------
    before, now : array_like, (sources, targets)
        Weights; those of `now` are on the map.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    step : int, optional
        Number of the step before which these are the weights, for the title.
    plastic, unit
        As in `weight_changes`.
    ax : sequence of two matplotlib.axes.Axes, optional
        For the map and the histogram.  Default: in a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        That has been drawn in.

    Raises
    ------
    InputError
        As `weight_changes`.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    change, array = _change(before, now, plastic), weights_of(now)
    pair = bare_canvas(9.6, 4.0).subplots(1, 2) if ax is None else ax
    left, right = checked_axes(pair, 2)
    title = "Weights" if step is None else f"Weights before step {step}"
    picture = draw_map(left, array, bound_of([weights_of(before), array], None), title)
    left.set_xlabel("target")
    left.set_ylabel("source")
    colour_bar(left, picture, f"weight ({weight_unit(array, unit)})", beside=ax is None)
    _histogram(right, change, None, weight_unit(array, unit))
    return figure_of(left, path)


def live(
    frames: Iterable[_Frame],
    path: str | Path,
    *,
    plastic: ArrayLike | None = None,
    unit: str | None = None,
) -> Iterator[_Frame]:
    """Pass frames on, and draw each over the same file: open it in a viewer that reloads.

    Parameters
    ----------
    frames : iterable of frames
        With `step` and `weights`, such as those of `device.watch_weights`.
    path : str or Path
        File to write; .png, .svg or .pdf.
    plastic, unit
        As in `weight_changes`.

    Returns
    -------
    iterator
        Of the same frames.  The first one is what changes are counted from.

    Raises
    ------
    InputError
        For a file name with another ending, at once; and as `weight_changes`.
    MissingToolError
        Without matplotlib.

    Examples
    --------
    >>> for frame in live(device.watch_weights(spikes, every=500), "weights.png"):
    ...     print(frame.step)
    """
    file_format(path)

    def drawn() -> Iterator[_Frame]:
        before: NDArray[Any] | None = None
        for frame in frames:
            before = frame.weights if before is None else before
            weight_frame(before, frame.weights, path, step=frame.step, plastic=plastic, unit=unit)
            yield frame

    return drawn()


def _change(before: ArrayLike, after: ArrayLike, plastic: ArrayLike | None) -> NDArray[Any]:
    old, new = weights_of(before), weights_of(after)
    counted = np.ones(old.shape, dtype=bool) if plastic is None else np.asarray(plastic, dtype=bool)
    if old.shape != new.shape or counted.shape != old.shape:
        raise InputError(
            f"weights before and after, and plastic, have shapes {old.shape}, {new.shape} and "
            f"{counted.shape}; give equal ones"
        )
    both = np.stack([old[counted], new[counted]])
    # Unsigned integers would wrap, and bool has no difference.
    signed = both if both.dtype.kind == "f" else both.astype(np.int64)
    return np.asarray(signed[1] - signed[0])


def _histogram(axes: Axes, change: NDArray[Any], title: str | None, unit: str) -> None:
    """A logarithmic count: few weights change by much."""
    from matplotlib.ticker import ScalarFormatter

    change = change[~np.isnan(change)]
    reach = float(np.abs(change).max(initial=0.0)) or 1.0
    few = change.dtype.kind != "f" and reach <= 20
    bins = np.arange(-reach - 0.5, reach + 1) if few else np.linspace(-reach, reach, 42)
    for sign, colour, word in ((-1, INHIBITORY, "down"), (0, FAINT, "unchanged"),
                               (1, EXCITATORY, "up")):  # fmt: skip
        part = change[np.sign(change) == sign]
        axes.hist(part, bins=list(bins), color=colour, label=f"{word}: {part.size}")
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yscale("symlog", linthresh=1.0)
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"change of the weight ({unit})")
    axes.set_ylabel("number of synapses")
    changed = int(np.count_nonzero(change))
    mean = float(np.abs(change).mean()) if change.size else 0.0
    default = f"{changed} of {change.size} changed, by {mean:.3g} on average"
    axes.set_title(default if title is None else title)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.legend(loc="upper left", handlelength=1.0)
    # Room for the legend, on the logarithmic axis.
    axes.set_ylim(top=max(10.0, axes.get_ylim()[1] * 20))
