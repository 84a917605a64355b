"""The numbers of a SuperNeuroMAT network as a core can hold them: unit, range and thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl.contract.errors import ForeignNetworkError

from ...quantise.rounding import Floats
from ..grid import WEIGHT_BITS, Grid, common_unit
from .chains import Folded
from .record import Record

STATE_BITS = (16, 32)
"""Fewest and most bits of a state that are chosen."""
_MOST_REFRACTORY = 255
ONCE = 10_000
"""Refractory periods from so many steps on stand for "never again"."""
_TOP = 2.0 ** (STATE_BITS[1] - 1) - 1


@dataclass(frozen=True, eq=False)
class Potentials:
    """N neurons that are kept.

    Attributes
    ----------
    neurons : (N,) floats by name, of those that are kept.
    unit : the power of two of which every potential is a multiple, at all times.
    thresholds : (N,) what a potential must reach at least, where it had to be above the threshold.
    reach : (N,) units from the reset state that the potential can come to; inf where inputs add up
        without end.
    state_bits : that hold all of it; the most there are where there is no end.
    dormant : (N,) bool, which neurons are refractory as long as a run can be.
    hold : (N,) what has to be taken from a neuron in every step to keep it silent for ever after its
        first spike; 0 for those that may fire again.
    """

    neurons: dict[str, Floats]
    unit: float
    thresholds: Floats
    reach: Floats
    state_bits: int
    dormant: NDArray[np.bool_]
    hold: Floats


def potentials(record: Record, folded: Folded) -> Potentials:
    """Find unit and range; raises `ForeignNetworkError` for what a core cannot hold exactly."""
    neurons = {name: column[folded.kept] for name, column in record.neurons.items()}
    unit = _unit(record, folded, neurons)
    _check_refractory(record, folded, neurons)
    dormant = neurons["refractory_state"] >= ONCE
    neurons["threshold"] = np.where(dormant, np.inf, neurons["threshold"])
    for name in ("refractory_period", "refractory_state"):
        neurons[name] = np.where(dormant, 0.0, neurons[name])
    once = neurons["refractory_period"] >= ONCE
    neurons["refractory_period"] = np.minimum(neurons["refractory_period"], _MOST_REFRACTORY)
    reset = neurons["reset_state"] / unit
    excitation, inhibition = (_strongest(record, folded, sign) / unit for sign in (1, -1))
    start, leak = neurons["state"] / unit - reset, neurons["leak"] / unit
    # Above the threshold by one unit is at it: potentials are whole in units.
    above = np.floor(neurons["threshold"] / unit) + 1 - reset
    # What is left of an input in the first step after a spike, and another one, stay below.
    hold = np.where(once, np.maximum(2 * excitation - above + 1, 1), 0.0)
    for k in np.flatnonzero(hold >= 1 << (WEIGHT_BITS - 1))[:1]:
        raise ForeignNetworkError(
            f"neuron {folded.kept[k]} fires once only (its refractory_period is long), which takes an "
            f"inhibition of {hold[k]:g} units; a core's weights hold {(1 << (WEIGHT_BITS - 1)) - 1}"
        )
    inhibition = inhibition + hold
    waits = np.maximum(neurons["refractory_period"], neurons["refractory_state"])
    firing = np.maximum(np.maximum(above, start), 0) + (waits + 1) * excitation
    high = np.minimum(firing, _adds_up(excitation, leak, start))
    low = _adds_up(inhibition, leak, -start)
    reach = np.maximum(high, low)
    # A threshold that no potential comes to needs no bits.
    above = np.where(above > high, np.minimum(above, high + 1), above)
    above = np.minimum(above, _TOP)
    for k in np.flatnonzero(above < -_TOP)[:1]:
        raise ForeignNetworkError(
            f"the threshold of neuron {folded.kept[k]} is {neurons['threshold'][k]:g}, "
            f"{-above[k]:g} units below its reset state; a core holds {_TOP:g}"
        )
    bounded = np.where(np.isfinite(reach), np.maximum(reach, np.abs(above)), _TOP)
    bits = int(np.ceil(np.log2(np.minimum(bounded, _TOP).max() + 1))) + 1
    state_bits = min(max(bits, STATE_BITS[0]), STATE_BITS[1])
    if record.stdp is not None:  # what is added in a step changes with the weights
        state_bits = STATE_BITS[1]
    return Potentials(
        neurons, unit, (above + reset) * unit, reach, state_bits, dormant, hold * unit
    )


def _check_refractory(record: Record, folded: Folded, neurons: dict[str, Floats]) -> None:
    """Raise `ForeignNetworkError` for what a core neither counts nor need not count."""
    period = neurons["refractory_period"]
    for name in ("refractory_period", "refractory_state"):
        counts = neurons[name] <= _MOST_REFRACTORY
        for k in np.flatnonzero(~counts & (neurons[name] < ONCE))[:1]:
            raise ForeignNetworkError(
                f"the {name} of neuron {folded.kept[k]} is {neurons[name][k]:g} steps; a core counts "
                f"to {_MOST_REFRACTORY}, and takes {ONCE} and more for never again"
            )
    for k in np.flatnonzero(period >= ONCE)[:1]:
        if record.stdp is not None:
            raise ForeignNetworkError(
                f"the refractory_period of neuron {folded.kept[k]} is {period[k]:g} steps, beside "
                f"STDP: in a network that learns a core counts to {_MOST_REFRACTORY} alone"
            )


def _adds_up(input_: Floats, leak: Floats, start: Floats) -> Floats:
    """How far this input drives a potential: it adds up, unless the leak takes as much."""
    return np.where(input_ <= leak, np.maximum(start, 0) + input_, np.inf)


def _strongest(record: Record, folded: Folded, sign: int) -> Floats:
    """(N,) the most that can be added to (1) or taken from (−1) a potential in one step."""
    size = len(folded.kept)
    into = np.bincount(folded.pairs[:, 1], np.maximum(sign * folded.weights, 0.0), size)
    place = np.zeros(record.size, dtype=np.int64)
    place[folded.kept] = np.arange(size)
    values = np.zeros(size)
    for _, neuron, value in record.spikes:
        values[place[neuron]] = max(values[place[neuron]], sign * value)
    for _, receiver, weight, _ in folded.under_way:
        into[receiver] += max(sign * weight, 0.0)
    return np.asarray(into + values)


def _unit(record: Record, folded: Folded, neurons: dict[str, Floats]) -> float:
    grid, weights = Grid(), Grid()
    for name in ("leak", "reset_state", "state"):
        finite = np.flatnonzero(np.isfinite(neurons[name]))
        ids = folded.kept[finite]
        grid.add(neurons[name][finite], lambda k, i=ids, n=name: f"the {n} of neuron {i[k]}")  # type: ignore[misc]

    def spike_name(k: int) -> str:
        step, neuron, _ = record.spikes[k]
        return f"the value of the input spike of neuron {neuron} in step {step}"

    def weight_name(k: int) -> str:
        return f"the weight of {record.synapse_name(int(folded.synapse[k]))}"

    if record.stdp is not None:
        for side, table in (("Apos", record.stdp.positive), ("Aneg", record.stdp.negative)):
            for each in (grid, weights):
                each.add(table, lambda k, side=side: f"{side}[{k}]")  # type: ignore[misc]
    for each in (grid, weights):
        each.add(np.array([value for _, _, value in record.spikes]), spike_name)
        each.add(folded.weights, weight_name)
    return common_unit(weights, grid)
