"""A device whose weights, parameters and states are memories that can be read and written."""

from __future__ import annotations

import abc
import dataclasses

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..design.state_formats import find_state
from ..device.device import Device
from ..device.storage import Cells
from .core_memory import CoreMemory
from .fabric_memory import FabricMemory


class MemoryDevice(Device):
    """Reads and writes what `memory` has; everything else is the business of subclasses."""

    @property
    @abc.abstractmethod
    def memory(self) -> CoreMemory | FabricMemory:
        """The core's memories, or those of all cores, by name."""

    def read_weights(self) -> NDArray[np.int64]:
        """(A, N) weights as the board holds them."""
        return self.memory.read_weights()

    def write_weights(self, weights: ArrayLike) -> int:
        """Write (A, N) integer weights; raises `ImageError` when they do not fit."""
        return self.memory.write_weights(weights)

    def read_delays(self) -> NDArray[np.int64]:
        """(A, N) delay fields of the synapses, in steps; `InputError` in a core without."""
        return self.memory.read_delays()

    def write_delays(self, delays: ArrayLike) -> int:
        """Write (A, N) delay fields; raises `ImageError` when they do not fit."""
        return self.memory.write_delays(delays)

    def read_parameter(self, name: str) -> NDArray[np.int64]:
        """(N,) values of a parameter (equal ones when the core shares them)."""
        return self.memory.read_parameter(name)

    def write_parameter(self, name: str, values: ArrayLike) -> int:
        """Write a parameter, a scalar or (N,) integers; raises `ImageError` if it does not fit."""
        return self.memory.write_parameter(name, values)

    def read_state(self, name: str) -> NDArray[np.int64]:
        """Values of a state: (N,) of neurons, (A,) of axons, (A, N) of synapses; see `Device`."""
        return self.memory.read_state(name)

    def write_state(self, name: str, values: ArrayLike) -> int:
        """Overwrite a state: a scalar, or integers as `read_state` gives them."""
        return self.memory.write_state(name, values)

    def read_arrivals(self) -> NDArray[np.bool_]:
        """(A,) bool, the axons that have a spike for the next step already."""
        return self.memory.read_arrivals()

    def write_arrivals(self, arrivals: ArrayLike) -> int:
        """Overwrite which axons have a spike for the next step: (A,) flags, or one for all."""
        return self.memory.write_arrivals(arrivals)

    def read_later_arrivals(self) -> NDArray[np.bool_]:
        """(axonal_delay_slots − 1, A) bool, the same for the steps after the next one."""
        return self.memory.read_later_arrivals()

    def write_later_arrivals(self, arrivals: ArrayLike) -> int:
        """Overwrite which axons have a spike for the steps after the next one: flags, as read."""
        return self.memory.write_later_arrivals(arrivals)

    def read_pending(self) -> NDArray[np.int64]:
        """(K, D, N) sums of weights under way, for the next step and the D − 1 after it."""
        return self.memory.read_pending()

    def write_pending(self, sums: ArrayLike) -> int:
        """Overwrite what is under way: one number, or integers as `read_pending` gives them."""
        return self.memory.write_pending(sums)

    def read_plastic(self) -> NDArray[np.bool_]:
        """(A, N) bool, which synapses learn; `InputError` in a core without learning."""
        return self.memory.read_plastic()

    def write_plastic(self, plastic: ArrayLike) -> int:
        """Choose which synapses learn: (A, N) flags, or one for all."""
        return self.memory.write_plastic(plastic)

    def _weight_cells(self) -> Cells:
        def read(begin: int, end: int) -> NDArray[np.int64]:
            return self.memory.read_weight_rows(begin, end)

        def write(begin: int, rows: NDArray[np.int64]) -> int:
            return self.memory.write_weight_rows(begin, rows)

        return dataclasses.replace(super()._weight_cells(), read=read, write=write)

    def _parameter_cells(self, name: str) -> Cells:
        return self.memory.parameter_cells(super()._parameter_cells(name), name)

    def _state_cells(self, name: str) -> Cells:
        state = find_state(self.design.config, name)
        return self.memory.state_cells(super()._state_cells(name), state)
