"""Pictures of what a network learned: weights as images, accuracy as it grows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl.contract.errors import InputError

from .style import COLOURS, FAINT, INK, canvas, diverging, save, styled_drawing


@styled_drawing
def fields(rows: Mapping[str, ArrayLike], side: int, path: str | Path, *, title: str = "") -> Path:
    """Draw weights as square images, red below 0, blue above: one for each neuron, a row per name.

    Parameters
    ----------
    rows : by name, such as "before" and "after": (side², neurons) weights, which share one scale.
    side : of the images, in pixels.
    path : of the PNG file; returned.

    Raises `InputError` for other shapes, `MissingToolError` without matplotlib.
    """
    arrays = {name: np.asarray(weights, dtype=np.float64) for name, weights in rows.items()}
    shapes = {array.shape for array in arrays.values()}
    neurons = next(iter(shapes))[-1] if shapes else 0
    if shapes != {(side * side, neurons)} or not neurons:
        given = ", ".join(map(str, shapes)) or "none"
        raise InputError(f"weights have shapes {given}; give ({side * side}, neurons) for each row")
    pitch = side + 1
    # NaN is drawn as nothing: the gaps between images.
    mosaic = np.full((len(arrays) * pitch - 1, neurons * pitch - 1), np.nan)
    for k, array in enumerate(arrays.values()):
        for j in range(neurons):
            image = array[:, j].reshape(side, side)
            mosaic[k * pitch : k * pitch + side, j * pitch : j * pitch + side] = image

    width = float(np.clip(0.95 * neurons, 3.0, 12.0))
    figure, axes = canvas(width + 1.6, width * len(mosaic) / mosaic.shape[1] + 0.9)
    bound = float(np.nanmax(np.abs(mosaic))) or 1.0
    picture = axes.imshow(
        mosaic, cmap=diverging(), vmin=-bound, vmax=bound, interpolation="nearest"
    )
    centre = (side - 1) / 2
    axes.set_xticks(np.arange(neurons) * pitch + centre, [str(j) for j in range(neurons)])
    axes.set_yticks(np.arange(len(arrays)) * pitch + centre, list(arrays))
    axes.tick_params(length=0)
    axes.set_xlabel("neuron")
    axes.set_title(title)
    bar = figure.colorbar(picture, ax=axes, label="weight", fraction=0.05, pad=0.02)
    bar.outline.set_visible(False)  # type: ignore[operator]
    return save(figure, path)


@styled_drawing
def curve(
    lessons: ArrayLike,
    accuracy: ArrayLike,
    needed: float,
    path: str | Path,
    *,
    title: str = "",
) -> Path:
    """Draw the accuracy (0…1) after so many lessons, and a line at what is needed.

    Returns the path of the PNG file.  Raises `InputError` for arrays of different lengths,
    `MissingToolError` without matplotlib.
    """
    x, y = np.asarray(lessons), 100 * np.asarray(accuracy, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or not x.size:
        raise InputError(
            f"lessons and accuracy have shapes {x.shape} and {y.shape}; give one of each"
        )
    figure, axes = canvas(7.0, 3.8)
    axes.axhline(100 * needed, color=COLOURS[1], linewidth=1.0, linestyle=(0, (4, 3)))
    axes.annotate(
        f"needed: {needed:.0%}", (x[-1], 100 * needed), color=COLOURS[1], fontsize=9,
        xytext=(0, -4), textcoords="offset points", ha="right", va="top",
    )  # fmt: skip
    axes.plot(x, y, color=COLOURS[0], linewidth=1.6, marker="o", markersize=3)
    axes.annotate(
        f"{y[-1]:.1f} %", (x[-1], y[-1]), color=INK, fontsize=9,
        xytext=(0, 6), textcoords="offset points", ha="right", va="bottom",
    )  # fmt: skip
    axes.set_ylim(0, 104)
    axes.set_xlim(0, max(float(x[-1]), 1.0) * 1.01)
    axes.set_xlabel("lessons (images shown with their digit)")
    axes.set_ylabel("correct (%)")
    axes.set_title(title)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.tick_params(length=0)
    return save(figure, path)
