"""Where the numbers of a view live: one content of a device, read and written by rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..design.contents import Content
from ..design.names import axons_named, neurons_named
from ..design.units import Conversion, conversion
from .interface import DeviceInterface


class Storage:
    """One content of a device, which all views of it share.

    Attributes
    ----------
    content : name, shape and range.
    device : holds it.
    effective_from : step from which on the last write is in effect; None before one.
    """

    def __init__(self, device: DeviceInterface, content: Content) -> None:
        self.device = device
        self.content = content
        self.effective_from: int | None = None

    @property
    def conversion(self) -> Conversion | None:
        """To the unit of the network that is loaded; None for numbers without a unit."""
        return conversion(self.device.design, self.content.name)

    def indices(self, name: str, axis: int) -> NDArray[np.int64]:
        """What an input or population is along this axis; `NO_ROW` where it has nothing."""
        axons = self.content.owner == "axon" or (self.content.owner == "synapse" and axis == 0)
        return (axons_named if axons else neurons_named)(self.device.design, name)

    def fetch(self, needed: NDArray[np.bool_]) -> NDArray[np.int64]:
        """All rows; zeros where they are not needed."""
        values = np.zeros(self.content.shape, dtype=np.int64)
        for begin, end in spans(needed):
            values[begin:end] = self.device.read(self.content.name, slice(begin, end))
        return values

    def put(self, begin: int, rows: NDArray[np.int64]) -> None:
        """Write rows from `begin` on."""
        where = slice(begin, begin + len(rows))
        self.effective_from = self.device.write(self.content.name, rows, where)


def spans(marks: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Ranges (begin, end) of consecutive marks."""
    edges = np.flatnonzero(np.diff(marks.astype(np.int8), prepend=0, append=0))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
