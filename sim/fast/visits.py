"""What an event does to the synapses that it visits: a row, a column, or all.

Source: docs/reference/semantics.md, "Learning"; see `rules.py` for what a `Side` is.
"""

from __future__ import annotations

from numpy.typing import NDArray

from .arithmetic import clamped, decay
from .compiled import inlined, kernel
from .random_numbers import POST, SWEEP, end_hash, random_number
from .rules import (
    ADDS,
    AGEING,
    COUNTS,
    ELIGIBILITIES,
    LAGS,
    MODULATED,
    SCALING,
    TAKES_AWAY,
    UP_DOWN,
    Learning,
    Side,
)
from .synapses import BLOCK, Synapses


@inlined
def changed_weight(
    w: int, f: int, rho: int, side: Side, fraction_bits: int, w_min: int, w_max: int
) -> tuple[int, bool]:
    """A plastic weight after its change, and whether it met a bound."""
    z = (side.constant + side.slope * w) * f + side.offset
    change = (z + rho) >> fraction_bits
    changed = w + side.sign * change
    down = (side.sign < 0) != (change < 0)
    past = (changed < w_min) if down else (changed > w_max)
    takes = (f > 0) | (not side.gated)
    bounded = (w_min if down else w_max) if past else changed
    return (bounded if takes else w), past & takes


@inlined
def change_each(
    weights: NDArray, plastic: NDArray, tags: NDArray, f: NDArray, h: int,
    side: Side, bits: int, w_min: int, w_max: int, stochastic: bool,
) -> tuple[int, int]:  # fmt: skip
    """Change weights that lie side by side.  Returns weight updates, and weight clamps."""
    updates = clamps = 0
    for k in range(weights.size):
        rho = random_number(h, tags[k]) >> (16 - bits) if stochastic else (1 << bits) >> 1
        w = weights[k]
        learns = plastic[k] > 0
        new, bounded = changed_weight(w, f[k], rho, side, bits, w_min, w_max)
        weights[k] = new if learns else w
        updates += learns
        clamps += bounded & learns
    return updates, clamps


@inlined
def change_by_sign(
    weights: NDArray, plastic: NDArray, tags: NDArray, f: NDArray, h: int,
    side: Side, bits: int, w_min: int, w_max: int, stochastic: bool,
) -> tuple[int, int]:  # fmt: skip
    """`change_each`; where a side adds f, or takes it away, with numbers that the compiler knows."""
    if side.constant == 1 and side.slope == 0 and side.offset == 0 and not side.gated:
        if side.sign > 0:
            return change_each(weights, plastic, tags, f, h, ADDS, bits, w_min, w_max, stochastic)
        return change_each(weights, plastic, tags, f, h, TAKES_AWAY, bits, w_min, w_max, stochastic)
    return change_each(weights, plastic, tags, f, h, side, bits, w_min, w_max, stochastic)


@kernel
def change_weights(
    weights: NDArray, plastic: NDArray, tags: NDArray, f: NDArray, h: int,
    side: Side, bits: int, w_min: int, w_max: int, stochastic: bool,
) -> tuple[int, int]:  # fmt: skip
    """Change weights that lie side by side, by a rule's five numbers."""
    if stochastic:
        return change_by_sign(weights, plastic, tags, f, h, side, bits, w_min, w_max, True)
    return change_by_sign(weights, plastic, tags, f, h, side, bits, w_min, w_max, False)


@inlined
def gather(values: NDArray, indices: NDArray, into: NDArray) -> None:
    """Put `values[indices]` side by side."""
    for k in range(indices.size):
        into[k] = values[indices[k]]


@inlined
def scatter(values: NDArray, indices: NDArray, into: NDArray) -> None:
    """Put values back to where they came from."""
    for k in range(indices.size):
        into[indices[k]] = values[k]


@kernel
def move_up_or_down(
    weights: NDArray, plastic: NDArray, columns: NDArray, tags: NDArray, f: NDArray, h: int,
    side: Side, bits: int, w_min: int, w_max: int, stochastic: bool,
) -> tuple[int, int]:  # fmt: skip
    """Change the weights of a row by `sdsp`.  Returns weight updates, and weight clamps."""
    updates = clamps = 0
    rho = (1 << bits) >> 1
    for k in range(weights.size):
        if not plastic[k]:
            continue
        updates += 1
        direction = f[columns[k]]
        if direction == 0:
            continue
        if stochastic:
            rho = random_number(h, tags[columns[k]]) >> (16 - bits)
        amplitude = side.constant if direction > 0 else side.offset
        w = weights[k] + direction * ((amplitude + rho) >> bits)
        past = w > w_max if direction > 0 else w < w_min
        clamps += past
        weights[k] = (w_max if direction > 0 else w_min) if past else w
    return updates, clamps


@kernel
def change_eligibilities(
    eligibility: NDArray, plastic: NDArray, columns: NDArray, f: NDArray, side: Side, top: int
) -> tuple[int, int]:
    """Change the eligibilities of a row.  Returns weight updates, and clamps."""
    updates = clamps = 0
    for k in range(eligibility.size):
        learns = plastic[k] > 0
        e = eligibility[k]
        changed = e + side.offset + side.sign * f[columns[k]]
        bounded = clamped(changed, -top - 1, top)
        eligibility[k] = bounded if learns else e
        updates += learns
        clamps += (bounded != changed) & learns
    return updates, clamps


@kernel
def change_column_eligibilities(
    eligibility: NDArray, entries: NDArray, axons: NDArray, real: NDArray, x: NDArray,
    side: Side, top: int,
) -> tuple[int, int]:  # fmt: skip
    """Change the eligibilities of a column.  Returns weight updates, and clamps."""
    updates = clamps = 0
    for k in range(entries.size):
        if real[k]:
            changed = eligibility[entries[k]] + side.offset + side.sign * x[axons[k]]
            bounded = clamped(changed, -top - 1, top)
            clamps += bounded != changed
            updates += 1
            eligibility[entries[k]] = bounded
    return updates, clamps


@inlined
def visit_row(
    s: Synapses, r: Learning, axon: int, step: int, phase: int, f: NDArray, side: Side
) -> tuple[int, int, int]:
    """Change the synapses of an axon.  Returns weight updates, weight clamps, clamps."""
    begin, end = s.row_start[axon], s.row_start[axon + 1]
    plastic = s.plastic[begin:end]
    columns = s.columns if s.dense else s.columns[begin:end]
    if side.kind == COUNTS:
        updates = 0
        for k in range(plastic.size):
            updates += plastic[k]
        return updates, 0, 0
    if side.kind == ELIGIBILITIES:
        updates, clamps = change_eligibilities(
            r.eligibility[begin:end], plastic, columns, f, side, r.e_top
        )
        return updates, 0, clamps
    h = end_hash(r.seed, step, phase, r.axon_tags[axon]) if r.stochastic else 0
    weights = s.weights[begin:end]
    if side.kind == UP_DOWN:
        updates, clamps = move_up_or_down(
            weights, plastic, columns, r.neuron_tags, f, h, side, r.fraction_bits,
            r.w_min, r.w_max, r.stochastic,
        )  # fmt: skip
        return updates, clamps, 0
    tags = r.neuron_tags
    if not s.dense:
        gather(f, columns, r.gathered)
        f = r.gathered
        if r.stochastic:
            gather(r.neuron_tags, columns, r.gathered_tags)
            tags = r.gathered_tags
    updates, clamps = change_weights(
        weights, plastic, tags, f, h, side, r.fraction_bits, r.w_min, r.w_max, r.stochastic
    )
    return updates, clamps, 0


@inlined
def visit_column(
    s: Synapses, r: Learning, neuron: int, step: int, side: Side
) -> tuple[int, int, int]:
    """Change the synapses of a neuron.  Returns weight updates, weight clamps, clamps."""
    begin, end = s.column_start[neuron], s.column_start[neuron + 1]
    entries, axons = s.column_entries[begin:end], s.column_axons[begin:end]
    # Of the last vector, some entries are there to fill it.
    real = r.filled[r.filled.size - BLOCK - s.column_sizes[neuron] :]
    if side.kind == ELIGIBILITIES:
        updates, clamps = change_column_eligibilities(
            r.eligibility, entries, axons, real, r.x, side, r.e_top
        )
        return updates, 0, clamps
    h = end_hash(r.seed, step, POST, r.neuron_tags[neuron]) if r.stochastic else 0
    weights = r.gathered_weights[: entries.size]
    gather(s.weights, entries, weights)
    f, tags = r.x, r.axon_tags
    if side.kind == LAGS or s.column_sizes[neuron] < len(s.row_start) - 1:
        # Of some axons, what there is for all of them does not lie side by side.
        f, tags = r.gathered, r.gathered_tags
        gather(r.x, axons, f)
        if side.kind == LAGS:
            for k in range(axons.size):
                f[k] = sum_of_lags(r.plus, f[k])
        if r.stochastic:
            gather(r.axon_tags, axons, tags)
    updates, clamps = change_weights(
        weights, real, tags, f, h, side, r.fraction_bits,
        r.w_min, r.w_max, r.stochastic,
    )  # fmt: skip
    scatter(weights, entries, s.weights)
    return updates, clamps, 0


@inlined
def sum_of_lags(table: NDArray, register: int) -> int:
    """What a table has at the bits that are set."""
    total = 0
    for lag in range(table.size):
        total += table[lag] * ((register >> lag) & 1)
    return total


@inlined
def sweep(s: Synapses, r: Learning, step: int) -> tuple[int, int]:
    """Visit all synapses at the end of a period.  Returns weight updates, and weight clamps."""
    if r.sweeps == SCALING:
        target, shift = r.scaling
        for j in range(s.neurons):
            total = 0
            for k in range(s.column_start[j], s.column_start[j + 1]):
                total += s.weights[s.column_entries[k]]
            r.factor[j] = clamped((target - total) >> shift, -128, 127)
    elif r.sweeps == AGEING:
        for j in range(s.neurons):
            r.factor[j] = sum_of_lags(r.minus, r.y[j] >> 1)
    updates = weight_clamps = 0
    for axon in range(len(s.row_start) - 1):
        if r.sweeps != MODULATED:
            counted = visit_row(s, r, axon, step, SWEEP, r.factor, r.sweep)
            updates += counted[0]
            weight_clamps += counted[1]
        else:
            modulated = visit_modulated(s, r, axon, step)
            updates += modulated[0]
            weight_clamps += modulated[1]
    return updates, weight_clamps


@inlined
def visit_modulated(s: Synapses, r: Learning, axon: int, step: int) -> tuple[int, int]:
    """Turn the eligibilities of an axon's synapses into weight, and let them decay."""
    updates = clamps = 0
    bits = r.fraction_bits
    rho = (1 << bits) >> 1
    h = end_hash(r.seed, step, SWEEP, r.axon_tags[axon]) if r.stochastic else 0
    for k in range(s.row_start[axon], s.row_start[axon + 1]):
        if s.plastic[k]:
            column = s.columns[k - s.row_start[axon] if s.dense else k]
            if r.stochastic:
                rho = random_number(h, r.neuron_tags[column]) >> (16 - bits)
            e = r.eligibility[k]
            new, bounded = changed_weight(
                s.weights[k], r.m[column] * e, rho, r.sweep, bits, r.w_min, r.w_max
            )
            s.weights[k] = new
            r.eligibility[k] = decay(e, r.d_e)
            updates += 1
            clamps += bounded
    return updates, clamps
