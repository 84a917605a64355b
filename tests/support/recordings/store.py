"""Where recordings of other frameworks go, and the input that all of them run on."""

from __future__ import annotations

import gzip
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import nir
import numpy as np

FOLDER = Path(__file__).parents[2] / "host" / "exchange" / "recordings"
STEPS = 200


def spikes(size, rate=0.25, seed=0, steps=STEPS):
    """(steps, size) of 0 and 1, as single floats."""
    return (np.random.default_rng(seed).random((steps, size)) < rate).astype(np.float32)


def weights(*shape, seed=1, mean=0.1, spread=0.5):
    """(shape) normally distributed multiples of 1/64, as single floats.

    A core holds them exactly, so that only decays and gains are rounded.
    """
    drawn = np.random.default_rng(seed).normal(mean, spread, shape)
    return (np.rint(drawn * 64) / 64).astype(np.float32)


def store(name, graph, x, layers):
    """Keep what a framework exported, its input, and the spikes of its layers by node.

    Parameters
    ----------
    name : of the framework and of the case, "snntorch-leaky".
    graph : as the framework's own exporter gives it.
    x : (steps, …) input of 0 and 1.
    layers : (steps, …) spikes by name of the node in the graph.
    """
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        nir.write(Path(folder, "net.nir"), graph)
        exported = Path(folder, "net.nir").read_bytes()
    # Most of so small an HDF5 file is empty.
    (FOLDER / f"{name}.nir.gz").write_bytes(gzip.compress(exported, mtime=0))
    held = {}
    for key, values in {"x": x, **layers}.items():
        raster = np.asarray(values)
        assert np.all((raster == 0) | (raster == 1)), f"{name}: {key} is not 0 and 1"
        raster = raster.reshape(len(x), -1) > 0
        held[key] = np.packbits(raster, axis=0)
        held[f"{key} size"] = np.array(raster.shape)
    np.savez_compressed(FOLDER / f"{name}.npz", **held)
    rates = {key: round(float(np.mean(values)), 3) for key, values in layers.items()}
    made_by = name.split("-")[0]
    print(f"{name} ({made_by} {version(made_by)}): rates {rates}")


def main(cases):
    """Record all cases, or those that the command line names; what fails is shown, and the rest goes on."""
    names = sys.argv[1:] or list(cases)
    for name in names:
        try:
            cases[name]()
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}")
