"""Records Norse 1.1.0.  In an environment of its own: pip install torch norse==1.1.0 nirtorch nir"""

import norse.torch as norse
import numpy as np
import torch
from store import main, spikes, store, weights
from torch_layers import dense

PAPER = [6, 22, 27, 31, 32, 35, 37, 40, 41, *range(43, 54), *range(67, 79), 84, 85]
"""Hundredths of the input of the NIR paper's LIF task (paper/01_lif) that have a spike."""

PAPER_LONG = 1464


def run(name, layers, x, places, dt=1e-3):
    net = norse.SequentialState(*layers)
    graph = norse.to_nir(net, torch.zeros((1, *x.shape[1:])), dt=dt)
    for node in graph.nodes.values():
        if getattr(node, "input_shape", 0) is None:
            # The exporter leaves it out, and nir.write cannot write None.
            node.input_shape = x.shape[2:]
    seen, state = {place: [] for place in places}, [None] * len(layers)
    with torch.no_grad():
        for row in torch.tensor(x):
            value = row[None]
            for k, layer in enumerate(layers):
                stateful = hasattr(layer, "p")
                value, state[k] = layer(value, state[k]) if stateful else (layer(value), None)
                if str(k) in seen:
                    seen[str(k)].append(value.numpy()[0])
    assert set(places) <= set(graph.nodes), list(graph.nodes)
    store(f"norse-{name}", graph, x, seen)


def box(tau, threshold=1.0, leak=0.0, dt=1e-3):
    p = norse.LIFBoxParameters(
        tau_mem_inv=torch.tensor([1 / tau]), v_th=torch.tensor([threshold]),
        v_leak=torch.tensor([leak]),
    )  # fmt: skip
    return norse.LIFBoxCell(p=p, dt=dt)


def lif(tau_syn, tau_mem, threshold=1.0, dt=1e-3):
    p = norse.LIFParameters(
        tau_syn_inv=torch.tensor([1 / tau_syn]), tau_mem_inv=torch.tensor([1 / tau_mem]),
        v_th=torch.tensor([threshold]), v_leak=torch.tensor([0.0]),
    )  # fmt: skip
    return norse.LIFCell(p=p, dt=dt)


def boxes():
    layers = [dense(12, 8, 1, bias=0.1, mean=0.8, spread=3), box(9e-3),
              dense(5, 12, 2, mean=1, spread=3), box(4e-3)]  # fmt: skip
    run("box", layers, spikes(8), ["1", "3"])


def cells():
    layers = [
        dense(12, 8, 1, mean=0.25, spread=0.5), lif(5e-3, 11e-3),
        dense(5, 12, 2, mean=0.25, spread=0.5), lif(3e-3, 7e-3, 0.8),
    ]  # fmt: skip
    run("cell", layers, spikes(8), ["1", "3"])


def leaky():
    layers = [dense(12, 8, 1, bias=0.1, mean=0.4, spread=2), box(9e-3, 0.4, leak=0.1)]
    run("box-leak", layers, spikes(8), ["1"])


def integrate():
    p = norse.IAFParameters(v_th=torch.tensor([1.0]))
    layers = [dense(12, 8, 1, bias=0.02), norse.IAFCell(p=p, dt=1e-3)]
    run("iaf", layers, spikes(8), ["1"])


def convolution():
    conv = torch.nn.Conv2d(1, 3, 3, padding=1)
    conv.weight.data = torch.tensor(weights(3, 1, 3, 3, seed=4, mean=1.2, spread=2))
    conv.bias.data = torch.zeros(3)
    second = torch.nn.Conv2d(3, 2, 3, stride=2)
    second.weight.data = torch.tensor(weights(2, 3, 3, 3, seed=5, mean=0.4, spread=1.5))
    second.bias.data = torch.zeros(2)
    layers = [conv, box(8e-3), second, box(8e-3)]
    run("conv", layers, spikes(64, steps=60).reshape(60, 1, 8, 8), ["1", "3"])


def paper_network(name, x):
    fc = torch.nn.Linear(1, 1, bias=False)
    fc.weight.data.fill_(1)
    return run(name, [fc, box(1 / 400, 0.1, dt=1e-4)], x, ["1"], dt=1e-4)


def paper():
    """Norse's network of the NIR paper's first task, with the input published there."""
    x = np.zeros((1000, 1), np.float32)
    x[np.array(PAPER) * 10] = 1
    paper_network("paper", x)


def paper_long():
    """The same network with random spikes, for as long as it takes to fire 87 times."""
    paper_network("paper-long", spikes(1, rate=0.2, steps=PAPER_LONG))


if __name__ == "__main__":
    main(
        {
            "box": boxes,
            "cell": cells,
            "box-leak": leaky,
            "iaf": integrate,
            "conv": convolution,
            "paper": paper,
            "paper-long": paper_long,
        }
    )
