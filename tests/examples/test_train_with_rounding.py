"""The example that trains with rounding: PyTorch computes what `float:` does, and rounding is learned."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import spikeloom

torch = pytest.importorskip("torch")
FILE = Path(__file__).parents[2] / "examples" / "train_with_rounding.py"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("examples_train_with_rounding", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pytorch_computes_what_floats_do(example):
    rng = np.random.default_rng(0)
    hidden, readout = rng.normal(0, 0.2, (64, 32)), rng.normal(0, 0.3, (32, 10))
    spikes = rng.random((5, example.STEPS, 64)) < 0.2
    weights = [torch.tensor(w) for w in (hidden, readout)]
    wanted = example.outputs(torch.tensor(spikes, dtype=torch.float64), *weights)
    device = spikeloom.open("float:", example.network(hidden, readout))
    device.monitor("out")
    runs = device.run_batch({"pixels": spikes})
    found = np.array([np.mean(list(run.monitored.values()), axis=1) for run in runs])
    assert np.allclose(found, wanted.numpy())
    assert np.abs(found).max() > 0.1


def test_gradients_pass_through_rounding(example):
    weights = [torch.randn(64, 32, requires_grad=True), torch.randn(32, 10, requires_grad=True)]
    used = example.held(weights, 3)
    assert all(len(column.unique()) <= 8 for column in used[1].detach().T)
    (used[0].sum() + 2 * used[1].sum()).backward()
    assert torch.all(weights[0].grad == 1)
    assert torch.all(weights[1].grad == 2)


def test_training_with_rounding_pays(example):
    floats, plain, aware = example.compare(bits=2, epochs=12).values()
    print(floats, plain, aware)
    assert floats > 0.9
    assert aware > plain + 0.1
