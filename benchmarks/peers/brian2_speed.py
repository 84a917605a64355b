"""Steps per second of Brian2's C++ on a workload, without compiling: run by `model_speed.py --brian2`.

The network is that of `workloads.py` in floating point; learning is the pair STDP of Brian2's
documentation, with traces in each synapse that are updated when spikes come.
"""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from brian2 import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    defaultclock,
    device,
    ms,
    prefs,
    set_device,
)
from workloads import D_MEM, D_TRACE, FRACTION_BITS, INCREMENT, RECURRENT, THRESHOLD, W_MAX

LEAST_RUNS, LEAST_SECONDS = 3, 2.0


def build(w):
    """The workload as a Brian2 network, and the monitor of its spikes."""
    namespace = {
        "tau": ms * 4096 / D_MEM, "tau_trace": ms * 4096 / D_TRACE, "theta": float(THRESHOLD),
        "step": INCREMENT / 2**FRACTION_BITS, "w_max": float(W_MAX),
    }  # fmt: skip
    neurons = NeuronGroup(
        w.neurons, "dv/dt = (rest - v)/tau : 1\nrest : 1", threshold="v >= theta", reset="v = 0",
        method="exact", namespace=namespace,
    )  # fmt: skip
    neurons.v = w.potentials().astype(float)
    neurons.rest = w.bias() * 4096 / D_MEM
    weights = w.weights()
    source, target = np.nonzero(weights)
    if w.learns:
        synapses = Synapses(
            neurons,
            neurons,
            "w : 1\ndx/dt = -x/tau_trace : 1 (event-driven)\ndy/dt = -y/tau_trace : 1 (event-driven)",
            on_pre="v_post += w\nx += step\nw = clip(w - y, -w_max, w_max)",
            on_post="y += step\nw = clip(w + x, -w_max, w_max)",
            namespace=namespace,
        )
    else:
        synapses = Synapses(neurons, neurons, "w : 1", on_pre="v_post += w")
    synapses.connect(i=source, j=target)
    synapses.w = weights[source, target].astype(float)
    synapses.delay = 1 * ms
    monitor = SpikeMonitor(neurons, record=True)
    return Network(neurons, synapses, monitor), monitor


def main(name):
    w = next(w for w in RECURRENT if w.name == name)
    set_device("cpp_standalone", build_on_run=False)
    prefs.devices.cpp_standalone.openmp_threads = 0
    defaultclock.dt = 1 * ms
    network, monitor = build(w)
    network.run(w.steps * ms)
    with tempfile.TemporaryDirectory() as folder:
        device.build(directory=folder, compile=True, run=False, with_output=False)
        times = []
        while len(times) < LEAST_RUNS or sum(times) < LEAST_SECONDS:
            device.run(folder, with_output=False, run_args=[])
            times.append(device._last_run_time)
        firing = monitor.num_spikes / w.steps / w.neurons
    print(json.dumps({"brian2": w.steps / min(times), "brian2_firing": firing}))


main(sys.argv[1])
