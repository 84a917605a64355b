"""From floats to the integers that a core holds, and a report of what that cost."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import InputError

from .holding import Holding, NeuronKind, Purpose, driving, fixed_choice, fixed_widths
from .neurons import RoundedNeurons
from .reports import QuantisationReport
from .rounding import Floats, Integers, same
from .sums import thresholds_for_sums

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Quantised:
    """Integers for an `Image`.

    Attributes
    ----------
    weights : (A, N) integers.
    parameters : (N,) integers by the names that `CoreLayout.parameters` uses, for all core options.
    weight_bits, state_bits, weight_shift : the core's, as given or as chosen.
    scales : (N,) state units per unit of the network, for each neuron.
    exact : (N,) bool, neurons that are held without an error.
    realised : (A, N) floats, the weights as a core holds them, in the network's unit.
    realised_parameters : (N,) floats by the network's names, what the integers give.
    clipped : (A, N) bool, weights that were clipped.
    report : what it cost.
    """

    weights: Integers
    parameters: dict[str, Integers]
    weight_bits: int
    state_bits: int
    weight_shift: int
    scales: Floats
    exact: Bools
    realised: Floats
    realised_parameters: dict[str, Floats]
    clipped: Bools
    report: QuantisationReport


def quantise(
    weights: Floats,
    parameters: dict[str, Floats],
    neuron: NeuronKind,
    *,
    dt: float,
    weight_bits: int | None = None,
    state_bits: int | None = None,
    weight_shift: int | None = None,
    scale: str | float = "per_neuron",
    headroom: float | None = None,
    purpose: Purpose | None = None,
) -> Quantised:
    """Choose word lengths and scales, and round.

    A scale s turns a potential x into round(s·x) and a weight w into round(s·w / 2^weight_shift):
    the spikes of a neuron do not change when its weights, threshold, reset and bias are scaled
    together.  In this order:

    1. Where all values of a neuron are multiples of one unit, a scale that makes all of them whole.
    2. Otherwise s is as large as two limits allow: the largest weight uses the full range of
       `weight_bits`, and the state (`state_bits`) has room for the potential (see `Needs`).  Below
       that, at most by 30 %, the scale that makes threshold, reset and bias whole, and the weights
       nearest to whole.
    3. A weight beyond 16 thresholds would take the resolution of all others: it is clipped there,
       unless all of the neuron can be held exactly.

    Weights count in units of 2^weight_shift, thresholds, resets and biases in units of 1, all at
    full width: a larger `weight_shift` keeps the weights as fine and makes the state finer, until
    the state's range is used up.  Unless given, it is the one that keeps most neurons exact, and of
    those the one with the least mean squared error, estimated from one rounding of a weight against
    one of the state in every step that the neuron remembers; the smallest among nearly equal ones.

    Parameters
    ----------
    weights : (A, N) floats.
    parameters : (N,) floats by name, as `Neuron.parameters` gives them.
    neuron : the class that describes the neurons.
    dt : length of a time step in seconds.
    weight_bits, state_bits : of the core, or None to choose them.
    weight_shift : fixed by the core, or None to choose it.
    scale : "per_neuron" (needs a core with per-neuron parameters), "global", or a number that
        fixes s, e.g. 1 for a network that is in integers already.
    headroom : range of the state in multiples of the largest threshold, reset, bias or weight, at
        least 1; None: estimated.
    purpose : what else matters.

    Raises
    ------
    InputError : for an impossible `scale` or `headroom`.
    FitError : when a parameter does not fit in the state at a scale that the user fixed.
    """
    if not (scale in ("per_neuron", "global") if isinstance(scale, str) else _positive(scale)):
        raise InputError(f'scale is {scale!r}; choose "per_neuron", "global" or a positive number')
    if not (headroom is None or (_positive(headroom) and headroom >= 1)):
        raise InputError(f"headroom is {headroom!r}; give a number of at least 1")
    purpose = purpose or Purpose()
    drives = driving(weights, purpose)
    if isinstance(scale, str):
        held = Holding(weights, parameters, neuron, dt, scale == "global", headroom, purpose)
        held.choose_widths(weight_bits, state_bits)
        weight_bits, state_bits = held.weight_bits, held.state_bits
        choice, limited = held.choose(weight_shift), held.weights
    else:
        widths = fixed_widths(weights, parameters, neuron, dt, float(scale), weight_shift, purpose)
        weight_bits, state_bits = weight_bits or widths[0], state_bits or widths[1]
        choice = fixed_choice(weights, float(scale), weight_bits, weight_shift, purpose.bounds)
        limited = weights
    s, shift = choice.scales, choice.shift

    low, high = -(1 << (weight_bits - 1)), (1 << (weight_bits - 1)) - 1
    quantised = np.clip(np.rint(limited * (s / 2.0**shift)), low, high).astype(np.int64)
    # Off by more than rounding.
    clipped = np.abs(quantised - weights * (s / 2.0**shift)) > 0.5 + 1e-9
    realised = same(quantised * (2.0**shift / s), weights, 2.0**shift / s)
    thresholds, above = None, parameters.get("above", np.zeros(len(s))) > 0
    if "v_threshold" in parameters:
        thresholds = whole_threshold(parameters["v_threshold"], s)
        if isinstance(scale, str):
            moved = thresholds_for_sums(
                np.where(drives, weights, 0.0), quantised << shift, parameters["v_threshold"],
                thresholds, above,
            )  # fmt: skip
            thresholds = np.where(choice.exact, thresholds, moved)
        thresholds = thresholds + above
    exact = choice.exact & ~(above & purpose.subtract)
    rounded = RoundedNeurons(parameters, s, dt, state_bits, thresholds)
    neuron.round(rounded)

    used = weights != 0
    error = (realised - weights)[used]
    bounds = neuron.error_bounds(
        np.where(drives, weights, 0.0), np.where(drives, realised, 0.0), rounded, purpose
    )
    if purpose.plastic is not None:
        learning = purpose.plastic.any(axis=0)
        for array in (bounds.step, bounds.limit):
            array[learning] = np.inf
    report = QuantisationReport(
        scale=scale if isinstance(scale, str) else "fixed",
        scale_min=float(s.min(initial=math.inf)),
        scale_max=float(s.max(initial=0.0)),
        weight_bits=weight_bits,
        weight_shift=shift,
        state_bits=state_bits,
        weights=int(used.sum()),
        max_weight=float(np.abs(weights).max(initial=0.0)),
        max_error=float(np.abs(error).max(initial=0.0)),
        rms_error=float(np.sqrt(np.mean(error**2))) if error.size else 0.0,
        clipped=int(clipped.sum()),
        lost=int((quantised[used] == 0).sum()),
        parameters=tuple(rounded.deviations),
        exact=int(exact.sum()),
        bounds=bounds,
    )
    return Quantised(
        quantised, rounded.values, weight_bits, state_bits, shift, s, exact,
        realised, rounded.realised, clipped, report,
    )  # fmt: skip


def _positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    return 0 < float(value) < math.inf


def whole_threshold(threshold: Floats, s: Floats) -> Integers:
    """(N,) integers; a threshold above rest stays above it, or the neuron would fire for ever."""
    whole = np.clip(np.rint(threshold * s), -(2.0**62), 2.0**62).astype(np.int64)
    return np.where(threshold > 0, np.maximum(whole, 1), whole)
