"""The picture of docs/how-to/explain-a-difference.md, from the network of that page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import spikeloom
from spikeloom import LIF, Network


def difference(path: Path) -> None:
    """One neuron's potential, in floats and on a core with 4-bit weights."""
    rng = np.random.default_rng(0)
    net = Network(dt=1e-3)
    eye = net.input("eye", 64)
    hidden = net.population("hidden", 32, LIF(tau_mem=20e-3))
    out = net.population("out", 4, LIF(tau_mem=20e-3))
    net.connect(eye, hidden, rng.choice([-0.21, -0.1, 0.12, 0.17, 0.3], (64, 32)))
    net.connect(hidden, out, rng.choice([-0.2, 0.1, 0.25], (32, 4)))
    design = spikeloom.compile(net, weight_bits=4)
    spikeloom.explain(net, design, {"eye": rng.random((300, 64)) < 0.05}).plot(path)
