"""W5 in snnTorch, Norse or BindsNET, without gradients, on one thread: `torch_speed.py W5 norse`.

The samples run side by side, in batches of whichever size is fastest.
"""

import sys
from importlib.metadata import version

import torch
from turns import processor_seconds, serve
from workloads import D_MEM, LAYERS, LAYERS_THRESHOLD, SAMPLE_STEPS, SAMPLES, layers

BATCHES = (50, 200, 1_000)
INPUTS, HIDDEN, OUTPUTS = LAYERS


def snntorch_network(to_hidden, to_outputs):
    """A function from (steps, batch, inputs) to the number of spikes of each output."""
    import snntorch

    def leaky():
        return snntorch.Leaky(
            beta=1 - D_MEM / 4096, threshold=float(LAYERS_THRESHOLD), reset_mechanism="zero"
        )

    first, second = leaky(), leaky()

    def run(spikes):
        hidden, outputs = first.init_leaky(), second.init_leaky()
        counts = 0
        for row in spikes:
            fired, hidden = first(row @ to_hidden, hidden)
            fired, outputs = second(fired @ to_outputs, outputs)
            counts = counts + fired
        return counts

    return run


def norse_network(to_hidden, to_outputs):
    """The same in Norse; its neuron without synaptic currents."""
    from norse.torch.functional.lif_box import (
        LIFBoxFeedForwardState,
        LIFBoxParameters,
        lif_box_feed_forward_step,
    )

    # One step of 1 ms decays by D_MEM/4096, and currents are scaled back.
    scale = 4096 / D_MEM
    p = LIFBoxParameters(
        tau_mem_inv=torch.tensor(1000 / scale), v_th=torch.tensor(float(LAYERS_THRESHOLD))
    )
    to_hidden, to_outputs = to_hidden * scale, to_outputs * scale

    def run(spikes):
        batch = spikes.shape[1]
        hidden = LIFBoxFeedForwardState(v=torch.zeros(batch, HIDDEN))
        outputs = LIFBoxFeedForwardState(v=torch.zeros(batch, OUTPUTS))
        counts = 0
        for row in spikes:
            fired, hidden = lif_box_feed_forward_step(row @ to_hidden, hidden, p)
            fired, outputs = lif_box_feed_forward_step(fired @ to_outputs, outputs, p)
            counts = counts + fired
        return counts

    return run


def bindsnet_network(to_hidden, to_outputs):
    """The same in BindsNET."""
    from bindsnet.network import Network
    from bindsnet.network.monitors import Monitor
    from bindsnet.network.nodes import Input, LIFNodes
    from bindsnet.network.topology import Connection

    network = Network(dt=1.0)
    neurons = {"rest": 0.0, "reset": 0.0, "thresh": LAYERS_THRESHOLD, "refrac": 0}
    layers_of = {
        "inputs": Input(n=INPUTS),
        "hidden": LIFNodes(n=HIDDEN, tc_decay=4096 / D_MEM, **neurons),
        "outputs": LIFNodes(n=OUTPUTS, tc_decay=4096 / D_MEM, **neurons),
    }
    for name, layer in layers_of.items():
        network.add_layer(layer, name)
    for source, target, weights in (
        ("inputs", "hidden", to_hidden), ("hidden", "outputs", to_outputs),
    ):  # fmt: skip
        network.add_connection(
            Connection(layers_of[source], layers_of[target], w=weights), source, target
        )
    monitor = Monitor(layers_of["outputs"], ["s"], time=SAMPLE_STEPS)
    network.add_monitor(monitor, "outputs")
    network.train(False)

    def run(spikes):
        network.reset_state_variables()
        network.run({"inputs": spikes}, time=SAMPLE_STEPS, one_step=False)
        return monitor.get("s").float().sum(0)

    return run


NETWORKS = {
    "snntorch": snntorch_network, "norse": norse_network, "bindsnet": bindsnet_network,
}  # fmt: skip


@torch.no_grad()
def main(name, simulator):
    assert name == "W5", "these simulators are compared on W5 alone"
    torch.set_num_threads(1)
    to_hidden, to_outputs, given = layers()
    spikes = torch.tensor(given, dtype=torch.float32).transpose(0, 1).contiguous()
    network = NETWORKS[simulator](
        torch.tensor(to_hidden, dtype=torch.float32), torch.tensor(to_outputs, dtype=torch.float32)
    )

    def run(batch):
        parts = [spikes[:, k : k + batch].contiguous() for k in range(0, SAMPLES, batch)]
        return processor_seconds(lambda: [network(part) for part in parts])

    for batch in BATCHES:
        run(batch)
    best = min(BATCHES, key=run)
    fired = float(network(spikes[:, :200].contiguous()).sum()) / 200 / SAMPLE_STEPS / OUTPUTS
    note = f"batches of {best}, PyTorch {torch.__version__}"
    serve(
        lambda: run(best), steps=SAMPLES, output_firing=fired, note=note, version=version(simulator)
    )


main(*sys.argv[1:])
