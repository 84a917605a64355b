"""Pictures of a converted network: accuracy against steps, and steps saved by stopping early."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl.contract.errors import InputError

from .style import COLOURS, FAINT, INK, axes_for, figure_of, file_format, styled_drawing
from .values import checked_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled_drawing
def accuracy_over_steps(
    accuracy: ArrayLike,
    reference: float,
    path: str | Path | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw how accurate a read-out is after each step.

    Parameters
    ----------
    accuracy : array_like, (steps,)
        After 1, 2, … steps, 0…1.
    reference : float
        Accuracy of the network of ReLUs, 0…1.
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
        For another shape, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    y = 100 * checked_array(accuracy, "(steps,)", 1, "accuracies").astype(np.float64)
    axes = axes_for(ax, 7.0, 3.6)
    axes.axhline(
        100 * reference, color=COLOURS[5], linewidth=1.2, linestyle=(0, (4, 3)),
        label=f"network of ReLUs: {100 * reference:.1f} %",
    )  # fmt: skip
    steps = np.arange(1, len(y) + 1)
    axes.plot(steps, y, color=COLOURS[0], linewidth=1.8, marker="o", markersize=3.0,
              label=f"spikes: {y[-1]:.1f} % after {len(y)} steps")  # fmt: skip
    axes.set_xlim(0, len(y) + 0.5)
    axes.set_ylim(0, 103)
    axes.set_xlabel("steps that a sample is shown")
    axes.set_ylabel("test samples that are right (%)")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(loc="lower right")
    if title:
        axes.set_title(title)
    return figure_of(axes, path)


@styled_drawing
def early_exit_curve(
    steps: ArrayLike,
    accuracy: ArrayLike,
    full: tuple[int, float],
    path: str | Path | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw what stopping early costs: accuracy against the mean number of steps.

    Parameters
    ----------
    steps : array_like, (points,)
        Mean steps of a sample, at several confidences.
    accuracy : array_like, (points,)
        The same, 0…1.
    full : (int, float)
        Steps and accuracy without stopping early.
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
    x = checked_array(steps, "(points,)", 1, "steps").astype(np.float64)
    y = 100 * checked_array(accuracy, "(points,)", 1, "accuracies").astype(np.float64)
    if x.shape != y.shape:
        raise InputError(
            f"steps and accuracies have shapes {x.shape} and {y.shape}; give one of each"
        )
    axes = axes_for(ax, 7.0, 3.6)
    order = np.argsort(x)
    axes.plot(x[order], y[order], color=COLOURS[0], linewidth=1.8, label="stopped when sure")
    axes.plot([full[0]], [100 * full[1]], marker="s", color=COLOURS[5], linestyle="none",
              label=f"all {full[0]} steps: {100 * full[1]:.1f} %")  # fmt: skip
    axes.axhline(100 * full[1] - 0.5, color=INK, linewidth=0.8, linestyle=(0, (2, 3)),
                 label="half a point less")  # fmt: skip
    axes.set_xlim(0, full[0] * 1.04)
    axes.set_ylim(max(0.0, 100 * full[1] - 15), min(100.5, 100 * full[1] + 2))
    axes.set_xlabel("mean steps of a sample")
    axes.set_ylabel("test samples that are right (%)")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(loc="lower right")
    if title:
        axes.set_title(title)
    return figure_of(axes, path)
