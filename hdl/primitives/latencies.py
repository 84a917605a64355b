"""Latencies that more than one block counts on, in clock cycles."""

from __future__ import annotations

from ..contract.core_config import CoreConfig
from .arithmetic import LEAK_LATENCY

TAKE_LATENCY = 2
"""From `take` of the integrator to `taken`."""


def decay_stages(config: CoreConfig) -> int:
    """Cycles that leak and decay take; none if the model has neither."""
    return 0 if config.leak == "none" and config.synapse == "delta" else LEAK_LATENCY


def soma_latency(config: CoreConfig) -> int:
    """Cycles from a soma's inputs to `next_state`, `spike` and `clamps`."""
    return decay_stages(config) + 6
