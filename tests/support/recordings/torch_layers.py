"""Layers of PyTorch that several frameworks take."""

import torch
from store import weights


def dense(out, inputs, seed, bias=None, mean=0.1, spread=0.5):
    """A `torch.nn.Linear`; `bias` is the mean of its biases, None for none."""
    layer = torch.nn.Linear(inputs, out, bias=bias is not None)
    layer.weight.data = torch.tensor(weights(out, inputs, seed=seed, mean=mean, spread=spread))
    if bias is not None:
        layer.bias.data = torch.tensor(weights(out, seed=seed + 50, mean=bias, spread=0.05))
    return layer
