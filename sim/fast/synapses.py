"""Synapses in the order in which they are visited: rows of axons, columns of plastic synapses of neurons.

A core that is dense, and whose synapses have no delays, keeps whole rows, which are added as vectors;
others keep the synapses that have a weight or learn, with a number each that says where in the rings
of sums they add.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import Image

from .compiled import inlined

BLOCK = 8
"""Arrays of neurons and axons are padded to multiples of this, so that no vector is cut short."""

DENSE = 1 / 12
"""Share of synapses from which on whole rows are faster than lists: a vector adds eight at once."""
DENSE_PLASTIC = 1 / 3
"""The same where synapses learn: a visit costs more than the addition, and visits all of the row."""


class Synapses(NamedTuple):
    """K sums are kept for each of P neurons (N, padded) in each of D slots.

    Attributes
    ----------
    dense : rows are whole, P long.
    neurons, receptors, sums, slots, padded : N, receptors, K, D, P.
    half : sums are −half…half − 1.
    row_start : (A + 1,) where the rows begin in what follows.
    span_start, span_stop : (A,) of dense rows, the whole vectors outside which there is no synapse.
    weights : int16.
    plastic : uint8.
    columns : int32, the neuron of each synapse; of dense rows one row of them, for all.
    offsets : int32, where a synapse adds, counted from the slot of this step; none of dense rows.
    column_start : (N + 1,) where the columns begin in the two that follow, plastic synapses alone.
    column_sizes : (N,) how long they are without what fills the last vector.
    column_entries, column_axons : int32, where a synapse is in the rows, and its axon.
    modulatory : (A,) bool.
    """

    dense: bool
    neurons: int
    receptors: int
    sums: int
    slots: int
    padded: int
    half: int
    row_start: NDArray
    span_start: NDArray
    span_stop: NDArray
    weights: NDArray
    plastic: NDArray
    columns: NDArray
    offsets: NDArray
    column_start: NDArray
    column_sizes: NDArray
    column_entries: NDArray
    column_axons: NDArray
    modulatory: NDArray


def padded(count: int) -> int:
    """The next multiple of `BLOCK`."""
    return -(-count // BLOCK) * BLOCK


class Stored:
    """The synapses of an image, in the storage that is faster for them.

    Attributes
    ----------
    synapses : for the loop.
    """

    def __init__(self, image: Image) -> None:
        self._held = (image.weights != 0) | image.plastic
        self.synapses, self._entries = _store(image, self._held)

    def spread(self, values: NDArray, into: NDArray) -> None:
        """Put values of the synapses into an (A, N) array; what is no synapse stays as it is."""
        into[self._held] = values[self._entries]

    def collect(self, values: NDArray, into: NDArray) -> None:
        """The other way round: from an (A, N) array to the storage."""
        into[self._entries] = values[self._held]


def _store(image: Image, held: NDArray[np.bool_]) -> tuple[Synapses, NDArray[np.int64]]:
    """The synapses where an image has some (A, N), and the place of each in the storage."""
    c = image.config
    width, sums = padded(c.neurons), c.layout.accumulators
    least = DENSE if c.learning is None else DENSE_PLASTIC
    dense = c.delay_slots == 1 and np.count_nonzero(held) >= least * held.size
    axons, columns = np.nonzero(held)
    rows = np.bincount(axons, minlength=c.axons)
    if dense:
        row_start = np.arange(c.axons + 1) * width
        entries = axons * width + columns
    else:
        row_start = _starts(rows)
        entries = _filled_places(rows)
    kept = row_start[-1]
    # After the last synapse there is one that does nothing, for whatever is there to fill a vector.
    weights, plastic = np.zeros(kept + 1, dtype=np.int16), np.zeros(kept + 1, dtype=np.uint8)
    weights[entries], plastic[entries] = image.weights[held], image.plastic[held]
    if dense:
        stored_columns, offsets = np.minimum(np.arange(width), c.neurons - 1), np.zeros(0)
    else:
        stored_columns, offsets = np.zeros(kept, dtype=np.int64), np.zeros(kept, dtype=np.int64)
        stored_columns[entries] = columns
        modulated = image.modulatory[axons] * (sums - 1)
        offsets[entries] = (image.delays[held] * sums + modulated) * width + columns
    learns = image.plastic[held]
    order = np.argsort(columns[learns], kind="stable")
    sizes = np.bincount(columns[learns], minlength=c.neurons)
    column_start, places = _starts(sizes), _filled_places(sizes)
    column_entries = np.full(column_start[-1], kept, dtype=np.uint32)
    column_axons = np.zeros(column_start[-1], dtype=np.uint32)
    column_entries[places], column_axons[places] = entries[learns][order], axons[learns][order]
    synapses = Synapses(
        bool(dense), c.neurons, c.receptors, sums, c.delay_slots, width,
        1 << (c.layout.accumulator_bits - 1),
        row_start.astype(np.int64), *_spans(held), weights, plastic,
        stored_columns.astype(np.uint32), offsets.astype(np.uint32),
        column_start.astype(np.int64), sizes.astype(np.int64), column_entries, column_axons,
        image.modulatory.copy(),
    )  # fmt: skip
    return synapses, entries


def _starts(sizes: NDArray) -> NDArray:
    """Where lists of these sizes begin, one after the other, each filled to a multiple of `BLOCK`."""
    return np.concatenate([[0], np.cumsum(-(-sizes // BLOCK) * BLOCK)])


def _spans(held: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each row, the first vector with a synapse, and the end of the last one, as columns."""
    any_held = held.any(axis=1)
    start = held.argmax(axis=1) // BLOCK * BLOCK
    last = held.shape[1] - 1 - held[:, ::-1].argmax(axis=1)
    stop = np.where(any_held, (last // BLOCK + 1) * BLOCK, 0)
    return start.astype(np.int64), stop.astype(np.int64)


def _filled_places(sizes: NDArray) -> NDArray:
    """Where the elements of such lists are."""
    before = np.cumsum(sizes) - sizes
    return np.arange(sizes.sum()) + np.repeat(_starts(sizes)[:-1] - before, sizes)


@inlined
def add_row(s: Synapses, axon: int, sums: NDArray, slot: int) -> None:
    """Add the weights of an axon that arrived to the sums (D·K·P,) due from `slot` on."""
    begin, end = np.uint64(s.row_start[axon]), np.uint64(s.row_start[axon + 1])
    base = slot * s.sums * s.padded
    split = s.receptors == 2 and not s.modulatory[axon]
    if s.dense:
        first = np.uint64(base + (s.sums - 1) * s.padded * s.modulatory[axon])
        second = np.uint64(base + s.padded)
        start, stop = np.uint64(s.span_start[axon]), np.uint64(s.span_stop[axon])
        if split:
            for j in range(start, stop):
                weight = s.weights[begin + j]
                sums[first + j] += max(weight, 0)
                sums[second + j] += min(weight, 0)
        else:
            for j in range(start, stop):
                sums[first + j] += s.weights[begin + j]
    elif s.slots == 1 and not split:
        for k in range(begin, end):
            sums[s.offsets[k]] += s.weights[k]
    else:
        for k in range(begin, end):
            weight = s.weights[k]
            where = base + s.offsets[k] + (split and weight < 0) * s.padded
            where -= (where >= sums.size) * sums.size
            sums[where] += weight
