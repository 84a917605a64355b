"""From a network to a design: the smallest core that holds it, or a given one, and its image."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.boards.registry import BoardLike
from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.hdl.contract.core_config import LANES
from spikeloom.hdl.contract.errors import FitWarning, InputError
from spikeloom.hdl.contract.fabric_config import FabricConfig

from ..design.design import Design
from ..network.learning_rules import LearningRule
from ..network.network import Network
from ..quantise.core import (
    QuantisationReport,
    Quantised,
    quantise,
)
from ..quantise.learning import QuantisedLearning, Units
from ..quantise.rounding import ParameterDeviation
from .for_board import compile_for_board
from .place import place
from .requirements import check_fit, common_options, needed_settings, uniform
from .warnings import fit_warnings
from .wiring import Wiring, wire

DEFAULT_LANES = 4


def compile(
    network: Network,
    *,
    weight_bits: int | None = None,
    state_bits: int | None = None,
    lanes: int | None = None,
    update_units: int | None = None,
    monitors: int | None = None,
    scale: str | float | None = None,
    headroom: float | None = None,
    config: CoreConfig | None = None,
    cores: int | None = None,
    fabric: FabricConfig | None = None,
    placement: str | ArrayLike | None = None,
    board: BoardLike | None = None,
) -> Design:
    """Quantise a network for the smallest core that holds it, or for many cores, or for given ones.

    Parameters
    ----------
    network : what to compile; unchanged.
    weight_bits, state_bits, lanes, update_units, monitors : settings of the new core, see
        `CoreConfig`.  Default: 8, 16 (18 with adaptive thresholds), 4 (or as many as there are
        neurons), 1, 8.
    scale : see `quantise`.  Default: "per_neuron", or "global" when `config` has shared
        parameters, or when the network learns: the bounds of weights are one for the core.
    headroom : see `quantise`.  Default: 4, or 16 with adaptive thresholds, which rise until a neuron
        fires as it should.
    config : the core of an existing board, instead of the settings above.  What the network does
        not use of it is padded: no input, no spikes.
    cores, fabric, placement : on how many cores, or on which, and where; see `placing.place`.
        `fabric` is of an existing board, and instead of the settings above and of `config`.
    board : for the bitstream of this board, instead of all that describes a chip: a name
        (`spikeloom boards`), a Python file that defines the board, or a definition.

    Raises
    ------
    InputError : the network has no neurons, or settings are given twice.
    FitError : neuron models that one core can not mix; or a network that does not fit `config`,
        or any core.  The message says by how much, and what would fit.
    ConfigError : a setting that no core can have.

    Warns of what will not be as was asked (`FitWarning`): time constants that integers can not realise,
    and learning that can not take place.  `design.report` has all deviations.
    """
    settings: dict[str, Any] = {
        "weight_bits": weight_bits,
        "state_bits": state_bits,
        "lanes": lanes,
        "update_units": update_units,
        "monitors": monitors,
    }
    if board is not None:
        rest = {
            "scale": scale,
            "headroom": headroom,
            "config": config,
            "cores": cores,
            "fabric": fabric,
            "placement": placement,
        }
        return compile_for_board(compile, network, board, settings | rest)
    settings = {name: value for name, value in settings.items() if value is not None}
    given = [name for name, value in (("config", config), ("fabric", fabric)) if value is not None]
    given += settings
    if len(given) > 1 and given[0] in ("config", "fabric"):
        raise InputError(f"{given[0]} says {', '.join(given[1:])} already; give one or the other")
    many = cores is not None or fabric is not None or placement is not None
    if many and config is not None:
        raise InputError("config is one core; for many cores give fabric")

    wiring = wire(network)
    if fabric is not None:
        config = _network_core(fabric.core, wiring)
    options = common_options(network, wiring)
    if headroom is None:
        headroom = wiring.neuron.headroom(options)
    usual_bits = wiring.neuron.state_bits(options)
    if usual_bits is not None:
        settings.setdefault("state_bits", usual_bits)
    shared = config is not None and config.parameters == "shared"
    if scale is None:
        scale = "global" if shared or network.learning else "per_neuron"
    if network.learning and scale == "per_neuron":
        raise InputError('plastic weights share their bounds; use scale="global", or a number')
    axons, neurons = wiring.weights.shape
    basis = config or CoreConfig(
        neurons=neurons, axons=max(axons, 1), **{"lanes": _default_lanes(neurons), **settings}
    )
    result = quantise(
        wiring.weights,
        wiring.parameters,
        wiring.neuron,
        dt=network.dt,
        weight_bits=basis.weight_bits,
        state_bits=basis.state_bits,
        weight_shift=config.weight_shift if config else None,
        scale=scale,
        headroom=headroom,
        weight_range=_weight_range(network.learning),
    )
    options = wiring.neuron.complete(options, result.parameters, network.dt)
    learned = _quantise_learning(network, wiring, basis, result, config)
    for message in fit_warnings(network, wiring, result, learned):
        warnings.warn(message, FitWarning, stacklevel=2)
    if config is None:
        core = dataclasses.replace(
            basis,
            **needed_settings(options, wiring),
            weight_shift=result.weight_shift,
            learning=learned.config if learned else None,
        )
        parameters = "shared" if uniform(core, result) else "per_neuron"
        core = dataclasses.replace(core, parameters=parameters)
    else:
        core = config
        learning = learned.config if learned else core.learning
        check_fit(core, options, learning, result, wiring)
    design = _design(network, wiring, result, core, learned)
    return place(design, cores=cores, fabric=fabric, placement=placement) if many else design


def _network_core(core: CoreConfig, wiring: Wiring) -> CoreConfig:
    """The core of a fabric, as large as the whole network."""
    axons, neurons = wiring.weights.shape
    return dataclasses.replace(
        core,
        neurons=neurons,
        axons=max(axons, 1),
        route_entries=max(len(wiring.destinations), 1),
        lanes=_default_lanes(neurons, core.lanes),
        update_units=1,
    )


def _weight_range(rule: LearningRule | None) -> tuple[float, float]:
    """What a rule lets weights become."""
    return (rule.w_min, rule.w_max) if rule else (0.0, 0.0)


def _quantise_learning(
    network: Network,
    wiring: Wiring,
    basis: CoreConfig,
    result: Quantised,
    config: CoreConfig | None,
) -> QuantisedLearning | None:
    """The network's rule in integers: in the format of `config`, if that has this rule, else its own."""
    if network.learning is None:
        return None
    state = float(result.scales[0])
    modulation = int(np.abs(result.weights[wiring.modulatory]).max(initial=0))
    units = Units(basis, network.dt, state / 2.0**result.weight_shift, state, modulation)
    held = config.learning if config else None
    if held is not None and network.learning.misfit(held):
        held = None
    return network.learning.quantise(units, held)


def _default_lanes(neurons: int, most: int = DEFAULT_LANES) -> int:
    return max(lanes for lanes in LANES if lanes <= min(neurons, most))


def _design(
    network: Network,
    wiring: Wiring,
    result: Quantised,
    core: CoreConfig,
    learned: QuantisedLearning | None,
) -> Design:
    axons, neurons = wiring.weights.shape
    padding = core.neurons - neurons
    beyond = ((0, core.axons - axons), (0, padding))

    parameters = {}
    for f in core.layout.parameters:
        values = result.parameters[f.name]
        rest = values[0] if core.parameters == "shared" else f.idle
        parameters[f.name] = np.concatenate([values, np.full(padding, rest, dtype=np.int64)])
    if core.route_entries:
        ways: dict[str, Any] = {"destinations": wiring.destinations}
    else:
        assert wiring.routes is not None
        ways = {"routes": np.pad(wiring.routes, beyond[1:], constant_values=NO_AXON)}
    return Design(
        config=core,
        image=Image(
            core,
            np.pad(result.weights, beyond),
            parameters,
            report=np.pad(wiring.report, beyond[1:]),
            # What became 0 and does not learn is no synapse, and has no delay.
            delays=np.pad(
                np.where(wiring.plastic | (result.weights != 0), wiring.delays, 0), beyond
            ),
            **ways,
            learning=learned.parameters if learned else {},
            plastic=np.pad(wiring.plastic, beyond),
            modulatory=np.pad(wiring.modulatory, beyond[:1]),
        ),
        inputs=wiring.inputs,
        populations=wiring.populations,
        dt=network.dt,
        scale=np.concatenate([result.scales, np.ones(padding)]),
        report=_report(network, result, learned).to_dict(),
    )


def _report(
    network: Network, result: Quantised, learned: QuantisedLearning | None
) -> QuantisationReport:
    """What quantisation cost, with delays and the learning rule."""
    worst: dict[str, ParameterDeviation] = {}
    for p in network.projections:
        for found in p.deviations:
            worst[found.name] = max(found, worst.get(found.name, found), key=_size)
    deviations = (*result.report.parameters, *worst.values())
    if learned is not None:
        deviations = (*deviations, *learned.deviations)
    return dataclasses.replace(result.report, parameters=deviations)


def _size(deviation: ParameterDeviation) -> float:
    return abs(deviation.error)
