"""Random configurations, networks and spike trains for co-simulation, all from one seed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.design.design import Design
from spikeloom.hdl import NO_AXON, ConfigError, CoreConfig, Field, Image
from spikeloom.hdl.contract.core_config import DELAY_SLOTS, neuron_settings
from spikeloom.hdl.contract.neurons import find_neuron
from spikeloom.hdl.contract.neurons.model import any_combination

from .learning_cases import random_rule, with_learning

OPTIONS: dict[str, tuple[Any, ...]] = {
    "lanes": (1, 2, 4, 8, 16, 32),
    "weight_bits": (2, 3, 5, 8, 11, 16),
    "weight_shift": (0, 3, 7),
    "state_bits": (8, 16, 19, 32),
    "receptors": (1, 2),
    "synapse": ("exponential", "delta"),
    "leak": ("exponential", "linear", "none"),
    "reset": ("value", "subtract"),
    "refractory": ("none", "held", "integrating"),
    "bias": (False, True),
    "adaptation": ("none", "exponential", "rate"),
    "floor": (False, True),
    "readouts": (False, True),
    "decay_rounding": ("nearest", "toward_zero"),
    "parameters": ("shared", "per_neuron"),
    "neurons": ("lanes", "not a multiple", "two groups", "three groups", "many"),
    "axons": (1, 5, 32, 33, 40),
}
"""What a campaign covers in pairs.  "neurons" is how their number relates to the lanes."""

_LIF_OPTIONS = (
    "receptors", "synapse", "leak", "reset", "refractory", "bias", "adaptation", "floor", "readouts",
    "decay_rounding",
)  # fmt: skip


def neuron_options(model: str) -> dict[str, tuple[Any, ...]]:
    """The same for any neuron model: of a range of numbers the ends and the middle."""
    if model == "lif":
        return OPTIONS
    shared = {name: values for name, values in OPTIONS.items() if name not in _LIF_OPTIONS}
    own = {
        name: (allowed[0], allowed[len(allowed) // 2], allowed[-1])
        if isinstance(allowed, range)
        else allowed
        for name, allowed in find_neuron(model).options.items()
    }
    return shared | own


def make_config(choice: dict[str, Any], model: str = "lif") -> CoreConfig:
    """The configuration that a choice of `neuron_options` stands for."""
    c = dict(choice)
    lanes = c["lanes"]
    neurons = {
        "lanes": lanes,
        "not a multiple": 2 * lanes + 1,
        "two groups": 2 * lanes,
        "three groups": 3 * lanes,
        "many": 5 * min(lanes, 4) + lanes + lanes // 2,
    }[c.pop("neurons")]
    if "refractory" in c:
        refractory = c.pop("refractory")
        c["refractory_bits"] = 0 if refractory == "none" else 3
        c["integrate_refractory"] = refractory == "integrating"
    of_neuron = find_neuron(model).options
    options = {name: c.pop(name) for name in list(c) if name in of_neuron}
    return CoreConfig(
        **c, **neuron_settings(options), neuron_model=model, neurons=max(1, neurons), monitors=4
    )


def possible_config(choice: dict[str, Any], model: str) -> CoreConfig | None:
    """As `make_config`; None for options that the model refuses together."""
    try:
        return make_config(choice, model)
    except ConfigError:
        if find_neuron(model).check is any_combination:
            raise
        return None


def random_config(rng: np.random.Generator, model: str = "lif") -> CoreConfig:
    """Any configuration of a neuron model, half of them with a learning rule, a quarter with delays."""
    options = neuron_options(model)
    config = None
    while config is None:  # until the model accepts the options together
        choice = {name: values[rng.integers(len(values))] for name, values in options.items()}
        config = possible_config(choice, model)
    if rng.random() < 0.25:
        config = dataclasses.replace(config, delay_slots=int(rng.choice(DELAY_SLOTS[1:])))
    if rng.random() < 0.5:
        return config
    return dataclasses.replace(config, learning=random_rule(rng, config.weight_bits))


def random_design(config: CoreConfig, rng: np.random.Generator) -> Design:
    """A network whose neurons are neither silent nor always firing, mostly; and corners."""
    c, layout = config, config.layout
    bound = 1 << (c.weight_bits - 1)
    weights = rng.integers(-bound, bound, (c.axons, c.neurons))
    match rng.integers(4):
        case 0:  # sparse
            weights = np.where(rng.random(weights.shape) < 0.2, weights, 0)
        case 1:  # extremes
            weights = rng.choice([-bound, bound - 1, 0], weights.shape)
        case 2:  # mostly excitatory
            weights = np.where(rng.random(weights.shape) < 0.8, np.abs(weights), weights)
            weights = np.minimum(weights, bound - 1)
    parameters = {f.name: random_parameter(c, f, rng) for f in layout.parameters}
    routes = rng.integers(0, c.axons, c.neurons)
    routes = np.where(rng.random(c.neurons) < rng.random(), routes, NO_AXON)
    report = rng.random(c.neurons) < rng.choice([0.5, 1.0])
    delays: NDArray[np.int64] = np.zeros_like(weights)
    if c.delay_slots > 1:
        most = rng.choice([2, c.delay_slots])
        delays = rng.integers(0, most, weights.shape)
    image = Image(c, weights, parameters, routes, report, delays=delays)
    return Design(c, with_learning(image, rng))


def random_parameter(
    config: CoreConfig, field: Field, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Values of one parameter, of the weights' order of magnitude, or anything that fits."""
    entries = 1 if config.parameters == "shared" else config.neurons
    low, high = field.minimum, field.maximum
    adapts = field.name.startswith("th_")
    if field.unit == "potential" and not adapts and rng.random() < 0.85:
        scale = 4 << (config.weight_bits - 1 + config.weight_shift)
        low, high = max(low, -scale // 4), min(high, scale)
        if field.name == "v_threshold":
            low = min(1, high)
        if field.name == "v_min":
            high = 0
    if field.unit == "decay" and rng.random() < 0.5:
        high = high // 8
    if adapts and rng.random() < 0.85:
        high = min(high, 1 << (config.weight_bits - 1 + config.weight_shift))
    values = rng.integers(low, high, entries, endpoint=True)
    if field.unit == "decay" and rng.random() < 0.25:
        # Products with few binary digits below the point are often halfway between two integers.
        values = 1 << rng.integers(0, field.maximum.bit_length(), entries)
    if rng.random() < 0.1:
        values = rng.choice([field.minimum, field.maximum], entries)
    return np.broadcast_to(values, config.neurons).astype(np.int64)


def random_raster(config: CoreConfig, steps: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(steps, A) input spikes: silent, sparse, dense and full steps in turn."""
    rates = rng.choice([0.0, 0.05, 0.3, 1.0], (steps, 1), p=[0.2, 0.4, 0.3, 0.1])
    return rng.random((steps, config.axons)) < rates
