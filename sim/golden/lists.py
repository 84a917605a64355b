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

    def find(self, lines: list[int]) -> tuple[Ints, Ints]:
        """The elements of these lines, one line after the other.

        Their numbers a·N + n, and where in their line they are: columns of rows, rows of columns.
        """
        if len(lines) == 1:
            return self._cells[lines[0]], self._places[lines[0]]
        return (
            np.concatenate([self._cells[line] for line in lines]),
            np.concatenate([self._places[line] for line in lines]),
        )
