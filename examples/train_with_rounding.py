"""Training that knows of rounding: handwritten digits with very few bits for each weight.

A network of 64 inputs, 32 LIF neurons and 10 read-outs is trained in PyTorch with surrogate gradients,
twice from the same beginning: in floats, and with `spikeloom.held`, which says what a core would hold
of the weights.  The second one computes with those, and passes gradients on as if nothing had been
rounded (the straight-through estimator).  Both are then compiled with the same few bits, and recognise
test images on the fast model.

Run it with: python examples/train_with_rounding.py [--bits 3] [--epochs 30]
It needs PyTorch: pip install torch
"""

import numpy as np
import rich
import torch
import typer
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import spikeloom
from spikeloom.signals.encode import regular

STEPS, HIDDEN, CLASSES = 16, 32, 10
DT, TAU, STATE_BITS = 1e-3, 10e-3, 20
BATCH = 96


def data() -> tuple[np.ndarray, ...]:
    """(images, steps, 64) spikes and labels, for training and for tests."""
    digits = load_digits()
    spikes = regular(digits.data / 16, STEPS, highest=1.0, dt=1.0)
    parts = train_test_split(spikes, digits.target, test_size=0.25, random_state=0)
    return tuple(np.asarray(part) for part in parts)


def network(hidden: np.ndarray, readout: np.ndarray) -> spikeloom.Network:
    """The network with these weights, (64, 32) and (32, 10)."""
    net = spikeloom.Network(dt=DT)
    pixels = net.input("pixels", hidden.shape[0])
    cells = net.population("hidden", HIDDEN, spikeloom.LIF(tau_mem=TAU))
    out = net.population("out", CLASSES, spikeloom.LI(tau_mem=TAU))
    net.connect(pixels, cells, hidden)
    net.connect(cells, out, readout)
    return net


class Spike(torch.autograd.Function):
    """1 from 0 on; backwards the derivative of a fast sigmoid."""

    @staticmethod
    def forward(ctx, margin):
        ctx.save_for_backward(margin)
        return (margin >= 0).to(margin.dtype)

    @staticmethod
    def backward(ctx, gradient):
        (margin,) = ctx.saved_tensors
        return gradient / (1 + 5 * margin.abs()) ** 2


def held(weights: list[torch.Tensor], bits: int) -> list[torch.Tensor]:
    """What a core holds of the weights; gradients pass as if these were the weights themselves."""
    arrays = [w.detach().numpy().astype(np.float64) for w in weights]
    found = spikeloom.held(network(*arrays), weight_bits=bits, state_bits=STATE_BITS).weights
    return [
        w + (torch.tensor(rounded, dtype=w.dtype) - w).detach()
        for w, rounded in zip(weights, found.values(), strict=True)
    ]


def outputs(spikes: torch.Tensor, hidden: torch.Tensor, readout: torch.Tensor) -> torch.Tensor:
    """(images, 10) mean potentials of the read-outs: what SpikeLoom's equations say, in PyTorch."""
    keep = float(np.exp(-DT / TAU))
    v = fired = torch.zeros(len(spikes), HIDDEN, dtype=hidden.dtype)
    potential = total = torch.zeros(len(spikes), CLASSES, dtype=hidden.dtype)
    for t in range(STEPS):
        # A neuron's spike arrives in the next step.
        potential = potential * keep + fired @ readout
        v = v * keep + spikes[:, t] @ hidden
        fired = Spike.apply(v - 1.0)
        v = v * (1 - fired)
        total = total + potential
    return total / STEPS


def train(
    spikes: np.ndarray, labels: np.ndarray, bits: int | None, epochs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights after training; with `bits` they are rounded to so many on the way."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # more threads wait for each other, in so small a network
    weights = [
        torch.nn.Parameter(0.15 * torch.randn(spikes.shape[2], HIDDEN)),
        torch.nn.Parameter(0.3 * torch.randn(HIDDEN, CLASSES)),
    ]
    optimiser = torch.optim.Adam(weights, lr=5e-3)
    x, y = torch.tensor(spikes, dtype=torch.float32), torch.tensor(labels)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(BATCH):
            used = weights if bits is None else held(weights, bits)
            loss = torch.nn.functional.cross_entropy(4 * outputs(x[batch], *used), y[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    hidden, readout = (w.detach().numpy().astype(np.float64) for w in weights)
    return hidden, readout


def accuracy(where: str, net: spikeloom.Network, bits: int, spikes, labels) -> float:
    """Share of images that a device recognises."""
    if where == "float:":
        device = spikeloom.open("float:", net)
    else:
        design = spikeloom.compile(net, weight_bits=bits, state_bits=STATE_BITS)
        device = spikeloom.open(where, design)
    device.monitor("out")
    runs = device.run_batch({"pixels": spikes})
    means = [np.mean(list(run.monitored.values()), axis=1) for run in runs]
    return float(np.mean(np.argmax(means, axis=1) == labels))


def compare(bits: int, epochs: int, where: str = "fast:") -> dict[str, float]:
    """Accuracies on test images: of the network in floats, and of both with few bits."""
    x, test_x, y, test_y = data()
    plain = network(*train(x, y, None, epochs))
    aware = network(*train(x, y, bits, epochs))
    return {
        "trained in floats, run in floats": accuracy("float:", plain, bits, test_x, test_y),
        f"trained in floats, run with {bits} bits": accuracy(where, plain, bits, test_x, test_y),
        f"trained with {bits} bits, run with them": accuracy(where, aware, bits, test_x, test_y),
    }


def main(bits: int = 3, epochs: int = 30, device: str = "fast:") -> None:
    """Train twice, and print three accuracies."""
    table = Table("digits", "accuracy", title=f"{bits}-bit weights on {device}")
    for name, value in compare(bits, epochs, device).items():
        table.add_row(name, f"{value:.1%}")
    rich.print(table)


if __name__ == "__main__":
    typer.run(main)
