"""The digits demo as a design space: `spikeloom sweep examples/digits_space.toml`.

`measure` is called at each point.  It trains a network of the given size (once in each worker),
converts it, compiles it, and shows all test images to the fast model.
"""

from functools import cache

import numpy as np

import spikeloom
from spikeloom.demos import digits_network as digits


@cache
def perceptron(hidden):
    return digits.perceptron(hidden=hidden, progress=False)


@cache
def accuracy_and_run(hidden, steps, weight_bits):
    """Lanes change no spike, so this is computed once for all of them."""
    train_x, test_x, _, labels = digits.digits()
    network = digits.convert(*perceptron(hidden), train_x, presentation=steps)
    design = spikeloom.compile(
        network, weight_bits=weight_bits, state_bits=16, monitors=digits.CLASSES
    )
    trains = digits.encode(test_x, steps)
    with spikeloom.open("fast:", design) as device:
        # The output neurons hear the last spikes one step after the last of the image.
        device.monitor("output")
        runs = device.run_batch([{"pixels": train} for train in trains], steps + 1)
    potentials = np.array(
        [[run.monitored.raw[f"v[{j}]"][-1] for j in outputs(design)] for run in runs]
    )
    spikes = np.array([run["output"] for run in runs])
    seen = digits.classify(design, spikes, potentials)
    return network, float(np.mean(seen == labels)), runs


def outputs(design):
    return range(*design.populations["output"].indices(design.config.neurons))


def measure(hidden, steps, weight_bits, lanes):
    network, accuracy, runs = accuracy_and_run(hidden, steps, weight_bits)
    design = spikeloom.compile(network, weight_bits=weight_bits, state_bits=16, lanes=lanes)
    return {"accuracy": accuracy, "design": design, "run": runs, "steps_per_image": steps + 1}
