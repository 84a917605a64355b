"""The steps of a run, one after the other: work for what arrives and fires, and for what decays.

Source: docs/reference/semantics.md, "One step" and "Learning", "When".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compiled import VERSION, entry, inlined, trailing_zeros
from .neurons import Neurons, reset, update, wrap
from .random_numbers import PRE
from .rules import NO_SWEEP, NO_TRACE, NOTHING, UP_DOWN, Learning
from .synapses import BLOCK, Synapses, add_row
from .traces import decay_traces, grow_trace, update_flags, update_modulators
from .visits import sweep, visit_column, visit_row

COUNTED = (
    "synaptic_operations", "spikes", "clamps", "duplicates", "weight_updates", "weight_clamps",
)  # fmt: skip
"""What a run counts, in the order in which `run_steps` does."""

OPERATIONS, SPIKES, CLAMPS, DUPLICATES, UPDATES, WEIGHT_CLAMPS = range(len(COUNTED))
_STEP_NUMBERS = (1 << 32) - 1
TOP_BYTE = np.uint64(56)
TO_TOP_BYTE = np.uint64(0x0102040810204080)
"""Multiplied with this, a word of eight flags has them as the bits of its top byte, in order."""


class Traffic(NamedTuple):
    """Arrivals of the next S steps, in a ring, and what neurons drive.

    Attributes
    ----------
    axons, slots : A, S.
    arrived : (S, A) uint8.
    listed, counts : (S, A) int32 and (S,) int64, the same arrivals as lists.
    route_start, route_axons, route_delays : destinations of neuron j are those from `route_start[j]`
        to `route_start[j + 1]`.
    """

    axons: int
    slots: int
    arrived: NDArray
    listed: NDArray
    counts: NDArray
    route_start: NDArray
    route_axons: NDArray
    route_delays: NDArray


class Watched(NamedTuple):
    """Which states are kept after every step.

    Attributes
    ----------
    states, axon_states : the arrays that all states are rows of, (rows, P) and (rows, Q).
    of_axons, rows, indices : (M,) int64 each, which of the two, row, and neuron or axon.
    """

    states: NDArray
    axon_states: NDArray
    of_axons: NDArray
    rows: NDArray
    indices: NDArray


@inlined
def arrive(t: Traffic, slot: int, axon: int) -> int:
    """A spike on an axon, in a slot of the ring.  Returns 1 where there is one already."""
    if t.arrived[slot, axon]:
        return 1
    t.arrived[slot, axon] = 1
    t.listed[slot, t.counts[slot]] = axon
    t.counts[slot] += 1
    return 0


@inlined
def collect(flags: NDArray, words: NDArray, found: NDArray) -> int:
    """List where `flags` are 1, by their words of eight; returns how many are.

    A branch for each flag would be guessed wrong too often: the flags of eight words become the bits
    of a number, of which those that are set are taken one after the other.
    """
    count = 0
    whole = words.size - words.size % BLOCK
    for word in range(0, whole, BLOCK):
        bits = np.uint64(0)
        for k in range(BLOCK):
            bits |= ((words[word + k] * TO_TOP_BYTE) >> TOP_BYTE) << np.uint64(BLOCK * k)
        while bits:
            found[count] = word * BLOCK + trailing_zeros(bits)  # type: ignore[call-arg]
            count += 1
            bits &= bits - np.uint64(1)
    for j in range(whole * BLOCK, words.size * BLOCK):
        found[count] = j
        count += flags[j]
    return count


@inlined
def run_sample(
    n: Neurons, s: Synapses, r: Learning, t: Traffic, watched: Watched, who: NDArray,
    sums: NDArray, rings: NDArray, given: NDArray, words: NDArray, first: int,
    spikes: NDArray, values: NDArray, counters: NDArray,
) -> None:  # fmt: skip
    """Run a step for each row of `spikes`, from the states in `watched`, `t` and `sums`.

    Parameters are those of `run_samples`, of one sample.
    """
    for row in range(spikes.shape[0]):
        step = (first + row) & _STEP_NUMBERS
        head, slot = row & (t.slots - 1), row & (s.slots - 1)
        if words.size:
            for k in range(collect(given[row], words[row], who)):
                counters[DUPLICATES] += arrive(t, head, who[k])

        # Traces of axons, integration, pre side.
        if r.learns and r.x_trace != NO_TRACE:
            decay_traces(r.x, r.x_trace, r.d_x, r.x_top)
        count = t.counts[head]
        for k in range(count):
            axon = t.listed[head, k]
            t.arrived[head, axon] = 0
            add_row(s, axon, sums, slot)
            if r.learns:
                if r.x_trace != NO_TRACE:
                    counters[CLAMPS] += grow_trace(r.x, r.x_trace, r.x_inc, r.x_top, axon)
                if r.enabled and r.pre.kind != NOTHING:
                    f = r.direction if r.pre.kind == UP_DOWN else r.y
                    changed = visit_row(s, r, axon, step, PRE, f, r.pre)
                    counters[UPDATES] += changed[0]
                    counters[WEIGHT_CLAMPS] += changed[1]
                    counters[CLAMPS] += changed[2]
        t.counts[head] = 0
        counters[OPERATIONS] += count * s.neurons

        # Update.
        if s.slots > 1:
            wrap(sums[slot * s.sums * s.padded : (slot + 1) * s.sums * s.padded], s.half)
        counters[CLAMPS] += update(n, rings[slot])
        count = collect(n.fired, n.fired_words, who)
        counters[SPIKES] += count
        for k in range(count):
            spikes[row, who[k]] = True
            counters[CLAMPS] += reset(n, who[k])

        # Post side, states of neurons, sweep.
        if r.learns:
            if r.enabled and r.post.kind != NOTHING:
                for k in range(count):
                    changed = visit_column(s, r, who[k], step, r.post)
                    counters[UPDATES] += changed[0]
                    counters[WEIGHT_CLAMPS] += changed[1]
                    counters[CLAMPS] += changed[2]
            decay_traces(r.y, r.y_trace, r.d_y, r.y_top)
            for k in range(count):
                counters[CLAMPS] += grow_trace(r.y, r.y_trace, r.y_inc, r.y_top, who[k])
            if r.modulates:
                d = r.d_m_first if step & (r.period - 1) == 0 else r.d_m
                counters[CLAMPS] += update_modulators(
                    r.m, d, rings[slot, s.sums - 1], n.fired, r.m_spike, r.m_top
                )
            if r.flags:
                update_flags(
                    r.up, r.down, r.direction, n.v, r.y, r.theta_m, r.ca[0], r.ca[1], r.ca[2]
                )
            if r.enabled and r.sweeps != NO_SWEEP and (step + 1) & (r.period - 1) == 0:
                swept = sweep(s, r, step)
                counters[UPDATES] += swept[0]
                counters[WEIGHT_CLAMPS] += swept[1]

        # Route.
        for k in range(count):
            for way in range(t.route_start[who[k]], t.route_start[who[k] + 1]):
                later = (row + 1 + t.route_delays[way]) & (t.slots - 1)
                counters[DUPLICATES] += arrive(t, later, t.route_axons[way])
        for m in range(watched.rows.size):
            if watched.of_axons[m]:
                values[m, row] = watched.axon_states[watched.rows[m], watched.indices[m]]
            else:
                values[m, row] = watched.states[watched.rows[m], watched.indices[m]]


@inlined
def load_sample(
    t: Traffic, r: Learning, watched: Watched, states: NDArray, axon_states: NDArray,
    arrived: NDArray,
) -> None:  # fmt: skip
    """Take over what a sample has kept."""
    for row in range(states.shape[0]):
        for j in range(states.shape[1]):
            watched.states[row, j] = states[row, j]
    for row in range(axon_states.shape[0]):
        for i in range(axon_states.shape[1]):
            watched.axon_states[row, i] = axon_states[row, i]
    for slot in range(t.slots):
        t.counts[slot] = 0
        for i in range(t.axons):
            t.arrived[slot, i] = 0
            if arrived[slot, i]:
                arrive(t, slot, i)
    if r.flags:  # where both were written, `up` counts
        for j in range(r.direction.size):
            r.direction[j] = 1 if r.up[j] else -r.down[j]


@inlined
def store_sample(
    t: Traffic, watched: Watched, states: NDArray, axon_states: NDArray, arrived: NDArray
) -> None:
    """Keep what a sample has for its next run."""
    for row in range(states.shape[0]):
        for j in range(states.shape[1]):
            states[row, j] = watched.states[row, j]
    for row in range(axon_states.shape[0]):
        for i in range(axon_states.shape[1]):
            axon_states[row, i] = watched.axon_states[row, i]
    for slot in range(t.slots):
        for i in range(t.axons):
            arrived[slot, i] = t.arrived[slot, i]


def _compile(version: str) -> Callable[..., None]:
    """`run_samples`; of another version of the sources it is another function."""

    @entry
    def run_samples(
        n: Neurons, s: Synapses, r: Learning, t: Traffic, watched: Watched, who: NDArray,
        states: NDArray, axon_states: NDArray, arrived: NDArray, sums: NDArray, rings: NDArray,
        given: NDArray, words: NDArray, begin: int, end: int, first: int,
        spikes: NDArray, values: NDArray, counters: NDArray,
    ) -> None:  # fmt: skip
        """Run a step of the samples from `begin` to before `end` for each row of `spikes`.

        Parameters
        ----------
        n, s, r, t, watched : `Neurons`, `Synapses`, `Learning`, `Traffic`, `Watched`: space to work in,
            and what all samples share.
        who : (max(P, Q),) uint32, space to list neurons or axons in.
        states, axon_states, arrived : (B, rows, P) and (B, rows, Q) int64, (B, S, A) uint8, what the
            samples keep.
        sums, rings : (B, D·K·P) int32 and the same memory as (B, D, K, P).
        given, words : (B, steps, Q) uint8 of 0 and 1, spikes of the host, and the same memory in words
            of eight; (B, 0, 0) for none.
        first : number of the first step.
        spikes : (B, steps, N) bool, all False: set where a neuron fires.
        values : (B, M, steps) int64, what is watched.
        counters : (B, len(COUNTED)) int64, added to.
        """
        if len(version) == 0:
            return
        for b in range(begin, end):
            load_sample(t, r, watched, states[b], axon_states[b], arrived[b])
            run_sample(
                n, s, r, t, watched, who, sums[b], rings[b], given[b], words[b], first,
                spikes[b], values[b], counters[b],
            )  # fmt: skip
            store_sample(t, watched, states[b], axon_states[b], arrived[b])

    compiled: Callable[..., None] = run_samples
    return compiled


run_samples = _compile(VERSION)
