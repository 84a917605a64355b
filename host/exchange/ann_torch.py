"""Modules of PyTorch as layers of arrays; PyTorch is not imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spikeloom.hdl.contract.errors import ForeignNetworkError

from .ann_layers import AvgPool2d, Conv2d, Flatten, Linear, ReLU

_NOTHING = ("Dropout", "Identity")


def layers_of(model: Any) -> list[Any]:
    """The layers of a Sequential, nested ones included; refuses others with their place."""
    if not isinstance(model, Iterable):
        raise ForeignNetworkError(
            f"{type(model).__name__} is no sequence of modules; give a torch.nn.Sequential"
        )
    found: list[Any] = []
    for k, module in enumerate(model):
        found += _layers(module, f"module {k}")
    return found


def _layers(module: Any, place: str) -> list[Any]:
    kind = type(module).__name__
    if kind == "Sequential":
        return [x for k, inner in enumerate(module) for x in _layers(inner, f"{place}.{k}")]
    if kind in _NOTHING:
        return []
    if kind == "ReLU":
        return [ReLU()]
    if kind == "Flatten":
        return [Flatten()]
    if kind == "Linear":
        return [Linear(_numbers(module.weight).T, _numbers(module.bias))]
    if kind == "Conv2d":
        if module.padding_mode != "zeros" or isinstance(module.padding, str):
            raise ForeignNetworkError(
                f"{place} is a Conv2d with padding {module.padding!r} of {module.padding_mode}; "
                "use numbers, and zeros"
            )
        return [
            Conv2d(
                _numbers(module.weight), _numbers(module.bias), stride=tuple(module.stride),
                padding=tuple(module.padding), dilation=tuple(module.dilation), groups=module.groups,
            )
        ]  # fmt: skip
    if kind == "AvgPool2d":
        if module.ceil_mode or not module.count_include_pad or module.divisor_override:
            raise ForeignNetworkError(
                f"{place} is an AvgPool2d with ceil_mode, count_include_pad=False or divisor_override; "
                "leave them at their defaults"
            )
        return [AvgPool2d(module.kernel_size, module.stride, module.padding)]
    raise ForeignNetworkError(
        f"{place} is a {kind}; only Linear, Conv2d, AvgPool2d, Flatten and ReLU can be converted. "
        "Fold a BatchNorm into the layer before it, and train with AvgPool2d in place of MaxPool2d"
    )


def _numbers(tensor: Any) -> Any:
    """A tensor as an array; None stays None."""
    return None if tensor is None else np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)
