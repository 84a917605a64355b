"""XOR, trained in snnTorch, on the simulated chip.

python examples/trained/xor.py            # what was trained, without PyTorch
python examples/trained/xor.py --train    # needs: pip install torch snntorch nirtorch
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import spikeloom

GRAPH = Path(__file__).parent / "networks" / "xor.nir"
STEPS = 12
CASES = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def spikes():
    """(4, steps, 3): both inputs fire in every second step if they are 1; the third always does."""
    x = np.zeros((4, STEPS, 3), np.float32)
    x[:, ::2, :2] = CASES[:, None]
    x[:, ::2, 2] = 1
    return x


def train():
    """3 → 8 → 2 `Leaky` neurons, reset to zero; writes the graph."""
    import nir
    import snntorch as snn
    import torch
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(1)
    torch.set_num_threads(1)  # more cost more than they give with so small layers

    def leaky(size, **more):
        return snn.Leaky(
            torch.full((size,), 0.75), threshold=torch.ones(size), init_hidden=True,
            reset_mechanism="zero", spike_grad=snn.surrogate.atan(), **more,
        )  # fmt: skip

    net = torch.nn.Sequential(
        torch.nn.Linear(3, 8, bias=False), leaky(8), torch.nn.Linear(8, 2, bias=False),
        leaky(2, output=True),
    )  # fmt: skip
    x, y = torch.tensor(spikes()), torch.tensor(CASES.sum(1) % 2)

    def run():
        net[1].reset_mem()
        net[3].reset_mem()
        return torch.stack([net(x[:, t])[0] for t in range(STEPS)], dim=1)

    optimiser = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(400):
        out = run().sum(1)
        loss = torch.nn.functional.cross_entropy(out, y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    print("snnTorch: counts", run().sum(1).int().tolist())
    nir.write(GRAPH, export_to_nir(net, torch.zeros(1, 3), ignore_dims=[0]))


def classes(device: str = "twin:"):
    """(4,) what the network says of the four cases on a device, and (4, 2) counts of spikes."""
    found = spikeloom.from_nir(GRAPH, source="snntorch", reset="value")
    design = spikeloom.compile(found.network, weight_bits=8, state_bits=16)
    with spikeloom.open(device, design) as opened:
        padded = np.pad(spikes() > 0, ((0, 0), (0, 1), (0, 0)))
        runs = opened.run_batch({"input": padded})
    counts = np.array([found.aligned("3", run["3"]).sum(axis=0) for run in runs])
    return counts.argmax(axis=1), counts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="XOR, trained in snnTorch")
    parser.add_argument("--train", action="store_true", help="train again, which needs snnTorch")
    parser.add_argument("--device", default="twin:", help="twin: or golden:")
    arguments = parser.parse_args()
    if arguments.train:
        train()
    found, counts = classes(arguments.device)
    for case, says, spoken in zip(CASES, found, counts, strict=True):
        print(f"{case[0]} xor {case[1]} = {says}   ({spoken[0]} spikes for 0, {spoken[1]} for 1)")
    assert np.array_equal(found, CASES.sum(axis=1) % 2)
