"""The synapses of a core that exist, as a table: work follows events, not sizes."""

from __future__ import annotations

import numpy as np

from spikeloom.hdl import Image

from .arithmetic import Bools, Ints


class Lists:
    """Synapses by axon, or by neuron: one list of each.

    Parameters
    ----------
    lines : (E,) the axon, or the neuron, of each synapse, in ascending order.
    synapses : (E,) number of each synapse in its table.
    ends : (E,) its other end: the neuron, or the axon.
    size : number of axons, or of neurons.

    Attributes
    ----------
    count : (size,) lengths of the lists.
    """

    def __init__(self, lines: Ints, synapses: Ints, ends: Ints, size: int) -> None:
        self.count: Ints = np.bincount(lines, minlength=size)
        self._begins = np.cumsum(self.count) - self.count
        self._numbers = np.arange(len(lines))
        # Contiguous, or `take` would copy all of them each time.
        self._synapses, self._ends = np.ascontiguousarray(synapses), np.ascontiguousarray(ends)
        self._even = len(np.unique(self.count)) == 1
        if self._even:  # the lists are the rows of a matrix
            self._synapses = self._synapses.reshape(size, -1)
            self._ends = self._ends.reshape(size, -1)
        self._all = np.array_equal(synapses, self._numbers) and not self._even
        self._found: tuple[Ints, tuple[Ints, Ints]] | None = None

    def find(self, lines: Ints) -> tuple[Ints, Ints]:
        """The synapses of these lines, one line after the other: their numbers, and other ends.

        What is asked for twice in a row is found once.
        """
        if self._found is None or self._found[0] is not lines:
            at, axis = (lines, 0) if self._even else (self._positions(lines), None)
            synapses = at if self._all else self._synapses.take(at, axis).ravel()
            self._found = lines, (synapses, self._ends.take(at, axis).ravel())
        return self._found[1]

    def _positions(self, lines: Ints) -> Ints:
        """Where the lists of these lines are among all, which are one after the other."""
        lengths = self.count.take(lines)
        ends = lengths.cumsum()
        shifts = self._begins.take(lines) + lengths - ends
        return np.repeat(shifts, lengths) + self._numbers[: ends[-1]]


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
        self._exists = exists = (image.weights != 0) | image.plastic
        self.axons, self.neurons = exists.nonzero()
        self.weights = image.weights[exists]
        numbers = np.zeros(exists.shape, dtype=np.int64)
        numbers[exists] = np.arange(len(self.axons))
        self.of_axon = self.plastic_of_axon = _lists(exists, numbers)
        if np.any(exists != image.plastic):
            self.plastic_of_axon = _lists(image.plastic, numbers)
        self.plastic_of_neuron = _lists(image.plastic.T, numbers.T)

    def matrix(self) -> Ints:
        """(A, N) weights, 0 where there is no synapse."""
        matrix = np.zeros(self._exists.shape, dtype=np.int64)
        matrix[self._exists] = self.weights
        return matrix


def _lists(some: Bools, numbers: Ints) -> Lists:
    """Lists of `some` synapses by row, with the numbers of all."""
    lines, ends = some.nonzero()
    return Lists(lines, numbers[some], ends, len(some))
