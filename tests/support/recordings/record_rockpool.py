"""Records Rockpool 3.1.0.  In an environment of its own: pip install torch rockpool==3.1.0 nirtorch nir"""

import torch
from rockpool.nn.combinators import Sequential
from rockpool.nn.modules.torch import LIFNeuronTorch, LIFTorch, LinearTorch
from rockpool.nn.modules.torch.nir import to_nir
from store import main, spikes, store, weights


def dense(out, inputs, seed, mean=0.1, spread=0.5):
    w = torch.tensor(weights(inputs, out, seed=seed, mean=mean, spread=spread))
    return LinearTorch((inputs, out), weight=w, has_bias=False)


def run(name, layers, x):
    net = Sequential(*layers)
    graph = to_nir(net)
    names = [n for n, node in graph.nodes.items() if type(node).__name__ in ("LIF", "CubaLIF")]
    value, seen = torch.tensor(x)[None], []
    with torch.no_grad():
        for layer in layers:
            value, _, _ = layer(value)
            if not isinstance(layer, LinearTorch):
                seen.append(value.numpy()[0])
    store(f"rockpool-{name}", graph, x, dict(zip(names, seen, strict=True)))


def neuron(size, tau, **more):
    return LIFNeuronTorch(
        size, tau_mem=torch.full((size,), tau), dt=1e-3, max_spikes_per_dt=torch.tensor(1.0), **more
    )


def lif(size, tau_syn, tau_mem, **more):
    return LIFTorch(
        size, tau_mem=torch.full((size,), tau_mem), tau_syn=torch.full((size, 1), tau_syn), dt=1e-3,
        max_spikes_per_dt=torch.tensor(1.0), **more,
    )  # fmt: skip


def neurons():
    run("neuron", [dense(12, 8, 1), neuron(12, 9e-3), dense(5, 12, 2), neuron(5, 6e-3)], spikes(8))


def lifs():
    run("lif", [dense(12, 8, 1, mean=0.05, spread=0.2), lif(12, 4e-3, 9e-3),
                dense(5, 12, 2, mean=0.05, spread=0.3), lif(5, 3e-3, 7e-3)], spikes(8))  # fmt: skip


if __name__ == "__main__":
    main({"neuron": neurons, "lif": lifs})
