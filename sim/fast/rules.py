"""The learning rules as numbers: what each side of a rule does, with its parameters and states.

Source: docs/reference/semantics.md, "Learning".  A side of a rule that changes weights is five
numbers (`Side`): with the trace, or the modulator's or the scaling's factor, `f` of the other end,

    w ← lift(w, z) if sign > 0, else lower(w, z),   z = rnd((constant + slope·w)·f + offset)

where f > 0 if `gated`, so that one loop serves them all.  Two are of another form: `sdsp`, and eligibilities.
"""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import NDArray

WEIGHTS, ELIGIBILITIES, UP_DOWN, LAGS, COUNTS, NOTHING = range(6)
"""What a side of a rule changes: weights by its five numbers, eligibilities, weights by `sdsp`, weights by
the five numbers with what a table of lags gives for `f`; or it is counted alone, or not there."""

NO_SWEEP, SCALING, MODULATED, AGEING = range(4)
NO_TRACE, ALL_PAIRS, NEAREST, TIMER, REGISTER, AGE = range(6)


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


ADDS = Side(WEIGHTS, 1, 0, 0, 1, False)
"""The side that adds f to a weight."""

TAKES_AWAY = Side(WEIGHTS, 1, 0, 0, -1, False)
"""The side that takes f away from a weight."""


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
    axon_tags, neuron_tags : of as many axons and neurons as the longer of the two, padded, int64.
    gathered, gathered_tags : space for factors and tags of a row or column side by side, int64.
    gathered_weights : the same for weights, int16.
    filled : as many bits that are set, then `BLOCK` that are not, uint8.
    plus, minus : (L,) int64, tables of lags.
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
    gathered: NDArray
    gathered_tags: NDArray
    gathered_weights: NDArray
    filled: NDArray
    plus: NDArray
    minus: NDArray
