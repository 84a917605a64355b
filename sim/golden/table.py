"""The synapses of a core that exist, as a table: work follows events, not sizes."""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import Image

from .arithmetic import Ints


class Lists:
    """Synapses by axon, or by neuron: one list of each.

    Parameters
    ----------
    synapses : (E,) numbers of synapses in their table, ordered by line.
    lines : (S,) the axon, or the neuron, of each synapse in the table.
    ends : (S,) its other end: the neuron, or the axon.
    size : number of axons, or of neurons.

    Attributes
    ----------
    count : (size,) lengths of the lists.
    """

    def __init__(self, synapses: Ints, lines: Ints, ends: Ints, size: int) -> None:
        self._synapses, self._ends = synapses, ends.take(synapses)
        self.count: Ints = np.bincount(lines.take(synapses), minlength=size)
        self._begins = np.cumsum(self.count) - self.count
        self._positions = np.arange(len(synapses))
        self._even = len(np.unique(self.count)) == 1
        if self._even:  # the lists are the rows of a matrix
            self._synapses = self._synapses.reshape(size, -1)
            self._ends = self._ends.reshape(size, -1)
        self._everything = not self._even and np.array_equal(synapses, self._positions)
        self._found: tuple[Ints, tuple[Ints, Ints]] | None = None

    def find(self, lines: Ints) -> tuple[Ints, Ints]:
        """The synapses of these lines, one line after the other: their numbers, and other ends.

        What is asked for twice in a row is found once.
        """
        if self._found is None or self._found[0] is not lines:
            at, axis = (lines, 0) if self._even else (self._at(lines), None)
            synapses = at if self._everything else self._synapses.take(at, axis).ravel()
            self._found = lines, (synapses, self._ends.take(at, axis).ravel())
        return self._found[1]

    def _at(self, lines: Ints) -> Ints:
        """Where the lists of these lines are among all, which are one after the other."""
        lengths = self.count.take(lines)
        ends = lengths.cumsum()
        shifts = self._begins.take(lines) + lengths - ends
        return np.repeat(shifts, lengths) + self._positions[: ends[-1]]


class Table:
    """The synapses that exist, numbered axon by axon, and their weights, which may change.

    S is their number; a synapse exists where there is a weight, or where one can be learned.

    Attributes
    ----------
    axons, neurons : (S,) ends of the synapses.
    weights : (S,) int64.
    of_axon : lists of all.
    plastic_of_axon, plastic_of_neuron : lists of the plastic ones.
    """

    def __init__(self, image: Image) -> None:
        exists = (image.weights != 0) | image.plastic
        self._shape = size, neurons = exists.shape
        # Copies are contiguous: of what is not, `take` would make one each time.
        self.axons, self.neurons = (ends.copy() for ends in exists.nonzero())
        self.weights = image.weights[exists]
        plastic = np.flatnonzero(image.plastic[exists])
        everything = np.arange(len(self.weights))
        self.of_axon = self.plastic_of_axon = Lists(everything, self.axons, self.neurons, size)
        if len(plastic) < len(everything):
            self.plastic_of_axon = Lists(plastic, self.axons, self.neurons, size)
        by_neuron = plastic[np.argsort(self.neurons[plastic], kind="stable")]
        self.plastic_of_neuron = Lists(by_neuron, self.neurons, self.axons, neurons)

    def matrix(self) -> Ints:
        """(A, N) weights, 0 where there is no synapse."""
        matrix = np.zeros(self._shape, dtype=np.int64)
        matrix[self.axons, self.neurons] = self.weights
        return matrix
