"""Brian2 on a workload, in one of its modes: `brian2_speed.py W1 cpp`, or `numpy`, or `cython`.

The network is that of `workloads.py` in floating point; learning is the pair STDP of Brian2's
documentation, with traces in each synapse that are updated when spikes come.
"""

import sys
import tempfile

import brian2
import numpy as np
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
from turns import processor_seconds, serve
from workloads import D_MEM, D_TRACE, FRACTION_BITS, INCREMENT, RECURRENT, THRESHOLD, W_MAX


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


def main(name, mode):
    w = next(w for w in RECURRENT if w.name == name)
    about = {"version": brian2.__version__}
    defaultclock.dt = 1 * ms
    if mode != "cpp":
        prefs.codegen.target = mode
        network, _ = build(w)
        network.run(2 * ms)
        steps = w.steps // (10 if w.neurons > 100 or mode == "numpy" else 1)
        serve(lambda: processor_seconds(lambda: network.run(steps * ms)), steps=steps, **about)
        return
    set_device("cpp_standalone", build_on_run=False)
    prefs.devices.cpp_standalone.openmp_threads = 0
    network, monitor = build(w)
    network.run(w.steps * ms)
    with tempfile.TemporaryDirectory() as folder:
        device.build(directory=folder, compile=True, run=False, with_output=False)

        def run():
            device.run(folder, with_output=False, run_args=[])
            return device._last_run_time  # of std::clock: processor time

        run()
        serve(run, steps=w.steps, firing=monitor.num_spikes / w.steps / w.neurons, **about)


main(*sys.argv[1:])
