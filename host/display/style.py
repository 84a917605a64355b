"""What all pictures share: style, canvas, colours, and how they are written."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from spikeloom.hdl.contract.errors import InputError, MissingToolError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Arguments = ParamSpec("_Arguments")

INK = "#22303c"
FAINT = "#d5dde3"
COLOURS = ("#0b6e8f", "#d1495b", "#6a8d2f", "#8d5a97", "#c77d1e", "#3d5a98")
DPI = 160
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}


def styled_drawing(draw: Callable[_Arguments, Path]) -> Callable[_Arguments, Path]:
    """Decorate a drawing function: it draws in our style, and leaves the caller's settings alone.

    Raises `MissingToolError` without matplotlib.
    """

    @functools.wraps(draw)
    def styled(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Path:
        try:
            import matplotlib
        except ImportError:
            raise MissingToolError(
                "matplotlib is not installed; it comes with: pip install spikeloom[demo]"
            ) from None
        with matplotlib.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure of this size in inches that draws to memory only, and its axes."""
    figure = bare_canvas(width, height)
    axes = figure.add_subplot()
    bare(axes)
    return figure, axes


def bare_canvas(width: float, height: float) -> Figure:
    """A figure of this size in inches that draws to memory only."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def bare(axes: Axes) -> None:
    """Take the frame away."""
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


def diverging() -> Any:
    """The colour map of signed numbers: red below 0, blue above."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("weights", ["#a4243b", "#fbfbfa", "#0b5c7a"])


def save(figure: Figure, path: str | Path) -> Path:
    """Write a PNG file in one piece, so that a viewer never sees half of it; returns its path.

    Raises `InputError` when it can not be written.
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        figure.savefig(part, format="png")
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"can not write {path}: {error.strerror}") from None
    return path
