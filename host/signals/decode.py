"""Spikes to values: of one raster (steps, size), or of many (samples, steps, size)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError


class MonitoredRun(Protocol):
    """What `potential` needs of a run."""

    monitored: Mapping[str, NDArray[np.float64]]
    populations: dict[str, slice]
    spikes: NDArray[np.bool_]


def count(spikes: ArrayLike) -> NDArray[np.int64]:
    """(size,) or (samples, size) number of spikes of each neuron."""
    return np.asarray(_raster(spikes).sum(axis=-2, dtype=np.int64))


def rate(spikes: ArrayLike, dt: float) -> NDArray[np.float64]:
    """As `count`, in hertz with steps of `dt` seconds."""
    steps = _raster(spikes).shape[-2]
    return count(spikes) / (max(1, steps) * dt)


def first_spike(spikes: ArrayLike) -> NDArray[np.int64]:
    """(size,) or (samples, size) step of each neuron's first spike; the number of steps for none."""
    raster = _raster(spikes)
    steps = raster.shape[-2]
    if not steps:
        return np.zeros((*raster.shape[:-2], raster.shape[-1]), dtype=np.int64)
    return np.where(raster.any(axis=-2), raster.argmax(axis=-2), steps)


def potential(
    run: MonitoredRun, population: str, *, step: int = -1, state: str = "v"
) -> NDArray[np.float64]:
    """(size,) potentials of a population after one step of a run, in the network's unit.

    Parameters
    ----------
    run : of a device on which `device.monitor(population, state)` was called before.
    step : counted from the first of the run; -1: the last.
    state : another state than the potential.

    Raises
    ------
    InputError : the values were not monitored, or there is no such step.
    """
    if population not in run.populations:
        raise InputError(
            f"no population {population!r} in this run; it has "
            f"{', '.join(map(repr, run.populations)) or 'none'}"
        )
    neurons = range(*run.populations[population].indices(run.spikes.shape[1]))
    missing = [j for j in neurons if f"{state}[{j}]" not in run.monitored]
    if missing:
        raise InputError(
            f"{state} of {len(missing)} of the {len(neurons)} neurons of {population!r} was not "
            f'monitored; call device.monitor("{population}", "{state}") before the run'
        )
    steps = len(run.spikes)
    if not -steps <= step < steps:
        raise InputError(f"step is {step}; the run has {steps} steps")
    return np.array([run.monitored[f"{state}[{j}]"][step] for j in neurons], dtype=np.float64)


def _raster(spikes: ArrayLike) -> NDArray[np.bool_]:
    try:
        array = np.asarray(spikes)
    except ValueError:
        raise InputError("rasters have different lengths; decode them one by one") from None
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise InputError(
            f"spikes have shape {array.shape} and dtype {array.dtype}; give (steps, size), or "
            "(samples, steps, size)"
        )
    return array.astype(np.bool_)
