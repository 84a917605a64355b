"""Records Sinabs 3.1.3.  In an environment of its own: pip install torch sinabs==3.1.3 nirtorch"""

import nir
import numpy as np
import sinabs.layers as sl
import sinabs.nir
import torch
from sinabs.activation import SingleSpike
from store import main, spikes, store, weights
from torch_layers import dense


def run(name, layers, x, places, flattened=None):
    net = torch.nn.Sequential(*layers)
    steps, seen = len(x), {}
    value = torch.tensor(x)
    with torch.no_grad():
        for k, layer in enumerate(layers):
            value = layer(value)
            if str(k) in places:
                seen[str(k)] = value.numpy()
    graph = sinabs.nir.to_nir(net, torch.zeros(steps, *x.shape[1:]))
    # The exporter leaves these out, and nir.write cannot write None.
    for node in graph.nodes.values():
        if getattr(node, "input_shape", 0) is None:
            node.input_shape = x.shape[2:]
        if isinstance(node, nir.Flatten):
            node.input_type = {"input": np.array(flattened)}
    assert set(places) <= set(graph.nodes), list(graph.nodes)
    store(f"sinabs-{name}", graph, x, seen)


def leaky(tau, size, **more):
    """One value for each neuron: a single one is written so that no file can hold it."""
    return sl.LIFSqueeze(
        tau_mem=torch.full((size,), tau), spike_threshold=torch.ones(size), batch_size=1,
        spike_fn=SingleSpike, **more,
    )  # fmt: skip


def integrating(**more):
    return sl.IAFSqueeze(batch_size=1, spike_fn=SingleSpike, min_v_mem=None, **more)


def lifs():
    layers = [dense(12, 8, 1, bias=0.1, mean=0.6, spread=2.5), leaky(6.0, 12),
              dense(5, 12, 2, mean=0.6, spread=2), leaky(4.0, 5)]  # fmt: skip
    run("lif", layers, spikes(8), ["1", "3"])


def plain():
    layers = [dense(12, 8, 1, bias=0.02), leaky(6.0, 12, norm_input=False)]
    run("lif-plain", layers, spikes(8), ["1"])


def iaf():
    layers = [dense(12, 8, 1, bias=0.02), integrating(), dense(5, 12, 2), integrating()]
    run("iaf", layers, spikes(8, rate=0.15), ["1", "3"])


def convolution():
    conv = torch.nn.Conv2d(1, 3, 3, padding=1, bias=False)
    conv.weight.data = torch.tensor(weights(3, 1, 3, 3, seed=4, mean=0.15, spread=0.3))
    layers = [conv, integrating(), sl.SumPool2d(2), torch.nn.Flatten(),
              dense(4, 48, 2, mean=0.02, spread=0.3), integrating()]  # fmt: skip
    run("conv", layers, spikes(64, steps=60).reshape(60, 1, 8, 8), ["1", "5"], (3, 4, 4))


if __name__ == "__main__":
    main({"lif": lifs, "lif-plain": plain, "iaf": iaf, "conv": convolution})
