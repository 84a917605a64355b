"""Networks of integers that simulators are compared on, as arrays that each of them can take.

W1 to W4 and W6 are recurrent: LIF neurons with delta synapses and a constant input each, with which a
neuron fires about every fiftieth step; spikes take one step; what learns does so by pair STDP on all
synapses.  W5 is feed-forward: many samples of input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 20_000
D_MEM = 200
"""Decay of the potential in units of 1/4096: a time constant of 20 steps."""
D_TRACE = 200
INCREMENT = 40
FRACTION_BITS = 4
W_MAX = 127


@dataclass(frozen=True)
class Workload:
    """A recurrent network.

    Attributes
    ----------
    name, title : "W1", and what it is.
    neurons, density, learns, steps : as the name says; a synapse exists with probability `density`.
    """

    name: str
    title: str
    neurons: int
    density: float
    learns: bool
    steps: int

    def weights(self) -> NDArray[np.int64]:
        """(N, N), −20…20, 0 where there is no synapse."""
        rng = np.random.default_rng(1)
        shape = (self.neurons, self.neurons)
        sizes = rng.integers(1, 20, shape, endpoint=True, dtype=np.int8)
        signs = np.where(rng.random(shape, dtype=np.float32) < 0.5, 1, -1).astype(np.int8)
        exists = rng.random(shape, dtype=np.float32) < self.density
        return np.where(exists, sizes * signs, 0).astype(np.int64)

    def bias(self) -> NDArray[np.int64]:
        """(N,) what is added to each potential in each step."""
        rng = np.random.default_rng(2)
        rest = THRESHOLD / rng.uniform(0.88, 0.95, self.neurons)
        return np.round(rest * D_MEM / 4096).astype(np.int64)

    def potentials(self) -> NDArray[np.int64]:
        """(N,) potentials to begin with, so that the neurons do not fire together."""
        return np.random.default_rng(3).integers(0, THRESHOLD, self.neurons)


RECURRENT = (
    Workload("W1", "100 LIF, all to all", 100, 1.0, False, 10_000),
    Workload("W2", "100 LIF, all to all, pair STDP", 100, 1.0, True, 10_000),
    Workload("W3", "1 024 LIF, 10 %", 1024, 0.1, False, 1_000),
    Workload("W4", "1 024 LIF, 10 %, pair STDP", 1024, 0.1, True, 1_000),
    Workload("W6", "10 000 LIF, 1 %", 10_000, 0.01, False, 1_000),
)


LAYERS = (64, 128, 10)
SAMPLES, SAMPLE_STEPS = 1_000, 32
LAYERS_THRESHOLD = 800
W5_TITLE = f"{'–'.join(map(str, LAYERS))}, {SAMPLES} samples × {SAMPLE_STEPS} steps"


def layers() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Of W5: weights to the hidden and to the output layer, and (samples, steps, inputs) at 10 %."""
    inputs, hidden, outputs = LAYERS
    rng = np.random.default_rng(5)
    to_hidden = rng.integers(-40, 80, (inputs, hidden))
    to_outputs = rng.integers(-40, 80, (hidden, outputs))
    return to_hidden, to_outputs, rng.random((SAMPLES, SAMPLE_STEPS, inputs)) < 0.1
