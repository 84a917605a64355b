"""Digits, trained in Norse, on SpikeLoom.

python examples/trained/digits_norse.py            # what was trained, without PyTorch
python examples/trained/digits_norse.py --train    # needs: pip install torch norse nirtorch
"""

import digits


def train(path):
    """64 → 48 → 10 `LIFBoxCell` neurons; gradients by SuperSpike, Adam."""
    import nir
    import norse.torch as norse
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)  # more cost more than they give with so small layers
    images, test, labels, _ = digits.split()
    x, y = torch.tensor(digits.spikes(images)).flatten(2), torch.tensor(labels)

    def box():
        parameters = norse.LIFBoxParameters(
            tau_mem_inv=torch.tensor([1 / 8e-3]), v_th=torch.tensor([1.0]),
            v_leak=torch.tensor([0.0]), alpha=torch.tensor(20.0),
        )  # fmt: skip
        return norse.LIFBoxCell(parameters, dt=1e-3)

    layers = [
        torch.nn.Linear(64, 48, bias=False), box(), torch.nn.Linear(48, 10, bias=False), box(),
    ]  # fmt: skip
    net = norse.SequentialState(*layers)
    with torch.no_grad():
        # A LIF of Norse takes dt/τ of its input.
        for layer in layers[::2]:
            layer.weight *= 8

    def run(batch):
        state, out = None, []
        for t in range(batch.shape[1]):
            value, state = net(batch[:, t], state)
            out.append(value)
        return torch.stack(out, dim=1)

    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
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
    nir.write(path, norse.to_nir(net, torch.zeros(1, 64), dt=1e-3))
    return out


if __name__ == "__main__":
    digits.main(
        "digits_norse", train, {"source": "norse", "dt": 1e-3, "reset": "value"},
        "Digits, trained in Norse",
    )  # fmt: skip
