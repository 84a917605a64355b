"""Numbers as users give them, checked and copied: what NumPy would silently reinterpret is refused."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import InputError

from .rounding import Floats

_OTHER_KINDS = {
    "b": "booleans; use .astype(float) where 1 and 0 are meant",
    "c": "complex ones; give the real part",
    "S": "text; convert it first",
    "U": "text; convert it first",
    "M": "dates; give seconds",
    "m": "time differences; give seconds",
    "V": "a structured array; give one of its fields",
}
"""Kinds of arrays that NumPy would convert, and what to do instead."""


def real_array(name: str, value: Any) -> Floats:
    """A float64 copy of a number, or of an array of numbers.

    Parameters
    ----------
    name : of the argument, for the message.
    value : a real number, or an array or nested list of such, of any shape.

    Raises
    ------
    InputError : a masked array, complex numbers, text, dates, booleans, rows of unequal length, or
        numbers beyond floating point.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise InputError(
            f"{name} is a masked array, and a core has no mask; fill it, e.g. {name}.filled(0)"
        )
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is {_short(value)}; give an array of numbers") from None
    if array.dtype.kind in _OTHER_KINDS:
        given = "" if array.ndim else f"is {_short(value)}, but "
        kind = _OTHER_KINDS[array.dtype.kind]
        raise InputError(f"{name} {given}must be an array of numbers, not {kind}" if array.ndim else
                         f"{name} {given}must be a number, not {kind}")  # fmt: skip
    if array.dtype.kind == "O" and not all(_is_real(item) for item in array.flat):
        raise InputError(f"{name} is {_short(value)}; give an array of numbers")
    try:
        return np.array(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{name} holds numbers beyond ±1.8e308, or none; give an array of numbers"
        ) from None


def real_number(name: str, value: Any, give: str) -> float:
    """One finite number; `give` ends the message of the `InputError` for anything else."""
    if isinstance(value, bool | np.bool_) or not _is_real(value):
        raise InputError(f"{name} is {_short(value)}; {give}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is {_short(value)}; {give}") from None
    if not np.isfinite(number):
        raise InputError(f"{name} is {number}; {give}")
    return number


def flag(name: str, value: Any) -> bool:
    """True or False, and nothing that merely counts as one; raises `InputError`."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name} is {_short(value)}; give True or False")
    return bool(value)


def choice(name: str, value: Any, options: tuple[str, ...]) -> str:
    """One of some words; raises `InputError`."""
    if not isinstance(value, str) or value not in options:
        raise InputError(f"{name} is {_short(value)}; choose {' or '.join(map(_quoted, options))}")
    return value


def _is_real(value: Any) -> bool:
    # Decimals register as numbers, but not as real ones.
    return isinstance(value, numbers.Real | numbers.Number) and not isinstance(
        value, bool | complex | np.complexfloating
    )


def _quoted(word: str) -> str:
    return f'"{word}"'


def _short(value: Any) -> str:
    """A value for a message, on one line and cut."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."
