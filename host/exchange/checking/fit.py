"""Whether a chip holds a network or a design, and how many clock cycles a step would take."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from spikeloom.boards import BOARDS, BoardDefinition
from spikeloom.boards.registry import BoardLike, find_board
from spikeloom.hdl import ConfigError, CoreConfig, FabricConfig
from spikeloom.hdl.contract.errors import FitError, FitWarning

from ...compiler.compile import DEFAULT_LANES, compile
from ...design.design import Design
from ...driver.cycle_bounds import spike_cycles, step_cycles
from ...network.network import Network

_SMALL, _LARGE = 1 << 22, 1 << 25
"""Pairs of an axon and a neuron that are compiled in a moment, and in some seconds."""
_SIZES = ("neurons", "axons", "weight_bits", "state_bits")


@dataclass(frozen=True)
class StepCost:
    """A step in which so many axons spike, of inputs and of neurons.

    Attributes
    ----------
    spikes, cycles : clock cycles at most, by the formula of the configuration.
    steps_per_second : at the board's clock; 0 without a board.
    """

    spikes: int
    cycles: int
    steps_per_second: float


@dataclass(frozen=True)
class Fit:
    """Whether a chip holds a network.

    Attributes
    ----------
    board : its name; empty for the smallest core that holds the network.
    fits : whether it does.
    reason : by how much not, and what would; empty where it fits.
    chip : settings of the core that is compared with: "cores", "neurons", "axons", "weight_bits",
        "state_bits", "lanes", "learning".
    losses : what the chip does not realise as it was described.
    steps : what steps cost; empty where it does not fit.
    """

    board: str
    fits: bool
    reason: str
    chip: dict[str, Any]
    losses: tuple[str, ...]
    steps: tuple[StepCost, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dicts, for JSON."""
        return asdict(self)


def fit_network(
    network: Network, board: BoardLike | None, spikes: int | None, settings: dict[str, Any]
) -> Fit:
    """Compile a network for a board, or for the smallest core that holds it, and say what came of it.

    Parameters
    ----------
    network : what would run.
    board : None for the smallest core.
    spikes : in a step; None: none, a tenth of the axons, and all.
    settings : of `compile`; with a board those of the chip count for nothing.
    """
    definition = None if board is None else find_board(board)
    name, clock = ("", 0.0) if definition is None else (definition.name, definition.clock_hz)
    if definition is not None:
        settings = {k: v for k, v in settings.items() if k not in ("weight_bits", "state_bits")}
        settings["board"] = definition
        if reason := _far_too_large(network, definition):
            return Fit(name, False, reason, _described(definition.config), (), ())
    elif estimate := _estimated(network, spikes, settings):
        return estimate
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)
            design = compile(network, **settings)
    except FitError as error:
        chip = {} if definition is None else _described(definition.config)
        return Fit(name, False, str(error), chip, (), ())
    return _fitting(name, clock, design, spikes)


def _far_too_large(network: Network, board: BoardDefinition) -> str:
    """Why a network that takes long to compile cannot fit a board; empty where it may, or is small."""
    neurons, axons = _sizes(network)
    if neurons * axons <= _SMALL:
        return ""
    has = {name: _room(b) for name, b in {board.name: board, **BOARDS}.items()}
    need = {"neurons": neurons, "axons": axons}
    lacks = [
        f"{what}: needs {count} at least, the chip has {most} ({count - most} too few)"
        for (what, count), most in zip(need.items(), has[board.name], strict=True)
        if count > most
    ]
    if not lacks:
        return ""
    holding = [name for name, (n, a) in has.items() if n >= neurons and a >= axons]
    return f"{board.name}: {'; '.join(lacks)}. " + (
        f"By size it may fit {', '.join(holding)}"
        if holding
        else "No known board's preset is as large: make the network smaller, or divide it"
    )


def _sizes(network: Network) -> tuple[int, int]:
    """Neurons, and axons at least: of inputs, and of neurons that project to something."""
    neurons = sum(p.size for p in network.populations.values())
    axons = sum(p.size for p in network.inputs.values())
    for source in network.populations.values():
        drives = [p.synapses.any(axis=1) for p in network.projections if p.source is source]
        axons += int(np.any(drives, axis=0).sum()) if drives else 0
    return neurons, axons


def _estimated(network: Network, spikes: int | None, settings: dict[str, Any]) -> Fit | None:
    """What the smallest core of a very large network would be, without compiling it; None for others."""
    neurons, axons = _sizes(network)
    if neurons * axons <= _LARGE:
        return None
    bits = {k: v for k, v in settings.items() if k in ("weight_bits", "state_bits")}
    try:
        core = CoreConfig(neurons=neurons, axons=axons, lanes=DEFAULT_LANES, **bits)
    except ConfigError as error:
        return Fit("", False, str(error), {}, (), ())
    said = (
        f"not compiled, as {neurons} neurons × {axons} axons take long: bits are the usual ones, and "
        "what would be lost is not known"
    )
    costs = (int(step_cycles(core, np.array([n]), 0)[0]) for n in _counts(axons, spikes))
    steps = tuple(StepCost(n, c, 0.0) for n, c in zip(_counts(axons, spikes), costs, strict=True))
    return Fit("", True, "", _described(core), (said,), steps)


def _counts(axons: int, spikes: int | None) -> list[int]:
    """Numbers of axons that spike in a step."""
    return sorted({0, -(-axons // 10), axons}) if spikes is None else [spikes]


def _room(board: BoardDefinition) -> tuple[int, int]:
    """Neurons and axons of a chip, over all cores."""
    chip = _described(board.config)
    return chip["cores"] * chip["neurons"], chip["cores"] * chip["axons"]


def fit_design(design: Design, board: BoardLike | None, spikes: int | None) -> Fit:
    """Whether a design, as it is compiled, runs on the chip of a board."""
    if board is None:
        return _fitting("", 0.0, design, spikes)
    definition = find_board(board)
    if design.chip.digest == definition.config.digest:
        return _fitting(definition.name, definition.clock_hz, design, spikes)
    need, has = _described(design.chip), _described(definition.config)
    lacks = [
        f"{key}: the design has {need[key]}, the chip {has[key]}"
        for key in need
        if need[key] != has[key]
    ]
    too_large = [key for key in _SIZES if need[key] > has[key]]
    reason = (
        f"{definition.name}: the design was compiled for another chip ("
        f"{'; '.join(lacks) or 'other options of the neurons'}). "
    ) + (
        f"It needs more {', '.join(too_large)}: build a bitstream of its own, "
        f"spikeloom build {definition.name} FILE --estimate says whether the FPGA has space"
        if too_large
        else f"Compile the network for this one: spikeloom.compile(network, board={definition.name!r})"
    )
    return Fit(definition.name, False, reason, has, (), ())


def _fitting(board: str, clock: float, design: Design, spikes: int | None) -> Fit:
    steps = []
    for count in _counts(design.config.axons, spikes):
        cycles = spike_cycles(design, count)
        steps.append(StepCost(count, cycles, clock / cycles))
    losses = design.report.losses if design.report is not None else ()
    return Fit(board, True, "", _described(design.chip), losses, tuple(steps))


def _described(chip: CoreConfig | FabricConfig) -> dict[str, Any]:
    core = chip.core if isinstance(chip, FabricConfig) else chip
    return {
        "cores": chip.cores if isinstance(chip, FabricConfig) else 1,
        **{key: getattr(core, key) for key in _SIZES},
        "lanes": core.lanes,
        "learning": core.learning.rule if core.learning else None,
    }
