"""How large a network may be: far beyond what a chip holds, and well within a computer's memory."""

from __future__ import annotations

from spikeloom.hdl.contract.core_config import MAX_NEURONS
from spikeloom.hdl.contract.errors import InputError

MAX_SIZE = 1 << 20
"""Neurons or inputs of one population."""
MAX_SYNAPSES = 1 << 26
"""Synapses of one projection: as 64-bit floats they are half a gigabyte."""


def check_size(name: str, size: int) -> None:
    """Raise `InputError` for a population that is too large to be described."""
    if size > MAX_SIZE:
        raise InputError(
            f"population {name!r} has size {size}; give at most {MAX_SIZE}. A core holds at most "
            f"{MAX_NEURONS} neurons"
        )


def check_synapses(source: str, sources: int, target: str, targets: int) -> None:
    """Raise `InputError` for a projection that is too large to be described."""
    if sources * targets > MAX_SYNAPSES:
        raise InputError(
            f"from {source!r} to {target!r} there would be {sources} × {targets} = "
            f"{sources * targets} synapses; give populations with at most {MAX_SYNAPSES}"
        )
