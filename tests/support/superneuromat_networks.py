"""Random networks of SuperNeuroMAT, and the same run there and on a device."""

from __future__ import annotations

import warnings

import numpy as np

import spikeloom
from spikeloom.hdl import NO_AXON

UNITS = (1.0, 1.0, 0.25, 4.0)
PERIODS = (0, 0, 0, 1, 2, 5, 12, 10**6)
DELAYS = (1, 1, 1, 2, 3, 9, 70, 140)


def random_snn(seed: int, learns: bool = False):
    """(network, steps): leaks, refractory periods, delays, initial states and input values."""
    from superneuromat import SNN

    rng = np.random.default_rng(seed)
    unit = float(rng.choice(UNITS))
    snn = SNN()
    size = int(rng.integers(2, 9))
    for _ in range(size):
        snn.create_neuron(
            threshold=unit * float(rng.integers(-1, 9)) + rng.choice([0, 0, 0.3 * unit]),
            leak=float(rng.choice([0, unit, 2 * unit, 5 * unit, np.inf])),
            reset_state=unit * float(rng.choice([0, 0, 0, -2, 1])),
            refractory_period=int(rng.choice(PERIODS[:-1] if learns else PERIODS)),
            refractory_state=int(rng.choice([0, 0, 0, 2, 7])),
            initial_state=unit * float(rng.choice([0, 0, 3, -4])),
        )
    delays = DELAYS[:-2] if learns else DELAYS
    for pre in range(size):
        for post in range(size):
            if rng.random() < 0.5:
                snn.create_synapse(
                    pre, post, weight=unit * float(rng.integers(-6, 8)),
                    delay=int(rng.choice(delays)), stdp_enabled=bool(learns and rng.random() < 0.6),
                )  # fmt: skip
    steps = int(rng.integers(40, 160))
    for t in range(steps):
        for neuron in range(size):
            if rng.random() < 0.15:
                snn.add_spike(t, neuron, unit * float(rng.choice([1, 2, 2, 7, -3])))
    if learns:
        lags = int(rng.integers(1, 17))
        with warnings.catch_warnings():  # where no synapse of this network learns
            warnings.simplefilter("ignore", RuntimeWarning)
            snn.stdp_setup(
                Apos=(unit * rng.integers(0, 4, lags)).tolist(),
                Aneg=(-unit * rng.choice([0, 0, 0, 1], lags)).tolist(),
                positive_update=bool(rng.random() < 0.9),
                negative_update=bool(rng.random() < 0.7),
            )
    return snn, steps


def summed_weights(snn, kept):
    """(N, N) weights between these neurons; what goes through a chain counts for its sender."""
    before = {s.post.idx: s for s in snn.synapses}
    total = np.zeros((snn.num_neurons,) * 2)
    for synapse in snn.synapses:
        sender = synapse.pre.idx
        while sender not in kept:
            sender = before[sender].pre.idx
        total[sender, synapse.post.idx] += synapse.weight
    return total[np.ix_(kept, kept)]


def summed_device_weights(device):
    """The same, of a device that has the imported network: over all axons of each neuron."""
    image = device.design.image
    weights = np.asarray(device.weights)
    where = device.design.populations["neurons"]
    total = np.zeros((where.stop,) * 2)
    if image.destinations is not None and len(image.destinations):
        pairs = [(int(d[0]), int(d[2])) for d in image.destinations]
    else:
        pairs = [(n, int(axon)) for n, axon in enumerate(image.routes) if axon != NO_AXON]
    for neuron, axon in pairs:
        if neuron < where.stop:
            total[neuron] += weights[axon, where]
    return total


def run_imported(imported, steps: int, device: str = "golden:", config=None):
    """(steps, N) spikes of the population "neurons", and the device, which is still open.

    `config` is of a core that has been built, in place of the smallest one.
    """
    settings = dict(imported.settings)
    if config is not None:
        settings = {"scale": settings["scale"], "config": config}
    design = spikeloom.compile(imported.network, **settings)
    for population in design.report.populations:
        assert population.exact == population.size
    opened = spikeloom.open(device, design)
    imported.start(opened)
    spikes = {name: raster[:steps] for name, raster in imported.inputs.items()}
    return opened.run(spikes, steps)["neurons"], opened
