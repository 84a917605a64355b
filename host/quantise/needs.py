"""What neurons ask of a core's integers: ranges of potentials, and which values should be whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rounding import Floats

Bools = NDArray[np.bool_]

HEADROOM = 4.0
"""Range of the state, in multiples of the largest threshold, reset, bias or weight, at least."""
STRONG = 16.0
"""A weight beyond so many thresholds acts as one of so many, and may be clipped to it."""
VOLLEY = 6.0
"""So many times the root of the sum of the squares of the weights may come at once, all of them if few."""
LONGEST_SUM = 64
"""So many steps of inhibition have room where no leak limits what they add up to."""
LONGEST_LEAKY_SUM = 256
"""The same, at most, where a leak does."""
LONGEST_EXACT_SUM = 256
"""The same in neurons whose arithmetic is exact: there the potential can be held to the unit."""


@dataclass(frozen=True, eq=False)
class Needs:
    """What N neurons need, in the network's own unit of potentials; each (N,) floats.

    Attributes
    ----------
    peak : the largest of potential parameters and of single weights.
    range : what the state should hold.
    least : what it has to hold in one step from rest.
    exact_range : what it should hold in a neuron whose arithmetic is exact.
    memory : steps in which an error of the state acts on, at least 1.
    plain : whether the neuron only adds and compares, so that integers at any scale do the same.
    """

    peak: Floats
    range: Floats
    least: Floats
    exact_range: Floats
    memory: Floats
    plain: Bools


def general_needs(weights: Floats, potentials: Floats, memory: Floats, headroom: float) -> Needs:
    """Those of neurons of which no more is known than their (P, N) potential parameters."""
    sizes = np.concatenate([np.abs(potentials), np.abs(weights)])
    peak = sizes.max(axis=0, initial=0.0)
    room = headroom * peak
    plain = np.zeros(len(peak), dtype=bool)
    return Needs(peak, room, np.maximum(room, peak), room, np.maximum(memory, 1.0), plain)


def integrating_needs(
    weights: Floats,
    parameters: dict[str, Floats],
    general: Needs,
    dt: float,
    *,
    plain: Bools,
    subtract: bool,
) -> Needs:
    """Those of neurons that integrate currents up to a threshold.

    Inhibition has room for the root of the sum of the squares of a neuron's negative weights in
    every step, for as long as current and membrane remember, or down to a floor: all of what a single
    synapse can do, and what many that are silent most of the time do together.  Excitation has room
    for all synapses in one step, if they are few; in a read-out, which no threshold stops, for that in
    every step.

    Parameters
    ----------
    general : for the same neurons, with the least headroom.
    plain : (N,) which neurons have neither a leak that rounds nor anything that adapts.
    """
    threshold, bias = parameters["v_threshold"], parameters["bias"]
    never = np.full(len(threshold), -np.inf)
    up, down = np.maximum(weights, 0.0), np.maximum(-weights, 0.0)
    taus = [parameters[name] for name in ("tau_mem", "tau_exc", "tau_inh")]
    membrane, excitatory, inhibitory = (_steps(tau, dt) for tau in taus)
    falling, rising = membrane * inhibitory, membrane * excitatory
    inhibitory, excitatory, membrane, falling, rising = (
        np.minimum(x, np.where(np.isinf(x), LONGEST_SUM, LONGEST_LEAKY_SUM))
        for x in (inhibitory, excitatory, membrane, falling, rising)
    )
    depth = -parameters.get("v_min", never)
    spread = np.sqrt((down**2).sum(axis=0))
    volley = inhibitory * np.minimum(down.sum(axis=0), VOLLEY * spread)
    pull = np.maximum(-bias, 0.0)
    fall = np.maximum(falling * spread, volley) + membrane * pull
    fall = np.minimum(fall, depth + volley + pull)
    volley = np.minimum(up.sum(axis=0), VOLLEY * np.sqrt((up**2).sum(axis=0)))
    free = rising * volley + membrane * np.maximum(bias, 0.0)
    readouts = parameters.get("readout", np.zeros(len(threshold)))
    rise = np.where(readouts > 0, free, np.abs(threshold) + excitatory * volley)
    least = np.maximum(np.abs(threshold) + up.sum(axis=0), down.sum(axis=0)) + np.abs(bias)
    least = np.maximum(least, general.peak)
    sums = LONGEST_EXACT_SUM * np.maximum(down.sum(axis=0) - bias, 0.0)
    sums = np.minimum(sums, depth + down.sum(axis=0) + np.abs(bias))
    if subtract:
        sums = np.maximum(sums, LONGEST_EXACT_SUM * (up.sum(axis=0) + bias - threshold))
    exact = np.maximum(least, sums)
    for tau in taus[1:]:
        plain = plain & ((tau == 0) | np.isinf(tau))
    return Needs(
        general.peak,
        np.maximum.reduce([general.range, fall, rise]),
        least,
        np.maximum(exact, general.range),
        general.memory,
        plain,
    )


def _steps(tau: Floats, dt: float) -> Floats:
    """Steps in which a constant input adds up: 1 / (1 − exp(−dt/tau)); infinite without decay."""
    with np.errstate(divide="ignore"):
        return np.asarray(-1.0 / np.expm1(-dt / tau), dtype=np.float64)
