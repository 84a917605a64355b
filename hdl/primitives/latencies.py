"""Latencies that more than one block counts on, in clock cycles."""

from __future__ import annotations

from ..contract.core_config import CoreConfig


def soma_latency(config: CoreConfig) -> int:
    """Cycles from a soma's inputs to `next_state`, `spike` and `clamps`."""
    return int(config.model.part("soma").latency(config))
