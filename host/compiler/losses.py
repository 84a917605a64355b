"""What rounding takes from weights, potentials and times of a network, and what would hold it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import DECAY_ONE

from ..network.network import Network
from ..quantise.core import Quantised
from ..quantise.needs import STRONG
from ..quantise.rounding import Floats, Integers, longest_time_constant, time_constant
from .costs import asked_and_realised, pairs, relative_thresholds
from .wiring import Wiring

Bools = NDArray[np.bool_]

TIME_TOLERANCE = 0.2
"""A time constant is said to be missed when it is off by more of itself, and of a time step."""
PERIOD_TOLERANCE = 0.1
"""The same for refractory periods and delays."""
THRESHOLD_TOLERANCE = 0.01
"""A threshold or reset is said to be off when it is by more of the threshold's height above rest."""
BIAS_TOLERANCE = 0.05
"""The same for what a bias really adds, and for a linear leak, relative to themselves."""
NAMED = frozenset({
    "v_threshold", "v_reset", "bias", "leak_step", "threshold_increment", "refractory", "tau_mem",
    "tau_syn", "tau_exc", "tau_inh", "tau_w",
})  # fmt: skip
"""Parameters of neurons that are looked at here; others by their worst neuron alone."""
_MOST_WEIGHT_BITS = 16
_MOST_STATE_BITS = 32


def lost_weights(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    """Weights that became 0; those that learn are there all the same."""
    lost = (wiring.weights != 0) & (result.weights == 0) & ~wiring.plastic
    if not lost.any():
        return
    parts = []
    for source, target, axons, neurons in pairs(network, wiring):
        gone, weights = lost[axons, neurons], np.abs(wiring.weights[axons, neurons])
        if gone.any():
            parts.append(
                f"{int(gone.sum())} of {np.count_nonzero(weights)} from {source!r} to {target!r}, "
                f"up to {weights[gone].max():.3g} beside {weights.max():.3g}"
            )
    sizes = np.where(lost, np.abs(wiring.weights), np.inf)
    factor = 0.5 * 2.0**result.weight_shift / (sizes.min(axis=0) * result.scales)
    affected = lost.any(axis=0)
    largest = np.abs(wiring.weights).max(axis=0) * result.scales / 2.0**result.weight_shift
    yield (
        f"{_weights(lost)} became 0, with spikes that do nothing: {'; '.join(parts)}. "
        + _wider(result, float(np.max((largest * factor)[affected])), float(factor[affected].max()))
    )


def clipped_weights(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    """Weights that do not fit, or that would take the resolution of all others."""
    if not result.clipped.any():
        return
    parts, realised = [], result.realised
    for source, target, axons, neurons in pairs(network, wiring):
        clipped = result.clipped[axons, neurons]
        if not clipped.any():
            continue
        asked, got = wiring.weights[axons, neurons], realised[axons, neurons]
        worst = np.unravel_index(np.argmax(np.abs(asked - got)), asked.shape)
        parts.append(
            f"{int(clipped.sum())} of {np.count_nonzero(asked)} from {source!r} to {target!r}, "
            f"e.g. {asked[worst]:.6g} to {got[worst]:.4g}"
        )
    sizes = np.where(result.clipped, np.abs(wiring.weights), 0.0).max(axis=0)
    needed = float(np.max(sizes * result.scales)) / 2.0**result.weight_shift
    why = (
        f"beyond {STRONG:g} thresholds a weight acts as one of {STRONG:g}, but for how long it does"
        if result.report.scale != "fixed"
        else "the scale that was given makes them too large"
    )
    yield (
        f"{_weights(result.clipped)} clipped: {'; '.join(parts)}; {why}. "
        + _wider(result, needed, 1.0)
    )


def thresholds(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    """Thresholds and resets that are off."""
    asked, got = asked_and_realised(wiring, result, "v_threshold")
    off = relative_thresholds(wiring, result)
    yield from _potentials(wiring, result, "threshold", asked, got, off)
    reset, held = asked_and_realised(wiring, result, "v_reset")
    span = np.maximum(np.abs(asked), np.abs(reset))
    off = np.abs(held - reset) / np.where(span == 0, 1.0, span)
    yield from _potentials(wiring, result, "reset", reset, held, off)
    floor, held = asked_and_realised(wiring, result, "v_min")
    there = np.isfinite(floor)
    floor, held = np.where(there, floor, 0.0), np.where(there, held, 0.0)
    span = np.maximum(np.abs(asked), np.abs(floor))
    off = np.abs(held - floor) / np.where(span == 0, 1.0, span)
    yield from _potentials(wiring, result, "floor", floor, held, off)


def _potentials(
    wiring: Wiring, result: Quantised, noun: str, asked: Floats, got: Floats, off: Floats
) -> Iterator[str]:
    for population, where in wiring.populations.items():
        count = int((off[where] > THRESHOLD_TOLERANCE).sum())
        if not count:
            continue
        worst = where.start + int(np.argmax(off[where]))
        bits = result.state_bits + math.ceil(math.log2(off[worst] / THRESHOLD_TOLERANCE))
        yield (
            f"the {noun} of {count} of {len(off[where])} neurons of {population!r} is off by up to "
            f"{off[worst]:.2g} of the threshold: {asked[worst]:.4g} became {got[worst]:.4g}, so they "
            f"fire at other times; state_bits={min(bits, _MOST_STATE_BITS)} would hold it, or less "
            "difference between the largest weight and the threshold"
        )


def times(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    """Time constants and refractory periods that whole steps and whole units do not realise."""
    dt, parameters = network.dt, wiring.parameters
    none = np.zeros(len(wiring.report), dtype=np.int64)
    potential = np.maximum.reduce(
        [np.abs(result.parameters.get(name, none)) for name in ("v_threshold", "v_reset")]
    )
    current = np.abs(result.weights).max(axis=0, initial=0) << result.weight_shift
    single = np.array_equal(parameters.get("tau_exc", none), parameters.get("tau_inh", none))
    rows = [
        ("tau_mem", "tau_mem", "d_mem", potential),
        ("tau_w", "tau_w", "d_w", potential),
        ("tau_syn" if single else "tau_syn, excitatory,", "tau_exc", "d_syn_exc", current),
        ("tau_syn, inhibitory,", "tau_inh", "d_syn_inh", current),
    ]
    for name, key, core_name, size in rows[: 3 if single else 4]:
        if key not in parameters or core_name not in result.parameters:
            continue
        asked, decay = parameters[key], result.parameters[core_name]
        got = _fading(decay, size, dt)
        with np.errstate(invalid="ignore"):
            error = np.where(np.isfinite(asked), np.abs(got - asked), 0.0)
        missed = error > TIME_TOLERANCE * np.maximum(asked, dt)
        short = (asked > 0) & (decay == DECAY_ONE)
        for population, where in wiring.populations.items():
            if missed[where].any():
                worst = where.start + int(np.argmax(np.where(missed, error, 0.0)[where]))
                why = (
                    "small integers fade by at least 1 in a step; more weight_bits or state_bits help"
                    if asked[worst] <= longest_time_constant(dt) and got[worst] < asked[worst]
                    else "the longest time constants are 4095, 2047, 1365… steps; a longer dt helps"
                )
                yield (
                    f"{name} of {_count(missed, where)} neurons of {population!r} is "
                    f"{asked[worst]:g} s, but what it stands for fades with {got[worst]:.3g} s: {why}"
                )
            if short[where].any():
                worst = where.start + int(np.argmax(short[where]))
                yield (
                    f"{name} of {_count(short, where)} neurons of {population!r} is "
                    f"{asked[worst]:g} s, far below the time step of {dt:g} s: all is forgotten "
                    "within a step; times are in seconds, and a shorter dt would hold it"
                )
    asked, got = asked_and_realised(wiring, result, "refractory")
    missed = np.abs(got - asked) > PERIOD_TOLERANCE * asked
    yield from _missed_periods(wiring, "refractory", asked, got, missed, dt)


def _missed_periods(
    wiring: Wiring, name: str, asked: Floats, got: Floats, missed: Bools, dt: float
) -> Iterator[str]:
    for population, where in wiring.populations.items():
        if missed[where].any():
            worst = where.start + int(np.argmax(missed[where]))
            yield (
                f"{name} of {_count(missed, where)} neurons of {population!r} is {asked[worst]:g} s, "
                f"which becomes {got[worst]:g} s, a whole number of steps; a dt of "
                f"{asked[worst]:g} s or a part of it would hold it"
            )


def _fading(decay: Integers, size: Integers, dt: float) -> Floats:
    """Time constants with which numbers of this size fade, in seconds, nearly.

    Below c = 2048 / d an integer loses 1 in each step, where an exponential would lose less: of the
    area under the curve 3/4·c/x is lost above, and all but x/4c below.
    """
    tau = time_constant(decay, dt)
    with np.errstate(divide="ignore", invalid="ignore"):
        edge = DECAY_ONE / 2 / decay
        part = np.where(size > edge, 1 - 0.75 * edge / size, size / (4 * edge))
    slow = (decay > 0) & (edge > 1) & (size > 0)
    return np.where(slow, tau * np.where(slow, part, 1.0), tau)


def biases(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    """Biases, and leaks, that add up to something else than was asked for."""
    s = result.scales
    bias, held = asked_and_realised(wiring, result, "bias")
    threshold, _ = asked_and_realised(wiring, result, "v_threshold")
    tau = wiring.parameters.get("tau_mem", np.full(len(s), np.inf))
    with np.errstate(divide="ignore"):
        lost = np.where(np.isinf(tau), 0.0, -np.expm1(-network.dt / tau))
    # At the threshold, or at what the bias alone comes to, the leak counts most.
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(lost > 0, np.abs(bias) / np.where(lost > 0, lost, 1.0), np.inf)
    level = np.minimum(np.abs(threshold), level)
    units = np.rint(level * s).astype(np.int64)
    d = result.parameters.get("d_mem", np.zeros(len(s), dtype=np.int64))
    rounded = (units * (DECAY_ONE - d) + DECAY_ONE // 2) // DECAY_ONE
    falls = np.where((d > 0) & (units > 0), units - np.minimum(rounded, units - 1), 0)
    # Half a unit more or less in every second step is nothing that adds up.
    excess = np.maximum(np.abs(falls - units * lost) - 0.5, 0.0)
    error = np.abs(held - bias) * s + excess
    off = np.where(bias != 0, error / np.where(bias == 0, 1.0, np.abs(bias) * s), 0.0)
    yield from _rates(wiring, result, "bias", bias, held, off)
    for name, tolerance in (("leak_step", BIAS_TOLERANCE), ("threshold_increment", TIME_TOLERANCE)):
        asked, got = asked_and_realised(wiring, result, name)
        with np.errstate(invalid="ignore"):
            error = np.where(asked == got, 0.0, np.abs(got - asked))
        off = error / np.where(asked > 0, asked, 1.0)
        yield from _rates(wiring, result, name, asked, got, np.where(off > tolerance, off, 0.0))


def _rates(
    wiring: Wiring, result: Quantised, name: str, asked: Floats, got: Floats, off: Floats
) -> Iterator[str]:
    for population, where in wiring.populations.items():
        count = int((off[where] > BIAS_TOLERANCE).sum())
        if count:
            worst = where.start + int(np.argmax(off[where]))
            bits = result.state_bits + math.ceil(math.log2(off[worst] / BIAS_TOLERANCE))
            yield (
                f"what {name} does in a step is off by up to {off[worst]:.0%} in {count} of "
                f"{len(off[where])} neurons of {population!r} ({asked[worst]:.4g} is held as "
                f"{got[worst]:.4g}, beside leaks of whole units); "
                f"state_bits={min(bits, _MOST_STATE_BITS)} would hold it"
            )


def fires_without_input(network: Network, wiring: Wiring, result: Quantised) -> Iterator[str]:
    """Neurons whose threshold is not above rest."""
    if "v_threshold" not in wiring.parameters:
        return
    threshold, rest = wiring.parameters["v_threshold"], wiring.rest
    fires = (threshold <= 0) & (wiring.parameters.get("readout", 0.0) == 0)
    for population, where in wiring.populations.items():
        if fires[where].any():
            worst = where.start + int(np.argmax(fires[where]))
            yield (
                f"{_count(fires, where)} neurons of {population!r} fire without input: their "
                f"potential rests at {rest[worst]:g}, and their threshold is "
                f"{rest[worst] + threshold[worst]:g}; give v_rest, e.g. "
                "LIF(…, v_threshold=-50, v_rest=-65), or a threshold above rest"
            )


def _weights(which: Bools) -> str:
    count = int(which.sum())
    return f"{count} weight{'s' * (count != 1)}"


def _count(which: Bools, where: slice) -> str:
    return f"{int(which[where].sum())} of {len(which[where])}"


def _wider(result: Quantised, weight: float, factor: float) -> str:
    """Settings that would hold a weight of so many units, at a scale this many times finer."""
    weight, factor = (min(x, 2.0**_MOST_STATE_BITS) for x in (weight, factor))
    bits = math.ceil(math.log2(max(weight, 1.0) + 1)) + 1
    state = result.state_bits + (math.ceil(math.log2(factor)) if factor > 1 else 0)
    settings = []
    if bits > result.weight_bits:
        settings.append(f"weight_bits={min(bits, _MOST_WEIGHT_BITS)}")
    if state > result.state_bits and not settings:
        settings.append(f"state_bits={min(state, _MOST_STATE_BITS)}")
    advice = " and ".join(settings) or "another scale"
    if bits > _MOST_WEIGHT_BITS:
        return f"{advice} would hold more of them; weights of less different size all of them"
    return f"{advice} would hold them"
