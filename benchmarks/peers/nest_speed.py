"""NEST on a workload without learning, on one thread: `nest_speed.py W6`.

Neurons are `iaf_psc_delta`, 1 ms per step, in floating point.  `stdp_synapse` takes no weights of both
signs, so there are no workloads that learn.
"""

import sys

import nest
import numpy as np
from turns import processor_seconds, serve
from workloads import D_MEM, RECURRENT, THRESHOLD

TAU_MS = 4096 / D_MEM


def main(name):
    w = next(w for w in RECURRENT if w.name == name)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.set(local_num_threads=1, resolution=1.0)
    # With a capacity of as many pF as the time constant has ms, a current in pA is the rest in mV.
    neurons = nest.Create(
        "iaf_psc_delta",
        w.neurons,
        {
            "tau_m": TAU_MS, "C_m": TAU_MS, "E_L": 0.0, "V_reset": 0.0, "t_ref": 0.0,
            "V_th": float(THRESHOLD), "V_m": w.potentials().astype(float),
            "I_e": w.bias() * 4096.0 / D_MEM,
        },
    )  # fmt: skip
    weights = w.weights()
    source, target = np.nonzero(weights)
    ids = np.array(neurons.tolist())
    spec = {
        "synapse_model": "static_synapse",
        "weight": weights[source, target].astype(float),
        "delay": np.ones(len(source)),
    }
    nest.Connect(ids[source], ids[target], "one_to_one", spec)
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder)
    nest.Prepare()
    nest.Run(10.0)

    def run():
        return processor_seconds(lambda: nest.Run(float(w.steps)))

    run()
    firing = recorder.n_events / (w.steps + 10) / w.neurons
    serve(run, steps=w.steps, firing=firing, version=nest.__version__)


main(sys.argv[1])
