"""Names of inputs and populations as indices of axons and neurons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError

from .design import Design
from .placement import network_destinations

NO_ROW = -1
"""In place of an axon: the neuron drives none."""


def neurons_named(design: Design, name: str) -> NDArray[np.int64]:
    """(size,) numbers of a population's neurons; `InputError` lists the names that there are."""
    if name not in design.populations:
        raise InputError(
            f"no population {name!r} in this design; it has {_list(design.populations)}"
        )
    return np.arange(*design.populations[name].indices(design.config.neurons))


def axons_named(design: Design, name: str) -> NDArray[np.int64]:
    """(size,) axons of an input, or those that the neurons of a population drive.

    `NO_ROW` stands where a neuron drives none.  Raises `InputError` for another name, and where the
    neurons of a population drive several axons each, for delays that differ.
    """
    if name in design.inputs:
        return np.arange(*design.inputs[name].indices(design.config.axons))
    if name not in design.populations:
        known = _list({**design.inputs, **design.populations})
        raise InputError(f"no input or population {name!r} in this design; it has {known}")
    neurons = neurons_named(design, name)
    rows = network_destinations(design.image)
    rows = rows[np.isin(rows[:, 0], neurons)]
    if len(np.unique(rows[:, 0])) < len(rows):
        raise InputError(
            f"neurons of {name!r} drive several axons each, for their delays; index by axon"
        )
    axons = np.full(design.config.neurons, NO_ROW, dtype=np.int64)
    axons[rows[:, 0]] = rows[:, 2]
    return axons[neurons]


def _list(names: dict[str, slice]) -> str:
    return ", ".join(map(repr, names)) or "none"
