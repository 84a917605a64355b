"""From a network to a design: the smallest core that holds it, or a given one, and its image."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spikeloom.boards.registry import BoardLike
from spikeloom.hdl import NO_AXON, CoreConfig, Image
from spikeloom.hdl.contract.core_config import LANES
from spikeloom.hdl.contract.errors import FitError, FitWarning, InputError
from spikeloom.hdl.contract.fabric_config import FabricConfig

from ..design.design import Design
from ..network.network import Network
from ..quantise.arrays import choice, flag
from ..quantise.core import Quantised, quantise
from ..quantise.holding import Purpose
from ..quantise.learning import QuantisedLearning, Units
from ..quantise.widths import STATE_BITS
from .costs import full_report
from .for_board import compile_for_board
from .place import place
from .requirements import check_fit, common_options, needed_settings, uniform, useful_monitors
from .searched import TOLERANCE, Accuracy, BitSearch, compile_within
from .warnings import fit_warnings
from .wiring import Wiring, wire

DEFAULT_LANES = 4


def compile(
    network: Network,
    *,
    weight_bits: int | None = None,
    state_bits: int | None = None,
    lanes: int | None = None,
    monitors: int | None = None,
    parameters: str | None = None,
    scale: str | float | None = None,
    headroom: float | None = None,
    config: CoreConfig | None = None,
    cores: int | None = None,
    fabric: FabricConfig | None = None,
    placement: str | ArrayLike | None = None,
    board: BoardLike | None = None,
    samples: BitSearch | None = None,
    accuracy: Accuracy | None = None,
    tolerance: float = TOLERANCE,
    strict: bool = False,
) -> Design:
    """Quantise a network for the smallest core that holds it, or for many cores, or for given ones.

    Parameters
    ----------
    network : what to compile; unchanged.
    weight_bits, state_bits : widths of the new core, see `CoreConfig`.  Default: the fewest bits, from
        8 and 16, with which the network is held exactly, or well; see `quantise`.
    lanes, monitors : further settings of it.  Default: 4 (or as many as there are neurons), and 8
        (or as many as there are read-outs).
    parameters : "per_neuron", so that those of single neurons and populations can be written while
        the network runs, or "shared" by all, which takes less hardware.  Default: as the network is.
    scale : see `quantise`.  Default: "per_neuron", or "global" when `config` has shared
        parameters, or when the network learns: the bounds of weights are one for the core.
    headroom : see `quantise`.  Default: estimated for each neuron.
    config : the core of an existing board, instead of the settings above.  What the network does
        not use of it is padded: no input, no spikes.
    cores, fabric, placement : on how many cores, or on which, and where; see `placing.place`.
        `fabric` is of an existing board, and instead of the settings above and of `config`.
    board : for the bitstream of this board, instead of all that describes a chip: a name
        (`spikeloom boards`), a Python file that defines the board, or a definition.
    samples : `spikeloom.Samples`, with which to search for the fewest bits of weights, then of states,
        that keep the accuracy of the network in floats; settings that are given stay as they are.
        `design.report.accuracy` has what was tried, and what the rounding of each population's
        weights, time constants and thresholds costs.
    accuracy : of a search: a function of the runs of all samples, in their order, that returns a
        number, more being better.  Default: the share of samples whose label is recognised.
    tolerance : of a search: how much less than in floats the accuracy may be.
    strict : raise a `FitError` instead of giving warnings.

    Raises
    ------
    InputError : the network has no neurons, or settings are given twice.
    FitError : neuron models that one core cannot mix; or a network that does not fit `config`,
        or any core.  The message says by how much, and what would fit.  Or a search that found
        nothing within the tolerance: the message has the best that there is.
    ConfigError : a setting that no core can have.

    Gives a `FitWarning` for each kind of loss: weights that became 0 or were clipped, thresholds,
    biases and times that are off, learning that cannot take place, neurons that fire without input.
    Each says how many, where, and what would hold them.  `design.report` has all deviations.  A
    search gives none: whether losses matter is what it measures; `design.report.losses` has them.
    """
    _check_arguments(network, config, fabric, parameters)
    strict = flag("strict", strict)
    settings: dict[str, Any] = {
        "weight_bits": weight_bits,
        "state_bits": state_bits,
        "lanes": lanes,
        "monitors": monitors,
    }
    rest = {
        "parameters": parameters,
        "scale": scale,
        "headroom": headroom,
        "config": config,
        "cores": cores,
        "fabric": fabric,
        "placement": placement,
    }
    if samples is not None or accuracy is not None:
        options = settings | rest | {"board": board, "strict": strict or None}
        return compile_within(compile, network, samples, accuracy, tolerance, options)
    if board is not None:
        with _refused(strict):
            return compile_for_board(compile, network, board, settings | rest)
    settings = {name: value for name, value in settings.items() if value is not None}
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InputError(f"{name} is {value!r}; give an integer")
        settings[name] = int(value)
    given = [name for name, value in (("config", config), ("fabric", fabric)) if value is not None]
    given += settings
    given += [] if parameters is None else ["parameters"]
    if len(given) > 1 and given[0] in ("config", "fabric"):
        raise InputError(f"{given[0]} says {', '.join(given[1:])} already; give one or the other")
    many = cores is not None or fabric is not None or placement is not None
    if many and config is not None:
        raise InputError("config is one core; for many cores give fabric")

    wiring = wire(network)
    if fabric is not None:
        config = _network_core(fabric.core, wiring)
    options = common_options(network, wiring)
    shared = (config.parameters if config else parameters) == "shared"
    if scale is None:
        scale = "global" if shared or network.learning else "per_neuron"
    if network.learning and isinstance(scale, str) and scale == "per_neuron":
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
        weight_bits=config.weight_bits if config else settings.get("weight_bits"),
        state_bits=config.state_bits if config else settings.get("state_bits"),
        weight_shift=config.weight_shift if config else None,
        scale=scale,
        headroom=headroom,
        purpose=_purpose(network, wiring, options),
    )
    basis = dataclasses.replace(basis, weight_bits=result.weight_bits, state_bits=result.state_bits)
    options = wiring.neuron.complete(options, result.parameters, network.dt)
    learned = _quantise_learning(network, wiring, basis, result, config)
    losses = tuple(fit_warnings(network, wiring, result, learned))
    if strict and losses:
        raise _not_held(losses)
    for message in losses:
        warnings.warn(message, FitWarning, stacklevel=2)
    if config is None:
        core = dataclasses.replace(
            basis,
            **needed_settings(options, wiring),
            weight_shift=result.weight_shift,
            monitors=monitors or useful_monitors(basis, wiring),
            learning=learned.config if learned else None,
        )
        parameters = parameters or ("shared" if uniform(core, result) else "per_neuron")
        core = dataclasses.replace(core, parameters=parameters)
        if parameters == "shared" and not uniform(core, result):
            raise FitError(
                'the neurons have different parameters, which are not "shared" by all; '
                'give parameters="per_neuron", or describe the populations alike'
            )
    else:
        core = config
        learning = learned.config if learned else core.learning
        check_fit(core, options, learning, result, wiring)
    design = _design(network, wiring, result, core, learned, losses)
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
    )


def _check_arguments(network: object, config: object, fabric: object, parameters: object) -> None:
    """Raise an `InputError` for arguments of another type."""
    if parameters is not None:
        choice("parameters", parameters, ("shared", "per_neuron"))
    for name, value, kind, advice in (
        ("network", network, Network, "give a Network"),
        ("config", config, CoreConfig, "give a CoreConfig, e.g. CoreConfig.from_toml(Path(FILE))"),
        ("fabric", fabric, FabricConfig, "give a FabricConfig"),
    ):
        if not isinstance(value, kind) and (name == "network" or value is not None):
            raise InputError(f"{name} is {value!r}; {advice}")


def _not_held(losses: Iterable[str]) -> FitError:
    return FitError(
        f"the network is not held as it was described, and strict is set: {'; '.join(losses)}"
    )


@contextmanager
def _refused(strict: bool) -> Iterator[None]:
    """Raise a `FitError` for `FitWarning`s that come from within, if strict."""
    if not strict:
        yield
        return
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", FitWarning)
        yield
    losses = [str(w.message) for w in found if issubclass(w.category, FitWarning)]
    if losses:
        raise _not_held(losses)


def _purpose(network: Network, wiring: Wiring, options: dict[str, Any]) -> Purpose:
    """What quantisation has to know of a network."""
    rule = network.learning
    sizes = [
        len(range(*where.indices(len(wiring.report)))) for where in wiring.populations.values()
    ]
    return Purpose(
        subtract=options.get("reset") == "subtract",
        integrates=bool(options.get("integrate_refractory")),
        bounds=(rule.w_min, rule.w_max) if rule else (0.0, 0.0),
        change=rule.smallest_change() if rule else 0.0,
        plastic=wiring.plastic,
        modulatory=wiring.modulatory,
        groups=np.repeat(np.arange(len(sizes)), sizes),
        headroom=wiring.neuron.headroom(options),
        state_bits=wiring.neuron.state_bits(options) or STATE_BITS[0],
    )


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
    rests = np.unique(wiring.rest[wiring.plastic.any(axis=0)])
    if network.learning.rule == "sdsp" and len(rests) > 1:
        raise FitError(
            "theta_m is one potential for all neurons that learn, but their v_rest differ; "
            "give those neurons the same v_rest"
        )
    rest = float(rests[0]) if len(rests) else 0.0
    units = Units(basis, network.dt, state / 2.0**result.weight_shift, state, modulation, rest)
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
    losses: tuple[str, ...],
) -> Design:
    axons, neurons = wiring.weights.shape
    weights = result.weights
    if learned:
        low, high = (learned.parameters[name] for name in ("w_min", "w_max"))
        weights = np.where(wiring.plastic, weights.clip(low, high), weights)
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
            np.pad(weights, beyond),
            parameters,
            report=np.pad(wiring.report, beyond[1:]),
            # What became 0 and does not learn is no synapse, and has no delay.
            delays=np.pad(np.where(wiring.plastic | (weights != 0), wiring.delays, 0), beyond),
            **ways,
            learning=learned.parameters if learned else {},
            plastic=np.pad(wiring.plastic, beyond),
            modulatory=np.pad(wiring.modulatory, beyond[:1]),
        ),
        inputs=wiring.inputs,
        populations=wiring.populations,
        dt=network.dt,
        scale=np.concatenate([result.scales, np.ones(padding)]),
        report=full_report(network, wiring, result, learned, losses),
        rest=np.concatenate([wiring.rest, np.zeros(padding)]),
        mirrors=wiring.mirrors,
    )
