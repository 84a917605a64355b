"""Pictures of what a network learned: weights as images, accuracy as it grows."""

from __future__ import annotations

from collections.abc import Mapping
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
    colour_bar,
    diverging,
    figure_of,
    file_format,
    styled_drawing,
)
from .values import checked_array, weight_unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled_drawing
def weight_images(
    rows: Mapping[str, ArrayLike],
    side: int,
    path: str | Path | None = None,
    *,
    unit: str | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw what each neuron receives as a square image, a row of images for each name.

    Parameters
    ----------
    rows : mapping of str to array_like, each (side², neurons)
        Weights, such as those "before" and "after"; all have one colour bar.
    side : int
        Of an image, in pixels.
    path : str or Path, optional
        File to write; .png, .svg or .pdf.  Default: none is written.
    unit : str, optional
        Of the weights.  Default: "network's unit" for floats, "integers" for integers.
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
        For other shapes, infinite values, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    arrays = {name: np.asarray(weights) for name, weights in rows.items()}
    shapes = {array.shape for array in arrays.values()}
    neurons = max((shape[-1] for shape in shapes if shape), default=0)
    if shapes != {(side * side, neurons)} or not neurons:
        given = ", ".join(map(str, shapes)) or "none"
        raise InputError(f"weights have shapes {given}; give ({side * side}, neurons) for each row")
    arrays = {
        name: checked_array(a, "(side², neurons)", 2, "weights") for name, a in arrays.items()
    }
    pitch = side + 1
    # NaN is drawn as nothing: the gaps between images.
    mosaic = np.full((len(arrays) * pitch - 1, neurons * pitch - 1), np.nan)
    for k, array in enumerate(arrays.values()):
        for j in range(neurons):
            image = array[:, j].reshape(side, side)
            mosaic[k * pitch : k * pitch + side, j * pitch : j * pitch + side] = image

    width = float(np.clip(0.95 * neurons, 3.0, 12.0))
    axes = axes_for(ax, width + 1.6, width * len(mosaic) / mosaic.shape[1] + 0.9)
    bound = float(np.nanmax(np.abs(mosaic), initial=0.0)) or 1.0
    picture = axes.imshow(
        mosaic, cmap=diverging(), vmin=-bound, vmax=bound, interpolation="nearest"
    )
    centre = (side - 1) / 2
    axes.set_xticks(np.arange(neurons) * pitch + centre, [str(j) for j in range(neurons)])
    names = [name.replace("$", r"\$") for name in arrays]
    axes.set_yticks(np.arange(len(arrays)) * pitch + centre, names)
    axes.set_xlabel("neuron")
    axes.set_title(title)
    label = f"weight\n({weight_unit(next(iter(arrays.values())), unit)})"
    colour_bar(axes, picture, label, beside=ax is None)
    return figure_of(axes, path)


@styled_drawing
def accuracy_curve(
    samples: ArrayLike,
    accuracy: ArrayLike,
    needed: float | None = None,
    path: str | Path | None = None,
    *,
    title: str = "",
    ax: Axes | None = None,
) -> Figure:
    """Draw how the accuracy grows with training.

    Parameters
    ----------
    samples : array_like, (points,)
        Training samples that had been shown.
    accuracy : array_like, (points,)
        Then, 0…1.
    needed : float, optional
        Accuracy, 0…1, at which a line is drawn.  Default: none.
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
        For arrays of different lengths, infinite values, or a file that cannot be written.
    MissingToolError
        Without matplotlib.
    """
    if path is not None:
        file_format(path)
    x = checked_array(samples, "(points,)", 1, "samples")
    y = 100 * checked_array(accuracy, "(points,)", 1, "accuracies").astype(np.float64)
    if x.shape != y.shape:
        raise InputError(
            f"samples and accuracies have shapes {x.shape} and {y.shape}; give one of each"
        )
    axes = axes_for(ax, 7.0, 3.8)
    if needed is not None:
        level = 100 * needed
        axes.axhline(
            level, color=COLOURS[5], linewidth=1.2, linestyle=(0, (4, 3)),
            label=f"needed: {100 * needed:g} %",
        )  # fmt: skip
    axes.plot(
        x, y, color=COLOURS[0], linewidth=1.8, marker="o", markersize=3.5, label="test samples"
    )
    axes.annotate(
        f"{y[-1]:.1f} %", (x[-1], y[-1]), color=INK, fontsize=9,
        xytext=(0, 6), textcoords="offset points", ha="right", va="bottom",
    )  # fmt: skip
    axes.set_ylim(0, 106)
    axes.set_xlim(0, max(float(x[-1]), 1.0) * 1.01)
    axes.set_yticks(range(0, 101, 20))
    axes.set_xlabel("training samples shown")
    axes.set_ylabel("correct (%)")
    axes.set_title(title)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.legend(loc="lower right")
    return figure_of(axes, path)
