"""Random learning rules, plastic synapses and learning parameters for co-simulation."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeloom.hdl import CoreConfig, Field, Image, LearningConfig
from spikeloom.hdl.contract.learning_config import TAG_BITS
from spikeloom.hdl.contract.rules import RULES

OPTIONS: dict[str, tuple[Any, ...]] = {
    "lanes": (1, 2, 4, 8, 16, 32),
    "neurons": ("lanes", "not a multiple"),
    "axons": (33, 1),
    "weight_bits": (5, 16),
    "receptors": (1, 2),
    "synapse": ("exponential", "delta"),
    "adaptation": ("none", "rate"),
    "trace_bits": (6, 13),
    "rounding": ("stochastic", "none"),
    "fraction_bits": (5, 12),
    "leak": ("exponential", "linear"),
    "reset": ("value", "subtract"),
}
"""What a campaign covers in pairs for each rule, with `RULE_OPTIONS`."""

RULE_OPTIONS: dict[str, tuple[Any, ...]] = {
    "pairing": ("all", "nearest"),
    "bounds_and_rates": (("hard", "shift"), ("hard", "multiply"), ("soft", "shift")),
    "eligibility_bits": (8, 13),
    "modulator_bits": (5, 12),
}

CORNERS: tuple[dict[str, Any], ...] = (
    {"lanes": 8, "neurons": "three groups", "axons": 40, "rounding": "nearest", "weight_bits": 8},
    {"lanes": 4, "neurons": "not a multiple", "rounding": "nearest", "adaptation": "exponential"},
)
"""Forced beside the cover; what is not named is the first choice."""


def rule_options(rule: str) -> dict[str, tuple[Any, ...]]:
    """The options of a rule."""
    settings = RULES[rule].settings
    used = {
        name: values
        for name, values in RULE_OPTIONS.items()
        if name in settings or (name == "bounds_and_rates" and "bounds" in settings)
    }
    return OPTIONS | used


def make_learning_config(rule: str, choice: dict[str, Any]) -> CoreConfig:
    """The configuration that a choice of `rule_options` stands for."""
    c = dict(choice)
    lanes = c["lanes"]
    neurons = {"lanes": lanes, "not a multiple": 2 * lanes + 1, "three groups": 3 * lanes}
    learning: dict[str, Any] = {"trace_bits": c.pop("trace_bits")}
    rounding = c.pop("rounding")
    fraction = c.pop("fraction_bits")
    learning["fraction_bits"] = 0 if rounding == "none" else fraction
    learning["stochastic"] = rounding == "stochastic"
    if "bounds_and_rates" in c:
        learning["bounds"], learning["rates"] = c.pop("bounds_and_rates")
    for name in ("pairing", "eligibility_bits", "modulator_bits"):
        if name in c:
            learning[name] = c.pop(name)
    c["neurons"] = neurons[c["neurons"]]
    return CoreConfig(
        **c, refractory_bits=2, monitors=4, learning=LearningConfig(rule=rule, **learning)
    )


def random_learning_parameter(f: Field, rng: np.random.Generator) -> int:
    """A value of one learning parameter: small often enough that weights move slowly, or anything.

    The bounds of weights may also be equal, or in the wrong order, as run-time writes may leave them.
    """
    low, high = f.minimum, f.maximum
    if f.name == "enabled":
        return 1
    if f.name == "w_min" and rng.random() < 0.8:
        return int(rng.choice([low, low // 2, min(0, high)]))
    if f.name == "w_max" and rng.random() < 0.8:
        return int(rng.choice([high, high // 2]))
    if f.name == "sweep_log2":
        return int(rng.integers(0, 4 if rng.random() < 0.8 else high, endpoint=True))
    if rng.random() < 0.1:
        return int(rng.choice([low, high]))
    if f.name.startswith("d_") and rng.random() < 0.25:
        return 1 << int(rng.integers(high.bit_length()))
    if f.name.startswith("d_") and rng.random() < 0.5:
        high //= 8
    elif rng.random() < 0.5:
        low, high = max(low, -8), min(high, 40)
    return int(rng.integers(low, high, endpoint=True))


def with_learning(image: Image, rng: np.random.Generator) -> Image:
    """The image with learning parameters, plastic synapses, modulatory axons and tags."""
    c = image.config
    if c.learning is None:
        return image
    parameters = {f.name: random_learning_parameter(f, rng) for f in c.layout.learning}
    plastic = rng.random((c.axons, c.neurons)) < rng.choice([0.3, 0.9, 1.0])
    modulatory = image.modulatory
    if "modulatory" in (f.name for f in c.layout.axon_fields):
        modulatory = rng.random(c.axons) < rng.choice([0.0, 0.25, 1.0], p=[0.1, 0.8, 0.1])
    if plastic.any():
        parameters["w_min"], parameters["w_max"] = sorted(
            (parameters["w_min"], parameters["w_max"])
        )
    return dataclasses.replace(
        image,
        weights=_bounded(image.weights, plastic, parameters, rng),
        learning=parameters,
        plastic=plastic,
        modulatory=modulatory,
        axon_tags=_random_tags(image.axon_tags, rng),
        neuron_tags=_random_tags(image.neuron_tags, rng),
    )


def _bounded(
    weights: NDArray[np.int64],
    plastic: NDArray[np.bool_],
    parameters: dict[str, int],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """The weights, of which plastic ones outside the bounds are drawn again, inside."""
    low, high = parameters["w_min"], parameters["w_max"]
    again = rng.integers(min(low, high), max(low, high), weights.shape, endpoint=True)
    return np.where(plastic & ((weights < low) | (weights > high)), again, weights)


def _random_tags(given: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Tags as they are, any others, or the same extreme one everywhere."""
    most = (1 << TAG_BITS) - 1
    choices = (
        given,
        rng.integers(0, most, len(given), endpoint=True),
        np.full(len(given), rng.choice([0, most])),
    )
    return choices[int(rng.choice(3, p=[0.5, 0.3, 0.2]))]


def random_rule(rng: np.random.Generator, weight_bits: int) -> LearningConfig:
    """Any rule, with any of its settings."""
    rule = str(rng.choice(list(RULES)))
    options = rule_options(rule)
    choice = {name: values[int(rng.integers(len(values)))] for name, values in options.items()}
    learning = make_learning_config(rule, choice | {"weight_bits": weight_bits}).learning
    assert learning is not None
    return learning
