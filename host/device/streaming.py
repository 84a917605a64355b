"""Running part by part: input without end, spikes as they come, and ticks in real time."""

from __future__ import annotations

import itertools
import operator
import warnings
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError, shown
from spikeloom.hdl.contract.memory_map import COUNTERS

from ..design.design import Design
from ..design.input_raster import SpikeInput, SpikeStream, input_raster, input_steps
from ..design.run_limits import check_length
from ..signals.sources import SpikeSource
from .interface import DeviceInterface
from .run import Part

Raster = NDArray[np.bool_]

DEFAULT_EVERY = 100
"""Steps of a part when neither the caller nor the input says how many."""
_COUNTED = ("overruns", "late", "stalls")


class RealTimeWarning(UserWarning):
    """A stream with ticks could not keep to them."""


def stream(
    device: DeviceInterface,
    spikes: SpikeStream = None,
    steps: int | None = None,
    *,
    every: int | None = None,
    tick_period_cycles: int | None = None,
    tick_seconds: float | None = None,
) -> Iterator[Part]:
    """Run part by part, and yield what each part gave.

    A part runs when it is asked for.  In between the device waits: parameters and weights can be
    changed, which is in effect from the next part on, and who stops asking leaves the device at
    the end of the last part.  Without ticks the parts are the same as one long run.

    Parameters
    ----------
    spikes : as `Device.run` takes them; or an iterator (a generator, say) of such, each of which is
        the next steps of the input; an array of it may also be one step, (A,).  It may be endless,
        and is asked for the steps of a part just before they run: so it may look at the part before.
    steps : how many in all; input that ends earlier is followed by silence.  Default: as many as
        the input has; without input for ever.
    every : steps of a part; the last one may be shorter.  Default: an iterator's items as they come,
        otherwise 100.
    tick_period_cycles, tick_seconds : run in real time, see `Device.run_live`.  The ticks begin anew
        with each part.  The first part that did not keep to them comes with a `RealTimeWarning`.

    Raises
    ------
    InputError : what is given makes no sense; from the call itself, or when a bad item comes.
    BoardRefusedError : something else has run steps since the last part.
    """
    stride = None if every is None else _positive("every", every)
    check_length(stride or 0, device.design.config.axons, device.design.config.neurons)
    total = None if steps is None else _positive("steps", steps, least=0)
    rasters = _parts(device.design, spikes, total, stride)
    if tick_period_cycles is None and tick_seconds is None:
        return _run(device, rasters)
    ticks = _Ticks(device, tick_period_cycles, tick_seconds)
    return ticks.run(rasters)


def _run(device: DeviceInterface, rasters: Iterator[Raster]) -> Iterator[Part]:
    start = device.step
    for raster in rasters:
        run = device.run(raster, start=start)
        start = run.end
        yield Part(**vars(run))


class _Ticks:
    """Runs parts in real time, and finds out what went wrong."""

    def __init__(self, device: DeviceInterface, cycles: int | None, seconds: float | None) -> None:
        self._device = device
        self._seconds = device.tick_period(cycles, seconds)
        self._options = {"tick_period_cycles": cycles, "tick_seconds": seconds}
        self._counters = device.counters()

    def run(self, rasters: Iterator[Raster]) -> Iterator[Part]:
        device, warned = self._device, False
        start, ended = device.step, None
        for raster in rasters:
            pause = 0.0 if ended is None else device.now() - ended
            run = device.run_live(raster, start=start, **self._options)  # type: ignore[arg-type]
            ended, start = device.now(), run.end
            part = Part(**vars(run))
            part.missed = int(pause / self._seconds)
            for name, count in self._counted().items():
                setattr(part, name, count)
            if (part.overruns or part.late or part.missed) and not warned:
                warned = True
                warnings.warn(_advice(part), RealTimeWarning, stacklevel=2)
            yield part

    def _counted(self) -> dict[str, int]:
        """What has been counted since the part before."""
        before, self._counters = self._counters, self._device.counters()
        return {
            name: (self._counters.get(name, 0) - before.get(name, 0)) % (1 << COUNTERS[name])
            for name in _COUNTED
        }


def _advice(part: Part) -> str:
    return (
        f"steps {part.start}…{part.start + part.steps - 1} did not keep to their ticks: "
        f"{part._wrong()}. Later parts are not warned of; look at their overruns, late, stalls and "
        "missed. Longer ticks, parts of more steps, and a faster line help"
    )


# Input


def _parts(
    design: Design, spikes: SpikeStream, total: int | None, every: int | None
) -> Iterator[Raster]:
    """The rasters of the parts, (steps, A) each."""
    axons = design.config.axons
    pieces: Iterator[Raster]
    if spikes is None:
        pieces = iter(())
        if total is None:
            pieces = itertools.repeat(np.zeros((every or DEFAULT_EVERY, axons), dtype=np.bool_))
    elif _is_stream(spikes):
        pieces = (input_raster(design, _at_least_a_step(item)) for item in spikes)  # type: ignore[union-attr]
        every = every or 0
    else:
        pieces = iter([_whole(design, spikes, total)])  # type: ignore[arg-type]
    if total is not None:
        pieces = _exactly(pieces, total, axons, every or DEFAULT_EVERY)
    return pieces if every == 0 else _recut(pieces, every or DEFAULT_EVERY)


def _whole(design: Design, spikes: SpikeInput, total: int | None) -> Raster:
    """The input that one array or dict gives, without the silence after it."""
    if total is not None:
        rows = input_steps(design, spikes)
        total = total if rows is None else min(rows, total)
    return input_raster(design, spikes, total)


def _is_stream(spikes: SpikeStream) -> bool:
    """Whether these are items one after the other, and not one array or dict."""
    plain = isinstance(spikes, Mapping | SpikeSource | list | tuple | str) or hasattr(
        spikes, "__array__"
    )
    return isinstance(spikes, Iterable) and not plain


def _at_least_a_step(item: SpikeInput) -> SpikeInput:
    if isinstance(item, Mapping):
        return {name: _rows(values) for name, values in item.items()}
    return _rows(item) if item is not None else item


def _rows(item: ArrayLike | SpikeSource) -> ArrayLike | SpikeSource:
    return item if isinstance(item, SpikeSource) else np.atleast_2d(item)


def _exactly(pieces: Iterator[Raster], total: int, axons: int, silence: int) -> Iterator[Raster]:
    """So many steps: what there is too much is left out, what is missing is silent."""
    left = total
    while left > 0:
        piece = next(pieces, None)
        if piece is None:
            piece = np.zeros((silence, axons), dtype=np.bool_)
        yield piece[:left]
        left -= len(piece)


def _recut(pieces: Iterator[Raster], every: int) -> Iterator[Raster]:
    """The same steps in parts of `every`; pieces are asked for when they are needed."""
    kept: list[Raster] = []
    for piece in pieces:
        kept.append(piece)
        have = sum(map(len, kept))
        if have < every:
            continue
        joined = np.concatenate(kept)
        for begin in range(0, have - every + 1, every):
            yield joined[begin : begin + every]
        kept = [joined[have - have % every :]]
    rest = np.concatenate(kept) if kept else None
    if rest is not None and len(rest):
        yield rest


def _positive(name: str, value: object, least: int = 1) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least:
        raise InputError(f"{name} is {shown(value)}; give a number of steps, at least {least}")
    return number
