"""A network or a design as arrays in the user's unit: what its neurons do, and who reaches whom when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikeloom.hdl import NO_AXON
from spikeloom.hdl.contract.core_config import DECAY_ONE
from spikeloom.hdl.contract.errors import ForeignNetworkError

from ...compiler.wiring import wire
from ...design.design import Design
from ...design.units import weights_in_units
from ...network.network import Network
from ...quantise.rounding import Floats, Integers

PLAIN = {"threshold_increment": 0.0, "leak_step": 0.0, "refractory": 0.0}
"""Parameters that NIR has no place for, and the value with which they do nothing."""


@dataclass(frozen=True, eq=False)
class Described:
    """Neurons of one model `lif`, and synapses.

    Attributes
    ----------
    dt : length of a step in seconds.
    subtract : whether they are reset by subtraction.
    inputs, populations : ranges of inputs and of neurons, by name.
    alpha, beta : (N,) what a step leaves of potential and current; beta is 0 for delta synapses.
    threshold, reset, rest, bias : (N,) floats; threshold and reset are counted from rest.
    readout, above : (N,) bool, neurons without a threshold, and those that fire above theirs only.
    projections : (sources, targets) weights by names of source and target, and steps.
    """

    dt: float
    subtract: bool
    inputs: dict[str, slice]
    populations: dict[str, slice]
    alpha: Floats
    beta: Floats
    threshold: Floats
    reset: Floats
    rest: Floats
    bias: Floats
    readout: np.ndarray
    above: np.ndarray
    projections: dict[tuple[str, str, int], Floats]


def described(network: Network | Design) -> Described:
    """What NIR can hold of a network or of a design; `ForeignNetworkError` names what it cannot."""
    return _of_design(network) if isinstance(network, Design) else _of_network(network)


def _of_network(network: Network) -> Described:
    if network.learning is not None:
        raise ForeignNetworkError(
            "the network learns, and NIR has no learning; export what it learned"
        )
    for name, population in network.populations.items():
        if population.neuron is not None and population.neuron.model != "lif":
            raise _beyond(name, f"the neuron model {population.neuron.model!r}")
    wiring, dt = wire(network), network.dt
    p = wiring.parameters
    checks = {name: p[name] != value for name, value in PLAIN.items()}
    checks["v_min"] = np.isfinite(p["v_min"])
    checks["a current for each sign"] = p["tau_exc"] != p["tau_inh"]
    _refuse(wiring.populations, checks)

    def left(tau: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.asarray(np.exp(-dt / tau))

    resets = {
        getattr(n.neuron, "reset", "") for n in network.populations.values() if _fires(n.neuron)
    }
    if len(resets) > 1:
        raise ForeignNetworkError(
            "some neurons are reset to a value, others by subtraction; NIR says neither, so a graph "
            "can have one"
        )
    return Described(
        dt, "subtract" in resets, wiring.inputs, wiring.populations,
        left(p["tau_mem"]), left(p["tau_exc"]), p["v_threshold"], p["v_reset"], wiring.rest,
        p["bias"], p["readout"] > 0, p["above"] > 0,
        _projections(
            wiring.inputs, wiring.populations, wiring.mirrors, wiring.destinations, wiring.weights,
            wiring.delays,
        ),
    )  # fmt: skip


def _fires(neuron: object) -> bool:
    return bool(getattr(neuron, "fires", False))


def _of_design(design: Design) -> Described:
    c, image = design.config, design.image
    if design.placement is not None:
        raise ForeignNetworkError(
            "the design is placed on many cores; export it before it is placed"
        )
    n = max(where.stop for where in design.populations.values())
    held = {name: values[:n].astype(np.float64) for name, values in image.parameters.items()}
    zero, scale = np.zeros(n), design.scale[:n]
    if c.learning is not None:
        raise ForeignNetworkError(
            "the design learns, and NIR has no learning; export what it learned"
        )
    if c.neuron_model != "lif":
        raise ForeignNetworkError(f"the neuron model {c.neuron_model!r} has no node in NIR")
    never = -(2.0 ** (c.state_bits - 1))
    _refuse(
        design.populations,
        {
            "an adaptive threshold": held.get("th_inc", zero) != 0,
            "a linear leak": held.get("leak", zero) != 0,
            "a refractory period": held.get("refractory", zero) != 0,
            "a floor of the potential": held.get("v_min", zero + never) > never,
            "a current for each sign": np.full(n, c.receptors == 2),
        },
    )
    destinations = image.destinations
    if not c.route_entries:
        assert image.routes is not None
        neuron = np.flatnonzero(image.routes != NO_AXON)
        none = np.zeros_like(neuron)
        destinations = np.stack([neuron, none, image.routes[neuron], none], axis=1)
    exponential = c.synapse == "exponential"
    return Described(
        design.dt, c.reset == "subtract", design.inputs, design.populations,
        1 - held.get("d_mem", zero) / DECAY_ONE,
        1 - held["d_syn"] / DECAY_ONE if exponential else zero,
        held["v_threshold"] / scale, held.get("v_reset", zero) / scale, design.rest[:n],
        held.get("bias", zero) / scale, held.get("readout", zero) > 0, np.zeros(n, dtype=bool),
        _projections(
            design.inputs, design.populations, design.mirrors, destinations,
            weights_in_units(design, image.weights)[:, :n], image.delays[:, :n],
        ),
    )  # fmt: skip


def _projections(
    inputs: dict[str, slice],
    populations: dict[str, slice],
    mirrors: Integers,
    destinations: Integers,
    weights: Floats,
    delays: Integers,
) -> dict[tuple[str, str, int], Floats]:
    """Weights by source, target and steps, from what each axon of a core does."""
    rows: list[
        tuple[str, int, int, int]
    ] = []  # source, which of it, axon, steps before the synapse
    for name, where in inputs.items():
        rows += [(name, axon - where.start, axon, 0) for axon in range(where.start, where.stop)]
        rows += [(name, at - where.start, axon, 0) for at, axon in mirrors.tolist()
                 if where.start <= at < where.stop]  # fmt: skip
    for neuron, _, axon, late in destinations.tolist():
        for name, where in populations.items():
            if where.start <= neuron < where.stop:
                rows.append((name, neuron - where.start, axon, 1 + late))
    sizes = {name: where.stop - where.start for name, where in (inputs | populations).items()}
    found: dict[tuple[str, str, int], Floats] = {}
    for source, which, axon, before in rows:
        for target, where in populations.items():
            values, field = weights[axon, where], delays[axon, where]
            for step in np.unique(field[values != 0]):
                shape = (sizes[source], sizes[target])
                matrix = found.setdefault((source, target, before + int(step)), np.zeros(shape))
                matrix[which] += np.where(field == step, values, 0.0)
    return found


def _refuse(populations: dict[str, slice], checks: dict[str, np.ndarray]) -> None:
    for what, where in checks.items():
        for name, cells in populations.items():
            if np.any(where[cells]):
                raise _beyond(name, what)


def _beyond(name: str, what: str) -> ForeignNetworkError:
    return ForeignNetworkError(f"population {name!r} has {what}, which NIR has no place for")
