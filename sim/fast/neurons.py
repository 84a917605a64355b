"""One step of all neurons, in passes over arrays that the compiler turns into vector instructions.

Source: docs/reference/semantics.md, "One step", 3, and "Options of a core".  An option that a core
does not have is a parameter that changes nothing (`tables.py`), so that one compiled function serves
all configurations.
"""

from __future__ import annotations

from typing import NamedTuple

from numpy.typing import NDArray

from .arithmetic import clamped, decay, share, shrunk, toward_zero
from .compiled import inlined, kernel

NO_LEAK, LINEAR, EXPONENTIAL = 0, 1, 2
NEVER = 1 << 60
"""A threshold that no potential reaches."""


class Neurons(NamedTuple):
    """Parameters and states of P neurons (N, padded), (P,) int64 each unless said otherwise.

    Attributes
    ----------
    adlif : the model is `adlif`; otherwise `lif`.
    receptors, delta, weight_shift : of the synapses' currents.
    top : the largest number of a state.
    leak : `NO_LEAK`, `LINEAR` or `EXPONENTIAL`.
    half : how currents and potentials decay: `TO_NEAREST` or `CUT`.
    subtract : reset by subtraction.
    refractory_bits : 0 where neurons have no refractory period.
    integrate_refractory, adapts : options of `lif`.
    v, current, ref, th, w : states; `current` is (receptors, P).
    threshold : `NEVER` where a neuron has none.
    v_reset, bias, leak_by, refractory, v_min, th_inc, d_th, th_dec, a, b, d_w : parameters.
    d_syn : (receptors, P).
    total, compared : what the step's currents sum to with the bias, and the threshold that is
        compared with.
    fired, fired_words : (P,) uint8 and the same memory in words of eight.
    """

    adlif: bool
    receptors: int
    delta: bool
    weight_shift: int
    top: int
    leak: int
    half: int
    subtract: bool
    refractory_bits: int
    integrate_refractory: bool
    adapts: bool
    v: NDArray
    current: NDArray
    ref: NDArray
    th: NDArray
    w: NDArray
    threshold: NDArray
    v_reset: NDArray
    bias: NDArray
    leak_by: NDArray
    refractory: NDArray
    v_min: NDArray
    th_inc: NDArray
    d_th: NDArray
    th_dec: NDArray
    a: NDArray
    b: NDArray
    d_w: NDArray
    d_syn: NDArray
    total: NDArray
    compared: NDArray
    fired: NDArray
    fired_words: NDArray


@kernel
def wrap(sums: NDArray, half: int) -> None:
    """Sums as signed numbers of log2(2·half) bits."""
    for j in range(sums.size):
        sums[j] = ((sums[j] + half) & (2 * half - 1)) - half


@kernel
def exponential_current(
    current: NDArray, d: NDArray, half: int, sums: NDArray, shift: int, top: int, base: NDArray,
    total: NDArray,
) -> int:  # fmt: skip
    """Let currents decay, add what arrived and forget it; add to the total.  Returns clamps."""
    clamps = 0
    for j in range(current.size):
        x = shrunk(current[j], d[j], half) + (sums[j] << shift)
        y = clamped(x, -top - 1, top)
        clamps += y != x
        current[j] = y
        sums[j] = 0
        total[j] = base[j] + y
    return clamps


@kernel
def delta_current(sums: NDArray, shift: int, top: int, base: NDArray, total: NDArray) -> int:
    """The same for currents that are the step's input alone."""
    clamps = 0
    for j in range(sums.size):
        x = sums[j] << shift
        y = clamped(x, -top - 1, top)
        clamps += y != x
        sums[j] = 0
        total[j] = base[j] + y
    return clamps


@inlined
def leaked(v: int, by: int, leak: int, half: int) -> int:
    """What the leak leaves of a potential."""
    if leak == EXPONENTIAL:
        return shrunk(v, by, half)
    if leak == LINEAR:
        return toward_zero(v, by)
    return v


@inlined
def membrane(
    v: NDArray, by: NDArray, total: NDArray, v_min: NDArray, compared: NDArray, fired: NDArray,
    top: int, leak: int, half: int,
) -> int:  # fmt: skip
    """Integrate and compare.  Returns clamps."""
    clamps = 0
    for j in range(v.size):
        x = leaked(v[j], by[j], leak, half) + total[j]
        y = clamped(x, -top - 1, top)
        clamps += y != x
        z = max(y, v_min[j])
        v[j] = z
        fired[j] = z >= compared[j]
    return clamps


@inlined
def refractory_membrane(
    v: NDArray, by: NDArray, total: NDArray, v_min: NDArray, compared: NDArray, fired: NDArray,
    top: int, leak: int, half: int, ref: NDArray, integrates: bool,
) -> int:  # fmt: skip
    """The same where neurons may be refractory."""
    clamps = 0
    for j in range(v.size):
        waits = ref[j] > 0
        takes = integrates | (not waits)
        x = leaked(v[j], by[j], leak, half) + total[j]
        y = clamped(x, -top - 1, top)
        clamps += (y != x) & takes
        z = max(y, v_min[j]) if takes else v[j]
        v[j] = z
        ref[j] -= waits
        fired[j] = (z >= compared[j]) & (not waits)
    return clamps


@kernel
def any_membrane(
    v: NDArray, by: NDArray, total: NDArray, v_min: NDArray, compared: NDArray, fired: NDArray,
    top: int, leak: int, half: int, ref: NDArray, waits: bool, integrates: bool,
) -> int:  # fmt: skip
    """Integrate and compare: a loop for each leak, with and without refractory periods."""
    if waits:
        if leak == EXPONENTIAL:
            return refractory_membrane(
                v, by, total, v_min, compared, fired, top, EXPONENTIAL, half, ref, integrates
            )
        if leak == LINEAR:
            return refractory_membrane(
                v, by, total, v_min, compared, fired, top, LINEAR, half, ref, integrates
            )
        return refractory_membrane(
            v, by, total, v_min, compared, fired, top, NO_LEAK, half, ref, integrates
        )
    if leak == EXPONENTIAL:
        return membrane(v, by, total, v_min, compared, fired, top, EXPONENTIAL, half)
    if leak == LINEAR:
        return membrane(v, by, total, v_min, compared, fired, top, LINEAR, half)
    return membrane(v, by, total, v_min, compared, fired, top, NO_LEAK, half)


@kernel
def sum_of(one: NDArray, other: NDArray, total: NDArray) -> None:
    """Element by element."""
    for j in range(total.size):
        total[j] = one[j] + other[j]


@kernel
def difference_of(one: NDArray, other: NDArray, total: NDArray) -> None:
    """Element by element."""
    for j in range(total.size):
        total[j] = one[j] - other[j]


@kernel
def adapt_threshold(
    th: NDArray, fired: NDArray, inc: NDArray, d: NDArray, dec: NDArray, top: int
) -> int:
    """Both kinds of adaptation: of each, the other's parameter is 0.  Returns clamps."""
    clamps = 0
    for j in range(th.size):
        x = decay(th[j], d[j]) + inc[j] * fired[j] - dec[j]
        y = clamped(x, -top - 1, top)
        clamps += y != x
        th[j] = y
    return clamps


@kernel
def adapt_current(
    w: NDArray, v: NDArray, fired: NDArray, a: NDArray, b: NDArray, d: NDArray, top: int
) -> int:
    """The adaptive current of `adlif`, with the potential that was compared.  Returns clamps."""
    clamps = 0
    for j in range(w.size):
        x = decay(w[j], d[j]) + share(v[j], a[j]) + b[j] * fired[j]
        y = clamped(x, -top - 1, top)
        clamps += y != x
        w[j] = y
    return clamps


@inlined
def update(n: Neurons, sums: NDArray) -> int:
    """Currents, membranes, comparison, adaptation, for the sums (receptors, P) that are due.

    Leaves who fired in `n.fired`; `reset` has yet to be called for each.  Returns clamps.
    """
    clamps = 0
    base = n.bias
    for r in range(n.receptors):
        if n.delta:
            clamps += delta_current(sums[r], n.weight_shift, n.top, base, n.total)
        else:
            clamps += exponential_current(
                n.current[r], n.d_syn[r], n.half, sums[r], n.weight_shift, n.top, base, n.total
            )
        base = n.total
    compared = n.threshold
    if n.adlif:
        difference_of(n.total, n.w, n.total)
    elif n.adapts:
        sum_of(n.threshold, n.th, n.compared)
        compared = n.compared
    clamps += any_membrane(
        n.v, n.leak_by, n.total, n.v_min, compared, n.fired, n.top, n.leak, n.half,
        n.ref, n.refractory_bits > 0, n.integrate_refractory,
    )  # fmt: skip
    if n.adlif:
        clamps += adapt_current(n.w, n.v, n.fired, n.a, n.b, n.d_w, n.top)
    elif n.adapts:
        clamps += adapt_threshold(n.th, n.fired, n.th_inc, n.d_th, n.th_dec, n.top)
    return clamps


@inlined
def reset(n: Neurons, j: int) -> int:
    """Reset a neuron that fired.  Returns clamps."""
    clamps = 0
    if n.subtract:
        compared = n.compared[j] if n.adapts else n.threshold[j]
        x = n.v[j] - compared
        y = clamped(x, -n.top - 1, n.top)
        clamps = int(y != x)
        n.v[j] = y
    else:
        n.v[j] = n.v_reset[j]
    n.ref[j] = n.refractory[j]
    return clamps
