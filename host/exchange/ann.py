"""Networks of ReLUs as spiking networks: `from_layers`, `from_sklearn`, `from_torch`.

A neuron that integrates, and subtracts its threshold when it fires, fires at the rate of a ReLU.
Activations are normalised layer by layer, so that the largest on the user's samples fire in every
step (Diehl et al. 2015, Rueckauer et al. 2017); the last layer is a read-out that only adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import ForeignNetworkError, InputError

from ..network.network import Network
from ..network.neurons import IF, LI
from ..quantise.arrays import real_array
from .ann_layers import Affine, Layer, Linear, affines
from .ann_result import Converted
from .ann_torch import layers_of

Floats = NDArray[np.float64]

PERCENTILE = 99.9
"""Of the activations of a layer, that fires in every step: beyond it is clipped."""
STEPS = 32
"""Steps for which a conversion is made, unless others are given."""


def from_layers(
    layers: Sequence[Layer],
    samples: ArrayLike,
    *,
    shape: tuple[int, ...] | None = None,
    steps: int = STEPS,
    percentile: float = PERCENTILE,
    classes: Sequence[Any] | None = None,
    dt: float = 1e-3,
) -> Converted:
    """Convert layers of arrays, with a ReLU between two that have weights, and none at the end.

    Parameters
    ----------
    layers : `Linear`, `Conv2d`, `AvgPool2d` and `Flatten` in their order (`spikeloom.exchange.ann_layers`).
    samples : (samples, …) inputs, on which thresholds are balanced; some hundred are enough.
    shape : (channels, height, width) of an input, for `Conv2d` and `AvgPool2d`; default: that of a sample.
    steps : that a sample will be shown.  Over so many, a bias adds half a threshold to each neuron:
        so its spikes are rounded to the nearest number.
    percentile : of a layer's activations, that fires in every step.
    classes : names of the outputs, for `classify`; default: 0, 1, ….
    dt : length of a time step in seconds.

    Raises
    ------
    ForeignNetworkError : layers that do not fit each other, with the place.
    InputError : other arguments that make no sense.
    """
    data = real_array("samples", samples)
    if data.ndim < 2 or not len(data):
        raise InputError(f"samples have shape {data.shape}; give (samples, …), at least one")
    if not np.all(np.isfinite(data)):
        raise InputError("samples have values that are not finite; leave them out")
    if not 0 < percentile <= 100:
        raise InputError(f"percentile is {percentile!r}; give more than 0, at most 100")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
        raise InputError(f"steps is {steps!r}; give a positive integer")
    maps = affines(layers, shape or data.shape[1:])
    flat = data.reshape(len(data), -1)
    low, span = _range(flat)
    return Converted(
        network=_spiking(maps, flat, low, span, percentile, int(steps), dt),
        low=low,
        span=span,
        shape=data.shape[1:],
        scale=_peak(_activations(maps, flat)[-1], percentile),
        late=len(maps) - 1,
        classes=tuple(range(maps[-1].weights.shape[1])) if classes is None else tuple(classes),
        steps=int(steps),
    )


def from_sklearn(model: Any, samples: ArrayLike, **options: Any) -> Converted:
    """Convert a fitted `MLPClassifier` or `MLPRegressor` with ReLUs.

    Parameters
    ----------
    model : fitted, activation="relu".
    samples : (samples, features), on which thresholds are balanced.
    options : of `from_layers`.
    """
    weights, biases = getattr(model, "coefs_", None), getattr(model, "intercepts_", None)
    if weights is None or biases is None:
        raise ForeignNetworkError(
            f"{type(model).__name__} has no coefs_; give an MLPClassifier or MLPRegressor, after fit"
        )
    if len(weights) > 1 and model.activation != "relu":
        raise ForeignNetworkError(
            f"the activation of this model is {model.activation!r}; only 'relu' fires as neurons do: "
            "train it with activation='relu'"
        )
    layers = [Linear(w, b) for w, b in zip(weights, biases, strict=True)]
    found = from_layers(layers, samples, **options)
    names = getattr(model, "classes_", None)
    return found if names is None else found.named(names)


def from_torch(model: Any, samples: ArrayLike, **options: Any) -> Converted:
    """Convert a `torch.nn.Sequential` of Linear, Conv2d, AvgPool2d, Flatten and ReLU.

    Weights are read as arrays; PyTorch is not imported.

    Parameters
    ----------
    model : a Sequential, or any iterable of such modules.
    samples : (samples, …), on which thresholds are balanced.
    options : of `from_layers`.
    """
    return from_layers(layers_of(model), samples, **options)


def _range(flat: Floats) -> tuple[Floats, Floats]:
    """Least value of each input, and its span; 1 for one that never changes."""
    low = flat.min(axis=0)
    span = flat.max(axis=0) - low
    return low, np.where(span > 0, span, 1.0)


def _activations(maps: Sequence[Affine], flat: Floats) -> list[Floats]:
    """(samples, size) of each layer, after its ReLU; the last has none."""
    found = []
    for k, layer in enumerate(maps):
        flat = flat @ layer.weights + layer.bias
        if k < len(maps) - 1:
            flat = np.maximum(flat, 0.0)
        found.append(flat)
    return found


def _peak(values: Floats, percentile: float) -> float:
    """What fires in every step; 1 for a layer that is silent."""
    peak = float(np.percentile(np.abs(values), percentile))
    return peak if peak > 0 else float(np.abs(values).max()) or 1.0


def _spiking(
    maps: Sequence[Affine],
    flat: Floats,
    low: Floats,
    span: Floats,
    percentile: float,
    steps: int,
    dt: float,
) -> Network:
    """The populations "input", "layer1", … and "output"."""
    network = Network(dt)
    source: Any = network.input("input", len(low))
    peaks = [_peak(values, percentile) for values in _activations(maps, flat)]
    # An input u of 0…1 stands for low + span·u.
    weights, bias = maps[0].weights * span[:, None], maps[0].bias + low @ maps[0].weights
    for k, layer in enumerate(maps):
        if k:
            weights, bias = layer.weights * peaks[k - 1], layer.bias
        size = weights.shape[1]
        if k == len(maps) - 1:
            target = network.population("output", size, LI(np.inf, bias=bias / peaks[k]))
        else:
            # Half a threshold over all steps makes the count round to the nearest.
            offset = 0.5 / steps
            neuron = IF(reset="subtract", bias=bias / peaks[k] + offset)
            target = network.population(f"layer{k + 1}", size, neuron)
        network.connect(source, target, weights / peaks[k])
        source = target
    return network
