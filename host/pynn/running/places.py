"""Where the connections are in a core: the axon and the neuron of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spikeloom.compiler.wiring import Wiring

from ..mapping.described import Described, Part

Ints = NDArray[np.int64]


class Places:
    """Finds synapses of a network that was wired, and remembers them.

    Parameters
    ----------
    described : the network.
    wiring : its axons and neurons.
    """

    def __init__(self, described: Described, wiring: Wiring) -> None:
        self._described, self._wiring = described, wiring
        self._found: dict[int, tuple[Ints, Ints]] = {}

    def cells(self, part: Part) -> tuple[Ints, Ints]:
        """(connections,) axon and neuron of each; axon −1 where a weight of 0 is no synapse."""
        if id(part) not in self._found:
            self._found[id(part)] = self._find(part)
        return self._found[id(part)]

    def _find(self, part: Part) -> tuple[Ints, Ints]:
        wiring = self._wiring
        neurons = wiring.populations[self._described.names[part.target]].start + part.columns
        axons = np.full(len(part.rows), -1, dtype=np.int64)
        known: dict[tuple[int, int], list[int]] = {}
        for k, (row, shift) in enumerate(
            zip(part.rows.tolist(), part.way.shift.tolist(), strict=True)
        ):
            if (row, shift) not in known:
                known[row, shift] = self._axons(part, row, shift)
            options = known[row, shift]
            held = [(wiring.delays[a, neurons[k]], wiring.plastic[a, neurons[k]]) for a in options]
            wanted = (part.way.delay[k], part.plastic)
            axons[k] = options[held.index(wanted)] if wanted in held else -1
        return axons, neurons

    def _axons(self, part: Part, row: int, shift: int) -> list[int]:
        """Axons that hear a cell of the source so many steps after its spikes."""
        wiring = self._wiring
        if part.source in self._described.names:
            neuron = wiring.populations[self._described.names[part.source]].start + row
            rows = wiring.destinations
            there = (rows[:, 0] == neuron) & (rows[:, 3] == shift)
            return [int(a) for a in rows[there, 2]]
        (port,) = (
            p
            for p in self._described.ports
            if p.population is part.source and p.shift == shift and p.plastic == part.plastic
        )
        first = wiring.inputs[port.name].start + row
        return [first, *(int(a) for a in wiring.mirrors[wiring.mirrors[:, 0] == first, 1])]
