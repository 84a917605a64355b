"""The pictures of docs/how-to/convert-a-relu-network.md, from the network of that page."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

import spikeloom
from spikeloom.demos import digits_network as digits
from spikeloom.display.conversion_plots import accuracy_over_steps, early_exit_curve
from spikeloom.exchange.ann_result import Exit, stops


@cache
def _digits() -> tuple[float, Any, Any]:
    """Accuracy of the network of ReLUs; by test image and step, whether spikes are right, and how sure."""
    x, test_x, y, test_y = digits.digits()
    selection = import_module("sklearn.model_selection")
    x, _, y, _ = selection.train_test_split(x, y, test_size=0.33, random_state=0)
    classifier = import_module("sklearn.neural_network").MLPClassifier
    model = classifier((64,), random_state=0, max_iter=300, alpha=1e-2).fit(x, y)
    converted = spikeloom.from_sklearn(model, x, steps=32)
    design = spikeloom.compile(converted.network, weight_bits=12, state_bits=24)
    outputs = converted.outputs(spikeloom.open("golden:", design), test_x)
    right = converted.predict(outputs) == test_y[:, None]
    return model.score(test_x, test_y), right, converted.confidence(outputs)


def steps(path: Path) -> None:
    """Accuracy after each step."""
    reference, right, _ = _digits()
    accuracy_over_steps(right.mean(axis=0), reference, path, title="Digits, golden model")


def early_exit(path: Path) -> None:
    """Accuracy against the mean number of steps, over all confidences."""
    _, right, sure = _digits()
    points = []
    for level in np.quantile(sure, np.linspace(0.02, 0.98, 60)):
        at = stops(sure.copy(), Exit(float(level)))
        points.append((at.mean() + 1, right[np.arange(len(right)), at].mean()))
    x, y = np.array(points).T
    full = right.shape[1], float(right[:, -1].mean())
    early_exit_curve(x, y, full, path, title="Digits, golden model: stopping when it is sure")
