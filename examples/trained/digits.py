"""The digits of scikit-learn as spikes, and a trained network on SpikeLoom beside its framework.

The scripts beside this file train; what they trained is kept in `networks/`, so that PyTorch is
needed for `--train` alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import spikeloom

FOLDER = Path(__file__).parent / "networks"
STEPS = 20


def split():
    """(train images, test images, train labels, test labels); images are (n, 8, 8) from 0 to 1."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split(
        images.reshape(-1, 8, 8) / 16, labels, test_size=0.25, random_state=0, stratify=labels
    )


def spikes(images, steps=STEPS):
    """(n, steps, 8, 8) of 0 and 1: a pixel as an evenly spread rate, black in every step."""
    reached = np.floor(images[:, None] * np.arange(1, steps + 1)[:, None, None] + 0.5)
    return np.diff(reached, axis=1, prepend=0.0).astype(np.float32)


def on_spikeloom(found, samples, device, late, **settings):
    """(n, steps, 10) spikes of the output, of samples (n, steps, …), each from rest."""
    design = spikeloom.compile(found.network, **settings)
    (name,), (output,) = found.network.inputs, found.outputs
    batch = samples.reshape(*samples.shape[:2], -1) > 0
    batch = np.pad(batch, ((0, 0), (0, late), (0, 0)))
    with spikeloom.open(device, design) as opened:
        runs = opened.run_batch({name: batch})
    return np.array([found.aligned(output, run[output]) for run in runs])


def main(name: str, train: Callable, options: dict, about: str) -> None:
    """Train if asked to, then compare the framework with SpikeLoom, and print what was measured.

    Parameters
    ----------
    name : of the example's files.
    train : `train(graph_path)` trains, writes the NIR graph, and returns (samples, steps, 10) spikes of
        the framework on the test set.
    options : of `from_nir`.
    about : what was trained.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--train", action="store_true", help="train again, which needs the framework"
    )
    parser.add_argument("--twin", type=int, default=5, metavar="N", help="samples on the twin")
    parser.add_argument(
        "--device", default="fast:", help="for the whole test set: fast: or golden:"
    )
    parser.add_argument("--weight-bits", type=int, default=12)
    parser.add_argument("--state-bits", type=int, default=24)
    arguments = parser.parse_args()
    graph, kept = FOLDER / f"{name}.nir", FOLDER / f"{name}.npz"
    if arguments.train:
        FOLDER.mkdir(exist_ok=True)
        np.savez_compressed(kept, spikes=np.packbits(train(graph).astype(bool), axis=1))
    *_, labels = split()
    with np.load(kept) as held:
        framework = np.unpackbits(held["spikes"], axis=1, count=STEPS)
    report(graph, options, framework, labels, arguments)


def report(graph, options, framework, labels, arguments):
    """Print accuracies, differences in spikes, and what the twin did."""
    _, images, *_ = split()
    samples = spikes(images)
    found = spikeloom.from_nir(graph, **options)
    print(found)
    late = found.delays.get(found.outputs[0], 0)
    widths = {"weight_bits": arguments.weight_bits, "state_bits": arguments.state_bits}
    here = on_spikeloom(found, samples, arguments.device, late, **widths)
    rates = [counts.sum(axis=1).argmax(axis=1) for counts in (framework, here)]
    there, ours = (float((guess == labels).mean()) for guess in rates)
    print(f"accuracy in the framework: {there:.2%} of {len(labels)}")
    print(
        f"accuracy on SpikeLoom:     {ours:.2%} ({arguments.device} {widths['weight_bits']}-bit weights)"
    )
    print(
        f"output spikes: {int(framework.sum())}, of which differ: {int((framework != here).sum())}"
    )
    print(f"classes that differ: {int((rates[0] != rates[1]).sum())}")
    if arguments.twin:
        twin = on_spikeloom(found, samples[: arguments.twin], "twin:", late, **widths)
        off = int((twin != here[: arguments.twin]).sum())
        print(
            f"twin, {arguments.twin} samples: {int(twin.sum())} output spikes, {off} differ from those"
        )
