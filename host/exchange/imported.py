"""What an import gives: the network, and what has to be known to compare it with where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError

from ..network.network import Network


@dataclass(frozen=True, eq=False, repr=False)
class Imported:
    """A network as it was read from another tool's, and what was made of it.

    Attributes
    ----------
    network : to compile.
    format : name of the importer, "nir".
    notes : sentences: what was recognised, assumed, repaired or left out.
    inputs : spikes that came with the network, as `Device.run` takes them, by input.
    initial : states other than rest at the beginning, by population and state, in the network's
        unit: `{"cells": {"v": [0.5, …]}}`.
    delays : by population, steps by which it acts later here than where the network is from, as a
        neuron reaches the next one in the next step.
    outputs : names of the populations whose spikes or potentials are the result.
    settings : arguments of `spikeloom.compile` that keep the network exact, if there are such.
    """

    network: Network
    format: str
    notes: tuple[str, ...] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Mapping[str, ArrayLike]] = field(default_factory=dict)
    delays: Mapping[str, int] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def start(self, device: Any) -> None:
        """Write the initial states to a device that has the compiled network, between two steps.

        Raises `InputError` for a device that has no states to write, as "float:" is.
        """
        if self.initial and not hasattr(device, "states"):
            raise InputError(
                f"{device!r} has no states to write; compile the network and open that"
            )
        for population, states in self.initial.items():
            for state, values in states.items():
                getattr(device.states, state)[population] = values

    def aligned(self, population: str, values: ArrayLike) -> NDArray[Any]:
        """(steps − delay, size) spikes or potentials of a run, beginning where the source's do.

        A source whose layers all act in the same step is ahead of the hardware by `delays`.
        """
        array, late = np.asarray(values), self.delays.get(population, 0)
        if population not in self.network.populations:
            raise InputError(
                f"no population {population!r} in this network; it has "
                f"{', '.join(map(repr, self.network.populations))}"
            )
        return array[late:]

    def __repr__(self) -> str:
        lines = [f"<{self.format}: {self.network!r}>", *(f"  • {note}" for note in self.notes)]
        return "\n".join(lines)
