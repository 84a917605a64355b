"""Small random designs for tests."""

import numpy as np

from spikeloom.design import Design
from spikeloom.hdl import NO_AXON, CoreConfig, Image

CONFIG = CoreConfig(
    neurons=11, axons=9, lanes=2, weight_bits=5, parameters="per_neuron", receptors=2, monitors=6
)


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
    drives = rng.random(config.neurons) < 0.4
    image = Image(
        config,
        rng.integers(-bound, bound, (config.axons, config.neurons)),
        parameters,
        np.where(drives, rng.integers(0, config.axons, config.neurons), NO_AXON),
        rng.random(config.neurons) < 0.8,
    )
    return Design(config, image, {"in": slice(0, 4)}, {"all": slice(0, config.neurons)})


DESIGN = make_design()
