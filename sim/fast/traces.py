"""States of axons and neurons that only learning uses: traces, modulators, flags.

Source: docs/reference/semantics.md, "Learning", "When".
"""

from __future__ import annotations

from numpy.typing import NDArray

from .arithmetic import clamped, decay
from .compiled import inlined, kernel
from .rules import AGE, ALL_PAIRS, REGISTER, TIMER


@kernel
def decay_traces(traces: NDArray, kind: int, d: int, top: int) -> None:
    """What a trace does in every step, with a spike and without."""
    if kind == REGISTER:
        for k in range(traces.size):
            traces[k] = (2 * traces[k]) & top
    elif kind == AGE:
        for k in range(traces.size):
            traces[k] = (2 * traces[k] + 1) & top
    elif kind == TIMER:
        for k in range(traces.size):
            traces[k] = max(traces[k] - 1, 0)
    else:
        for k in range(traces.size):
            traces[k] = decay(traces[k], d)


@inlined
def grow_trace(traces: NDArray, kind: int, increment: int, top: int, k: int) -> int:
    """What a spike adds to a trace that has decayed.  Returns clamps."""
    if kind == AGE:
        return 0
    if kind == REGISTER:
        traces[k] += 1
        return 0
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
