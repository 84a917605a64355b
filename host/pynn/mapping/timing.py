"""When a spike arrives: PyNN's delays as the delays of a network here.

All in time steps.  A spike at time T·h reaches a synapse with a delay of D steps at (T + D)·h.  An
exponential current is then in the step that begins there, number T + D; a delta synapse lifts the
potential at that time itself, which step T + D − 1 leaves.  A cell that fires in step k has its
spike at (k + 1)·h.

STDP compares the times at which the spikes are at the synapse: the pre-synaptic one after the axonal
part A of the delay, the post-synaptic one after the dendritic part B.  A core compares the step in
which a spike reaches the axon with the step in which the cell fires, number T_post − 1.  Both say the
same where the axon hears the spike in step T + A − B − 1.  For a spike source that is always possible:
the host gives it early, and the synapse's own delay makes up for it.  A cell's spike is at an axon in
step T at the earliest: where A ≤ B, pairs are seen B + 1 − A steps later than in PyNN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..refusals import NetworkTooLargeError

Ints = NDArray[np.int64]
LONGEST = 63
"""Steps that a synapse, or an axon, can delay."""


@dataclass(frozen=True, eq=False)
class Way:
    """How the spikes of some connections come, (connections,) integers each.

    Attributes
    ----------
    shift : step in which the axon hears a spike, minus T.
    delay : steps from there to the cell.
    late : steps by which pairs of spikes are seen later than in PyNN.
    """

    shift: Ints
    delay: Ints
    late: Ints


def arrival(steps: Ints, delta: bool) -> Ints:
    """The step in which a spike acts, minus T, for delays of so many steps."""
    return steps - int(delta)


def static_way(steps: Ints, delta: bool, *, cells: bool, least: int) -> Way:
    """The way of spikes to synapses that do not learn.

    Parameters
    ----------
    steps : delays.
    delta : whether the cells have delta synapses.
    cells : whether the spikes are those of cells, not of a source.
    least : what all connections of the network have in common, by `arrival`.

    Raises
    ------
    NetworkTooLargeError : delays that no core can hold.
    """
    act = arrival(steps, delta)
    shift = min(least, LONGEST) if cells else least
    if act.max(initial=0) - shift > LONGEST:
        shift = min(int(act.min()), LONGEST) if cells else int(act.min())
    delay = act - shift
    _check(steps, delay)
    return Way(np.full_like(act, shift), delay, np.zeros_like(act))


def plastic_way(steps: Ints, dendritic: Ints, delta: bool, *, cells: bool) -> Way:
    """The way of spikes to synapses that learn; `dendritic` is the part B of `steps`."""
    act = arrival(steps, delta)
    wanted = steps - 2 * dendritic - 1
    low = act - LONGEST
    shift = np.clip(wanted, np.maximum(low, 0), LONGEST) if cells else np.maximum(wanted, low)
    shift = np.minimum(shift, act)
    delay = act - shift
    _check(steps, delay)
    return Way(shift, delay, shift - wanted)


def _check(steps: Ints, delay: Ints) -> None:
    wrong = (delay < 0) | (delay > LONGEST)
    if wrong.any():
        raise NetworkTooLargeError(
            f"delays from {steps.min()} to {steps.max()} steps: a synapse can delay {LONGEST} steps and "
            f"an axon another {LONGEST}; use shorter delays, or a longer timestep"
        )
