"""A NIR neuron as one of ours: decays, gains, thresholds, resets and biases."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...network.neuron import Neuron
from ...network.neurons import IF, LI, LIF
from ...quantise.rounding import Floats
from .conventions import SPIKELOOM, Convention
from .raw import Node
from .ties import lattice

SPIKING = ("IF", "LIF", "CubaLIF")
"""Kinds that are reset when they fire."""
READOUTS = ("I", "LI", "CubaLI")
"""Kinds that never fire: what they give is their potential."""


@dataclass(frozen=True, eq=False)
class Meaning:
    """How the numbers of a graph are to be read.

    Attributes
    ----------
    convention : of the framework that wrote it.
    dt : length of a step in seconds.
    reset : "value" or "subtract".
    """

    convention: Convention
    dt: float
    reset: str


@dataclass(eq=False)
class Unit:
    """Neurons of one node.

    Attributes
    ----------
    node : that they were made from.
    size : how many.
    neuron : what they are here.
    gain : (size,) factors of what reaches them.
    alpha, beta : (size,) what a step leaves of potential and current; beta is 0 without a current.
    bias : (size,) what is added to the potential in each step, from rest.
    current : (size,) of it, the part that comes from a constant current which has to build up.
    start : (size,) potential at the beginning, from rest.
    feedback : (size,) weights from each neuron to itself: those one step later, two steps later, …
    notes : what a reader has to know.
    """

    node: Node
    size: int
    neuron: Neuron
    gain: Floats
    alpha: Floats
    beta: Floats
    bias: Floats
    current: Floats
    start: Floats
    feedback: tuple[Floats, ...] = ()
    notes: list[str] = field(default_factory=list)


def time_constant(left: Floats, dt: float) -> Floats:
    """The time constant of which exp(−dt/τ) is `left`: 0 for nothing, inf for everything."""
    with np.errstate(divide="ignore"):
        return np.where(left >= 1, math.inf, np.where(left <= 0, 0.0, -dt / np.log(left)))


def make_unit(
    node: Node, count: int, meaning: Meaning, drive: Floats, weights: Floats, recurrent: bool
) -> Unit:
    """The neurons of a node.

    Parameters
    ----------
    node : of a kind of neuron.
    count : how many there are.
    meaning : how to read it.
    drive : (count,) constant that reaches them, in the node's unit.
    weights : all weights that reach them, times their gain left out: (entries, 2) of neuron and weight.
    recurrent : whether some of these weights are from these neurons themselves.
    """
    convention, dt = meaning.convention, meaning.dt
    subtract = meaning.reset == "subtract"
    fires = node.kind not in READOUTS
    alpha, gain = _membrane(node, convention, dt)
    beta, current_gain = _current(node, convention, dt)
    alpha, gain, beta, current_gain = (_all(x, count) for x in (alpha, gain, beta, current_gain))
    gain = gain * current_gain
    leak = _all(node.numbers("v_leak", 0.0), count)
    reset = _all(node.numbers("v_reset", 0.0), count)
    key = "threshold" if node.kind == "Threshold" else "v_threshold"
    threshold = _all(node.numbers(key, 0.0), count) if fires else np.zeros(count)
    # A constant current b builds up to b/(1 − β): as a bias of that size, less what is not there yet.
    bias = gain * drive / np.where(beta < 1, 1 - beta, 1.0)
    current = np.where((beta > 0) & (not convention.steady_bias), bias, 0.0)
    rest = start = np.zeros(count)
    if fires and subtract and np.any(leak != 0):
        bias, start = bias + (1 - alpha) * leak, leak
    else:
        rest = leak
    unit = Unit(
        node, count, IF(), gain, alpha, beta, bias, current, start,
        _feedback(node, convention, subtract, alpha, beta, threshold),
    )  # fmt: skip
    unit.notes += convention.clamps(node, dt)
    tau = time_constant(alpha, dt)
    common: dict[str, Any] = {
        "tau_syn": time_constant(beta, dt) if node.kind.startswith("Cuba") else None,
        "bias": bias,
        "v_rest": rest,
    }
    if not fires:
        unit.neuron = LI(tau_mem=tau, **common)
        return unit
    if node.kind in SPIKING and subtract and np.any(reset != 0):
        raise node.refused(
            f"v_reset is {reset[reset != 0][0]:g}, which has no meaning with reset='subtract'; is it "
            "reset='value'?"
        )
    if subtract and np.any(threshold <= 0):
        raise node.refused(
            f"{key} is {threshold.min():g}; a reset by subtraction needs a positive threshold"
        )
    scaled = weights[:, 1] * gain[weights[:, 0].astype(int)]
    if convention.name == SPIKELOOM:
        above = bool(node.metadata.get("above", False))
        threshold = threshold if above else np.nextafter(threshold, np.inf)
    else:
        above = not convention.inclusive and not _starts_lower(unit, threshold, scaled, subtract)
    lasts = convention.zero_lasts and not subtract and (node.kind == "CubaLIF" or recurrent)
    common |= {
        "v_threshold": threshold,
        "above": above,
        "reset": "subtract" if subtract else "value",
        "refractory": dt if lasts else 0.0,
    }
    if not subtract:
        common["v_reset"] = np.zeros(count) if node.kind == "Threshold" else reset
    unit.neuron = IF(**common) if np.all(alpha == 1) else LIF(tau_mem=tau, **common)
    _late(unit, convention, lasts)
    return unit


def _starts_lower(unit: Unit, threshold: Floats, weights: Floats, subtract: bool) -> bool:
    """Whether the potential's beginning was lowered, so that it is at the threshold when it is above."""
    if not subtract or np.any(unit.alpha < 1) or unit.node.kind.startswith("Cuba"):
        return False
    step = lattice(np.concatenate([weights, unit.bias, threshold, unit.start]))
    if step is None:
        return False
    unit.start = unit.start - step
    unit.notes.append(
        f"node {unit.node.name!r} fires above the threshold; all its numbers are multiples of "
        f"{step:g}, so it begins that much lower and fires from the threshold on"
    )
    return True


def _all(values: Floats, count: int) -> Floats:
    return np.array(np.broadcast_to(np.ravel(values), (count,)))


def _membrane(node: Node, convention: Convention, dt: float) -> tuple[Floats, Floats]:
    if node.kind == "Threshold":
        return np.zeros(1), np.ones(1)
    if node.kind in ("I", "IF"):
        return np.ones(1), convention.integrator(node, dt).ravel()
    key = "tau_mem" if node.kind.startswith("Cuba") else "tau"
    tau = convention.taus(node, key, dt)
    alpha, gain = convention.membrane(node, tau, dt)
    return alpha.ravel(), gain.ravel()


def _current(node: Node, convention: Convention, dt: float) -> tuple[Floats, Floats]:
    if not node.kind.startswith("Cuba"):
        return np.zeros(1), np.ones(1)
    beta, gain = convention.current(node, convention.taus(node, "tau_syn", dt), dt)
    return beta.ravel(), gain.ravel()


def _feedback(
    node: Node,
    convention: Convention,
    subtract: bool,
    alpha: Floats,
    beta: Floats,
    threshold: Floats,
) -> tuple[Floats, ...]:
    """v ← α·v + i − θ·s of the step before is α·(v − θ·s) + i − (1 − α)·θ·s: a weight to itself.

    Where a weight reaches a current, which keeps β of it, a second one takes that out a step later.
    """
    if not (subtract and node.kind in convention.late_subtraction):
        return ()
    weights = -(1 - alpha) * threshold
    if not np.any(weights != 0):
        return ()
    return (weights, -beta * weights) if np.any(beta != 0) else (weights,)


def _late(unit: Unit, convention: Convention, lasts: bool) -> None:
    name = unit.node.name
    if unit.feedback:
        again = ", and a second one takes out what the current keeps of it"
        unit.notes.append(
            f"node {name!r}: the threshold is subtracted after the decay; each neuron has a synapse "
            "to itself for the difference, (1 − α)·v_threshold"
            + (again if len(unit.feedback) > 1 else "")
        )
    if lasts:
        unit.notes.append(
            f"node {name!r}: snnTorch leaves out the step after a spike; so does a refractory "
            "period of one step"
        )
