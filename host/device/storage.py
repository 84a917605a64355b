"""Where the numbers of views live: cells of a device, read and written by rows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..design.state_formats import check_delays, find_field, find_state

if TYPE_CHECKING:
    from .device import Device

Integers = NDArray[np.int64]
Reader = Callable[[int, int], Integers]
Writer = Callable[[int, Integers], int]
Turn = Callable[[], AbstractContextManager[object]]


@dataclass(eq=False)
class Cells:
    """Integers of a device, by rows: those that have the same index along the first axis.

    Attributes
    ----------
    title : what messages call them.
    shape : one axis or more.
    low, high : the range that fits.
    read : (begin, end) to the rows from `begin` to before `end`.
    write : writes rows from `begin` on; returns the step from which on they are in effect.
    turn : keeps other users of the device out, from reading to writing.
    unreachable : why the device can not be asked now; "" when it can.
    effective_from : step from which on the last write is in effect; None before one.
    """

    title: str
    shape: tuple[int, ...]
    low: int
    high: int
    read: Reader
    write: Writer
    turn: Turn = contextlib.nullcontext
    unreachable: Callable[[], str] = str
    effective_from: int | None = field(default=None, init=False)

    def fetch(self, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """All rows; zeros where they are not wanted."""
        values = np.zeros(self.shape, dtype=np.int64)
        for begin, end in spans(wanted):
            values[begin:end] = self.read(begin, end)
        return values


def weights_of(device: Device) -> Cells:
    """The weights of any device."""
    config = device.design.config
    bound = 1 << (config.weight_bits - 1)
    shape = (config.axons, config.neurons)
    read, write = device.read_weights, device.write_weights
    return _whole(device, "weights", shape, (-bound, bound - 1), read, write)


def delays_of(device: Device) -> Cells:
    """The delay fields of any device."""
    config = device.design.config
    check_delays(config)
    shape = (config.axons, config.neurons)
    read, write = device.read_delays, device.write_delays
    return _whole(device, "delays", shape, (0, config.delay_slots - 1), read, write)


def parameter_of(device: Device, name: str) -> Cells:
    """A parameter of the neurons of any device."""
    config = device.design.config
    found = find_field("parameter", name, config.layout.parameters)
    bounds = found.minimum, found.maximum

    def write(values: Integers) -> int:
        return device.write_parameter(name, values)

    return _whole(
        device, name, (config.neurons,), bounds, lambda: device.read_parameter(name), write
    )


def state_of(device: Device, name: str) -> Cells:
    """A state of any device."""
    found = find_state(device.design.config, name)
    bounds = found.field.minimum, found.field.maximum

    def write(values: Integers) -> int:
        return device.write_state(name, values)

    return _whole(device, name, found.shape, bounds, lambda: device.read_state(name), write)


def _whole(
    device: Device,
    title: str,
    shape: tuple[int, ...],
    bounds: tuple[int, int],
    read: Callable[[], Integers],
    write: Callable[[Integers], int],
) -> Cells:
    """Cells of a device that reads and writes all of them at once."""

    def write_rows(begin: int, rows: Integers) -> int:
        values = read()
        values[begin : begin + len(rows)] = rows
        return write(values)

    return Cells(
        title,
        shape,
        *bounds,
        lambda begin, end: read()[begin:end],
        write_rows,
        device.turn,
        device._unreachable,
    )


def spans(marks: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Ranges (begin, end) of consecutive marks."""
    edges = np.flatnonzero(np.diff(marks.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
