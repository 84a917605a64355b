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

from ..display.html import EDGE, SUMMARISE, never_raise, weights_html
from .storage import Storage, spans

_RESHAPING = frozenset({"transpose", "reshape", "ravel", "swapaxes", "squeeze"})
_PICTURE_WEIGHTS = 1 << 20
"""The most weights of which a notebook shows a map."""
_READING = frozenset(
    {
        *(
            "all",
            "any",
            "argmax",
            "argmin",
            "argsort",
            "astype",
            "clip",
            "copy",
            "cumsum",
            "diagonal",
        ),
        *(
            "dot",
            "flatten",
            "item",
            "max",
            "mean",
            "min",
            "nonzero",
            "prod",
            "repeat",
            "round",
            "std",
        ),
        *("sum", "take", "tolist", "trace", "var"),
    }
)
"""Methods of arrays that change nothing."""


class ArrayView(NDArrayOperatorsMixin):
    """Looks like an integer array, but its numbers are those that the device holds at the moment.

    Indexing, arithmetic, comparisons and NumPy's functions work as on an array.  Slices, `.T` and
    `reshape` are views of the same cells, while index arrays and masks give a copy, as in NumPy.
    Assigning, also with `+=`, checks everything first (`ImageError`), then writes the rows that
    change.  It takes effect between steps: `effective_from` says from which step on.

    When the connection breaks on the way (`LinkError`), some rows may have been written: assign again.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, storage: Storage, numbers: NDArray[np.int64] | None = None) -> None:
        if numbers is None:
            numbers = np.arange(math.prod(storage.content.shape)).reshape(storage.content.shape)
        self._storage = storage
        self._numbers = numbers
        """Which number of the content each element is, numbered along the rows."""

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
    def dtype(self) -> np.dtype[np.int64]:
        """int64, whatever the width of the cells is."""
        return np.dtype(np.int64)

    @property
    def T(self) -> ArrayView:  # noqa: N802
        """A view with the axes in reverse order."""
        return ArrayView(self._storage, self._numbers.T)

    @property
    def bounds(self) -> tuple[int, int]:
        """Least and largest value that a cell can hold."""
        return self._storage.content.low, self._storage.content.high

    @property
    def effective_from(self) -> int | None:
        """Step from which on the last assignment to these cells is in effect; None before one."""
        return self._storage.effective_from

    # Reading

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("what a device holds can not be had without a copy; leave copy out")
        return self._read(self._numbers).astype(dtype or np.int64, copy=False)

    def __getitem__(self, index: Any) -> Any:
        chosen = self._numbers[_index(index)]
        if not isinstance(chosen, np.ndarray):
            return self._read(np.asarray(chosen))[()]
        if np.may_share_memory(chosen, self._numbers):
            return ArrayView(self._storage, chosen)
        return self._read(chosen)

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(self._storage.fetch(self._rows(numbers)).reshape(-1)[numbers])

    def _rows(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which rows have one of these cells."""
        rows, *rest = self._storage.content.shape
        wanted = np.zeros(rows, dtype=np.bool_)
        wanted[numbers.ravel() // max(1, math.prod(rest))] = True
        return wanted

    def __getattr__(self, name: str) -> Any:
        if name in _RESHAPING:
            numbers = self.__dict__["_numbers"]
            return lambda *how, **more: ArrayView(
                self._storage, getattr(numbers, name)(*how, **more)
            )
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
        chosen = np.asarray(self._numbers[_index(index)])
        if isinstance(values, ArrayView) and values._is(self._storage, chosen):
            return
        checked = self._check(chosen, np.asarray(values))
        storage = self._storage
        with storage.device.exclusive():
            held = storage.fetch(self._rows(chosen))
            new = held.copy()
            new.reshape(-1)[chosen] = checked
            changed = np.any(held != new, axis=tuple(range(1, new.ndim)))
            if storage.content.equal:
                changed[:] = changed.any()
            for begin, end in spans(changed):
                storage.put(begin, new[begin:end])

    def _is(self, storage: Storage, numbers: NDArray[np.int64]) -> bool:
        return self._storage is storage and np.array_equal(self._numbers, numbers)

    def _check(self, chosen: NDArray[np.int64], given: NDArray[Any]) -> NDArray[np.int64]:
        """Values for these cells, each with its own."""
        content = self._storage.content
        if given.dtype.kind not in "iub" and given.size:
            raise ImageError(
                f"{content.name} are integers, and what is assigned has dtype {given.dtype}; "
                "round it first: numpy.rint(values).astype(int)"
            )
        spread = np.empty(chosen.shape, dtype=given.dtype)
        try:
            spread[...] = given
        except ValueError:
            raise ImageError(
                f"values of shape {given.shape} do not fit the shape {chosen.shape} of what is "
                f"assigned to in {content.name}"
            ) from None
        outside = np.argwhere((spread < content.low) | (spread > content.high))
        if len(outside):
            where = tuple(outside[0])
            place = np.unravel_index(int(chosen[where]), content.shape)
            more = f" ({len(outside)} such values)" if len(outside) > 1 else ""
            raise ImageError(
                f"{content.name}[{', '.join(map(str, place))}] would be {spread[where]}, outside "
                f"{content.low}…{content.high}{more}; nothing was written"
            )
        return spread.astype(np.int64)

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
    title = f"{storage.content.name} {view.shape}, {storage.content.low}…{storage.content.high}"
    if view.effective_from is not None:
        title += f", as written from step {view.effective_from} on"
    reason = storage.device.unreachable()
    return f"<{title}: {reason}>" if reason else f"<{title}>\n{_numbers(view)}"


def _numbers(view: ArrayView) -> str:
    """The numbers as NumPy shows them; of large views only what is shown is read."""
    if view.ndim == 0 or view.size <= SUMMARISE:
        return str(np.asarray(view))
    shown = np.zeros(view.shape, dtype=np.int64)
    rows = np.arange(len(view))
    if len(rows) > 2 * EDGE:
        rows = np.r_[rows[:EDGE], rows[-EDGE:]]
    shown[rows] = view[rows]
    return np.array2string(shown, threshold=SUMMARISE, edgeitems=EDGE)


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
