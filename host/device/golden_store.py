"""The arrays of a model of a core, by name, as a store: of the golden model, and of the fast one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.sim.golden import GoldenCore

from ..design.contents import ALL, ELIGIBILITY, Content, Rows, contents, find

if TYPE_CHECKING:
    from spikeloom.sim.fast import FastCore  # needs Numba


class GoldenStore:
    """What a `GoldenCore`, or a `FastCore`, holds; see `Store`."""

    def __init__(self, core: GoldenCore | FastCore) -> None:
        self.contents = contents(core.config)
        self._core = core

    def read(self, name: str, rows: Rows = ALL) -> NDArray:
        """These rows, a copy."""
        values = self.array(find(self.contents, name))
        return (values[rows] if values.ndim else values).copy()

    def write(self, name: str, values: ArrayLike, rows: Rows = ALL) -> int:
        """Overwrite these rows; in effect from the next step on."""
        content = find(self.contents, name)
        checked = content.check(values, rows)
        array = self.array(content)
        if content.kind in ("state", "under way"):
            array[rows] = checked
            return self._core.step_number
        new = array.copy()
        new[rows if new.ndim else ()] = checked
        image = self._core.image
        change: dict[str, Any] = {name: new}
        if content.kind == "parameter":
            change = {"parameters": {**image.parameters, name: new}}
        elif content.kind == "learning parameter":
            change = {"learning": {**image.learning, name: int(new)}}
        self._core.image = dataclasses.replace(image, **change)
        return self._core.step_number

    def array(self, content: Content) -> NDArray[Any]:
        """The model's own array."""
        core, name = self._core, content.name
        if content.kind == "parameter":
            return core.image.parameters[name]
        if content.kind == "learning parameter":
            return np.asarray(core.image.learning[name])
        if content.kind == "synapses":
            held: NDArray[Any] = getattr(core.image, name)
            return held
        if content.kind == "under way":
            return np.asarray(getattr(core, name)[0])
        if name == ELIGIBILITY:
            assert core.eligibility is not None
            return core.eligibility
        if not content.learns:
            return core.states[name][0]
        return (core.axon_states if content.owner == "axon" else core.neuron_states)[name][0]
