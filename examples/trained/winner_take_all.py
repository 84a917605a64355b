"""A winner-take-all of SuperNeuroMAT with lateral inhibition, on the simulated chip.

python examples/trained/winner_take_all.py    # needs: pip install superneuromat

Five neurons are driven at different rates and inhibit each other; the one that is driven most
silences the rest.  Later the drive moves on to another one, which takes over.
"""

from __future__ import annotations

import argparse

import numpy as np
from superneuromat import SNN

import spikeloom

NEURONS, STEPS = 5, 200
INHIBITION = -6


def network(seed: int = 0) -> SNN:
    """The network with its input, as its own simulator runs it."""
    snn = SNN()
    for _ in range(NEURONS):
        snn.create_neuron(threshold=9, leak=1, refractory_period=1)
    for pre in range(NEURONS):
        for post in range(NEURONS):
            if pre != post:
                snn.create_synapse(pre, post, weight=INHIBITION, delay=1)
    rng = np.random.default_rng(seed)
    rates = np.array([0.35, 0.4, 0.75, 0.3, 0.4])
    for step in range(STEPS):
        now = rates if step < STEPS // 2 else np.roll(rates, 2)
        for neuron in np.flatnonzero(rng.random(NEURONS) < now):
            snn.add_spike(step, int(neuron), 5.0)
    return snn


def run(device: str = "twin:"):
    """(steps, neurons) spikes here and in SuperNeuroMAT."""
    snn = network()
    found = spikeloom.from_superneuromat(snn)
    design = spikeloom.compile(found.network, **found.settings)
    with spikeloom.open(device, design) as opened:
        here = opened.run(dict(found.inputs), STEPS)["neurons"]
    snn.simulate(STEPS)
    return here, np.asarray(snn.ispikes) > 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A winner-take-all of SuperNeuroMAT")
    parser.add_argument("--device", default="twin:", help="twin: or golden:")
    here, there = run(parser.parse_args().device)
    for name, part in (("first", slice(0, STEPS // 2)), ("second", slice(STEPS // 2, None))):
        counts = here[part].sum(axis=0)
        print(f"{name} half: neuron {counts.argmax()} wins, spikes {counts.tolist()}")
    print(f"{int(there.sum())} spikes in SuperNeuroMAT, {int((here != there).sum())} differ here")
