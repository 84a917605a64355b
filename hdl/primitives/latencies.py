"""Latencies that more than one block counts on, in clock cycles."""

from __future__ import annotations

from ..contract.core_config import CoreConfig


def soma_latency(config: CoreConfig) -> int:
    """Cycles from a soma's inputs to `next_state`, `spike` and `clamps`."""
    return int(config.model.part("soma").latency(config))


def wire_stages(config: CoreConfig) -> int:
    """Registers more on the ways in a lane, where many of them lie far from their memories.

    Few lanes lie close together, and small FPGAs have no flip-flops to spare.
    """
    return int(config.lanes > 4)
