"""States at the beginning, with which a biased population that acts later is where its source begins."""

from __future__ import annotations

import numpy as np

from ...quantise.rounding import Floats
from .units import Unit

MAX_STATE = 4.0
"""So many times its threshold and bias a state may be at the beginning, at most."""


def start_states(unit: Unit, late: int) -> dict[str, Floats]:
    """States before the first step, from rest, by name: those that are 0 everywhere are left out.

    A bias acts from the first step on, but the source's first step is step `late` here.  So the states
    are those from which the bias alone leads to the source's beginning.
    """
    v, current = unit.start, -unit.current
    if not late:
        return _named(unit, v, current)
    threshold = np.asarray(getattr(unit.neuron, "v_threshold", np.inf)) - unit.neuron.v_rest  # type: ignore[attr-defined]
    largest = MAX_STATE * np.maximum(np.abs(threshold), np.maximum(np.abs(unit.bias), np.abs(v)))
    if not unit.neuron.fires:  # type: ignore[attr-defined]
        threshold, largest = np.full(unit.size, np.inf), np.full(unit.size, np.inf)
    good = np.ones(unit.size, dtype=bool)
    with np.errstate(all="ignore"):
        for _ in range(late):
            good &= v < threshold
            before = (v - current - unit.bias) / unit.alpha
            v = np.where(unit.alpha > 0, before, 0.0)
            current = np.where(unit.beta > 0, current / unit.beta, 0.0)
            good &= (np.abs(v) <= largest) & (np.abs(current) <= 8 * largest)
    moving = (unit.bias != 0) | (unit.current != 0)
    if np.any(moving & ~good):
        unit.notes.append(
            f"node {unit.node.name!r}: its bias acts from the first step on, {late} before its "
            f"input does; for {int(np.sum(moving & ~good))} of {unit.size} neurons no state at the "
            "beginning makes up for that, and their first spikes may differ"
        )
    v = np.where(good & moving, v, unit.start)
    current = np.where(good & moving, current, -unit.current)
    return _named(unit, v, current)


def _named(unit: Unit, v: Floats, current: Floats) -> dict[str, Floats]:
    rest = np.broadcast_to(np.asarray(unit.neuron.v_rest, dtype=np.float64), v.shape)  # type: ignore[attr-defined]
    states = {"v": v + rest} if np.any(v != 0) else {}
    return states | ({"i": current} if np.any(current != 0) else {})
