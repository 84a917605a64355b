"""From a network to a design: who gets which axon and neuron, and which core that needs.

Axons are given to the inputs first, then to each neuron that projects to something, in the order
in which populations were added; neurons are numbered by population.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.hdl.config import LANES, MAX_AXONS, MAX_NEURONS

from .design import Design
from .errors import FitError, InputError
from .learning import LearningRule
from .learning_numbers import QuantisedLearning, Units
from .network import Network, Population
from .quantise import HEADROOM, Quantised, quantise
from .rounding import Floats, Integers

DEFAULT_LANES = 4
MAX_REFRACTORY_BITS = 8

_MAY_MIX = (
    "All neurons of one core share the leak (exponential or linear), the reset (value or "
    "subtract) and the adaptation (tau_threshold or target_rate), and those with a refractory "
    "period share integrate_refractory. IF may be mixed with LIF, delta with exponential "
    "synapses, and single time constants with pairs. Describe the populations "
    "alike, or compile them as two networks"
)


@dataclass(frozen=True, eq=False)
class Placement:
    """A network laid out on one core.

    Attributes
    ----------
    inputs, populations : ranges of axons and of neurons, by name.
    weights : (A, N) floats, the sum of all projections.
    routes : (N,) axon that each neuron drives, or `NO_AXON`.
    report : (N,) bool.
    parameters : (N,) floats by name, as `IF.parameters` gives them.
    plastic : (A, N) bool, which synapses learn.
    modulatory : (A,) bool, which axons drive modulators.
    """

    inputs: dict[str, slice]
    populations: dict[str, slice]
    weights: Floats
    routes: Integers
    report: NDArray[np.bool_]
    parameters: dict[str, Floats]
    plastic: NDArray[np.bool_]
    modulatory: NDArray[np.bool_]


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

    placed = place(network)
    model = _common_model(network)
    shared = config is not None and config.parameters == "shared"
    if scale is None:
        scale = "global" if shared or network.learning else "per_neuron"
    if network.learning and scale == "per_neuron":
        raise InputError('plastic weights share their bounds; use scale="global", or a number')
    axons, neurons = placed.weights.shape
    basis = config or CoreConfig(
        neurons=neurons, axons=max(axons, 1), **{"lanes": _default_lanes(neurons), **settings}
    )
    result = quantise(
        placed.weights,
        placed.parameters,
        dt=network.dt,
        weight_bits=basis.weight_bits,
        state_bits=basis.state_bits,
        weight_shift=config.weight_shift if config else None,
        scale=scale,
        headroom=headroom,
        weight_range=_weight_range(network.learning),
    )
    needs = _needs(model, result, network.dt)
    learned = _quantise_learning(network, basis, result, config)
    if config is None:
        core = dataclasses.replace(
            basis,
            **needs,
            weight_shift=result.weight_shift,
            learning=learned.config if learned else None,
        )
        parameters = "shared" if _uniform(core, result) else "per_neuron"
        core = dataclasses.replace(core, parameters=parameters)
    else:
        core = config
        learning = learned.config if learned else core.learning
        _check_fit(core, {**needs, "learning": learning}, result, placed.weights.shape)
    return _design(network, placed, result, core, learned)


def place(network: Network) -> Placement:
    """Give axons and neurons their numbers; raises `FitError` when there are too many."""
    if not network.populations:
        raise InputError("the network has no neurons; add a population")
    inputs = _ranges(network.inputs.values())
    populations = _ranges(network.populations.values())
    input_axons = sum(p.size for p in network.inputs.values())
    neurons = sum(p.size for p in network.populations.values())

    projects = np.zeros(neurons, dtype=bool)
    for p in network.projections:
        if p.source.neuron is not None:
            used = (p.weights != 0) | p.plastic
            projects[populations[p.source.name]] |= np.any(used, axis=1)
    routes = np.full(neurons, NO_AXON, dtype=np.int64)
    routes[projects] = input_axons + np.arange(projects.sum())
    axons = input_axons + int(projects.sum())
    for what, count, most in (("neurons", neurons, MAX_NEURONS), ("axons", axons, MAX_AXONS)):
        if count > most:
            raise FitError(
                f"the network needs {count} {what}, {count - most} more than a core can have "
                f"({most}); make it smaller, or divide it between several cores"
            )

    weights, plastic = np.zeros((axons, neurons)), np.zeros((axons, neurons), dtype=bool)
    modulatory = np.zeros(axons, dtype=bool)
    for p in network.projections:
        target = populations[p.target.name]
        if p.source.neuron is None:
            driven = np.arange(input_axons)[inputs[p.source.name]]
        else:
            driven = routes[populations[p.source.name]]
        there = driven != NO_AXON
        weights[driven[there], target] += p.weights[there]
        plastic[driven[there], target] |= p.plastic[there]
        modulatory[driven[there]] |= p.modulatory

    sets = [p.neuron.parameters(p.size) for p in network.populations.values() if p.neuron]
    report = np.concatenate([np.full(p.size, p.report) for p in network.populations.values()])
    parameters = {name: np.concatenate([s[name] for s in sets]) for name in sets[0]}
    return Placement(inputs, populations, weights, routes, report, parameters, plastic, modulatory)


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


def _ranges(populations: Iterable[Population]) -> dict[str, slice]:
    ranges, start = {}, 0
    for p in populations:
        ranges[p.name] = slice(start, start + p.size)
        start += p.size
    return ranges


def _default_lanes(neurons: int) -> int:
    return max(lanes for lanes in LANES if lanes <= min(neurons, DEFAULT_LANES))


def _common_model(network: Network) -> dict[str, Any]:
    """The neuron model that holds all populations, as settings of `CoreConfig`.

    A delta synapse is an exponential one with d_syn = 4096, no leak is a leak of 0, and one time
    constant is a pair of equal ones: so those mix.
    """
    neurons = {p.name: p.neuron for p in network.populations.values() if p.neuron is not None}

    def one(what: str, values: dict[str, Any], default: Any) -> Any:
        if len(set(values.values())) > 1:
            described = ", ".join(f"{name} has {value!r}" for name, value in values.items())
            raise FitError(f"one core has one {what}, but {described}. {_MAY_MIX}")
        return next(iter(values.values()), default)

    adapting = {k: n.adaptation for k, n in neurons.items() if n.adaptation != "none"}
    waiting = {k: n for k, n in neurons.items() if np.any(np.asarray(n.refractory) > 0)}
    leaking = {k: n for k, n in neurons.items() if n.membrane != "none"}
    exponential = any(n.synapse == "exponential" for n in neurons.values())
    return {
        "synapse": "exponential" if exponential else "delta",
        "receptors": max(n.receptors for n in neurons.values()),
        "leak": one("leak", {k: n.membrane for k, n in leaking.items()}, "none"),
        "adaptation": one("adaptation", adapting, "none"),
        "reset": one("reset", {k: n.reset for k, n in neurons.items()}, "value"),
        "integrate_refractory": one(
            "integrate_refractory", {k: n.integrate_refractory for k, n in waiting.items()}, False
        ),
    }


def _needs(model: dict[str, Any], result: Quantised, dt: float) -> dict[str, Any]:
    """Settings of the smallest core for these neurons: their model, and what of it is used."""
    longest = int(result.parameters["refractory"].max())
    bits = longest.bit_length()
    if bits > MAX_REFRACTORY_BITS:
        most = (1 << MAX_REFRACTORY_BITS) - 1
        raise FitError(
            f"a refractory period of {longest} steps is longer than a core can count ({most}); "
            f"use at most {most * dt:g} s, or a dt of at least {longest * dt / most:g} s"
        )
    return {
        **model,
        "integrate_refractory": bool(bits and model["integrate_refractory"]),
        "refractory_bits": bits,
        "bias": bool(np.any(result.parameters["bias"])),
    }


def _uniform(core: CoreConfig, result: Quantised) -> bool:
    return all(np.ptp(result.parameters[f.name]) == 0 for f in core.layout.parameters)


def _check_fit(
    core: CoreConfig, needs: dict[str, Any], result: Quantised, shape: tuple[int, int]
) -> None:
    """Raise a `FitError` with all that `core` lacks, and with settings that would fit."""
    axons, neurons = shape
    needs = {"neurons": neurons, "axons": axons, **needs}
    changes: dict[str, Any] = {}
    for name in ("neurons", "axons", "receptors", "refractory_bits", "bias"):
        if needs[name] > getattr(core, name):
            changes[name] = needs[name]
    if needs["synapse"] == "exponential" and core.synapse != "exponential":
        changes["synapse"] = "exponential"
    if needs["leak"] not in ("none", core.leak):
        changes["leak"] = needs["leak"]
    if needs["adaptation"] not in ("none", core.adaptation):
        changes["adaptation"] = needs["adaptation"]
    if needs["learning"] != core.learning:
        changes["learning"] = needs["learning"]
    if needs["reset"] != core.reset:
        changes["reset"] = needs["reset"]
    if needs["refractory_bits"] and needs["integrate_refractory"] != core.integrate_refractory:
        changes["integrate_refractory"] = needs["integrate_refractory"]

    fitting = dataclasses.replace(core, **changes)
    if core.parameters == "shared" and not (
        _uniform(fitting, result) and (fitting.neurons == neurons or _silent_alone(result, fitting))
    ):
        changes["parameters"] = "per_neuron"
    if changes:
        lacks = "; ".join(
            f"{name}: needs {value!r}, the core has {getattr(core, name)!r}"
            + (f" ({value - getattr(core, name)} too few)" if name in ("neurons", "axons") else "")
            for name, value in changes.items()
        )
        settings = ", ".join(f"{name}={value!r}" for name, value in changes.items())
        raise FitError(
            f"the network does not fit the configuration: {lacks}. "
            f"It would fit with dataclasses.replace(config, {settings})"
        )


def _silent_alone(result: Quantised, core: CoreConfig) -> bool:
    """Whether a padding neuron, with the shared parameters and no input, never fires."""
    parameters = result.parameters
    still = not core.bias or parameters["bias"][0] <= 0
    # A threshold that sinks makes any neuron fire in the end.
    sinks = core.adaptation == "rate" and parameters["th_dec"][0] > 0
    return bool(parameters["v_threshold"][0] > 0 and still and not sinks)


def _design(
    network: Network,
    placed: Placement,
    result: Quantised,
    core: CoreConfig,
    learned: QuantisedLearning | None,
) -> Design:
    axons, neurons = placed.weights.shape
    padding = core.neurons - neurons
    beyond = ((0, core.axons - axons), (0, padding))

    parameters = {}
    for f in core.layout.parameters:
        values = result.parameters[f.name]
        idle = f.maximum if f.name == "v_threshold" else 0
        rest = values[0] if core.parameters == "shared" else idle
        parameters[f.name] = np.concatenate([values, np.full(padding, rest, dtype=np.int64)])
    report = result.report
    if learned is not None:
        deviations = (*report.parameters, *learned.deviations)
        report = dataclasses.replace(report, parameters=deviations)
    return Design(
        config=core,
        image=Image(
            core,
            np.pad(result.weights, beyond),
            parameters,
            np.pad(placed.routes, beyond[1:], constant_values=NO_AXON),
            np.pad(placed.report, beyond[1:]),
            learning=learned.parameters if learned else {},
            plastic=np.pad(placed.plastic, beyond),
            modulatory=np.pad(placed.modulatory, beyond[:1]),
        ),
        inputs=placed.inputs,
        populations=placed.populations,
        dt=network.dt,
        scale=np.concatenate([result.scales, np.ones(padding)]),
        report=report.to_dict(),
    )
