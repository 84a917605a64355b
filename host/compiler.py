"""From a network to a design: the smallest core that holds it, or a given one, and its image."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.hdl.config import LANES

from .core_fit import check_fit, common_model, needed_settings, uniform
from .design import Design
from .errors import InputError
from .learning import LearningRule
from .learning_numbers import QuantisedLearning, Units
from .network import Network
from .quantise import HEADROOM, QuantisationReport, Quantised, quantise
from .rounding import ParameterDeviation
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
    headroom: float = HEADROOM,
    config: CoreConfig | None = None,
) -> Design:
    """Quantise and place a network, on the smallest core that holds it or on a given one.

    Parameters
    ----------
    network : what to compile; unchanged.
    weight_bits, state_bits, lanes, update_units, monitors : settings of the new core, see
        `CoreConfig`.  Default: 8, 16, 4 (or as many as there are neurons), 1, 8.
    scale, headroom : see `quantise`.  Default: "per_neuron", or "global" when `config` has shared
        parameters, or when the network learns: the bounds of weights are one for the core.
    config : the core of an existing board, instead of the settings above.  What the network does
        not use of it is padded: no input, no spikes.

    Raises
    ------
    InputError : the network has no neurons, or both `config` and a setting are given.
    FitError : neuron models that one core can not mix; or a network that does not fit `config`,
        or any core.  The message says by how much, and what would fit.
    ConfigError : a setting that no core can have.
    """
    settings: dict[str, Any] = {
        "weight_bits": weight_bits,
        "state_bits": state_bits,
        "lanes": lanes,
        "update_units": update_units,
        "monitors": monitors,
    }
    settings = {name: value for name, value in settings.items() if value is not None}
    if config is not None and settings:
        raise InputError(f"config says {', '.join(settings)} already; give one or the other")

    wiring = wire(network)
    model = common_model(network)
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
        dt=network.dt,
        weight_bits=basis.weight_bits,
        state_bits=basis.state_bits,
        weight_shift=config.weight_shift if config else None,
        scale=scale,
        headroom=headroom,
        weight_range=_weight_range(network.learning),
    )
    needs = needed_settings(model, result, wiring, network.dt)
    learned = _quantise_learning(network, basis, result, config)
    if config is None:
        core = dataclasses.replace(
            basis,
            **needs,
            weight_shift=result.weight_shift,
            learning=learned.config if learned else None,
        )
        parameters = "shared" if uniform(core, result) else "per_neuron"
        core = dataclasses.replace(core, parameters=parameters)
    else:
        core = config
        learning = learned.config if learned else core.learning
        check_fit(core, {**needs, "learning": learning}, result, wiring)
    return _design(network, wiring, result, core, learned)


def _weight_range(rule: LearningRule | None) -> tuple[float, float]:
    """What a rule lets weights become."""
    return (rule.w_min, rule.w_max) if rule else (0.0, 0.0)


def _quantise_learning(
    network: Network, basis: CoreConfig, result: Quantised, config: CoreConfig | None
) -> QuantisedLearning | None:
    """The network's rule in integers: in the format of `config`, if that has this rule, else its own."""
    if network.learning is None:
        return None
    state = float(result.scales[0])
    units = Units(basis, network.dt, state / 2.0**result.weight_shift, state)
    held = config.learning if config else None
    if held is not None and network.learning.misfit(held):
        held = None
    return network.learning.quantise(units, held)


def _default_lanes(neurons: int) -> int:
    return max(lanes for lanes in LANES if lanes <= min(neurons, DEFAULT_LANES))


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
        idle = f.maximum if f.name == "v_threshold" else 0
        rest = values[0] if core.parameters == "shared" else idle
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
            delays=np.pad(wiring.delays, beyond),
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
