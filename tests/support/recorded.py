"""Recordings of other frameworks: graphs that they exported, and what they fired on a fixed input."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "host" / "exchange" / "recordings"


@dataclass(frozen=True)
class Recording:
    """A network as it was exported, its input and its spikes.

    Attributes
    ----------
    graph : bytes of the file.
    x : (steps, inputs) bool.
    layers : (steps, neurons) bool, by the name of the node.
    """

    graph: bytes
    x: np.ndarray
    layers: dict[str, np.ndarray]

    def file(self, folder: Path) -> Path:
        """The graph, written to this folder."""
        path = folder / "net.nir"
        path.write_bytes(self.graph)
        return path


def recording(name: str) -> Recording:
    """The recording of this name, as "snntorch-leaky-zero"."""
    with np.load(FOLDER / f"{name}.npz") as held:
        rasters = {
            key: np.unpackbits(held[key], axis=0, count=held[f"{key} size"][0]).astype(bool)
            for key in held.files
            if not key.endswith(" size")
        }
    graph = gzip.decompress((FOLDER / f"{name}.nir.gz").read_bytes())
    return Recording(graph, rasters.pop("x"), rasters)


def recorded_names() -> list[str]:
    """Names of all recordings, sorted."""
    return sorted(path.name.removesuffix(".npz") for path in FOLDER.glob("*.npz"))
