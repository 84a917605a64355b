"""Clock cycles: how many steps and resets take at most, and how many a tick has."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig

from .errors import InputError

_FIXED = 64
_MAX_TICK = (1 << 32) - 1
_SYNAPSES_PER_SWEEP = 3
"""Passes over all synapses that a sweep may take: two, and some slack."""


def step_cycles(
    config: CoreConfig, arrivals: NDArray[np.int64], start: int, sweep_log2: int | None = None
) -> NDArray[np.int64]:
    """(steps,) clock cycles that each step takes at most, by docs/semantics.md's own count.

    Parameters
    ----------
    config : the core.
    arrivals : (steps,) spikes that come in each step, at most.
    start : number of the first step.
    sweep_log2 : of a core that sweeps over its synapses.
    """
    layout = config.layout
    fixed = layout.update_words + layout.arrival_words + config.neurons + _FIXED
    cycles = np.minimum(arrivals, config.axons) * layout.groups + fixed
    if config.learning is not None:
        # All neurons may fire, and every one that does has a column to learn.
        cycles += config.neurons * layout.axon_groups + config.axons
        if sweep_log2 is not None:
            ends = (start + np.arange(1, len(cycles) + 1)) % (1 << sweep_log2) == 0
            cycles += ends * _SYNAPSES_PER_SWEEP * (config.axons * layout.groups + _FIXED)
    return cycles


def sweeps(config: CoreConfig) -> bool:
    """Whether the core sweeps over its synapses."""
    return config.learning is not None and config.learning.format.sweeps


def clearing_cycles(config: CoreConfig) -> int:
    """Clock cycles that a reset takes at most."""
    cycles = config.axons * config.layout.groups
    if config.learning is not None:
        cycles += config.axons * config.layout.groups + config.axons + config.neurons
    return cycles


def chunks(cycles: NDArray[np.int64], limit: float) -> Iterator[slice]:
    """Parts of a run that take at most `limit` cycles each, or one step."""
    total = np.cumsum(cycles)
    begin = 0
    while begin < len(total):
        done = total[begin] - cycles[begin]
        end = max(begin + 1, int(np.searchsorted(total, done + limit, side="right")))
        yield slice(begin, end)
        begin = end


def tick_cycles(clock_hz: int, cycles: int | None, seconds: float | None) -> int:
    """Cycles from tick to tick: `cycles`, or `seconds`, rounded; `InputError` for what can not be."""
    if (cycles is None) == (seconds is None):
        raise InputError("give tick_period_cycles or tick_seconds, one of the two")
    if seconds is not None:
        period = round(seconds * clock_hz) if math.isfinite(seconds) else 0
        given, unit = f"tick_seconds is {seconds}", clock_hz
    else:
        period = operator.index(cycles)  # type: ignore[arg-type]
        given, unit = f"tick_period_cycles is {period}", 1
    if not 1 <= period <= _MAX_TICK:
        raise InputError(f"{given}; give {1 / unit:.6g}…{_MAX_TICK / unit:.10g}")
    return period
