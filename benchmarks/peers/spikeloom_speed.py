"""SpikeLoom's fast or golden model on a workload, on one thread: `spikeloom_speed.py W1 fast`.

The golden model runs a part of the steps.
"""

import sys

import numpy as np
from turns import processor_seconds, serve
from workloads import (
    D_MEM,
    D_TRACE,
    FRACTION_BITS,
    INCREMENT,
    LAYERS,
    LAYERS_THRESHOLD,
    RECURRENT,
    SAMPLE_STEPS,
    SAMPLES,
    THRESHOLD,
    W_MAX,
    layers,
)

from spikeloom.hdl import CoreConfig, Image, LearningConfig

GOLDEN_SHARE = 20
"""The golden model runs one in so many of the steps, and of the samples a tenth."""


def model(name, image, batch=1):
    """A core of one of the models."""
    if name == "golden":
        from spikeloom.sim.golden import GoldenCore

        return GoldenCore(image, batch)
    from spikeloom.sim.fast import FastCore

    return FastCore(image, batch, threads=1)


def recurrent_image(w):
    """The network as a core's image."""
    learning = LearningConfig(rule="pair", fraction_bits=FRACTION_BITS) if w.learns else None
    config = CoreConfig(
        neurons=w.neurons, axons=w.neurons, synapse="delta", refractory_bits=0,
        parameters="per_neuron", learning=learning,
    )  # fmt: skip
    weights = w.weights()
    rule = {"x_inc": INCREMENT, "y_inc": INCREMENT, "d_x": D_TRACE, "d_y": D_TRACE}
    learns = {
        "learning": {"enabled": 1, "w_min": -W_MAX, "w_max": W_MAX, **rule},
        "plastic": weights != 0,
    }
    parameters = {"v_threshold": THRESHOLD, "d_mem": D_MEM, "bias": w.bias()}
    routes = np.arange(w.neurons)
    return Image(config, weights, parameters, routes, **(learns if w.learns else {}))


def layers_image():
    """The network of W5, and (samples, steps, axons) of input."""
    inputs, hidden, outputs = LAYERS
    to_hidden, to_outputs, given = layers()
    config = CoreConfig(
        neurons=hidden + outputs, axons=inputs + hidden, synapse="delta", refractory_bits=0,
        bias=False,
    )  # fmt: skip
    weights = np.zeros((config.axons, config.neurons), dtype=np.int64)
    weights[:inputs, :hidden], weights[inputs:, hidden:] = to_hidden, to_outputs
    routes = np.concatenate([inputs + np.arange(hidden), np.full(outputs, -1)])
    parameters = {"v_threshold": LAYERS_THRESHOLD, "d_mem": D_MEM}
    raster = np.zeros((SAMPLES, SAMPLE_STEPS, config.axons), dtype=bool)
    raster[:, :, :inputs] = given
    return Image(config, weights, parameters, routes), raster


def feed_forward(name):
    """Serve W5."""
    image, raster = layers_image()
    if name == "golden":
        raster = raster[: SAMPLES // 10]
    core = model(name, image, len(raster))
    hidden = LAYERS[1]

    def run():
        core.reset()
        return processor_seconds(lambda: core.run(raster))

    core.step()
    core.reset()
    spikes = core.run(raster)
    serve(run, steps=len(raster), output_firing=float(spikes[:, :, hidden:].mean()))


def recurrent(name, w):
    """Serve the others."""
    core = model(name, recurrent_image(w))
    core.states["v"][0] = w.potentials()
    if name == "golden":
        steps = w.steps // GOLDEN_SHARE
        silence = np.zeros((steps, w.neurons), dtype=bool)
        run = lambda: core.run(silence)  # noqa: E731
    else:
        steps = w.steps
        run = lambda: core.run_watched(None, steps)  # noqa: E731
    run()
    counters = core.counters
    firing = float(counters["spikes"][0] / counters["steps"][0] / w.neurons)
    serve(lambda: processor_seconds(run), steps=steps, firing=firing)


def main(workload, name):
    if workload == "W5":
        feed_forward(name)
    else:
        recurrent(name, next(w for w in RECURRENT if w.name == workload))


main(*sys.argv[1:])
