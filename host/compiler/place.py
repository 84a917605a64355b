"""From a design to one that is placed on many cores, of a given fabric or of the smallest one."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.hdl import ConfigError, CoreConfig, Image
from spikeloom.hdl.contract.core_config import LANES, ceil_div
from spikeloom.hdl.contract.errors import FitError, InputError
from spikeloom.hdl.contract.fabric_config import MAX_SIDE, FabricConfig

from ..design.design import Design
from ..design.placement import Placement, network_destinations, with_destinations
from ..quantise.rounding import Floats, Integers
from .partition import can_cut, partition, synapses_of
from .placement_report import DEFAULT_RATE, PlacementReport
from .requirements import silent_alone

_SIZES = ("neurons", "axons", "route_entries")


def place(
    design: Design,
    *,
    cores: int | None = None,
    fabric: FabricConfig | None = None,
    placement: str | ArrayLike | None = None,
    rates: ArrayLike | None = None,
    seed: int = 0,
) -> Design:
    """The design with its network placed on many cores; what it does is the same.

    Parameters
    ----------
    design : of a network, on one core or placed already.
    cores : as many cores as this, each just large enough, in a mesh as square as can be.
    fabric : instead, the fabric of an existing board.
    placement : "cut" (as few packets between cores as can be found), "order" (consecutive neurons
        together) or "random"; or the core of each neuron, (N,) integers.  Default: "cut" where
        its library is installed, else "order".
    rates : spikes per step of each neuron, (N,) or one for all, as `run.spikes.mean(axis=0)` gives
        them: what "cut" minimises.  Default: equal rates.
    seed : for "random".

    Raises
    ------
    FitError : the network does not fit the fabric; the message says which core lacks what by how
        much, and what would fit.
    InputError : neither or both of `cores` and `fabric`, or an impossible placement.
    MissingToolError : "cut" without its library.
    ConfigError, ImageError : what no fabric can have, and no core can hold.
    """
    if (cores is None) == (fabric is None):
        raise InputError("give cores or fabric, one of the two")
    columns, rows = (fabric.columns, fabric.rows) if fabric else mesh_shape(cores)
    image = with_destinations(design.image)
    neurons = image.config.neurons
    expected = _rates(rates, neurons)
    most = fabric.core.neurons if fabric else ceil_div(neurons, columns * rows)
    if fabric is not None and neurons > columns * rows * most:
        raise FitError(
            f"the network has {neurons} neurons, the fabric {columns * rows * most} "
            f"({columns} × {rows} cores of {most}): {neurons - columns * rows * most} too few. "
            + _advice(fabric.core, neurons)
        )
    if placement is None:
        placement = "cut" if can_cut() else "order"
    if isinstance(placement, str):
        even = ceil_div(neurons, columns * rows)
        home = partition(image, columns * rows, even, placement, expected, seed)
    else:
        home = _given(placement, neurons, columns * rows)
    slots, copies = number(image, home, columns * rows)
    needs = _needs(image, home, copies, columns * rows)
    if fabric is None:
        fabric = FabricConfig(_core(image, needs), columns, rows)
    else:
        _check_fit(fabric, needs)
        _check_padding(fabric.core, image, needs)
    placed = Placement(fabric, home, slots, copies)
    placed.core_images(image)  # raises for what a core cannot hold
    return dataclasses.replace(design, config=image.config, image=image, placement=placed)


def report(design: Design, rates: ArrayLike | None = None) -> PlacementReport:
    """What the placement of a design costs; `rates` as for `place`."""
    if design.placement is None:
        raise InputError(
            "the design is for one core; place it with cores= or fabric= (spikeloom place FILE --cores 4)"
        )
    expected = _rates(rates, design.config.neurons)
    return PlacementReport.of(design.image, design.placement, expected)


def mesh_shape(cores: int | None) -> tuple[int, int]:
    """Columns and rows of the mesh with so many cores that is nearest to a square."""
    if type(cores) is not int or not 1 <= cores <= MAX_SIDE**2:
        raise InputError(f"cores is {cores!r}; give an integer from 1 to {MAX_SIDE**2}")
    shapes = [(c, r) for r in range(1, MAX_SIDE + 1) for c in range(r, MAX_SIDE + 1)]
    fitting = [(c, r) for c, r in shapes if c * r == cores]
    if not fitting:
        sizes = [c * r for c, r in shapes]
        below, above = max(n for n in sizes if n < cores), min(n for n in sizes if n > cores)
        raise InputError(
            f"no mesh has {cores} cores, with at most {MAX_SIDE} columns and rows; use "
            + " or ".join("{} ({} × {})".format(n, *mesh_shape(n)) for n in (below, above))
        )
    return min(fitting, key=lambda shape: shape[0] - shape[1])


def number(image: Image, home: Integers, cores: int) -> tuple[Integers, Integers]:
    """(N,) numbers of the neurons on their cores, and (copies, 3) axons; both in network order.

    An axon without synapses is somewhere too: with a neuron that drives it, or where most room is.
    """
    synapses = synapses_of(image)
    slots = np.zeros_like(home)
    there = np.zeros((len(synapses), cores), dtype=bool)
    for core in range(cores):
        here = home == core
        slots[here] = np.arange(here.sum())
        there[:, core] = synapses[:, here].any(axis=1)
    driver, _, driven, _ = network_destinations(image).T
    for axon in np.flatnonzero(~there.any(axis=1)):
        near = home[driver[driven == axon]]
        there[axon, near[0] if len(near) else np.argmin(there.sum(axis=0))] = True
    axons, on = np.nonzero(there)
    numbers = (np.cumsum(there, axis=0) - 1)[axons, on]
    return slots, np.stack([axons, on, numbers], axis=1)


def _rates(rates: ArrayLike | None, neurons: int) -> Floats:
    given = np.asarray(DEFAULT_RATE if rates is None else rates, dtype=np.float64)
    if given.shape not in ((), (neurons,)) or not np.all((given >= 0) & (given <= 1)):
        raise InputError(
            f"rates have shape {given.shape} and values from {given.min():g} to {given.max():g}; "
            f"give one for each of {neurons} neurons, or one for all: spikes per step, 0…1"
        )
    return np.array(np.broadcast_to(given, (neurons,)))


def _given(placement: ArrayLike, neurons: int, cores: int) -> Integers:
    home = np.asarray(placement)
    if home.dtype.kind not in "iu" or home.shape != (neurons,):
        raise InputError(
            f"placement has dtype {home.dtype} and shape {home.shape}; give the core of each "
            f'neuron, ({neurons},) integers, or "cut", "order" or "random"'
        )
    if np.any((home < 0) | (home >= cores)):
        raise InputError(
            f"placement has cores from {home.min()} to {home.max()}; there are {cores}, "
            f"0…{cores - 1}"
        )
    return home.astype(np.int64)


def _needs(image: Image, home: Integers, copies: Integers, cores: int) -> dict[str, Integers]:
    """(cores,) neurons, axons and route entries that each core has to have."""
    neuron, _, axon, _ = network_destinations(image).T
    targets = np.bincount(copies[:, 0], minlength=image.config.axons)
    entries = np.bincount(home[neuron], targets[axon], minlength=cores).astype(np.int64)
    return {
        "neurons": np.bincount(home, minlength=cores),
        "axons": np.bincount(copies[:, 1], minlength=cores),
        "route_entries": entries,
    }


def _core(image: Image, needs: dict[str, Integers]) -> CoreConfig:
    """The smallest core that is large enough everywhere."""
    sizes: dict[str, Any] = {name: max(1, int(needs[name].max())) for name in _SIZES}
    lanes = max(n for n in LANES if n <= min(sizes["neurons"], image.config.lanes))
    core = dataclasses.replace(image.config, **sizes, lanes=lanes)
    if core.parameters == "shared" and _noisy(core, image, needs):
        core = dataclasses.replace(core, parameters="per_neuron")
    return core


def _noisy(core: CoreConfig, image: Image, needs: dict[str, Integers]) -> bool:
    """Whether neurons that the network does not use would fire, with the parameters that all share."""
    return bool(np.any(needs["neurons"] < core.neurons)) and not silent_alone(
        image.parameters, core
    )


def _check_padding(core: CoreConfig, image: Image, needs: dict[str, Integers]) -> None:
    if core.parameters != "shared":
        return
    if any(np.ptp(values) for values in image.parameters.values()) or _noisy(core, image, needs):
        raise FitError(
            'the cores of the fabric share their parameters, but the network needs "per_neuron" '
            "ones. It would fit with dataclasses.replace(fabric, core=dataclasses.replace("
            "fabric.core, parameters='per_neuron'))"
        )


def _check_fit(fabric: FabricConfig, needs: dict[str, Integers]) -> None:
    """Raise a `FitError` with all that cores lack, and with sizes that would fit."""
    lacks: list[str] = []
    changes: dict[str, Any] = {}
    for name in _SIZES:
        there = getattr(fabric.core, name)
        worst = int(np.argmax(needs[name]))
        needed = int(needs[name][worst])
        if needed > there:
            what = name.replace("_", " ")
            lacks.append(
                f"core {worst} needs {needed} {what}, it has {there} ({needed - there} too few)"
            )
            changes[name] = needed
    if not lacks:
        return
    settings = ", ".join(f"{name}={value}" for name, value in changes.items())
    try:
        core = dataclasses.replace(fabric.core, **changes)
        FabricConfig(core, fabric.columns, fabric.rows)
        advice = (
            "It would fit with dataclasses.replace(fabric, core=dataclasses.replace("
            f"fabric.core, {settings}))"
        )
    except ConfigError as error:
        advice = f"Larger cores are not possible: {error}"
    raise FitError(f"the network does not fit the fabric: {'; '.join(lacks)}. {advice}")


def _advice(core: CoreConfig, neurons: int) -> str:
    """What fabric has enough neurons: more of the same cores, or else larger ones."""
    for cores in range(ceil_div(neurons, core.neurons), MAX_SIDE**2 + 1):
        try:
            columns, rows = mesh_shape(cores)
            FabricConfig(core, columns, rows)
        except InputError:
            continue
        return f"Its neurons would fit with dataclasses.replace(fabric, columns={columns}, rows={rows})"
    return "No fabric of such cores has as many; use larger ones"
