"""The picture of a first difference: one neuron's potential in floats and on the core."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl.contract.errors import InputError

from .style import (
    COLOURS,
    FAINT,
    INK,
    axes_for,
    figure_of,
    file_format,
    styled_drawing,
    whole_numbers,
)
from .values import checked_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled_drawing
def potentials_apart(
    steps: ArrayLike,
    floats: ArrayLike,
    core: ArrayLike,
    threshold: float,
    step: int,
    path: str | Path | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw a potential in floats and on the core.

    Parameters
    ----------
    steps : array_like, (points,)
        Numbers of steps.
    floats, core : array_like, (points,)
        Potentials after each of them, in the network's unit, counted from rest.
    threshold : float
        In the same unit.
    step : int
        Of the first difference.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
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
        For arrays of different lengths, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    x = checked_array(steps, "(points,)", 1, "steps")
    one = checked_array(floats, "(points,)", 1, "potentials").astype(np.float64)
    other = checked_array(core, "(points,)", 1, "potentials").astype(np.float64)
    if not x.shape == one.shape == other.shape:
        raise InputError(
            f"steps and potentials have shapes {x.shape}, {one.shape} and {other.shape}; give one of each"
        )
    axes = axes_for(ax, 7.0, 3.4)
    axes.axhline(threshold, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), label="threshold")
    axes.axvline(step, color=FAINT, linewidth=6.0, zorder=0)
    axes.plot(x, one, color=COLOURS[5], linewidth=2.4, alpha=0.7, label="in floats")
    axes.plot(
        x, other, color=COLOURS[0], linewidth=1.3, marker="o", markersize=2.5, label="on the core"
    )
    axes.set_xlabel("step")
    whole_numbers(axes.xaxis)
    axes.set_ylabel("potential (network's unit)")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(loc="best")
    if title:
        axes.set_title(title)
    return figure_of(axes, path)
