"""A small convolutional network for digits, trained in SpikingJelly, on SpikeLoom.

python examples/trained/digits_conv.py            # what was trained, without PyTorch
python examples/trained/digits_conv.py --train    # needs: pip install torch spikingjelly nirtorch
"""

import digits


def train(path):
    """8 × 8 → convolution of 6 channels → pool → 10, `LIFNode` and `IFNode`; surrogate gradients, Adam."""
    import torch
    from spikingjelly.activation_based import functional, layer, neuron, surrogate
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    torch.manual_seed(0)
    torch.set_num_threads(1)  # more cost more than they give with so small layers
    images, test, labels, _ = digits.split()
    x, y = torch.tensor(digits.spikes(images))[:, :, None], torch.tensor(labels)
    net = torch.nn.Sequential(
        layer.Conv2d(1, 6, 3, padding=1, bias=False),
        neuron.LIFNode(tau=4.0, decay_input=False, surrogate_function=surrogate.ATan()),
        layer.AvgPool2d(2),
        layer.Flatten(),
        layer.Linear(96, 10, bias=False),
        neuron.IFNode(surrogate_function=surrogate.ATan()),
    )

    def run(batch):
        functional.reset_net(net)
        return torch.stack([net(batch[:, t]) for t in range(batch.shape[1])], dim=1)

    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    for epoch in range(12):
        for rows in torch.randperm(len(x)).split(96):
            loss = torch.nn.functional.cross_entropy(run(x[rows]).sum(1), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        if epoch % 4 == 3:
            print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    with torch.no_grad():
        out = run(torch.tensor(digits.spikes(test))[:, :, None]).numpy()
    functional.reset_net(net)
    export_to_nir(net, torch.zeros(1, 1, 8, 8), save_path=path, dt=1e-4)
    return out


if __name__ == "__main__":
    digits.main(
        "digits_conv", train, {"source": "spikingjelly", "dt": 1e-4},
        "A convolutional network for digits, trained in SpikingJelly",
    )  # fmt: skip
