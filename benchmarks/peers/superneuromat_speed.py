"""SuperNeuroMAT on a workload, with whichever of its back ends is fastest: `superneuromat_speed.py W2`.

Its neurons leak by a constant and its STDP looks at the last three steps, so potentials differ from
those of `workloads.py`; size, density, drive and activity are the same.
"""

import sys
import warnings
from importlib.metadata import version

import numpy as np
from superneuromat import SNN
from turns import processor_seconds, serve
from workloads import RECURRENT, THRESHOLD

PERIOD = 50
"""Steps from spike to spike without synapses."""
BACK_ENDS = (("jit", False), ("cpu", False), ("cpu", True))
TRIED_STEPS = 20


def build(w):
    """The workload, ready to be set up."""
    snn = SNN()
    snn.manual_setup = True
    for potential in w.potentials():
        snn.create_neuron(threshold=float(THRESHOLD), leak=0.0, initial_state=float(potential))
    weights = w.weights()
    for i, j in zip(*np.nonzero(weights), strict=True):
        weight = float(weights[i, j])
        snn.create_synapse(int(i), int(j), weight, stdp_enabled=w.learns, exist="overwrite")
    if w.learns:
        snn.stdp_setup([1.0, 0.5, 0.25], [-0.02, -0.01, -0.005], True, True)
    return snn


def main(name):
    warnings.simplefilter("ignore")
    w = next(w for w in RECURRENT if w.name == name)
    snn = build(w)

    def run(back_end, sparse, steps):
        snn.clear_spike_train()
        snn.setup(sparse=sparse)
        snn._input_spikes = np.full((steps, w.neurons), THRESHOLD / PERIOD)
        return processor_seconds(lambda: snn.simulate(steps, use=back_end))

    for back_end in BACK_ENDS:  # compiles, and touches all memory
        run(*back_end, 2)
    best = min(BACK_ENDS, key=lambda back_end: run(*back_end, TRIED_STEPS))
    steps = w.steps // (10 if w.neurons > 100 else 1)
    run(*best, steps)
    spikes = sum(int(np.sum(row)) for row in snn.spike_train)
    note = f"{best[0]}, {'sparse' if best[1] else 'dense'}"
    serve(
        lambda: run(*best, steps), steps=steps, firing=spikes / steps / w.neurons, note=note,
        version=version("superneuromat"),
    )  # fmt: skip


main(sys.argv[1])
