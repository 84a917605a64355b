"""What a compiled network will not do as was asked: found before it runs, and said how to mend it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..network.network import Network
from ..quantise.core import Quantised
from ..quantise.learning import WINDOW_TOLERANCE, QuantisedLearning
from ..quantise.rounding import ParameterDeviation
from .wiring import Wiring

TIME_TOLERANCE = 0.2
"""A time constant is said to be missed when it is off by more of itself, and of a time step."""


def fit_warnings(
    network: Network,
    wiring: Wiring,
    result: Quantised,
    learned: QuantisedLearning | None,
) -> Iterator[str]:
    """Messages, for a `FitWarning` each."""
    deviations = (*result.report.parameters, *(learned.deviations if learned else ()))
    for found in deviations:
        yield from _missed(found, network.dt)
    if network.learning is not None:
        yield from _learns_nothing(network, wiring)
        yield from _modulates_nothing(network, wiring, result)
        yield from _out_of_bounds(network, wiring)


def _missed(found: ParameterDeviation, dt: float) -> Iterator[str]:
    asked, got, error = found.requested, found.realised, abs(found.error)
    if found.name.startswith("tau"):
        if not math.isfinite(asked) or error <= TIME_TOLERANCE * max(asked, dt):
            return
        if got < asked:
            why = "small integers fade by at least 1 in a step; more weight_bits or state_bits help"
        else:
            why = "the longest time constants are 4095, 2047, 1365… steps; a longer dt helps"
        yield f"{found.name} is {asked:g} s, but what it stands for fades with {got:.3g} s: {why}"
    elif found.name.endswith("worst point") and error > 2 * WINDOW_TOLERANCE:
        yield (
            f"the {found.name.split(',')[0]} of the learning rule is off by {error:.0%} of its peak; "
            "more trace_bits and fraction_bits, or larger amplitudes, help"
        )


def _learns_nothing(network: Network, wiring: Wiring) -> Iterator[str]:
    if not wiring.plastic.any():
        yield (
            "the network has a learning rule, but no synapse learns; give connect(…, plastic=True)"
        )


def _modulates_nothing(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    rule = network.learning
    if rule is None or not rule.modulated or getattr(rule, "spike_modulation", None):
        return
    if not wiring.weights[wiring.modulatory].any():
        yield (
            "nothing drives the modulators, so no weight will change; "
            "give connect(…, modulatory=True), or spike_modulation"
        )
    elif not result.weights[wiring.modulatory].any():
        yield (
            "all modulatory weights round to 0, so no weight will change; "
            "make them larger, and the rule's rate smaller"
        )


def _out_of_bounds(network: Network, wiring: Wiring) -> Iterator[str]:
    rule, weights = network.learning, wiring.weights[wiring.plastic]
    assert rule is not None
    # Bounds are rounded like weights; what is off by rounding is none.
    slack = 1e-9 * max(abs(rule.w_min), abs(rule.w_max))
    outside = int(np.sum((weights < rule.w_min - slack) | (weights > rule.w_max + slack)))
    if outside:
        yield (
            f"{outside} of {len(weights)} plastic weights are not in w_min…w_max, {rule.w_min:g}…"
            f"{rule.w_max:g}; learning moves each to the next bound when it first changes it. "
            "Give other bounds, or weights within them (projections of the same pair add up)"
        )
