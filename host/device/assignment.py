"""Values that are assigned to a view, checked, and brought to the integers that a core holds."""

from __future__ import annotations

import sys
import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import ImageError
from spikeloom.hdl.contract.errors import InputError, RoundingWarning

from ..design.contents import Content
from ..design.units import Columns, Conversion
from ..quantise.rounding import Floats, Integers

_OURS = ("spikeloom.", "numpy.")
"""Packages whose frames a warning does not point at."""


def spread(name: str, values: ArrayLike, shape: tuple[int, ...], *, kinds: str) -> NDArray:
    """Numbers of these kinds, in this shape; `ImageError` for what does not fit it."""
    if isinstance(values, np.ma.MaskedArray):
        raise InputError(f"{name} is given a masked array; fill it first: array.filled(0)")
    try:
        given = np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is {values!r}; give numbers") from None
    if given.dtype.kind not in kinds and given.size:
        if kinds == "iub":
            raise ImageError(
                f"{name} are integers here, and what is assigned has dtype {given.dtype}; round it "
                "first, numpy.rint(values).astype(int), or assign floats in the network's unit to "
                "the view without .raw, if it has a unit"
            )
        raise InputError(f"{name} is {_short(values)}; give numbers in the network's unit")
    result = np.empty(shape, dtype=given.dtype)
    try:
        result[...] = given
    except ValueError:
        raise ImageError(
            f"values of shape {given.shape} do not fit the shape {shape} of what is "
            f"assigned to in {name}"
        ) from None
    return result


def columns(content: Content, cells: Integers) -> Columns:
    """Which neuron, or axon, each of these cells belongs to."""
    return cells % max(1, content.shape[-1]) if content.shape else np.zeros_like(cells)


def raw_values(content: Content, cells: Integers, given: ArrayLike) -> Integers:
    """Integers for these cells, each with its own; `ImageError` for those that do not fit.

    Parameters
    ----------
    content : what they are cells of.
    cells : their numbers along the rows of the content.
    given : integers in a shape that broadcasts to that of `cells`.
    """
    values = spread(content.name, given, cells.shape, kinds="iub")
    outside = np.argwhere((values < content.low) | (values > content.high))
    if len(outside):
        where = tuple(outside[0])
        more = f" ({len(outside)} such values)" if len(outside) > 1 else ""
        raise ImageError(
            f"{_place(content, cells[where])} would be {values[where]}, outside "
            f"{content.low}…{content.high}{more}; nothing was written"
        )
    return values.astype(np.int64)


def physical_values(
    content: Content, conversion: Conversion, cells: Integers, given: ArrayLike
) -> Integers:
    """The nearest integers to values in the network's unit; what is lost is a `RoundingWarning`.

    Parameters
    ----------
    content, cells, given : as for `raw_values`, but `given` are floats.
    conversion : from that unit.

    Raises
    ------
    InputError : NaN, infinite values of what is no time constant, and times below 0.
    """
    name = content.name
    values = spread(name, given, cells.shape, kinds="iufb").astype(np.float64)
    allowed = np.isfinite(values) | (conversion.decay & (values > 0))
    if not allowed.all():
        raise InputError(f"{name} is given {values[~allowed].flat[0]}; give finite numbers")
    if conversion.unit == "s" and np.any(values < 0):
        raise InputError(f"{name} is given {values.min():g} s; give times of at least 0")
    exact = conversion.exact(values, columns(content, cells))
    held = conversion.to_integers(exact, content.low, content.high)
    _warn(content, conversion, cells, values, exact, held)
    return held


def _warn(
    content: Content,
    conversion: Conversion,
    cells: Integers,
    values: Floats,
    exact: Floats,
    held: Integers,
) -> None:
    far = np.abs(exact - held) > 0.5 + 1e-9 * np.abs(exact)
    lost = (exact != 0) & (held == 0) & ~far
    found = []
    for marks, what in ((far, "does not fit"), (lost, "rounds to 0")):
        count = int(np.count_nonzero(marks))
        if not count:
            continue
        first = tuple(np.argwhere(marks)[0])
        got = conversion.to_unit(held[first], columns(content, cells[first]))
        found.append(
            f"{count} of {values.size} values {what}: {_place(content, cells[first])} = "
            f"{values[first]:.6g} is held as {float(got):.6g}"
        )
    if found:
        warnings.warn(
            f"{'; '.join(found)}. Compiling with more bits, or another scale, holds more",
            RoundingWarning,
            stacklevel=_caller_level(),
        )


def _caller_level() -> int:
    """The stack level of the first frame of a user, for a warning given one call below."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).startswith(_OURS):
        level, frame = level + 1, frame.f_back
    return level


def _place(content: Content, cell: int) -> str:
    place = np.unravel_index(int(cell), content.shape)
    return f"{content.name}[{', '.join(map(str, place))}]"


def _short(values: object) -> str:
    text = " ".join(repr(values).split())
    return text if len(text) <= 80 else f"{text[:77]}..."
