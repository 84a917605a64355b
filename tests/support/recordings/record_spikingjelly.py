"""Records SpikingJelly 2.0.0.  Its own environment: pip install torch spikingjelly==2.0.0 nirtorch nir"""

import torch
from spikingjelly.activation_based import functional, layer, neuron
from spikingjelly.activation_based.nir_exchange import export_to_nir
from store import main, spikes, store, weights


def dense(out, inputs, seed, bias=None, mean=0.1, spread=0.5):
    made = layer.Linear(inputs, out, bias=bias is not None)
    made.weight.data = torch.tensor(weights(out, inputs, seed=seed, mean=mean, spread=spread))
    if bias is not None:
        made.bias.data = torch.tensor(weights(out, seed=seed + 50, mean=bias, spread=0.05))
    return made


def run(name, net, x, places):
    graph = export_to_nir(net, torch.zeros((1, *x.shape[1:])), dt=1e-4)
    seen = {place: [] for place in places}
    for place in places:
        net[int(place)].register_forward_hook(
            lambda module, args, out, place=place: seen[place].append(out.detach().numpy()[0])
        )
    functional.reset_net(net)
    with torch.no_grad():
        for row in torch.tensor(x):
            net(row[None])
    store(f"spikingjelly-{name}", graph, x, {f"_{place}": seen[place] for place in places})


def pair(name, first, second, scale=1.0, bias=0.02):
    def record():
        net = torch.nn.Sequential(
            dense(12, 8, 1, bias=bias, mean=0.1 * scale, spread=0.5 * scale), first(),
            dense(5, 12, 2, mean=0.15 * scale, spread=0.5 * scale), second(),
        )  # fmt: skip
        run(name, net, spikes(8), ["1", "3"])

    return record


def convolution():
    torch.manual_seed(3)
    net = torch.nn.Sequential(
        layer.Conv2d(1, 3, 3, padding=1, bias=False), neuron.LIFNode(tau=3.0, decay_input=False),
        layer.AvgPool2d(2), layer.Flatten(), dense(4, 48, 2, spread=0.8), neuron.IFNode(),
    )  # fmt: skip
    net[0].weight.data = torch.tensor(weights(3, 1, 3, 3, seed=4, mean=0.15, spread=0.3))
    run("conv", net, spikes(64, steps=60).reshape(60, 1, 8, 8), ["1", "5"])


if __name__ == "__main__":
    main({
        "lif-decay-input": pair(
            "lif-decay-input", lambda: neuron.LIFNode(tau=5.0),
            lambda: neuron.LIFNode(tau=3.0, v_threshold=0.8), scale=4,
        ),
        "lif": pair(
            "lif", lambda: neuron.LIFNode(tau=5.0, decay_input=False),
            lambda: neuron.LIFNode(tau=7.0, decay_input=False),
        ),
        "lif-reset": pair(
            "lif-reset", lambda: neuron.LIFNode(tau=5.0, decay_input=False, v_reset=-0.3),
            lambda: neuron.LIFNode(tau=4.0, v_reset=0.2), scale=2,
        ),
        "if": pair("if", neuron.IFNode, lambda: neuron.IFNode(v_threshold=1.5, v_reset=0.25)),
        "plif": pair("plif", lambda: neuron.ParametricLIFNode(init_tau=2.5),
                     lambda: neuron.ParametricLIFNode(init_tau=4.0, decay_input=False), scale=2),
        "cubalif": pair(
            "cubalif", lambda: neuron.CUBALIFNode(c_decay=0.6, v_decay=0.8),
            lambda: neuron.CUBALIFNode(c_decay=0.5, v_decay=0.9), scale=0.4, bias=0.01,
        ),
        "conv": convolution,
    })  # fmt: skip
