"""Parameters and states of a device by name: mappings whose values are views of the device."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl.contract.errors import InputError

from ..design.contents import Content
from ..design.units import Conversion, conversion
from ..display.html import never_raise, table_html, table_text
from .array_view import ArrayView
from .assignment import physical_values
from .interface import DeviceInterface

_Value = TypeVar("_Value")
_D = TypeVar("_D")
_FIRST = np.zeros((), dtype=np.int64)
"""The column of a number that the core has one of."""


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
        raise InputError(f"a {self._kind} cannot be deleted; assign a value instead")

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

    `parameters["v_threshold"][3] = 0.9`, `parameters.v_threshold = 0.9` (all neurons) and
    `parameters.v_threshold += 0.1` write to the device, between two steps.  Values are in the network's
    unit, times (also those of decay constants) in seconds; `raw` has the core's integers.

    Parameters
    ----------
    kind : "parameter" or "state".
    views : by name.
    """

    _views: dict[str, ArrayView]

    def __init__(self, kind: str, views: dict[str, ArrayView]) -> None:
        super().__init__(kind, list(views))
        vars(self).update(_views=views)

    def __getitem__(self, name: str) -> ArrayView:
        self._check(name)
        return self._views[name]

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        self[name][...] = value

    @property
    def raw(self) -> NamedViews:
        """The same as the integers that the core holds: `parameters.raw.v_threshold[3] = 40`."""
        return NamedViews(self._kind, {name: view.raw for name, view in self._views.items()})

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for name, view in self._views.items():
            raw, conversion = view.raw, view._conversion
            values = np.asarray(raw)
            low, high = raw.bounds
            physical = conversion.describe(values) if conversion and values.size else ""
            since = "" if view.effective_from is None else f"from step {view.effective_from}"
            rows.append((name, physical, summary(values), f"in {low}…{high}", since))
        return rows


class NamedNumbers(_Named[float]):
    """Single numbers by name: `device.learning`, the parameters of the learning rule.

    `learning.enabled = 0` and `learning.w_max = 0.5` write to the device, between two steps.  Values are
    in the network's unit where they have one, see `spikeloom.design.learning_units`; `raw` has integers.

    Parameters
    ----------
    kind : "learning parameter".
    contents : of all.
    device : holds them.
    raw : give integers instead.

    Attributes
    ----------
    effective_from : by name, step from which on the last assignment is in effect.
    """

    effective_from: dict[str, int]

    def __init__(
        self,
        kind: str,
        contents: dict[str, Content],
        device: DeviceInterface,
        *,
        raw: bool = False,
        effective_from: dict[str, int] | None = None,
    ) -> None:
        super().__init__(kind, list(contents))
        since = {} if effective_from is None else effective_from
        vars(self).update(_contents=contents, _device=device, _raw=raw, effective_from=since)

    @property
    def raw(self) -> NamedNumbers:
        """The same as the integers that the core holds."""
        held = vars(self)
        return NamedNumbers(
            self._kind,
            held["_contents"],
            held["_device"],
            raw=True,
            effective_from=self.effective_from,
        )

    def _conversion(self, name: str) -> Conversion | None:
        held = vars(self)
        return None if held["_raw"] else conversion(held["_device"].design, name)

    def __getitem__(self, name: str) -> float:
        self._check(name)
        integer = vars(self)["_device"].read(name)
        found = self._conversion(name)
        return int(integer) if found is None else float(found.to_unit(integer, _FIRST))

    def __setitem__(self, name: str, value: Any) -> None:
        self._check(name)
        held = vars(self)
        found, content = self._conversion(name), held["_contents"][name]
        if found is not None:
            value = physical_values(content, found, _FIRST, value)
        self.effective_from[name] = held["_device"].write(name, value)

    def _rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for name in self:
            integer, found = vars(self)["_device"].read(name), self._conversion(name)
            since = self.effective_from.get(name)
            rows.append(
                (
                    name,
                    found.describe(integer) if found else "",
                    str(int(integer)),
                    "" if since is None else f"from step {since}",
                )
            )
        return rows


def summary(values: np.ndarray[Any, Any]) -> str:
    """One number when all are equal, else range and mean."""
    if not values.size:
        return "none"
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low}…{high}, mean {values.mean():.4g}"
