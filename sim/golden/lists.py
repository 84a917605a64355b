"""Which synapses each axon or each neuron has, as lists: work follows events, not sizes."""

from __future__ import annotations

import numpy as np

from .arithmetic import Bools, Ints


class Lists:
    """Numbers of the set elements in each row of a matrix, or in each column.

    Parameters
    ----------
    flags : (A, N) bool.
    by_column : one list for each column, not for each row.

    Attributes
    ----------
    count : (A,) or (N,) lengths of the lists.
    """

    def __init__(self, flags: Bools, *, by_column: bool = False) -> None:
        self.flags = flags
        lines, places = np.nonzero(flags.T if by_column else flags)
        cells = places * flags.shape[1] + lines if by_column else lines * flags.shape[1] + places
        self.count: Ints = np.bincount(lines, minlength=flags.shape[by_column])
        ends = np.cumsum(self.count).tolist()
        begins = [0, *ends[:-1]]
        spans = list(zip(begins, ends, strict=True))
        self._cells = [cells[begin:end] for begin, end in spans]
        self._places = [places[begin:end] for begin, end in spans]
        # Lines that are equally long are the rows of two tables.
        self._tables = None
        if len(np.unique(self.count)) == 1:
            shape = (len(spans), ends[0])
            self._tables = cells.reshape(shape), places.reshape(shape)

    def find(self, lines: Ints) -> tuple[Ints, Ints]:
        """The elements of these lines, one line after the other.

        Their numbers a·N + n, and where in their line they are: columns of rows, rows of columns.
        """
        if self._tables:
            cells, places = self._tables
            return cells.take(lines, axis=0).ravel(), places.take(lines, axis=0).ravel()
        some = lines.tolist()
        return (
            np.concatenate([self._cells[line] for line in some]),
            np.concatenate([self._places[line] for line in some]),
        )
