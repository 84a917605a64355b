"""Warnings for requested behaviour that the compiled network cannot realise."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..network.network import Network
from ..quantise.core import Quantised
from ..quantise.learning import WINDOW_TOLERANCE, QuantisedLearning
from ..quantise.rounding import ParameterDeviation
from .losses import (
    NAMED,
    PERIOD_TOLERANCE,
    TIME_TOLERANCE,
    biases,
    clipped_weights,
    fires_without_input,
    lost_weights,
    thresholds,
    times,
)
from .wiring import Wiring

FINE_UPDATE = math.e
"""A change of so many units at its peak is less than one unit a time constant later."""


def fit_warnings(
    network: Network,
    wiring: Wiring,
    result: Quantised,
    learned: QuantisedLearning | None,
) -> Iterator[str]:
    """Messages, for a `FitWarning` each."""
    for losses in (
        lost_weights, clipped_weights, thresholds, biases, times, fires_without_input,
    ):  # fmt: skip
        yield from losses(network, wiring, result)
    adapted = (p for p in result.report.parameters if p.name not in NAMED)
    for found in (*adapted, *(learned.deviations if learned else ())):
        yield from _missed(found, network.dt)
    yield from _delays(network)
    if learned is not None:
        yield from _coarse_updates(network, result, learned)
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
    elif found.clipped:
        yield (
            f"{found.name} is {asked:g}, beyond what a core can hold, and becomes {got:.3g}; "
            "choose another value, or another scale"
        )


def _delays(network: Network) -> Iterator[str]:
    for p in network.projections:
        for found in p.deviations:
            if abs(found.error) > PERIOD_TOLERANCE * found.requested:
                yield (
                    f"the {found.name} from {p.source.name!r} to {p.target.name!r} is "
                    f"{found.requested:g} s, which becomes {found.realised:g} s, a whole number of "
                    f"steps of {network.dt:g} s; a shorter dt would hold it"
                )


def _coarse_updates(
    network: Network, result: Quantised, learned: QuantisedLearning
) -> Iterator[str]:
    rule = network.learning
    assert rule is not None
    smallest = rule.smallest_change(stochastic=True)
    unit = float(result.scales[0]) / 2.0**result.weight_shift
    if not 0 < smallest * unit < FINE_UPDATE:
        return
    bits = result.weight_bits + math.ceil(math.log2(FINE_UPDATE / (smallest * unit)))
    how = (
        "it is rounded at random, so that it counts on average only"
        if learned.config.stochastic
        else "it is rounded to the nearest unit"
    )
    advice = f"weight_bits={bits}" if bits <= 16 else "weight_bits=16, or larger amplitudes,"
    yield (
        f"the learning rule's smallest change, {smallest:g}, is {smallest * unit:.2g} units of a "
        f"{result.weight_bits}-bit weight, and less for spikes that are further apart: {how} "
        f"(stochastic={learned.config.stochastic}); {advice} would make it finer"
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
            f"{rule.w_max:g}; each begins at the next bound. "
            "Give other bounds, or weights within them (projections of the same pair add up)"
        )
