"""Clock cycles: how many steps and resets take at most, and how many a tick has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import InputError

from ..design.design import Design
from ..design.placement import network_destinations
from ..design.run_limits import check_cycles, check_seconds

_FIXED = 64
"""For the depth of pipelines, and what waits for it; the lanes are counted besides."""
_SCAN = 36
"""For each word of arrivals that a core with axonal delays scans, or whose list is made anew."""
_HAZARD = 8
"""That a row of few words may wait for the sums of one before."""
_MAX_TICK = (1 << 32) - 1
_FABRIC = 256
"""For barrier, mesh and collector of a fabric."""
_CYCLES_PER_PACKET = 2
_SYNAPSES_PER_SWEEP = 3
"""Passes over all synapses that a sweep may take: two, and some slack."""


def step_cycles(
    config: CoreConfig, arrivals: NDArray[np.int64], start: int, sweep_log2: int | None = None
) -> NDArray[np.int64]:
    """(steps,) clock cycles that each step takes at most, by docs/reference/semantics.md's own count.

    Parameters
    ----------
    config : the core.
    arrivals : (steps,) spikes that come in each step, at most.
    start : number of the first step.
    sweep_log2 : of a core that sweeps over its synapses.
    """
    layout = config.layout
    # All neurons may fire at the end of the update, and are routed after it.
    fixed = 2 * config.neurons + _SCAN * layout.arrival_words + config.lanes + _FIXED
    cycles = np.minimum(arrivals, config.axons) * max(layout.groups, _HAZARD) + fixed
    if config.learning is not None:
        # And every neuron that fires has a column to learn.
        cycles += config.neurons * layout.axon_groups + config.axons
        if sweep_log2 is not None:
            ends = (start + np.arange(1, len(cycles) + 1)) % (1 << sweep_log2) == 0
            rows = config.axons * max(layout.groups, _HAZARD) + config.lanes + _FIXED
            cycles += ends * (_SYNAPSES_PER_SWEEP * rows + config.neurons)
    return cycles


def run_cycles(
    design: Design, raster: NDArray[np.bool_], start: int, sweep_log2: int | None = None
) -> NDArray[np.int64]:
    """(steps,) clock cycles that each step of a run takes at most, on one core or on many.

    Parameters
    ----------
    design : the network, and where it is.
    raster : (steps, A) input spikes.
    start, sweep_log2 : as for `step_cycles`.
    """
    rows = network_destinations(design.image)
    if design.placement is None:
        arrivals = raster.sum(axis=1, dtype=np.int64) + len(rows)
        cycles = step_cycles(design.config, arrivals, start, sweep_log2)
        return cycles + (_FABRIC + _CYCLES_PER_PACKET * len(rows)) * bool(
            design.config.route_entries
        )
    placement, core = design.placement, design.placement.fabric.core
    packets = np.concatenate(placement.destinations(design.image))
    slowest = np.zeros(len(raster), dtype=np.int64)
    for k in range(placement.fabric.cores):
        arrivals = raster[:, placement.axons_on(k)[0]].sum(axis=1, dtype=np.int64)
        arrivals += int(np.count_nonzero(packets[:, 1] == k))
        slowest = np.maximum(slowest, step_cycles(core, arrivals, start, sweep_log2))
    # Reports go out one after the other; and so do packets, at worst.
    reports = placement.fabric.external.neurons
    return slowest + _FABRIC + reports + _CYCLES_PER_PACKET * len(packets)


def spike_cycles(design: Design, spikes: int) -> int:
    """Clock cycles that a step takes at most in which so many axons spike, on one core or on many.

    Axons are those of inputs and of neurons that project to something; on many cores all of them are
    taken to be on one, and their packets to go to all.
    """
    on_one = np.array([min(spikes, design.config.axons)])
    if design.placement is None:
        cycles = int(step_cycles(design.config, on_one, 0)[0])
        packets = min(spikes, len(network_destinations(design.image)))
        return cycles + (_FABRIC + _CYCLES_PER_PACKET * packets) * bool(design.config.route_entries)
    fabric = design.placement.fabric
    packets = sum(len(p) for p in design.placement.destinations(design.image))
    packets = min(packets, spikes * fabric.cores)
    cycles = int(step_cycles(fabric.core, np.minimum(on_one, fabric.core.axons), 0)[0])
    return cycles + _FABRIC + fabric.external.neurons + _CYCLES_PER_PACKET * packets


def sweeps(config: CoreConfig) -> bool:
    """Whether the core sweeps over its synapses."""
    return config.learning is not None and config.learning.format.sweeps


def clearing_cycles(chip: CoreConfig | FabricConfig) -> int:
    """Clock cycles that a reset takes at most; cores are cleared side by side."""
    config = chip.core if isinstance(chip, FabricConfig) else chip
    layout = config.layout
    cycles = (layout.padded_neurons + config.lanes + _FIXED) * config.delay_slots
    cycles += _SCAN * layout.arrival_words * config.axonal_delay_slots
    if config.learning is not None:
        cycles += config.axons * layout.groups + config.axons + config.neurons
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
    """Cycles from tick to tick: `cycles`, or `seconds`, rounded; `InputError` for what cannot be."""
    if (cycles is None) == (seconds is None):
        raise InputError("give tick_period_cycles or tick_seconds, one of the two")
    if seconds is not None:
        period = round(check_seconds("tick_seconds", seconds) * clock_hz)
        given, unit = f"tick_seconds is {seconds}", clock_hz
    else:
        period = check_cycles("tick_period_cycles", cycles)
        given, unit = f"tick_period_cycles is {period}", 1
    if not 1 <= period <= _MAX_TICK:
        raise InputError(f"{given}; give {1 / unit:.6g}…{_MAX_TICK / unit:.10g}")
    return period
