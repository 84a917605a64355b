"""Events of an event camera as input spikes: cut, made coarser, and binned to steps."""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError, RoundingWarning

Integers = NDArray[np.int64]

MICROSECONDS = 1e-6
"""Seconds of a unit of time, where nothing else is said."""
POLARITIES = ("both", "merged", "on", "off")
_NAMES = {
    "x": ("x",),
    "y": ("y",),
    "t": ("t", "ts", "timestamp"),
    "p": ("p", "polarity", "pol", "on"),
}
"""Names that fields have in common libraries."""
_SLACK = 1e-6
"""Of a step: 0.003 / 0.001 is less than 3."""


@dataclass(frozen=True, eq=False)
class Binned:
    """Events in steps.

    Attributes
    ----------
    spikes : (steps, size) bool.
    events : how many there were.
    duplicates : those that lie in a step that has one of the same pixel and channel already, and so
        are in no spike of their own.
    """

    spikes: NDArray[np.bool_]
    events: int
    duplicates: int


@dataclass(frozen=True, eq=False, repr=False)
class CameraEvents:
    """Events of a camera; a run takes them in place of an array, as input spikes.

    Input number (channel · height + y) · width + x spikes in the step in which an event's time lies.
    With polarity "both", channel 0 has events of falling brightness and channel 1 those of rising.

    Attributes
    ----------
    x, y : (n,) column and row of each event, from 0.
    t : (n,) times, in units of `time_unit`, in any order.
    on : (n,) bool, whether brightness rose.
    width, height : of the sensor, in pixels.
    time_unit : seconds.
    start : time at which step 0 begins; None: the time of the first event.
    polarity : "both" for a channel each; "merged" for one channel of all.
    left_out : events that were cut away on the way to these.

    Raises `InputError` for events beyond the sensor, before the start, or of unequal number.
    """

    x: Integers
    y: Integers
    t: NDArray[Any]
    on: NDArray[np.bool_]
    width: int
    height: int
    time_unit: float = MICROSECONDS
    start: float | None = None
    polarity: str = "both"
    left_out: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise InputError(f"{name} of the sensor is {value!r}; give pixels, at least 1")
        unit = self.time_unit
        if not isinstance(unit, int | float) or not (0 < unit < math.inf):
            raise InputError(f"time_unit is {unit!r}; give seconds, e.g. 1e-6")
        if self.polarity not in ("both", "merged"):
            raise InputError(f'polarity is {self.polarity!r}; choose "both" or "merged"')
        shapes = {np.shape(getattr(self, name)) for name in ("x", "y", "t", "on")}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise InputError(f"x, y, t and on have shapes {shapes}; give as many of each")
        for name, size in (("x", self.width), ("y", self.height)):
            values = getattr(self, name)
            bad = np.flatnonzero((values < 0) | (values >= size))
            if len(bad):
                raise InputError(
                    f"event {bad[0]} has {name} = {values[bad[0]]}, but the sensor has "
                    f"{self.width} × {self.height} pixels ({len(bad)} of {len(values)} events are "
                    "beyond it); give its size, or crop"
                )
        if self.start is not None and len(self.t) and float(self.t.min()) < self.start:
            first = int(np.argmin(self.t))
            raise InputError(
                f"event {first} is at {self.t[first]}, before start, {self.start}; give an earlier start, "
                "or cut events away with between"
            )

    @classmethod
    def of(
        cls,
        events: ArrayLike,
        sensor: tuple[int, int],
        *,
        order: str | None = None,
        time_unit: float = MICROSECONDS,
        start: float | None = None,
    ) -> CameraEvents:
        """From an array as event libraries have it.

        Parameters
        ----------
        events : a structured array with fields x, y, t and p, in any order, also under the names
            "ts" or "timestamp" and "polarity" or "on"; or, with `order`, a plain (n, 4) array.
        sensor : (width, height) in pixels.
        order : of the columns of a plain array, e.g. "xytp".
        time_unit : seconds of a unit of t; default: microseconds.
        start : time at which step 0 begins; default: that of the first event.

        Raises
        ------
        InputError : a field is missing, has no whole numbers, or p other values than 0 and 1 or −1
            and 1; or what the class refuses.
        """
        columns = _columns(np.asarray(events), order)
        try:
            width, height = sensor
        except (TypeError, ValueError):
            raise InputError(f"sensor is {sensor!r}; give (width, height) in pixels") from None
        return cls(
            _whole("x", columns["x"]), _whole("y", columns["y"]), _times(columns["t"]),
            _rising(columns["p"]), width, height, time_unit, start,
        )  # fmt: skip

    @property
    def channels(self) -> int:
        """2 with a channel for each polarity, else 1."""
        return 2 if self.polarity == "both" else 1

    @property
    def size(self) -> int:
        """Inputs that these events need: channels · height · width."""
        return self.channels * self.height * self.width

    @property
    def seconds(self) -> float:
        """From the start to the last event."""
        return float((self.t.max() - self._first) * self.time_unit) if len(self.t) else 0.0

    def __len__(self) -> int:
        return len(self.t)

    def __repr__(self) -> str:
        cut = f", {self.left_out} left out" if self.left_out else ""
        return (
            f"<CameraEvents {len(self)} events of {self.width} × {self.height} pixels, "
            f"{self.polarity}, {self.seconds:.6g} s{cut}>"
        )

    def crop(self, left: int, top: int, width: int, height: int) -> CameraEvents:
        """Only the events of this part of the sensor, which becomes the sensor."""
        if left < 0 or top < 0 or left + width > self.width or top + height > self.height:
            raise InputError(
                f"columns {left}…{left + width - 1} and rows {top}…{top + height - 1} are not all on "
                f"a sensor of {self.width} × {self.height} pixels"
            )
        inside = (self.x >= left) & (self.x < left + width)
        inside &= (self.y >= top) & (self.y < top + height)
        found = self._kept(inside)
        return dataclasses.replace(
            found, x=found.x - left, y=found.y - top, width=width, height=height
        )

    def downsample(self, factor: int) -> CameraEvents:
        """Squares of factor × factor pixels become one; at the edges smaller ones do."""
        if isinstance(factor, bool) or not isinstance(factor, int | np.integer) or factor < 1:
            raise InputError(f"factor is {factor!r}; give an integer from 1")
        width, height = -(-self.width // factor), -(-self.height // factor)
        return dataclasses.replace(
            self, x=self.x // factor, y=self.y // factor, width=width, height=height
        )

    def polarities(self, which: str) -> CameraEvents:
        """Events of these polarities: "both", a channel each; "merged", "on" or "off" in one channel."""
        if which not in POLARITIES:
            raise InputError(f"polarity is {which!r}; choose {', '.join(POLARITIES)}")
        if which in ("both", "merged"):
            return dataclasses.replace(self, polarity=which)
        found = self._kept(self.on == (which == "on"))
        return dataclasses.replace(found, polarity="merged")

    def between(self, begin: float, end: float) -> CameraEvents:
        """Events from `begin` until before `end`, in seconds from the start; step 0 is then at `begin`."""
        if not (0 <= begin < end):
            raise InputError(f"from {begin!r} to {end!r} s is no time; give 0 ≤ begin < end")
        seconds = (self.t - self._first) * self.time_unit
        found = self._kept((seconds >= begin) & (seconds < end))
        return dataclasses.replace(found, start=self._first + begin / self.time_unit)

    def binned(self, dt: float, steps: int | None = None) -> Binned:
        """Spikes in steps of `dt` seconds, and how many events came to share one.

        Raises `InputError` where an event lies beyond `steps`; default: as many as hold all.
        """
        needed = self.length(dt)
        steps = needed if steps is None else steps
        if needed > steps:
            raise InputError(
                f"the last event is {self.seconds:g} s after the start, but the run has {steps} steps, "
                f"{steps * dt:g} s; give more steps, or cut events away with between"
            )
        spikes = np.zeros((steps, self.size), dtype=np.bool_)
        channel = self.on.astype(np.int64) if self.polarity == "both" else 0
        spikes[self._steps(dt), (channel * self.height + self.y) * self.width + self.x] = True
        return Binned(spikes, len(self), len(self) - int(spikes.sum()))

    def length(self, dt: float) -> int:
        """Steps that hold all events."""
        return int(self._steps(dt).max(initial=-1)) + 1

    def raster(self, size: int, steps: int, dt: float) -> NDArray[np.bool_]:
        """(steps, size) spikes; a `RoundingWarning` says how many events share one."""
        if size != self.size:
            raise InputError(
                f"these events need {self.size} inputs ({self.channels} channels of {self.width} × "
                f"{self.height} pixels), but the input has {size}"
            )
        found = self.binned(dt, steps)
        if found.duplicates:
            warnings.warn(
                f"{found.duplicates} of {found.events} events are in a step that has one of the same "
                "pixel already; a shorter dt keeps them apart",
                RoundingWarning,
                stacklevel=2,
            )
        return found.spikes

    @property
    def _first(self) -> float:
        if self.start is not None:
            return self.start
        return self.t.min().item() if len(self.t) else 0

    def _kept(self, which: NDArray[np.bool_]) -> CameraEvents:
        cut = {name: getattr(self, name)[which] for name in ("x", "y", "t", "on")}
        lost = self.left_out + int(np.count_nonzero(~which))
        return dataclasses.replace(self, **cut, start=self._first, left_out=lost)

    def _steps(self, dt: float) -> Integers:
        elapsed = (self.t - self._first) * (self.time_unit / dt)
        return np.floor(elapsed + _SLACK).astype(np.int64)


def _columns(array: NDArray[Any], order: str | None) -> dict[str, NDArray[Any]]:
    """Arrays of x, y, t and p."""
    if array.dtype.names is None:
        if order is None or sorted(order) != sorted(_NAMES):
            raise InputError(
                f"events are an array of {array.dtype}, and order is {order!r}; say what its columns "
                'are, e.g. order="xytp", or give a structured array with fields x, y, t and p'
            )
        if array.ndim != 2 or array.shape[1] != len(order):
            raise InputError(f"events have shape {array.shape}; give (n, {len(order)})")
        return {name: array[:, k] for k, name in enumerate(order)}
    found = {}
    for name, others in _NAMES.items():
        field = next((other for other in others if other in array.dtype.names), None)
        if field is None:
            raise InputError(
                f"events have the fields {', '.join(array.dtype.names)}, and none of "
                f"{', '.join(others)} for {name}"
            )
        found[name] = np.ravel(array[field])
    return found


def _whole(name: str, values: NDArray[Any]) -> Integers:
    if values.dtype.kind not in "iuf" or not np.all(np.isfinite(values)):
        raise InputError(f"{name} of the events is of {values.dtype}, or not finite; give integers")
    whole = values.astype(np.int64)
    if np.any(whole != values):
        bad = int(np.flatnonzero(whole != values)[0])
        raise InputError(f"event {bad} has {name} = {values[bad]}; pixels are whole numbers")
    return whole


def _times(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind == "f" and np.all(np.isfinite(values)):
        return values.astype(np.float64)
    if values.dtype.kind not in "iu" or np.any(values > np.iinfo(np.int64).max):
        raise InputError(f"t of the events is of {values.dtype}, or not finite; give numbers")
    return values.astype(np.int64)


def _rising(values: NDArray[Any]) -> NDArray[np.bool_]:
    on = values == 1
    if values.dtype.kind not in "biuf" or np.any(~on & (values != 0) & (values != -1)):
        raise InputError("p of the events has other values than 0 and 1, or −1 and 1")
    return np.asarray(on, dtype=np.bool_)
