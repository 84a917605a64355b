"""Parameters and states of a device by name: mappings whose values are views of the device."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl.contract.errors import InputError

from ..design.units import Conversion
from ..display.html import never_raise, table_html, table_text
from ..quantise.rounding import Floats
from .array_view import ArrayView

_Value = TypeVar("_Value")
_D = TypeVar("_D")


class _Named(Mapping[str, _Value]):
    """Names are keys and attributes alike; assigning to one writes to the device.

    A name that the core does not have raises `InputError`, as an attribute `AttributeError`.
    """

    _names: tuple[str, ...] = ()
    _kind = ""

    def __init__(self, kind: str, names: Sequence[str]) -> None:
        vars(self).update(_kind=kind, _names=tuple(names))

    def _missing(self, name: object) -> str:
        near = difflib.get_close_matches(str(name), self._names, n=1)
        known = f"it has {', '.join(self._names)}" if self._names else "it was configured without"
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"no {self._kind} {name!r} in this core; {known}{hint}"

    def _check(self, name: object) -> None:
        if name not in self._names:
            raise InputError(self._missing(name))

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str, default: _D = None) -> _Value | _D:  # type: ignore[assignment,override]
        """The value of this name, or `default` when there is none."""
        return self[name] if name in self._names else default

    def __getattr__(self, name: str) -> _Value:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(self._missing(name))
        return self[name]

    def __setattr__(self, name: str, value: ArrayLike) -> None:
        if name not in self._names:
            raise AttributeError(self._missing(name))
        self[name] = value

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        raise NotImplementedError

    def __delitem__(self, name: str) -> NoReturn:
        raise InputError(f"a {self._kind} can not be deleted; assign a value instead")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._names})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._names)

    def _rows(self) -> list[tuple[str, ...]]:
        raise NotImplementedError

    @never_raise
    def __repr__(self) -> str:
        return table_text(f"{self._kind}s", self._rows())

    @never_raise
    def _repr_html_(self) -> str:
        return table_html(f"{self._kind}s", self._rows())

    __hash__ = None  # type: ignore[assignment]


class NamedViews(_Named[ArrayView]):
    """Views by name: `device.parameters` and `device.states`.

    `parameters["v_threshold"][3] = 40`, `parameters.v_threshold = 40` (all neurons) and
    `parameters.v_threshold += 5` write to the device, between two steps.  Values are integers, as
    the core has them; the table that is shown has them in the network's units as well.

    Parameters
    ----------
    kind : "parameter" or "state".
    views : by name.
    conversions : to the units of the network, of the names that have any.
    """

    _views: dict[str, ArrayView]

    def __init__(
        self,
        kind: str,
        views: dict[str, ArrayView],
        conversions: Callable[[], Mapping[str, Conversion]] = dict,
    ) -> None:
        super().__init__(kind, list(views))
        vars(self).update(_views=views, _conversions=conversions)

    def __getitem__(self, name: str) -> ArrayView:
        self._check(name)
        return self._views[name]

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        self[name][...] = value

    @property
    def physical(self) -> PhysicalNumbers:
        """The same values in the units of the network, where it has them."""
        return PhysicalNumbers(self, vars(self)["_conversions"]())

    def _rows(self) -> list[tuple[str, ...]]:
        conversions = vars(self)["_conversions"]()
        rows: list[tuple[str, ...]] = []
        for name, view in self._views.items():
            values = np.asarray(view)
            low, high = view.bounds
            physical = conversions[name].describe(values) if name in conversions else ""
            since = "" if view.effective_from is None else f"from step {view.effective_from}"
            rows.append((name, summary(values), physical, f"{low}…{high}", since))
        return rows


class PhysicalNumbers(_Named[Floats]):
    """The same in the units of the network: `parameters.physical.v_threshold = 0.9`.

    Reading gives (N,) floats: potentials and currents in the network's unit, times (also those of
    decay constants) in seconds.  What is assigned is rounded to what the core can hold.
    """

    def __init__(self, named: NamedViews, conversions: Mapping[str, Conversion]) -> None:
        super().__init__(named._kind, [name for name in named if name in conversions])
        vars(self).update(_views=named, _conversions=conversions)

    def __getitem__(self, name: str) -> Floats:
        self._check(name)
        held = vars(self)
        return np.array(held["_conversions"][name].to_unit(np.asarray(held["_views"][name])))

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        self._check(name)
        held = vars(self)
        view = held["_views"][name]
        try:
            floats = np.broadcast_to(np.asarray(value, dtype=np.float64), view.shape)
        except (TypeError, ValueError):
            raise InputError(
                f"{name} is {value!r}; give a number, or {view.shape} of them"
            ) from None
        conversion = held["_conversions"][name]
        if np.isnan(floats).any() or (conversion.unit and (floats < 0).any()):
            raise InputError(f"{name} is {value!r}; give numbers, and none below 0 of seconds")
        view[...] = conversion.to_integers(floats)

    def _rows(self) -> list[tuple[str, ...]]:
        held = vars(self)
        return [
            (name, held["_conversions"][name].describe(np.asarray(held["_views"][name])))
            for name in self
        ]


class NamedNumbers(_Named[int]):
    """Single integers by name: `device.learning`, the parameters of the learning rule.

    `learning.enabled = 0` writes to the device, between two steps.

    Parameters
    ----------
    kind : "learning parameter".
    names : of all.
    read, write : one of them; `write` returns the step from which on it is in effect.

    Attributes
    ----------
    effective_from : by name, step from which on the last assignment is in effect.
    """

    effective_from: dict[str, int]

    def __init__(
        self,
        kind: str,
        names: Sequence[str],
        read: Callable[[str], int],
        write: Callable[[str, int], int],
    ) -> None:
        super().__init__(kind, names)
        vars(self).update(_read=read, _write=write, effective_from={})

    def __getitem__(self, name: str) -> int:
        self._check(name)
        return int(vars(self)["_read"](name))

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        self.effective_from[name] = vars(self)["_write"](name, value)

    def _rows(self) -> list[tuple[str, ...]]:
        since = {name: f"from step {step}" for name, step in self.effective_from.items()}
        return [(name, str(self[name]), since.get(name, "")) for name in self]


def summary(values: np.ndarray[Any, Any]) -> str:
    """One number when all are equal, else range and mean."""
    if not values.size:
        return "none"
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low}…{high}, mean {values.mean():.4g}"
