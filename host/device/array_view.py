"""NumPy-like views of what a device holds: reading one reads the device, assigning writes to it."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl import ImageError
from spikeloom.hdl.contract.errors import InputError

from ..design.names import NO_ROW
from ..design.units import Conversion
from ..display.html import EDGE, SUMMARISE, never_raise, weights_html
from .assignment import columns, physical_values, raw_values
from .storage import Storage, spans

_RESHAPING = frozenset({"transpose", "reshape", "ravel", "swapaxes", "squeeze"})
_PICTURE_WEIGHTS = 1 << 20
"""The most weights of which a notebook shows a map."""
_DIGITS = 4
_READING = frozenset(
    {
        "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "copy", "cumsum", "diagonal",
        "dot", "flatten", "item", "max", "mean", "min", "nonzero", "prod", "repeat", "round", "std",
        "sum", "take", "tolist", "trace", "var",
    }
)  # fmt: skip
"""Methods of arrays that change nothing."""


class ArrayView(NDArrayOperatorsMixin):
    """Looks like an array, but its numbers are those that the device holds at the moment.

    They are floats in the network's unit, and what is assigned is rounded to the nearest that the
    core holds; a `RoundingWarning` says what that loses.  `raw` has the core's integers.  What has no
    unit, such as flags, is integers in both.

    Indexing, arithmetic, comparisons and NumPy's functions work as on an array.  An axis of neurons or
    axons also takes the name of a population or input: `weights["eye", "cells"]`, `states.v["cells"]`.
    Slices, names, `.T` and `reshape` are views of the same cells, while index arrays and masks give
    a copy, as in NumPy.  Assigning, also with `+=`, checks everything first (`InputError`,
    `ImageError`), then writes the rows that change.  It takes effect between steps: `effective_from`
    says from which step on.

    When the connection breaks on the way (`LinkError`), some rows may have been written: assign again.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        storage: Storage,
        numbers: NDArray[np.int64] | None = None,
        *,
        raw: bool = False,
    ) -> None:
        if numbers is None:
            numbers = np.arange(math.prod(storage.content.shape)).reshape(storage.content.shape)
        self._storage = storage
        self._numbers = numbers
        """Which number of the content each element is, numbered along the rows; below 0: none."""
        self._raw = raw

    @property
    def raw(self) -> ArrayView:
        """The same cells as the integers that the core holds, to read and to write."""
        return ArrayView(self._storage, self._numbers, raw=True)

    @raw.setter
    def raw(self, values: ArrayLike | ArrayView) -> None:
        self.raw[...] = values

    @property
    def unit(self) -> str:
        """What the numbers count: "s", or "" for the network's own unit and for integers."""
        conversion = self._conversion
        return conversion.unit if conversion else ""

    @property
    def _conversion(self) -> Conversion | None:
        return None if self._raw else self._storage.conversion

    def _part(self, numbers: NDArray[np.int64]) -> ArrayView:
        return ArrayView(self._storage, numbers, raw=self._raw)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return self._numbers.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._numbers.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._numbers.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 in the network's unit; int64 of integers, whatever the width of the cells is."""
        return np.dtype(np.int64 if self._conversion is None else np.float64)

    @property
    def T(self) -> ArrayView:  # noqa: N802
        """A view with the axes in reverse order."""
        return self._part(self._numbers.T)

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and largest value that each of the cells can hold."""
        content, conversion = self._storage.content, self._conversion
        if conversion is None:
            return content.low, content.high
        owners = np.unique(columns(content, self._numbers))
        ends = [
            conversion.to_unit(np.full(owners.shape, end), owners)
            for end in (content.low, content.high)
        ]
        low, high = np.minimum(*ends), np.maximum(*ends)
        return float(low.max(initial=-np.inf)), float(high.min(initial=np.inf))

    @property
    def effective_from(self) -> int | None:
        """Step from which on the last assignment to these cells is in effect; None before one."""
        return self._storage.effective_from

    # Reading

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("what a device holds cannot be had without a copy; leave copy out")
        return self._read(self._numbers).astype(dtype or self.dtype, copy=False)

    def __getitem__(self, index: Any) -> Any:
        chosen, named = self._choose(index)
        if not isinstance(chosen, np.ndarray):
            return self._read(np.asarray(chosen))[()]
        if named or np.may_share_memory(chosen, self._numbers):
            return self._part(chosen)
        return self._read(chosen)

    def _choose(self, index: Any) -> tuple[Any, bool]:
        """The numbers at an index, and whether names are in it."""
        index = _index(index)
        parts = list(index) if isinstance(index, tuple) else [index]
        if not any(isinstance(part, str) for part in parts):
            return self._numbers[index], False
        if self._numbers.shape != self._storage.content.shape or len(parts) > self.ndim:
            raise InputError(
                f"{self._storage.content.name} is indexed by name as a whole, one name or index for "
                'each axis, such as weights["eye", "cells"] or weights[0, "cells"]'
            )
        numbers = self._numbers
        for axis, part in enumerate(parts):
            if isinstance(part, str):
                chosen = self._storage.indices(part, axis)
                there = (chosen >= 0).reshape([-1 if k == axis else 1 for k in range(self.ndim)])
                numbers = np.where(there, np.take(numbers, chosen, axis=axis), NO_ROW)
                parts[axis] = slice(None)
            elif part is Ellipsis or part is None:
                raise InputError("give names and indices for each axis, without ... and None")
        return numbers[tuple(parts)], True

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[Any]:
        held = np.asarray(self._storage.fetch(self._rows(numbers)).reshape(-1)[numbers])
        held = np.where(numbers < 0, 0, held)
        conversion = self._conversion
        if conversion is None:
            return held
        return np.asarray(
            conversion.to_unit(held, columns(self._storage.content, numbers)), dtype=np.float64
        )

    def _rows(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows have one of these cells."""
        rows, *rest = self._storage.content.shape
        wanted = np.zeros(rows, dtype=np.bool_)
        wanted[numbers[numbers >= 0] // max(1, math.prod(rest))] = True
        return wanted

    def __getattr__(self, name: str) -> Any:
        if name in _RESHAPING:
            numbers = self.__dict__["_numbers"]
            return lambda *how, **more: self._part(getattr(numbers, name)(*how, **more))
        if name in _READING:
            return getattr(np.asarray(self), name)
        raise AttributeError(
            f"a view has no {name!r}; assign to view[...], or use numpy.array(view) for a copy"
        )

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_RESHAPING, *_READING})

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Any]:
        if self.ndim == 1:
            return iter(np.asarray(self))
        return (self[k] for k in range(len(self)))

    def __contains__(self, value: object) -> bool:
        return bool(np.any(np.asarray(self) == value))

    def __bool__(self) -> bool:
        return bool(np.asarray(self))

    def __int__(self) -> int:
        return int(np.asarray(self))

    def __float__(self) -> float:
        return float(np.asarray(self))

    def __index__(self) -> int:
        return np.asarray(self).__index__()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        arrays = [_array(value) for value in inputs]
        if method == "at":
            ufunc.at(*arrays)
            inputs[0][...] = arrays[0]
            return None
        targets = options.pop("out", ())
        if targets:
            options["out"] = tuple(_array(target) for target in targets)
        if "where" in options:
            options["where"] = _array(options["where"])
        result = getattr(ufunc, method)(*arrays, **options)
        for target, values in zip(targets, options.get("out", ()), strict=True):
            if isinstance(target, ArrayView):
                target[...] = values
        if not targets:
            return result
        return targets[0] if len(targets) == 1 else targets

    # Writing

    def __setitem__(self, index: Any, values: ArrayLike | ArrayView) -> None:
        chosen = np.asarray(self._choose(index)[0])
        conversion = self._conversion
        if isinstance(values, ArrayView):
            if values._is(self._storage, chosen) and values._raw == self._raw:
                return
            if values._raw and conversion is not None:
                raise InputError(
                    f"what is assigned are the integers of a core, and {self._storage.content.name} "
                    "is in the network's unit; assign to .raw"
                )
            values = np.asarray(values)
        storage = self._storage
        if conversion is None:
            checked = raw_values(storage.content, chosen, values)
        else:
            checked = physical_values(storage.content, conversion, chosen, values)
        there = chosen >= 0
        if checked[~there].any():
            raise ImageError(
                f"{storage.content.name} has no row for some of these neurons: no synapse leaves "
                "them; nothing was written"
            )
        with storage.device.exclusive():
            held = storage.fetch(self._rows(chosen))
            new = held.copy()
            new.reshape(-1)[chosen[there]] = checked[there]
            changed = np.any(held != new, axis=tuple(range(1, new.ndim)))
            if storage.content.equal:
                changed[:] = changed.any()
            for begin, end in spans(changed):
                storage.put(begin, new[begin:end])

    def _is(self, storage: Storage, numbers: NDArray[np.int64]) -> bool:
        return self._storage is storage and np.array_equal(self._numbers, numbers)

    # Showing

    @never_raise
    def __repr__(self) -> str:
        return view_text(self)

    @never_raise
    def _repr_html_(self) -> str:
        return view_html(self)


def _array(value: Any) -> Any:
    """The numbers of a view; anything else as it is."""
    return np.asarray(value) if isinstance(value, ArrayView) else value


def _index(index: Any) -> Any:
    """An index in which no view is left."""
    if isinstance(index, tuple):
        return tuple(_index(part) for part in index)
    return _array(index)


def view_text(view: ArrayView) -> str:
    """A view's title and numbers."""
    storage = view._storage
    title = f"{storage.content.name}{' integers' * view._raw} {view.shape}"
    if view._conversion is None:
        title += ", {}…{}".format(*view.bounds)
    elif view.unit:
        title += f" in {view.unit}"
    if view.effective_from is not None:
        title += f", as written from step {view.effective_from} on"
    reason = storage.device.unreachable()
    return f"<{title}: {reason}>" if reason else f"<{title}>\n{_numbers(view)}"


def _numbers(view: ArrayView) -> str:
    """The numbers as NumPy shows them; of large views only what is shown is read."""
    if view.ndim == 0 or view.size <= SUMMARISE:
        return np.array2string(np.asarray(view), precision=_DIGITS)
    shown = np.zeros(view.shape, dtype=view.dtype)
    rows = np.arange(len(view))
    if len(rows) > 2 * EDGE:
        rows = np.r_[rows[:EDGE], rows[-EDGE:]]
    shown[rows] = view[rows]
    return np.array2string(shown, threshold=SUMMARISE, edgeitems=EDGE, precision=_DIGITS)


def view_html(view: ArrayView) -> str:
    """A map of weights; anything else as text."""
    storage = view._storage
    reason = storage.device.unreachable()
    if reason or view.ndim != 2 or not 0 < view.size <= _PICTURE_WEIGHTS:
        return f"<pre>{html.escape(view_text(view))}</pre>"
    since = view.effective_from
    title = storage.content.name + (
        f", as written from step {since} on" if since is not None else ""
    )
    return weights_html(np.asarray(view), title)
