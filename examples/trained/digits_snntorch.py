"""Digits, trained in snnTorch, on SpikeLoom.

python examples/trained/digits_snntorch.py            # what was trained, without PyTorch
python examples/trained/digits_snntorch.py --train    # needs: pip install torch snntorch nirtorch
"""

import digits


def train(path):
    """64 → 48 → 10 `Leaky` neurons with learnt decays; gradients through a surrogate, Adam."""
    import nir
    import snntorch as snn
    import torch
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(0)
    torch.set_num_threads(1)  # more cost more than they give with so small layers
    images, test, labels, _ = digits.split()
    x, y = torch.tensor(digits.spikes(images)).flatten(2), torch.tensor(labels)

    def leaky(size, **more):
        return snn.Leaky(
            torch.full((size,), 0.85), threshold=torch.ones(size), learn_beta=True, init_hidden=True,
            spike_grad=snn.surrogate.atan(), **more,
        )  # fmt: skip

    net = torch.nn.Sequential(
        torch.nn.Linear(64, 48, bias=False), leaky(48),
        torch.nn.Linear(48, 10, bias=False), leaky(10, output=True),
    )  # fmt: skip

    def run(batch):
        for layer in net:
            if isinstance(layer, snn.Leaky):
                layer.reset_mem()
        return torch.stack([net(batch[:, t])[0] for t in range(batch.shape[1])], dim=1)

    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    for epoch in range(40):
        for rows in torch.randperm(len(x)).split(64):
            loss = torch.nn.functional.cross_entropy(run(x[rows]).sum(1), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    with torch.no_grad():
        out = run(torch.tensor(digits.spikes(test)).flatten(2)).numpy()
    nir.write(path, export_to_nir(net, torch.zeros(1, 64), ignore_dims=[0]))
    return out


if __name__ == "__main__":
    digits.main(
        "digits_snntorch", train, {"source": "snntorch", "reset": "subtract"},
        "Digits, trained in snnTorch",
    )  # fmt: skip
