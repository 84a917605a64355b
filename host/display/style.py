"""What all pictures share: colours and looks, canvas, and how files are written.

Colours
-------
`EXCITATORY`, `INHIBITORY` and `INPUT` mean the same in every picture: rasters, weight maps (where
they are the colours of the largest positive and negative weights) and the live view.  `COLOURS` are
for everything else.  Any two of these eleven differ by a CIE76 ΔE of at least 14 in normal vision
and in simulated deuteranopia, protanopia and tritanopia (Machado, Oliveira and Fernandes 2009,
severity 100 %).  `EXCITATORY` is darker than `INHIBITORY` by 20 units of CIE lightness or more, so
that a print in grey shows which is which.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from spikeloom.hdl.contract.errors import InputError, MissingToolError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

INK = "#22303c"
"""Colour of text."""
FAINT = "#d5dde3"
"""Colour of grids, frames, and what needs no attention."""
EXCITATORY = "#0b4f8a"
INHIBITORY = "#e4572e"
INPUT = "#8b9aa5"
"""Colour of spikes that come from outside."""
ZERO = "#fbfbfa"
"""Colour of a weight of 0."""
COLOURS = (
    "#2f7c66", "#f4991f", "#8f6a98", "#5f2c4e", "#1cc49c", "#b52942", "#424816", "#ef99e5",
)  # fmt: skip
"""Colours of things that are neither excitatory nor inhibitory nor input."""

Kind = Literal["excitatory", "inhibitory", "input"]
"""Kinds of populations that have a colour of their own."""
_KINDS: dict[str, str] = {"excitatory": EXCITATORY, "inhibitory": INHIBITORY, "input": INPUT}
_NAMES = (
    ("excitatory", re.compile(r"(?<![a-z])exc(?:it|(?![a-z]))", re.IGNORECASE)),
    ("inhibitory", re.compile(r"(?<![a-z])inh(?:ib|(?![a-z]))", re.IGNORECASE)),
)

FORMATS = ("png", "svg", "pdf")
"""Endings of the files that pictures can be written to."""
DPI = 160
"""Dots per inch of PNG files."""
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.axisbelow": True,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "pdf.fonttype": 42,
    "svg.hashsalt": "spikeloom",
}
_NO_DATE: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
"""Metadata with which the same picture gives the same file."""


@dataclass(frozen=True)
class Look:
    """How one population, core or curve is drawn.

    Attributes
    ----------
    colour : "#rrggbb".
    dash : lengths of dashes and gaps in line widths, alternately; empty for a solid line.
    marker : of points, as matplotlib takes it.
    """

    colour: str
    dash: tuple[int, ...] = ()
    marker: Any = "o"

    @property
    def line(self) -> Any:
        """The line style as matplotlib takes it."""
        return (0, self.dash) if self.dash else "-"


_DASHES: tuple[tuple[int, ...], ...] = ((), (4, 2), (1, 1), (7, 2, 1, 2))
_MARKERS = ("o", "x", "^", "s", "+", "D", "v", "P")


def look(k: int) -> Look:
    """Return the k-th look: colours first, then other lines and markers; no two are the same.

    Parameters
    ----------
    k : int
        From 0 on, without limit.
    """
    return _variant(COLOURS[k % len(COLOURS)], k // len(COLOURS))


def looks(names: Iterable[str], kinds: Mapping[str, Kind] | None = None) -> dict[str, Look]:
    """Choose a look for each population, no two the same.

    Parameters
    ----------
    names : iterable of str
        Names of populations, in the order in which they are drawn.
    kinds : mapping of str to {"excitatory", "inhibitory", "input"}, optional
        Kinds by name.  A population that is missing here is excitatory or inhibitory if its name
        says so ("exc", "L4 excitatory", "inhibitory_2"), and of no kind otherwise.

    Returns
    -------
    dict of str to Look
        In the given order.

    Raises
    ------
    InputError
        For another kind.
    """
    chosen: dict[str, Look] = {}
    counts: dict[str, int] = {}
    for name in names:
        kind = kind_of(name, kinds)
        k = counts.get(kind, 0)
        counts[kind] = k + 1
        chosen[name] = _variant(_KINDS[kind], k) if kind else look(k)
    return chosen


def kind_of(name: str, kinds: Mapping[str, Kind] | None = None) -> str:
    """Return a population's kind, as `looks` finds it, or "".

    Raises
    ------
    InputError
        For a kind that is none.
    """
    if kinds is not None and name in kinds:
        if kinds[name] not in _KINDS:
            raise InputError(f"{name} is of kind {kinds[name]!r}; give {', '.join(_KINDS)}")
        return kinds[name]
    return next((kind for kind, pattern in _NAMES if pattern.search(name)), "")


def _variant(colour: str, k: int) -> Look:
    """The k-th look of a colour; beyond the lists, dots in the line and points of the star count."""
    beyond_dashes, beyond_markers = k - len(_DASHES), k - len(_MARKERS)
    dash = _DASHES[k] if beyond_dashes < 0 else (9, 2, *(1, 2) * (beyond_dashes + 2))
    marker = _MARKERS[k] if beyond_markers < 0 else (beyond_markers + 3, 1, 0)
    return Look(colour, dash, marker)


def diverging() -> LinearSegmentedColormap:
    """Return the colour map of signed numbers, from `INHIBITORY` over `ZERO` to `EXCITATORY`."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("weights", [INHIBITORY, ZERO, EXCITATORY])


# Canvas and files


def styled_drawing(draw: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Decorate a drawing function: it draws in our style, and leaves the caller's settings alone.

    The decorated function raises `MissingToolError` without matplotlib.
    """

    @functools.wraps(draw)
    def styled(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            import matplotlib
        except ImportError:
            raise MissingToolError(
                "matplotlib is not installed; it comes with: pip install 'spikeloom[demo]'"
            ) from None
        with matplotlib.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return styled


def axes_for(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the user's axes, or those of a figure of this size in inches; without a frame.

    Raises
    ------
    InputError
        If `ax` is not a matplotlib `Axes`.
    """
    from matplotlib.axes import Axes

    axes = bare_canvas(width, height).add_subplot() if ax is None else ax
    if not isinstance(axes, Axes):
        raise InputError(f"ax is of type {type(ax).__name__}; give matplotlib Axes")
    bare(axes)
    return axes


def bare_canvas(width: float, height: float) -> Figure:
    """Return a figure of this size in inches that draws to memory only."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def bare(axes: Axes) -> None:
    """Take the frame and the tick marks away."""
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)


def whole_numbers(axis: Axis) -> None:
    """Put ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def colour_bar(axes: Axes | list[Axes], picture: Any, label: str, *, beside: bool = False) -> None:
    """Add a colour bar with a label, in space that is taken from the axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes, or a list of them
    picture
        What `imshow` has returned.
    label : str
        What the colours mean, with its unit.
    beside : bool
        Whether there is space beside the (single) axes: the bar is then as tall as the picture.
    """
    if beside and not isinstance(axes, list):
        width = axes.get_window_extent().width / axes.figure.dpi
        place = axes.inset_axes((1 + 0.12 / width, 0.0, 0.16 / width, 1.0))
        bar = axes.figure.colorbar(picture, cax=place, label=label)
    else:
        first = axes[0] if isinstance(axes, list) else axes
        bar = first.figure.colorbar(picture, ax=axes, label=label, fraction=0.04, pad=0.03)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.tick_params(length=0)


def file_format(path: str | Path) -> str:
    """Return the format that a file's name asks for: one of `FORMATS`.

    Raises
    ------
    InputError
        For any other ending.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        names = ", ".join(f".{name}" for name in FORMATS)
        raise InputError(f"cannot draw {path}: give a file name that ends in one of {names}")
    return ending


def figure_of(axes: Axes, path: str | Path | None) -> Figure:
    """Return the figure that the axes are in, written to `path` unless that is None."""
    figure: Figure = axes.figure.figure  # of a subfigure: the figure around it
    if path is not None:
        save(figure, path)
    return figure


def save(figure: Figure, path: str | Path) -> Path:
    """Write a picture in one piece, so that a viewer never sees half of it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    path : str or Path
        Ends in .png, .svg or .pdf, which is the format.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        For another ending, or when the picture cannot be drawn or written.
    """
    ending = file_format(path)
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        figure.savefig(part, format=ending, dpi=figure.dpi, metadata=_NO_DATE.get(ending))
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    except ValueError as error:  # such as a title with a formula that cannot be parsed
        raise InputError(f"cannot draw {path}: {error}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return path
