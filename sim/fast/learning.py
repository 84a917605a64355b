"""What the learning rules do to synapses and traces.

Source: docs/reference/semantics.md, "Learning".  A side of a rule that changes weights is five
numbers (`Side`): with the trace, or the modulator's or the scaling's factor, `f` of the other end,

    w ← bound(w + sign·rnd((constant + slope·w)·f + offset)),   where f > 0 if `gated`

so that one loop serves them all.  Two are of another form: `sdsp`, and eligibilities.
"""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import NDArray

from .arithmetic import clamped, decay
from .compiled import inlined, kernel
from .random_numbers import POST, SWEEP, end_hash, random_number
from .synapses import Synapses

WEIGHTS, ELIGIBILITIES, UP_DOWN, NOTHING = 0, 1, 2, 3
"""What a side of a rule changes: weights by its five numbers, eligibilities, weights by `sdsp`."""

NO_SWEEP, SCALING, MODULATED = 0, 1, 2
NO_TRACE, ALL_PAIRS, NEAREST, TIMER = 0, 1, 2, 3


class Side(NamedTuple):
    """One side of a rule; see the module.  Of eligibilities, `offset` is what is added, `sign` that of f.

    Of `UP_DOWN`, `constant` and `offset` are the two amplitudes.
    """

    kind: int
    constant: int
    slope: int
    offset: int
    sign: int
    gated: bool


class Learning(NamedTuple):
    """A rule with its parameters, states and space to work in; P neurons, Q axons, padded.

    Attributes
    ----------
    learns : there is a rule.
    enabled, w_min, w_max, seed, stochastic, fraction_bits : as in the semantics.
    pre, post, sweep : what changes; `sweep` has the kinds above.
    scaling : of sweeps that scale.
    period : steps between sweeps.
    x_trace, y_trace : kind of trace.
    x_inc, d_x, x_top, y_inc, d_y, y_top : of traces; the increment is the window of a timer.
    d_m, d_m_first, m_spike, m_top, d_e, e_top : of modulators and eligibilities.
    modulates, flags : neurons have a modulator; `up` and `down`.
    theta_m, ca : of `sdsp`, an int and three.
    x : (Q,) int64; y, m, up, down : (P,) int64.
    direction : (P,) int64, space for 1 where weights go up, −1 where down.
    factor : (P,) int64, space for the factors of a sweep.
    eligibility : int32, as the synapses keep their weights.
    axon_tags, neuron_tags : (A,), (N,) int64.
    old, new, mask, f, rho : space for the synapses of a row or column, int64.
    """

    learns: bool
    enabled: bool
    w_min: int
    w_max: int
    seed: int
    stochastic: bool
    fraction_bits: int
    pre: Side
    post: Side
    sweep: Side
    sweeps: int
    scaling: tuple[int, int]
    period: int
    x_trace: int
    y_trace: int
    x_inc: int
    d_x: int
    x_top: int
    y_inc: int
    d_y: int
    y_top: int
    d_m: int
    d_m_first: int
    m_spike: int
    m_top: int
    d_e: int
    e_top: int
    modulates: bool
    flags: bool
    theta_m: int
    ca: tuple[int, int, int]
    x: NDArray
    y: NDArray
    m: NDArray
    up: NDArray
    down: NDArray
    direction: NDArray
    factor: NDArray
    eligibility: NDArray
    axon_tags: NDArray
    neuron_tags: NDArray
    old: NDArray
    new: NDArray
    mask: NDArray
    f: NDArray
    rho: NDArray


@kernel
def change_weights(
    old: NDArray, new: NDArray, mask: NDArray, f: NDArray, rho: NDArray, size: int, side: Side,
    fraction_bits: int, w_min: int, w_max: int,
) -> int:  # fmt: skip
    """The change of `size` synapses by a rule's five numbers.  Returns weight clamps."""
    clamps = 0
    for k in range(size):
        w = old[k]
        z = (side.constant + side.slope * w) * f[k] + side.offset
        changed = w + side.sign * ((z + rho[k]) >> fraction_bits)
        high, low = changed > w_max, changed < w_min
        bounded = w_max if high else (w_min if low else changed)
        takes = (mask[k] > 0) & ((f[k] > 0) | (not side.gated))
        clamps += (high | low) & takes
        new[k] = bounded if takes else w
    return clamps


@kernel
def change_up_down(
    old: NDArray, new: NDArray, mask: NDArray, f: NDArray, rho: NDArray, size: int, side: Side,
    fraction_bits: int, w_min: int, w_max: int,
) -> int:  # fmt: skip
    """The change of `size` synapses by `sdsp`; f is the direction.  Returns weight clamps."""
    clamps = 0
    for k in range(size):
        w = old[k]
        up = (side.constant + rho[k]) >> fraction_bits
        down = (side.offset + rho[k]) >> fraction_bits
        changed = w + (up if f[k] > 0 else -down)
        high, low = changed > w_max, changed < w_min
        bounded = w_max if high else (w_min if low else changed)
        takes = (mask[k] > 0) & (f[k] != 0)
        clamps += (high | low) & takes
        new[k] = bounded if takes else w
    return clamps


@kernel
def change_eligibilities(
    old: NDArray, new: NDArray, mask: NDArray, f: NDArray, size: int, side: Side, top: int
) -> int:
    """The change of `size` eligibilities.  Returns clamps."""
    clamps = 0
    for k in range(size):
        e = old[k]
        changed = e + side.offset + side.sign * f[k]
        bounded = clamped(changed, -top - 1, top)
        clamps += (bounded != changed) & (mask[k] > 0)
        new[k] = bounded if mask[k] > 0 else e
    return clamps


@inlined
def fill_rounding(r: Learning, size: int, step: int, phase: int, tag: int) -> int:
    """Fill the first `size` of `rho` where it is a constant; returns the hash where it is random."""
    if r.stochastic:
        return end_hash(r.seed, step, phase, tag)
    half = (1 << r.fraction_bits) >> 1
    for k in range(size):
        r.rho[k] = half
    return 0


@inlined
def visit_row(
    s: Synapses, r: Learning, axon: int, step: int, phase: int, f: NDArray, side: Side
) -> tuple[int, int, int]:
    """Change the synapses of an axon.  Returns weight updates, weight clamps, clamps."""
    begin, end = s.row_start[axon], s.row_start[axon + 1]
    size = s.neurons if s.dense else end - begin
    here = begin if not s.dense else 0
    updates = 0
    for k in range(size):
        r.mask[k] = s.plastic[begin + k]
        updates += s.plastic[begin + k]
    if s.dense:
        for k in range(size):
            r.f[k] = f[k]
    else:
        for k in range(size):
            r.f[k] = f[s.columns[begin + k]]
    if side.kind == ELIGIBILITIES:
        for k in range(size):
            r.old[k] = r.eligibility[begin + k]
        clamps = change_eligibilities(r.old, r.new, r.mask, r.f, size, side, r.e_top)
        for k in range(size):
            r.eligibility[begin + k] = r.new[k]
        return updates, 0, clamps
    h = fill_rounding(r, size, step, phase, r.axon_tags[axon])
    if r.stochastic:
        for k in range(size):
            other = r.neuron_tags[s.columns[here + k]]
            r.rho[k] = random_number(h, other) >> (16 - r.fraction_bits)
    for k in range(size):
        r.old[k] = s.weights[begin + k]
    weight_clamps = change(r, size, side)
    for k in range(size):
        s.weights[begin + k] = r.new[k]
    return updates, weight_clamps, 0


@inlined
def visit_column(
    s: Synapses, r: Learning, neuron: int, step: int, side: Side
) -> tuple[int, int, int]:
    """Change the synapses of a neuron.  Returns weight updates, weight clamps, clamps."""
    begin, end = s.column_start[neuron], s.column_start[neuron + 1]
    size = end - begin
    for k in range(size):
        r.mask[k] = 1
        r.f[k] = r.x[s.column_axons[begin + k]]
    if side.kind == ELIGIBILITIES:
        for k in range(size):
            r.old[k] = r.eligibility[s.column_entries[begin + k]]
        clamps = change_eligibilities(r.old, r.new, r.mask, r.f, size, side, r.e_top)
        for k in range(size):
            r.eligibility[s.column_entries[begin + k]] = r.new[k]
        return size, 0, clamps
    h = fill_rounding(r, size, step, POST, r.neuron_tags[neuron])
    if r.stochastic:
        for k in range(size):
            other = r.axon_tags[s.column_axons[begin + k]]
            r.rho[k] = random_number(h, other) >> (16 - r.fraction_bits)
    for k in range(size):
        r.old[k] = s.weights[s.column_entries[begin + k]]
    weight_clamps = change(r, size, side)
    for k in range(size):
        s.weights[s.column_entries[begin + k]] = r.new[k]
    return size, weight_clamps, 0


@inlined
def change(r: Learning, size: int, side: Side) -> int:
    """Change the weights that were gathered, in the side's way.  Returns weight clamps."""
    if side.kind == UP_DOWN:
        return change_up_down(
            r.old, r.new, r.mask, r.f, r.rho, size, side, r.fraction_bits, r.w_min, r.w_max
        )
    return change_weights(
        r.old, r.new, r.mask, r.f, r.rho, size, side, r.fraction_bits, r.w_min, r.w_max
    )


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
    updates = weight_clamps = 0
    for axon in range(len(s.row_start) - 1):
        if r.sweeps == SCALING:
            counted = visit_row(s, r, axon, step, SWEEP, r.factor, r.sweep)
        else:
            counted = visit_modulated(s, r, axon, step)
        updates += counted[0]
        weight_clamps += counted[1]
    return updates, weight_clamps


@inlined
def visit_modulated(s: Synapses, r: Learning, axon: int, step: int) -> tuple[int, int, int]:
    """Turn the eligibilities of an axon's synapses into weight, and let them decay."""
    begin, end = s.row_start[axon], s.row_start[axon + 1]
    size = s.neurons if s.dense else end - begin
    here = begin if not s.dense else 0
    updates = 0
    h = fill_rounding(r, size, step, SWEEP, r.axon_tags[axon])
    for k in range(size):
        column = s.columns[here + k]
        plastic, e = s.plastic[begin + k], r.eligibility[begin + k]
        r.mask[k] = plastic
        updates += plastic
        r.f[k] = r.m[column] * e
        if r.stochastic:
            r.rho[k] = random_number(h, r.neuron_tags[column]) >> (16 - r.fraction_bits)
        r.old[k] = s.weights[begin + k]
        if plastic:
            r.eligibility[begin + k] = decay(e, r.d_e)
    weight_clamps = change(r, size, r.sweep)
    for k in range(size):
        s.weights[begin + k] = r.new[k]
    return updates, weight_clamps, 0


@kernel
def decay_traces(traces: NDArray, kind: int, d: int) -> None:
    """What a trace does in every step, with a spike and without."""
    if kind == TIMER:
        for k in range(traces.size):
            traces[k] = max(traces[k] - 1, 0)
    else:
        for k in range(traces.size):
            traces[k] = decay(traces[k], d)


@inlined
def grow_trace(traces: NDArray, kind: int, increment: int, top: int, k: int) -> int:
    """What a spike adds to a trace that has decayed.  Returns clamps."""
    if kind != ALL_PAIRS:
        traces[k] = increment
        return 0
    grown = traces[k] + increment
    traces[k] = min(grown, top)
    return int(grown > top)


@kernel
def update_modulators(
    m: NDArray, d: int, sums: NDArray, fired: NDArray, spike: int, top: int
) -> int:
    """Modulators decay and take what modulatory axons gave, which is forgotten.  Returns clamps."""
    clamps = 0
    for j in range(m.size):
        x = decay(m[j], d) + sums[j] + spike * fired[j]
        y = clamped(x, -top - 1, top)
        clamps += y != x
        m[j] = y
        sums[j] = 0
    return clamps


@kernel
def update_flags(
    up: NDArray, down: NDArray, direction: NDArray, v: NDArray, y: NDArray, theta: int,
    ca_1: int, ca_2: int, ca_3: int,
) -> None:  # fmt: skip
    """Whether the next arrivals move weights up or down."""
    for j in range(up.size):
        high, enough = v[j] >= theta, y[j] >= ca_1
        up[j] = high & enough & (y[j] < ca_3)
        down[j] = (not high) & enough & (y[j] < ca_2)
        direction[j] = up[j] - down[j]
