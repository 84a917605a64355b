"""A model of a core where it does not matter which one: they give the same in every bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spikeloom.hdl import Image
from spikeloom.hdl.contract.errors import MissingToolError
from spikeloom.sim import GoldenCore

if TYPE_CHECKING:
    from spikeloom.sim.fast import FastCore


def any_model(image: Image, batch: int = 1) -> GoldenCore | FastCore:
    """The fast model of a core; the golden one without Numba, and of what the fast one does not have."""
    try:
        from spikeloom.sim.fast import FastCore, unsupported  # needs Numba
    except MissingToolError:
        return GoldenCore(image, batch)
    return GoldenCore(image, batch) if unsupported(image.config) else FastCore(image, batch)
