"""Input spikes as a user gives them, checked and brought into one form for every device."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError, shown

from ..signals.sources import SpikeSource
from .design import Design
from .run_limits import check_length

SpikeInput = ArrayLike | SpikeSource | Mapping[str, ArrayLike | SpikeSource] | None
"""Spikes for a run: a (steps, axons) array of 0 and 1, or a source of spikes (`spikeloom.Poisson`, …);
or such by input name; or None."""

SpikeStream = SpikeInput | Iterable[SpikeInput]
"""Spikes for a stream: those of a run, or an iterator of such, each the next steps of the input."""

SampleInputs = ArrayLike | dict[str, ArrayLike] | Iterable[SpikeInput]
"""Inputs of several runs: one of each; or arrays (samples, steps, size), also by input name."""


class Sizes(Protocol):
    """Numbers of axons and neurons."""

    @property
    def axons(self) -> int:
        """A."""

    @property
    def neurons(self) -> int:
        """N."""


class Axons(Protocol):
    """What has inputs: a `Design`, or a network in floats; with its attributes of these names."""

    @property
    def inputs(self) -> dict[str, slice]:
        """Axons of each input."""

    @property
    def mirrors(self) -> NDArray[np.int64]:
        """(K, 2) axons, and further ones that hear the same."""

    @property
    def dt(self) -> float:
        """Seconds of a step."""

    @property
    def config(self) -> Sizes:
        """Of the core."""


def input_raster(
    design: Axons, spikes: SpikeInput = None, steps: int | None = None
) -> NDArray[np.bool_]:
    """(steps, A) bool raster of a run's input spikes, axon by axon.

    Parameters
    ----------
    design : the network; `config.axons` is A, `inputs` names ranges of axons.
    spikes : (rows, A) array of 0 and 1 (bool, integer or float); or a dict of such arrays,
        (rows, size), by input population; or None for no spikes.  In place of an array a source
        may stand (`spikeloom.signals.sources`), which is told how many rows there are.
    steps : length of the run, at least `rows`; steps beyond the rows have no input spikes.
        Default: as many as there are rows, the same number in every array of a dict.

    Raises
    ------
    InputError : a shape, dtype, value or name does not fit; the message says what would.
    """
    if steps is not None:
        steps = _step_count(steps)
    axons = design.config.axons
    parts: list[tuple[range, NDArray[np.bool_]]] = []
    sources: list[tuple[range, SpikeSource]] = []
    for name, given in _by_input(spikes).items():
        where = range(axons) if name is None else _axon_range(design, name)
        if isinstance(given, SpikeSource):
            sources.append((where, given))
            continue
        what = "spikes" if name is None else f"spikes[{name!r}]"
        otherwise = _by_name(design) if name is None else ""
        parts.append((where, _rows(what, given, len(where), otherwise)))

    lengths = {len(rows) for _, rows in parts}
    if not lengths:
        needed = [source.length(design.dt) for _, source in sources]
        lengths = {max(found)} if (found := [n for n in needed if n is not None]) else set()
    if steps is None:
        if not lengths:
            raise InputError("no input spikes say how long the run is; give steps")
        if len(lengths) > 1:
            raise InputError(
                f"the inputs have {', '.join(map(str, sorted(lengths)))} steps; "
                "give all the same number, or give steps"
            )
        (steps,) = lengths
    elif max(lengths, default=0) > steps:
        raise InputError(
            f"the input has {max(lengths)} steps, but steps is {steps}; "
            f"shorten the input, or give steps of at least {max(lengths)}"
        )
    check_length(steps, axons, design.config.neurons)
    raster = np.zeros((steps, axons), dtype=bool)
    parts += [(where, s.raster(len(where), steps, design.dt)) for where, s in sources]
    for where, rows in parts:
        raster[: len(rows), where] |= rows
    for axon, mirror in design.mirrors:
        raster[:, mirror] |= raster[:, axon]
    return raster


def input_steps(design: Design, spikes: SpikeInput) -> int | None:
    """Steps that hold all of an input, before it is checked; None: as many as the run has."""
    needed = [
        given.length(design.dt)
        if isinstance(given, SpikeSource)
        else len(np.atleast_1d(np.asarray(given)))
        for given in _by_input(spikes).values()
    ]
    return max((steps for steps in needed if steps is not None), default=None)


def _by_input(spikes: SpikeInput) -> dict[str | None, ArrayLike | SpikeSource]:
    """What is given, by the name of the input; None stands for all axons."""
    if spikes is None:
        return {}
    return dict(spikes.items()) if isinstance(spikes, Mapping) else {None: spikes}


def _step_count(steps: object) -> int:
    try:
        count = operator.index(steps)  # type: ignore[arg-type]
    except TypeError:
        raise InputError(f"steps is {shown(steps)}; give an integer") from None
    if count < 0:
        raise InputError(f"steps is {count}; give 0 or more")
    return count


def _axon_range(design: Axons, name: str) -> range:
    if name not in design.inputs:
        known = ", ".join(map(repr, design.inputs)) or "none"
        raise InputError(
            f"no input population {name!r} in this design; it has {known}"
            + ("" if design.inputs else ": give one array for all axons")
        )
    return range(*design.inputs[name].indices(design.config.axons))


def _by_name(design: Axons) -> str:
    """How to give spikes for the inputs alone."""
    return f", or a dict by input: {', '.join(design.inputs)}" if design.inputs else ""


def _rows(what: str, values: ArrayLike, width: int, otherwise: str = "") -> NDArray[np.bool_]:
    """Check one array of 0 and 1, (rows, width)."""
    if isinstance(values, np.ma.MaskedArray):
        raise InputError(f"{what} is a masked array; fill it, e.g. spikes.filled(0)")
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{what} has rows of unequal length; give (steps, {width})") from None
    if array.ndim != 2 or array.shape[1] != width:
        raise InputError(f"{what} has shape {array.shape}; give (steps, {width}){otherwise}")
    if array.dtype.kind not in "biuf":
        raise InputError(f"{what} has dtype {array.dtype}; give bool, or the numbers 0 and 1")
    rows = array.astype(bool)
    wrong = np.argwhere(rows != array)
    if len(wrong):
        step, axon = wrong[0]
        raise InputError(f"{what}[{step}, {axon}] is {array[step, axon]}; give 0 or 1")
    return rows


def sample_rasters(
    design: Axons, samples: SampleInputs, steps: int | None = None
) -> list[NDArray[np.bool_]]:
    """(steps, A) rasters of samples.

    Raises `InputError` as `input_raster`, with the number of the sample, and for what has no samples.
    """
    rasters = []
    for number, sample in enumerate(_each(samples)):
        try:
            rasters.append(input_raster(design, sample, steps))
        except InputError as error:
            raise InputError(f"sample {number}: {error}") from None
    return rasters


def _each(samples: Any) -> list[Any]:
    if not isinstance(samples, dict):
        try:
            return list(samples)
        except TypeError:
            raise InputError(
                f"samples is {samples!r}; give the inputs of several runs, or arrays of "
                "(samples, steps, size)"
            ) from None
    arrays = {name: np.asarray(values) for name, values in samples.items()}
    counts = {len(array) if array.ndim else 0 for array in arrays.values()}
    if len(counts) != 1 or any(array.ndim != 3 for array in arrays.values()):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "no input"
        raise InputError(
            f"the samples have {shapes}; give (samples, steps, size) for each input, with as many samples"
        )
    return [{name: array[k] for name, array in arrays.items()} for k in range(counts.pop())]
