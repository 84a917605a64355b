"""Small random designs for tests."""

import numpy as np
from plastic_weights import within_bounds

from spikeloom.design.design import Design
from spikeloom.hdl import NO_AXON, CoreConfig, Image, LearningConfig

CONFIG = CoreConfig(
    neurons=11, axons=9, lanes=2, weight_bits=5, parameters="per_neuron", receptors=2, monitors=6
)

LEARNING = {
    "pair": LearningConfig(rule="pair", fraction_bits=4, stochastic=True),
    "soft": LearningConfig(rule="pair", fraction_bits=8, bounds="soft", pairing="nearest"),
    "rectangular": LearningConfig(rule="rectangular", trace_bits=5),
    "symmetric": LearningConfig(rule="symmetric", fraction_bits=6, trace_bits=7),
    "three_factor": LearningConfig(
        rule="three_factor", fraction_bits=5, stochastic=True, eligibility_bits=6, modulator_bits=7
    ),
    "sdsp": LearningConfig(rule="sdsp", fraction_bits=2),
    "lag_table": LearningConfig(rule="lag_table", trace_bits=5, fraction_bits=3),
}
"""A core's learning, by the name of a test case."""


def learning_config(case, **options):
    defaults = {"neurons": 11, "axons": 9, "lanes": 2, "weight_bits": 6, "monitors": 6}
    return CoreConfig(**{**defaults, **options}, learning=LEARNING[case])


def learning_parameters(config, rng):
    """Values with which something is learned, mostly."""
    values = {}
    for field in config.layout.learning:
        low, high = field.minimum, field.maximum
        if field.name.startswith("d_"):
            low, high = 100, 2000
        elif field.name == "sweep_log2":
            low, high = 0, 3
        elif field.name == "seed":
            high = 1 << 20
        values[field.name] = int(rng.integers(low, high, endpoint=True))
    bound = 1 << (config.weight_bits - 1)
    fixed = {"enabled": 1, "w_min": -bound + 2, "w_max": bound - 2, "theta_m": 5, "ca_1": 0}
    return values | {name: value for name, value in fixed.items() if name in values}


def make_design(config=CONFIG, seed=0):
    rng = np.random.default_rng(seed)
    bound = 1 << (config.weight_bits - 1)
    parameters = {}
    for field in config.layout.parameters:
        entries = config.neurons if config.parameters == "per_neuron" else 1
        high = {"v_threshold": 40, "d_mem": 500, "refractory": 3}.get(field.name, 30)
        low = {"v_threshold": 10, "v_reset": -20, "bias": -5}.get(field.name, 0)
        values = rng.integers(low, min(high, field.maximum + 1), entries)
        parameters[field.name] = np.resize(values, config.neurons)
    rest = {}
    if config.learning is not None:
        rest["learning"] = learning_parameters(config, rng)
        rest["plastic"] = rng.random((config.axons, config.neurons)) < 0.7
        if config.learning.format.modulator:
            rest["modulatory"] = rng.random(config.axons) < 0.3
        rest["axon_tags"] = rng.integers(0, 1 << 16, config.axons)
    if config.delay_slots > 1:
        rest["delays"] = rng.integers(0, config.delay_slots, (config.axons, config.neurons))
    drives = rng.random(config.neurons) < 0.4
    if config.route_entries:
        highest = (config.neurons, 1, config.axons, config.axonal_delay_slots)
        rows = [[rng.integers(0, h) for h in highest] for _ in range(config.route_entries)]
        rest["destinations"] = np.unique(np.array(rows, dtype=np.int64), axis=0)
        drives[:] = False
    weights = rng.integers(-bound, bound, (config.axons, config.neurons))
    if "plastic" in rest:
        weights = within_bounds(weights, rest["plastic"], rest["learning"])
    image = Image(
        config,
        weights,
        parameters,
        np.where(drives, rng.integers(0, config.axons, config.neurons), NO_AXON),
        rng.random(config.neurons) < 0.8,
        **rest,
    )
    return Design(
        config, image, {"in": slice(0, min(4, config.axons))}, {"all": slice(0, config.neurons)}
    )


DESIGN = make_design()
