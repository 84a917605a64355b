"""Records snnTorch 1.0.0.  In an environment of its own: pip install torch snntorch==1.0.0 nirtorch nir"""

import snntorch as snn
import torch
from snntorch.export_nir import export_to_nir
from store import main, spikes, store, weights
from torch_layers import dense


def run(name, net, x, nodes):
    graph = export_to_nir(net, torch.zeros((1, *x.shape[1:])), ignore_dims=[0])
    seen = {node: [] for node in nodes}
    hooks = [
        net[int(node.split(".")[0])].register_forward_hook(
            lambda module, args, out, node=node: seen[node].append(
                (out[0] if isinstance(out, tuple) else out).detach().numpy()[0]
            )
        )
        for node in nodes
    ]
    for module in net:
        if hasattr(module, "reset_mem"):
            module.reset_mem()
    with torch.no_grad():
        for row in torch.tensor(x):
            net(row[None])
    for hook in hooks:
        hook.remove()
    store(f"snntorch-{name}", graph, x, seen)


def full(value, *size):
    """One value for each neuron: with a single one nir 1.0.8 refuses what the exporter writes."""
    return torch.full(size, value)


def leaky(beta, *size, **more):
    return snn.Leaky(full(beta, *size), threshold=full(1.0, *size), init_hidden=True, **more)


def synaptic(alpha, beta, size, **more):
    more |= {"threshold": full(1.0, size), "init_hidden": True}
    return snn.Synaptic(full(alpha, size), full(beta, size), **more)


def leaky_case(name, spread=0.5, **more):
    def record():
        net = torch.nn.Sequential(
            dense(12, 8, 1, bias=0.02, spread=spread), leaky(0.9, 12, **more),
            dense(5, 12, 2, spread=spread), leaky(0.8, 5, output=True, **more),
        )  # fmt: skip
        run(name, net, spikes(8), ["1", "3"])

    return record


def each():
    def differing(size, **more):
        betas, thresholds = torch.linspace(0.5, 0.97, size), torch.linspace(0.6, 1.4, size)
        return snn.Leaky(betas, threshold=thresholds, init_hidden=True, **more)

    net = torch.nn.Sequential(
        dense(12, 8, 1, bias=0.02), differing(12), dense(5, 12, 2), differing(5, output=True)
    )
    run("leaky-each", net, spikes(8), ["1", "3"])


def synaptic_case(name, **more):
    def record():
        net = torch.nn.Sequential(
            dense(12, 8, 1, spread=0.25, mean=0.05),
            synaptic(0.7, 0.85, 12, **more),
            dense(5, 12, 2, spread=0.25),
            synaptic(0.5, 0.9, 5, output=True, **more),
        )
        run(name, net, spikes(8), ["1", "3"])

    return record


def recurrent_case(name, cell, **more):
    def record():
        torch.manual_seed(0)
        first = cell(beta=0.85, all_to_all=True, linear_features=12, init_hidden=True, **more)
        first.recurrent.weight.data = torch.tensor(weights(12, 12, seed=7, mean=-0.05, spread=0.2))
        first.recurrent.bias.data = torch.zeros(12)
        net = torch.nn.Sequential(
            dense(12, 8, 1, spread=0.3), first, dense(5, 12, 2),
            leaky(0.9, 5, output=True, **{k: v for k, v in more.items() if k != "alpha"}),
        )  # fmt: skip
        run(name, net, spikes(8), ["1.lif", "3"])

    return record


def beyond():
    """Decays that training can lead to: snnTorch clamps them to 0…1, and exports them as they are."""

    def learnt(size, **more):
        betas = torch.linspace(-0.2, 1.1, size)
        return snn.Leaky(betas, threshold=full(1.0, size), init_hidden=True, **more)

    net = torch.nn.Sequential(
        dense(12, 8, 1, mean=0.05), learnt(12), dense(5, 12, 2, mean=0.05), learnt(5, output=True)
    )
    run("leaky-beyond", net, spikes(8), ["1", "3"])


def one_to_one():
    first = snn.RLeaky(
        full(0.85, 12), V=torch.tensor(weights(12, seed=7, mean=-0.3, spread=0.3)),
        all_to_all=False, threshold=full(1.0, 12), init_hidden=True,
    )  # fmt: skip
    net = torch.nn.Sequential(dense(12, 8, 1), first, dense(5, 12, 2), leaky(0.9, 5, output=True))
    run("rleaky-own", net, spikes(8), ["1.lif", "3"])


def without_leak():
    net = torch.nn.Sequential(
        dense(12, 8, 1, mean=0.05), leaky(1.0, 12), dense(5, 12, 2), leaky(0.9, 5, output=True)
    )
    run("leaky-one", net, spikes(8), ["1", "3"])


def convolution():
    torch.manual_seed(3)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3, padding=1), leaky(0.8, 3, 8, 8),
        torch.nn.AvgPool2d(2), torch.nn.Flatten(), dense(4, 48, 2, spread=0.8),
        leaky(0.9, 4, output=True),
    )  # fmt: skip
    net[0].weight.data = torch.tensor(weights(3, 1, 3, 3, seed=4, mean=0.15, spread=0.3))
    net[0].bias.data = torch.zeros(3)
    run("conv", net, spikes(64, steps=60).reshape(60, 1, 8, 8), ["1", "5"])


if __name__ == "__main__":
    main({
        "leaky-subtract": leaky_case("leaky-subtract"),
        "leaky-zero": leaky_case("leaky-zero", reset_mechanism="zero"),
        "leaky-immediate": leaky_case("leaky-immediate", spread=0.15, reset_delay=False),
        "leaky-each": each,
        "synaptic-subtract": synaptic_case("synaptic-subtract"),
        "synaptic-zero": synaptic_case("synaptic-zero", reset_mechanism="zero"),
        "rleaky-subtract": recurrent_case("rleaky-subtract", snn.RLeaky),
        "rleaky-zero": recurrent_case("rleaky-zero", snn.RLeaky, reset_mechanism="zero"),
        "rsynaptic-subtract": recurrent_case("rsynaptic-subtract", snn.RSynaptic, alpha=0.7),
        "rsynaptic-zero": recurrent_case(
            "rsynaptic-zero", snn.RSynaptic, alpha=0.7, reset_mechanism="zero"
        ),
        "rleaky-own": one_to_one,
        "leaky-one": without_leak,
        "leaky-beyond": beyond,
        "conv": convolution,
    })  # fmt: skip
