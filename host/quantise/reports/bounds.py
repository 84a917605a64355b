"""How far a potential in integers can be from the same equations in floats, for any input.

In each step the potential's error shrinks as the potential does, and grows by what is rounded: the
weights of all spikes that may come at once, the bias, the decays.  Summed over all steps that is a
bound.  It holds until the first spike that differs, and where no potential is clamped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.core_config import DECAY_ONE

from ..rounding import Floats, Integers, same

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ErrorBounds:
    """Bounds on |potential − threshold| errors, in the network's unit; each (N,) floats.

    Attributes
    ----------
    threshold : what the threshold is off by, with its adaptive part.
    step : by how much the potential's error may grow in one step.
    limit : what the potential's error never exceeds; infinite where it adds up without a leak.
    """

    threshold: Floats
    step: Floats
    limit: Floats

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ErrorBounds) and all(
            np.array_equal(a, b) for a, b in zip(self.arrays(), other.arrays(), strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def arrays(self) -> tuple[Floats, Floats, Floats]:
        """The attributes in their order."""
        return self.threshold, self.step, self.limit

    def after(self, steps: float) -> Floats:
        """(N,) bound on potential minus threshold so many steps after a state of 0; inf: for ever."""
        with np.errstate(invalid="ignore"):
            grown = np.where(self.step > 0, self.step * steps, 0.0)
        return self.threshold + np.minimum(self.limit, grown)


def no_bounds(neurons: int) -> ErrorBounds:
    """For neurons of which nothing is known."""
    unknown = np.full(neurons, np.inf)
    return ErrorBounds(unknown, unknown, unknown)


def integrating_bounds(
    weights: Floats,
    rounded: Floats,
    scales: Floats,
    parameters: dict[str, Floats],
    integers: dict[str, Integers],
    dt: float,
    *,
    subtract: bool,
    integrates: bool,
) -> ErrorBounds:
    """Bounds for N neurons that integrate currents up to a threshold, with or without adaptation of it.

    Parameters
    ----------
    weights : (A, N) of synapses that drive currents, 0 for others, in the network's unit.
    rounded : the same as a core holds them.
    scales : (N,) state units per unit of the network.
    parameters, integers : what was asked for, and what a core holds.
    subtract : reset by subtraction.
    integrates : potentials integrate while refractory, and so beyond the threshold.
    """

    unit, cut = 1.0 / scales, parameters["cut"]

    def off(name: str, core_name: str) -> Floats:
        got = same(integers[core_name] / scales, parameters[name], unit)
        return np.abs(got - parameters[name])

    change = rounded - weights
    bias = parameters["bias"]
    currents = off("bias", "bias")
    up, down = np.maximum(bias, 0.0), np.maximum(-bias, 0.0)
    # A weight that changes its sign on being rounded is 0.
    for side, suffix in ((weights > 0, "exc"), (weights < 0, "inh")):
        asked = np.where(side, weights, 0.0)
        error = np.where(side, change, 0.0)
        arriving = np.maximum(
            np.maximum(error, 0.0).sum(axis=0), np.maximum(-error, 0.0).sum(axis=0)
        )
        keep = _kept(parameters[f"tau_{suffix}"], dt)
        decay = integers[f"d_syn_{suffix}"]
        largest = _over(np.abs(asked).sum(axis=0), 1 - keep)
        there = np.any(side, axis=0)
        growth = _times(np.abs(1 - decay / DECAY_ONE - keep), largest) + arriving
        growth = growth + np.where(there, _rounding(decay, cut), 0.0) * unit
        currents = currents + _over(growth, decay / DECAY_ONE)
        if suffix == "exc":
            up = up + largest
        else:
            down = down + largest

    keep, decay = _kept(parameters["tau_mem"], dt), integers["d_mem"]
    threshold, reset = np.abs(parameters["v_threshold"]), np.abs(parameters["v_reset"])
    free = (parameters["readout"] > 0) | subtract | integrates
    high = np.where(free, _over(up, 1 - keep), threshold)
    reach = np.maximum.reduce([high, reset, _over(down, 1 - keep)])
    # Where nothing drives a neuron, its potential stays at rest, without error.
    moves = (up > 0) | (down > 0) | (reset > 0) | (parameters["v_threshold"] <= 0)
    step = currents + _times(np.abs(1 - decay / DECAY_ONE - keep), np.where(moves, reach, 0.0))
    step = step + np.where(moves, _rounding(decay, cut), 0.0) * unit
    leak = parameters["leak_step"]
    held = same(integers["leak"] * unit, leak, unit)
    step = step + np.where(np.isfinite(leak), np.abs(held - leak), 0.0)

    # What a floor is off by, the potential is off by when it lies there.
    floor = parameters["v_min"]
    held = same(integers["v_min"] * unit, floor, unit)
    below = np.where(np.isfinite(floor), np.abs(held - floor), 0.0)
    taken = off("v_threshold", "v_threshold")
    # One unit up is no error of a comparison with >, but one of what a spike takes.
    compared = integers["v_threshold"] - (parameters["above"] > 0)
    held = same(compared * unit, parameters["v_threshold"], unit)
    fixed = np.abs(held - parameters["v_threshold"])
    adaptive, per_step = _adaptive(parameters, integers, scales, dt)
    # A reset to a value replaces the error, one by subtraction adds to it.
    reset_error = off("v_reset", "v_reset")
    step = step + taken + adaptive if subtract else np.maximum(step, reset_error)
    limit = np.maximum.reduce([_over(step, decay / DECAY_ONE), reset_error, below])
    step = np.maximum(step, below)
    return ErrorBounds(fixed + adaptive, step + per_step, np.where(per_step > 0, np.inf, limit))


def _adaptive(
    parameters: dict[str, Floats], integers: dict[str, Integers], scales: Floats, dt: float
) -> tuple[Floats, Floats]:
    """What the adaptive part of the threshold is off by at most, and what a rate adds in each step."""
    increment, used = parameters["threshold_increment"], parameters["threshold_increment"] > 0
    error = np.abs(same(integers["th_inc"] / scales, increment, 1.0 / scales) - increment)
    keep, decay = _kept(parameters["tau_threshold"], dt), integers["d_th"]
    largest = _over(increment, 1 - keep)
    growth = (
        _times(np.abs(1 - decay / DECAY_ONE - keep), largest) + error + _rounding(decay) / scales
    )
    rate = parameters["target_rate"] * dt * increment
    sinking = np.maximum(error, np.abs(integers["th_dec"] / scales - rate))
    by_rate = used & (parameters["target_rate"] > 0)
    adapted = np.where(used & ~by_rate, _over(growth, decay / DECAY_ONE), 0.0)
    return adapted, np.where(by_rate, sinking, 0.0)


def _kept(tau: Floats, dt: float) -> Floats:
    """What is left of a state after a step: exp(−dt/tau)."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.exp(-dt / tau), dtype=np.float64)


def _rounding(decay: Integers, cut: Floats | float = 0.0) -> Floats:
    """How far one rounded decay is off, in integers: at least 1 is lost of small numbers.

    Where decays are cut (`cut` > 0) it is up to 1.
    """
    partial = (decay > 0) & (decay < DECAY_ONE)
    nearest = np.maximum(0.5, 1 - decay / DECAY_ONE)
    return np.where(partial, np.where(np.asarray(cut) > 0, 1.0, nearest), 0.0)


def _over(amount: Floats, loss: Floats) -> Floats:
    """The limit of a sum that loses a part in each step; infinite without a loss, 0 of nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(amount > 0, amount / loss, 0.0)


def _times(part: Floats, amount: Floats) -> Floats:
    """A product in which 0 times infinity is 0."""
    with np.errstate(invalid="ignore"):
        return np.where(part > 0, part * amount, 0.0)
