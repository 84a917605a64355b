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
    weights : int16.
    plastic : uint8.
    columns : int32, the neuron of each synapse; of dense rows one row of them, for all.
    offsets : int32, where a synapse adds, counted from the slot of this step; none of dense rows.
    column_start : (N + 1,) where the columns begin in the two that follow, plastic synapses alone.
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
    weights: NDArray
    plastic: NDArray
    columns: NDArray
    offsets: NDArray
    column_start: NDArray
    column_entries: NDArray
    column_axons: NDArray
    modulatory: NDArray


def padded(count: int) -> int:
    """The next multiple of `BLOCK`."""
    return -(-count // BLOCK) * BLOCK


def store_synapses(image: Image) -> Synapses:
    """The synapses of an image, in the storage that is faster for them."""
    c = image.config
    held = (image.weights != 0) | image.plastic
    width, sums = padded(c.neurons), c.layout.accumulators
    least = DENSE if c.learning is None else DENSE_PLASTIC
    dense = c.delay_slots == 1 and np.count_nonzero(held) >= least * held.size
    axons, columns = np.nonzero(held)
    if dense:
        weights = np.zeros((c.axons, width), dtype=np.int16)
        weights[:, : c.neurons] = image.weights
        plastic = np.zeros((c.axons, width), dtype=np.uint8)
        plastic[:, : c.neurons] = image.plastic
        row_start = np.arange(c.axons + 1) * width
        entries, offsets = axons * width + columns, np.zeros(0)
        learns = plastic.ravel()[entries] > 0
        stored_columns = np.minimum(np.arange(width), c.neurons - 1)
    else:
        weights, plastic = image.weights[held], image.plastic[held]
        row_start = np.concatenate([[0], np.cumsum(np.count_nonzero(held, axis=1))])
        modulated = image.modulatory[axons] * (sums - 1)
        offsets = (image.delays[held] * sums + modulated) * width + columns
        entries, learns, stored_columns = np.arange(len(axons)), plastic, columns
    order = np.argsort(columns[learns], kind="stable")
    counts = np.bincount(columns[learns], minlength=c.neurons)
    return Synapses(
        bool(dense), c.neurons, c.receptors, sums, c.delay_slots, width,
        1 << (c.layout.accumulator_bits - 1),
        row_start.astype(np.int64),
        np.array(weights, dtype=np.int16).ravel(),
        np.array(plastic, dtype=np.uint8).ravel(),
        stored_columns.astype(np.int32),
        offsets.astype(np.int32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        entries[learns][order].astype(np.int32),
        axons[learns][order].astype(np.int32),
        image.modulatory.copy(),
    )  # fmt: skip


def dense_of(s: Synapses, values: NDArray, into: NDArray) -> None:
    """Put values of the synapses, as `s` keeps them, into an (A, N) array; others stay as they are."""
    if s.dense:
        into[:] = values.reshape(-1, s.padded)[:, : s.neurons]
    else:
        axons = np.repeat(np.arange(len(s.row_start) - 1), np.diff(s.row_start))
        into[axons, s.columns] = values


def kept_of(s: Synapses, values: NDArray, into: NDArray) -> None:
    """The other way round: values of all synapses (A, N) into the storage of `s`."""
    if s.dense:
        into.reshape(-1, s.padded)[:, : s.neurons] = values
    else:
        axons = np.repeat(np.arange(len(s.row_start) - 1), np.diff(s.row_start))
        into[:] = values[axons, s.columns]


@inlined
def add_row(s: Synapses, axon: int, sums: NDArray, slot: int) -> None:
    """Add the weights of an axon that arrived to the sums (D·K·P,) due from `slot` on."""
    begin, end = s.row_start[axon], s.row_start[axon + 1]
    base = slot * s.sums * s.padded
    split = s.receptors == 2 and not s.modulatory[axon]
    if s.dense:
        weights = s.weights[begin:end]
        if s.modulatory[axon]:
            base += (s.sums - 1) * s.padded
        first = sums[base : base + s.padded]
        if split:
            second = sums[base + s.padded : base + 2 * s.padded]
            for j in range(s.padded):
                first[j] += max(weights[j], 0)
                second[j] += min(weights[j], 0)
        else:
            for j in range(s.padded):
                first[j] += weights[j]
    elif s.slots == 1 and not split:
        for k in range(begin, end):
            sums[s.offsets[k]] += s.weights[k]
    else:
        for k in range(begin, end):
            weight = s.weights[k]
            where = base + s.offsets[k] + (split and weight < 0) * s.padded
            where -= (where >= sums.size) * sums.size
            sums[where] += weight
