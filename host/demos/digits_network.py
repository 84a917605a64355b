"""The network of the digits demo: handwritten 8×8 digits, a trained network, spikes in and out.

A multilayer perceptron with one hidden layer of rectified units is trained in floats and becomes a
network of integrate-and-fire neurons that reset by subtraction: over T steps such a neuron fires
⌊drive/threshold⌋ times, which is a rectified linear unit in steps of its threshold (Rueckauer et
al., "Conversion of continuous-valued deep networks to efficient event-driven networks for image
classification", 2017).  A hidden threshold is a high percentile of what the hidden units reach on
the training images (robust normalisation, ibid.), and a bias of half a threshold over the whole
presentation rounds instead of cutting off.

An image takes `PRESENTATION` + 1 steps from a state of 0: in the last one the output neurons hear
the last spikes of the hidden ones.  Reset the device between images; the weights stay.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spikeloom.hdl.contract.errors import InputError, MissingToolError

from ..design.design import Design
from ..display.progress import progress_bar
from ..network.network import IF, Floats, Network

SIDE = 8
PIXELS = SIDE * SIDE
HIDDEN = 64
CLASSES = 10
BRIGHTEST = 16
"""Largest pixel value in the data."""

PRESENTATION = 16
"""Steps in which an image is shown."""

STEPS = PRESENTATION + 1
"""Steps from the first spike of an image to the last at the output neurons."""

# Chosen by cross-validation on the training images.
EPOCHS = 100
AVERAGED = 25
"""Last epochs whose weights are averaged (Polyak and Juditsky, 1992)."""
COPIES = 19
"""Distorted copies of each training image."""
_LEARNING_RATE = 3e-3
_WEIGHT_DECAY = 1e-2

_PERCENTILE = 99.9

Split = tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64]]


def digits() -> Split:
    """(train_x, test_x, train_y, test_y): 1203 and 594 images (n, 64) of 0…16, and their digits.

    Scikit-learn's copy of the UCI handwritten digits, `train_test_split` with test_size=0.33 and
    random_state=42.  Raises `MissingToolError` when scikit-learn is not installed.
    """
    datasets, selection = _sklearn("datasets"), _sklearn("model_selection")
    data = datasets.load_digits()
    parts = selection.train_test_split(data.data, data.target, test_size=0.33, random_state=42)
    train_x, test_x, train_y, test_y = parts
    return train_x, test_x, train_y.astype(np.int64), test_y.astype(np.int64)


def train(seed: int = 0, *, progress: bool | None = None) -> Network:
    """Train on the 1203 training images, and convert: pixels (64) → hidden (64) → output (10).

    The same seed gives the same network on the same machine.  About ten seconds; `progress` shows
    a bar, None: when stderr is a terminal.
    """
    return convert(*perceptron(seed, progress=progress), digits()[0])


def perceptron(
    seed: int = 0, hidden: int = HIDDEN, *, progress: bool | None = None
) -> tuple[list[Floats], list[Floats]]:
    """Train with so many hidden units: weights (64, H) and (H, 10), biases (H,) and (10,)."""
    train_x, _, train_y, _ = digits()
    rng = np.random.default_rng(seed)
    copies = [_distort(train_x, rng) for _ in range(COPIES)]
    x = np.concatenate([train_x, *copies]) / BRIGHTEST
    y = np.tile(train_y, COPIES + 1)
    model = _sklearn("neural_network").MLPClassifier(
        (hidden,), alpha=_WEIGHT_DECAY, learning_rate_init=_LEARNING_RATE, random_state=seed
    )
    weights: list[Floats] = [np.zeros((PIXELS, hidden)), np.zeros((hidden, CLASSES))]
    biases: list[Floats] = [np.zeros(hidden), np.zeros(CLASSES)]
    with progress_bar("training", EPOCHS, progress) as advance:
        for epoch in range(EPOCHS):
            with _stopped_by_interrupts():
                model.partial_fit(x, y, classes=np.arange(CLASSES))
            if epoch >= EPOCHS - AVERAGED:
                for k in range(2):
                    weights[k] += model.coefs_[k] / AVERAGED
                    biases[k] += model.intercepts_[k] / AVERAGED
            advance(1)
    return weights, biases


@contextmanager
def _stopped_by_interrupts() -> Iterator[None]:
    """Ctrl-C ends the program; scikit-learn would only warn, and give what it has."""
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Training interrupted")
        try:
            yield
        except UserWarning as warning:
            if "interrupted" in str(warning):
                raise KeyboardInterrupt from None
            raise


def convert(
    weights: list[Floats],
    biases: list[Floats],
    images: Floats,
    presentation: int = PRESENTATION,
) -> Network:
    """Turn a perceptron into spiking populations "pixels", "hidden" and "output".

    Parameters
    ----------
    weights : (64, H) and (H, 10), for pixels of 0…1.
    biases : (H,) and (10,).
    images : (n, 64) of 0…16, on which thresholds are normalised.
    presentation : steps in which an image is shown.
    """
    w_hidden, w_output = weights
    b_hidden, b_output = biases
    rates = images / BRIGHTEST
    hidden = np.maximum(rates @ w_hidden + b_hidden, 0)
    full_rate = float(np.percentile(hidden, _PERCENTILE))
    output_rate = float(np.percentile((hidden @ w_output + b_output).max(axis=1), _PERCENTILE))
    half = full_rate / (2 * presentation)

    network = Network()
    pixels = network.input("pixels", PIXELS)
    neuron = IF(v_threshold=full_rate, reset="subtract", bias=b_hidden + half)
    inner = network.population("hidden", len(b_hidden), neuron)
    bias = b_output * (presentation / (presentation + 1))
    outer = network.population(
        "output", CLASSES, IF(v_threshold=output_rate, reset="subtract", bias=bias)
    )
    network.connect(pixels, inner, w_hidden)
    network.connect(inner, outer, full_rate * w_output)
    return network


def encode(images: ArrayLike, steps: int = PRESENTATION) -> NDArray[np.bool_]:
    """(n, steps, 64) spikes of (n, 64) images of 0…16: brightness as an evenly spread rate.

    A pixel x fires in a share x/16 of the steps, rounded, with equal gaps as far as possible.
    Raises `InputError` for another shape or range, or no steps.
    """
    x = np.asarray(images, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != PIXELS:
        raise InputError(f"images have shape {x.shape}; give (images, {PIXELS})")
    if not np.all((x >= 0) & (x <= BRIGHTEST)):
        raise InputError(f"images have pixels outside 0…{BRIGHTEST}; rescale them")
    if steps < 1:
        raise InputError(f"steps is {steps}; give at least 1")
    due = np.floor(np.arange(steps + 1)[:, None] * (x[:, None, :] / BRIGHTEST) + 0.5)
    return np.diff(due, axis=1) > 0


def classify(
    design: Design, spikes: ArrayLike, potentials: ArrayLike | None = None
) -> NDArray[np.int64]:
    """(n,) digits, from what a board reports.

    With reset by subtraction, spike count × threshold + final potential is all that an output
    neuron has taken in, so that is compared; without potentials, the counts alone (of equal ones
    the first).

    Parameters
    ----------
    design : compiled from `train`.
    spikes : (n, steps, 10) of 0 and 1, spikes of the population "output".
    potentials : (n, 10) its potentials after the last step, as read from the device.
    """
    where = design.populations["output"]
    counts = np.asarray(spikes).sum(axis=1)
    if potentials is None:
        return np.argmax(counts, axis=1)
    threshold = design.image.parameters["v_threshold"][where]
    return np.argmax((counts * threshold + np.asarray(potentials)) / design.scale[where], axis=1)


def _distort(images: Floats, rng: np.random.Generator) -> Floats:
    """A copy of each image: turned, sheared, scaled and moved a little, as handwriting varies."""
    from scipy.ndimage import affine_transform  # type: ignore[import-untyped]

    centre = np.full(2, (SIDE - 1) / 2)
    copies = np.empty_like(images)
    for k, image in enumerate(images.reshape(-1, SIDE, SIDE)):
        angle, shear = rng.uniform(-0.15, 0.15, 2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = turn @ [[1, shear], [0, 1]] @ np.diag(1 + rng.uniform(-0.08, 0.08, 2))
        offset = centre - matrix @ (centre + rng.uniform(-0.5, 0.5, 2))
        copies[k] = affine_transform(image, matrix, offset=offset, order=1).ravel()
    return np.clip(copies, 0, BRIGHTEST)


def _sklearn(module: str) -> Any:
    try:
        return import_module(f"sklearn.{module}")
    except ImportError:
        raise MissingToolError(
            "scikit-learn is not installed; it comes with: pip install 'spikeloom[demo]'"
        ) from None
