"""Matrices by their entries that are not 0: what convolutions and pools are as linear maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..quantise.rounding import Floats, Integers

MAX_ENTRIES = 1 << 26
"""Entries of one matrix, at most; also the most that a projection may have."""


@dataclass(frozen=True, eq=False)
class Sparse:
    """A matrix of `shape` (outputs, inputs); entries at the same place add up."""

    shape: tuple[int, int]
    rows: Integers
    columns: Integers
    values: Floats

    @staticmethod
    def identity(size: int) -> Sparse:
        """What leaves a signal as it is."""
        return Sparse.diagonal(np.ones(size))

    @staticmethod
    def diagonal(values: Floats) -> Sparse:
        """Multiplies each element by a number."""
        at = np.arange(len(values))
        return Sparse((len(values), len(values)), at, at, np.asarray(values, dtype=np.float64))

    @staticmethod
    def of(matrix: ArrayLike) -> Sparse:
        """The entries of an array that are not 0."""
        array = np.asarray(matrix, dtype=np.float64)
        rows, columns = np.nonzero(array)
        return Sparse((array.shape[0], array.shape[1]), rows, columns, array[rows, columns])

    def dense(self) -> Floats:
        """(outputs, inputs) floats."""
        array = np.zeros(self.shape)
        np.add.at(array, (self.rows, self.columns), self.values)
        return array

    def at_rows(self, wanted: np.ndarray) -> Sparse:
        """The same matrix with 0 in all other rows."""
        keep = wanted[self.rows]
        return Sparse(self.shape, self.rows[keep], self.columns[keep], self.values[keep])

    def scaled(self, factors: Floats) -> Sparse:
        """With each row multiplied by a number."""
        return Sparse(self.shape, self.rows, self.columns, self.values * factors[self.rows])

    def applied(self, vector: Floats) -> Floats:
        """(outputs,) what it makes of (inputs,)."""
        products = self.values * vector[self.columns]
        return np.bincount(self.rows, products, self.shape[0]).astype(np.float64)

    def __add__(self, other: Sparse) -> Sparse:
        return _merged(
            self.shape,
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.columns, other.columns]),
            np.concatenate([self.values, other.values]),
        )

    def __matmul__(self, other: Sparse) -> Sparse:
        """First `other`, then this."""
        shape = (self.shape[0], other.shape[1])
        order = np.argsort(other.rows, kind="stable")
        starts = np.searchsorted(other.rows[order], np.arange(other.shape[0] + 1))
        counts = (starts[1:] - starts[:-1])[self.columns]
        if counts.sum() > 4 * (shape[0] * shape[1] + len(self.rows)):
            return Sparse.of(self.dense() @ other.dense())
        mine = np.repeat(np.arange(len(self.rows)), counts)
        first = np.cumsum(counts) - counts
        theirs = order[starts[self.columns[mine]] + np.arange(len(mine)) - first[mine]]
        return _merged(
            shape, self.rows[mine], other.columns[theirs], self.values[mine] * other.values[theirs]
        )


@dataclass(frozen=True, eq=False)
class LinearMap:
    """y = matrix·x + bias, on the elements of arrays in C order."""

    matrix: Sparse
    bias: Floats

    def after(self, first: LinearMap) -> LinearMap:
        """First the other, then this."""
        return LinearMap(self.matrix @ first.matrix, self.matrix.applied(first.bias) + self.bias)


def _merged(shape: tuple[int, int], rows: Integers, columns: Integers, values: Floats) -> Sparse:
    """With one entry for each place."""
    places, which = np.unique(rows * shape[1] + columns, return_inverse=True)
    total = np.bincount(which, weights=values, minlength=len(places))
    keep = total != 0
    return Sparse(shape, places[keep] // shape[1], places[keep] % shape[1], total[keep])
