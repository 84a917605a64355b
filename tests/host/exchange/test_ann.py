"""Networks of ReLUs become spiking ones that give the same: layers, scikit-learn, PyTorch's modules."""

import itertools
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikeloom
from spikeloom import ForeignNetworkError, InputError, from_layers, from_sklearn, from_torch
from spikeloom.exchange.ann_layers import AvgPool2d, Conv2d, Flatten, Linear, ReLU, affines
from spikeloom.exchange.ann_result import Exit, stops

SEEDS = st.integers(0, 2**32 - 1)


def naive_conv(batch, weights, bias, stride, padding, dilation, groups):
    """Convolution by its definition, one output at a time."""
    padded = np.pad(batch, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    out, into, kh, kw = weights.shape
    h = (padded.shape[2] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    w = (padded.shape[3] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    result = np.zeros((len(batch), out, h, w))
    for n, o, y, x in np.ndindex(result.shape):
        first = o // (out // groups) * into
        for c, a, b in np.ndindex(into, kh, kw):
            at = y * stride[0] + a * dilation[0], x * stride[1] + b * dilation[1]
            result[n, o, y, x] += weights[o, c, a, b] * padded[n, first + c, at[0], at[1]]
        result[n, o, y, x] += bias[o]
    return result


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_convolutions_and_pools_are_the_affine_maps_of_their_definition(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 2]))
    kernel, stride, dilation = (tuple(rng.integers(1, 3, 2).tolist()) for _ in range(3))
    padding = tuple(rng.integers(0, 2, 2).tolist())
    shape = (2 * groups, int(rng.integers(4, 7)), int(rng.integers(4, 7)))
    weights, bias = rng.normal(size=(2 * groups, 2, *kernel)), rng.normal(size=2 * groups)
    batch = rng.normal(size=(3, *shape))
    conv = Conv2d(weights, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    expected = naive_conv(batch, weights, bias, stride, padding, dilation, groups)
    (affine,) = affines([conv], shape)
    found = batch.reshape(3, -1) @ affine.weights + affine.bias
    assert np.allclose(found, expected.reshape(3, -1))
    mean = np.full((shape[0], 1, *kernel), 1.0 / np.prod(kernel))
    pooled = naive_conv(batch, mean, np.zeros(shape[0]), stride, padding, (1, 1), shape[0])
    means = AvgPool2d(kernel, stride, padding).map(shape).matrix.dense()
    assert np.allclose(batch.reshape(3, -1) @ means.T, pooled.reshape(3, -1))


def relu_network(rng, sizes):
    layers = []
    for before, after in itertools.pairwise(sizes):
        layers.append(
            Linear(rng.normal(size=(before, after)) / np.sqrt(before), rng.normal(0, 0.2, after))
        )
    return layers


def floats(layers, x):
    for layer in layers[:-1]:
        x = np.maximum(x @ layer.weights + layer.bias, 0)
    return x @ layers[-1].weights + layers[-1].bias


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_outputs_come_to_those_of_the_network_of_relus(seed):
    rng = np.random.default_rng(seed)
    layers = relu_network(rng, [6, 12, 8, 3])
    samples = rng.normal(size=(60, 6)) * 3 + 1
    converted = from_layers(layers, samples, steps=200)
    device = spikeloom.open("golden:", spikeloom.compile(converted.network, weight_bits=12))
    found = converted.outputs(device, samples[:20])
    error = np.abs(found[:, -1] - floats(layers, samples[:20])).mean(axis=1) / converted.scale
    assert found.shape == (20, 200, 3)
    assert np.median(error) < 0.05
    assert np.median(np.abs(found[:, 19] - floats(layers, samples[:20]))) > np.median(error) / 5


def test_digits_of_scikit_learn_keep_their_accuracy_and_stop_early():
    datasets = pytest.importorskip("sklearn.datasets")
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    x, y = datasets.load_digits(return_X_y=True)
    x, test_x, y, test_y = train_test_split(x, y, test_size=0.33, random_state=42)
    x, kept_x, y, kept_y = train_test_split(x, y, test_size=0.33, random_state=0)
    model = MLPClassifier((64,), random_state=0, max_iter=300, alpha=1e-2).fit(x, y)
    wanted = model.score(test_x, test_y)

    converted = from_sklearn(model, x, steps=32)
    design = spikeloom.compile(converted.network, weight_bits=10, state_bits=24)
    device = spikeloom.open("golden:", design)
    outputs = converted.outputs(device, test_x)
    accuracy = (converted.predict(outputs) == test_y[:, None]).mean(axis=0)
    assert accuracy[-1] >= wanted - 0.005
    kept = converted.outputs(device, kept_x)
    when = converted.exit_for(kept, kept_y)
    at = stops(converted.confidence(outputs), when)
    early = (converted.predict(outputs)[np.arange(len(test_y)), at] == test_y).mean()
    print(
        f"{wanted:.4f} {accuracy[-1]:.4f}; stopped early {early:.4f} after {at.mean() + 1:.1f} steps"
    )
    assert at.mean() + 1 <= 16
    assert early >= accuracy[-1] - 0.01
    assert (converted.classify(device, test_x[:50]) == converted.predict(outputs[:50, -1])).all()


def module(kind, **attributes):
    return type(kind, (types.SimpleNamespace,), {})(**attributes)


class Tensor:
    def __init__(self, array):
        self.array = np.asarray(array)

    def detach(self):
        return self

    cpu = detach

    def numpy(self):
        return self.array


def test_modules_of_pytorch_are_read_without_it():
    rng = np.random.default_rng(0)
    kernel, dense = rng.normal(size=(3, 1, 3, 3)), rng.normal(size=(2, 12))
    model = [
        [module("Conv2d", weight=Tensor(kernel), bias=None, stride=(1, 1), padding=(1, 1),
                dilation=(1, 1), groups=1, padding_mode="zeros")][0],
        module("ReLU"), module("AvgPool2d", kernel_size=2, stride=2, padding=0, ceil_mode=False,
                               count_include_pad=True, divisor_override=None),
        module("Flatten"), module("Dropout"), module("Linear", weight=Tensor(dense), bias=Tensor([0.1, 0])),
    ]  # fmt: skip
    samples = rng.random((30, 1, 4, 4))
    converted = from_torch(model, samples, steps=100)
    layers = [Conv2d(kernel, padding=1), ReLU(), AvgPool2d(2), Flatten(), Linear(dense.T, [0.1, 0])]
    ours = from_layers(layers, samples, steps=100)
    for one, other in zip(converted.network.projections, ours.network.projections, strict=True):
        assert np.array_equal(one.weights, other.weights)
    assert converted.encode(samples).shape == (30, 101, 16)
    for bad in (module("MaxPool2d"), module("BatchNorm2d"), module("GRU")):
        with pytest.raises(ForeignNetworkError, match=f"module 1 is a {type(bad).__name__}"):
            from_torch([model[0], bad], samples)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: from_layers([Linear(np.ones((3, 2)))], np.ones((4, 5))),
            "layer 1: a Linear takes 3",
        ),
        (
            lambda: from_layers([Linear(np.ones((3, 2))), ReLU()], np.ones((4, 3))),
            "last layer is a ReLU",
        ),
        (lambda: from_layers([Flatten()], np.ones((4, 3))), "no layer with weights"),
        (
            lambda: from_layers([Conv2d(np.ones((1, 1, 9, 9)))], np.ones((2, 1, 4, 4))),
            "larger than 4",
        ),
        (
            lambda: from_layers([Conv2d(np.ones((1, 2, 3, 3)))], np.ones((2, 1, 4, 4))),
            "takes .2, height",
        ),
        (lambda: Linear([[np.nan]]), "finite"),
        (lambda: Linear(np.ones((2, 2)), [1.0]), "1 values for 2 outputs"),
        (lambda: from_torch(5, np.ones((4, 3))), "no sequence of modules"),
        (lambda: from_sklearn(object(), np.ones((4, 3))), "no coefs_"),
    ],
)
def test_what_cannot_be_converted_is_named(make, message):
    with pytest.raises(ForeignNetworkError, match=message):
        make()


def test_other_arguments_are_refused():
    layers = [Linear(np.ones((3, 2)))]
    for samples in (np.ones(3), np.zeros((0, 3)), [[np.inf, 0, 0]], "x"):
        with pytest.raises(InputError):
            from_layers(layers, samples)
    for options in ({"steps": 0}, {"steps": 1.5}, {"percentile": 0}, {"percentile": 101}):
        with pytest.raises(InputError):
            from_layers(layers, np.ones((4, 3)), **options)
    with pytest.raises(InputError, match="samples have shape"):
        from_layers(layers, np.ones((4, 3))).encode(np.ones((2, 5)))


def test_it_stops_where_it_is_sure_and_at_the_end_at_last():
    sure = np.array([[0.1, 0.9, 0.9], [0.9, 0.1, 0.1], [0.1, 0.1, 0.1]])
    assert stops(sure.copy(), Exit(0.8, 1)).tolist() == [1, 0, 2]
    assert stops(sure.copy(), Exit(0.8, 2)).tolist() == [1, 2, 2]


def test_a_layer_too_large_for_memory_is_refused_with_the_numbers():
    layers = [Conv2d(np.ones((2, 3, 3, 3)), stride=64), Linear(np.ones((32, 2)))]
    with pytest.raises(ForeignNetworkError, match="layer 1: a layer of 150528 inputs"):
        from_layers(layers, np.zeros((1, 3, 224, 224)))
